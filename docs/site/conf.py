"""Sphinx configuration of the documentation site, which `make site` builds.

The source folder is the whole repository, of which Sphinx reads only the documents. So links work
here as on a code host: a link to a document leads to its page, and a link to any other file
downloads a copy. Formulas become MathML during the build, and pages load nothing from other hosts.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

ROOT = Path(__file__).resolve().parents[2]
FRONT = "README"
"""The document that becomes the first page. The table of contents is added to it."""
CHAPTERS = {
    "Tutorials": (
        "docs/tour",
        "docs/site/known-matrix",
        "docs/site/transformer",
        "docs/site/new-measure",
    ),
    "What was found": (
        "docs/answer",
        "docs/findings",
        "docs/replication",
        "docs/bits-calibration",
        "docs/calibration",
        "docs/site/gallery",
    ),
    "What is measured": ("docs/bits", "docs/measures", "docs/function"),
    "Your own weights": (
        "docs/your-own-matrix",
        "docs/real-networks",
        "docs/python",
        "docs/site/api",
    ),
    "Studies": (
        "docs/studies",
        "docs/config",
        "docs/results",
        "docs/paper",
        "docs/long-runs",
        "docs/cluster",
        "docs/module",
        "docs/scale",
        "docs/performance",
        "docs/troubleshooting",
    ),
    "The project": (
        "docs/architecture",
        "docs/extending",
        "CONTRIBUTING",
        "CODE_OF_CONDUCT",
        "CHANGELOG",
        "docs/release",
        "docs/security",
        "SECURITY",
    ),
}
"""Documents by chapter, in the order of the table of contents."""

sys.path.insert(0, str(ROOT / "src"))

from clusterability.release import VERSION  # noqa: E402

# --- source files ------------------------------------------------------------------------------

project = "clusterability"
copyright = "2026, the clusterability study's authors"
release = version = VERSION
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = FRONT
include_patterns = [
    f"{name}.*" for name in (FRONT, *(n for each in CHAPTERS.values() for n in each))
]
# Folders that Sphinx need not search, such as results and environments.
exclude_patterns = [path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs"]

# Headings have the anchors of a code host. A link to a missing heading is a warning.
myst_heading_anchors = 6
myst_enable_extensions = ["dollarmath"]
nitpicky = True
# Types of other packages stay without links, which would require a list from their servers.
nitpick_ignore_regex = [("py:.*", ".*")]

# --- API reference -----------------------------------------------------------------------------

default_role = "literal"  # docstrings mark code with single backticks
napoleon_numpy_docstring = False
# The section holds paragraphs, not a type and its description.
napoleon_custom_sections = ["Returns"]
napoleon_use_param = False  # several arguments may share a description
add_module_names = False
python_maximum_signature_line_length = 70

# --- tutorials ---------------------------------------------------------------------------------

nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # of a cell, on a busy machine
nb_merge_streams = True

# --- HTML output -------------------------------------------------------------------------------

html_theme = "furo"
html_title = f"clusterability {VERSION}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
# Search reads summaries from other pages, which browsers refuse for pages on disk.
html_show_search_summary = False
html_math_renderer = "mathml"


THIN_SPACE = '<mspace width="0.17em"/>'


def _formula(as_block: bool) -> Any:
    """Return a visitor that writes a formula as MathML, on its own line or within one."""

    def visit(translator: Any, node: nodes.Element) -> None:
        text = tex2mathml(node.astext(), as_block=as_block)
        # TeX has thin spaces around the name of a function; browsers omit them.
        spaced = rf"{THIN_SPACE}\1{THIN_SPACE}"
        text = re.sub(r"(<mi[^>]*>\w+</mi>)\s*<mo>&ApplyFunction;</mo>", spaced, text)
        translator.body.append(f'<div class="formula">{text}</div>' if as_block else text)
        raise nodes.SkipNode

    return visit


def add_contents(app: Any, document: str, source: list[str]) -> None:
    """Add the table of contents to the first page."""
    if document == FRONT:
        for chapter, documents in CHAPTERS.items():
            lines = "\n".join(f"/{name}" for name in documents)
            source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {chapter}\n\n{lines}\n```\n"


def mend_docstring(app: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Link documents that a docstring names, and keep bars, as in |U|, from being substitutions."""
    linked = [re.sub(r"\bdocs/([\w-]+)\.md\b", r":doc:`/docs/\1`", line) for line in lines]
    lines[:] = [re.sub(r"(`[^`]*`)|\|", lambda found: found[1] or r"\|", line) for line in linked]


def copy_front(app: Any, exception: Exception | None) -> None:
    """Copy the first page to index.html."""
    if exception is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir, f"{FRONT}.html"), Path(app.outdir, "index.html"))


def setup(app: Any) -> dict[str, bool]:
    """Register the formulas, the table of contents, and what tutorials need to run."""
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    # This folder has the kernel, which starts without a warning about its local connection.
    os.environ["JUPYTER_PATH"] = str(ROOT / "docs" / "site")
    logging.getLogger("traitlets").setLevel(logging.WARNING)
    app.add_html_math_renderer("mathml", (_formula(False), None), (_formula(True), None))
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", mend_docstring)
    app.connect("build-finished", copy_front)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
