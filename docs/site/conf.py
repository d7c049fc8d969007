"""Settings of the site of the documents, which `make site` builds with Sphinx and MyST.

Sphinx's source is the whole repository, of which documents alone are read. So a link means the same
here and on a code host: one to a document leads to its page, one to another file to a copy of it.
Formulas become MathML while the site is built, and pages ask no other server for anything.
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
"""The document that is the first page, and to which the contents below are added."""
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
"""Documents by chapter, in the order of the contents."""

sys.path.insert(0, str(ROOT / "src"))

from clusterability.release import VERSION  # noqa: E402

# --- what is read ------------------------------------------------------------------------------

project = "clusterability"
copyright = "2026, the clusterability study's authors"
release = version = VERSION
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = FRONT
include_patterns = [
    f"{name}.*" for name in (FRONT, *(n for each in CHAPTERS.values() for n in each))
]
# Folders in which Sphinx need not even look, such as results and environments.
exclude_patterns = [path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "docs"]

# Anchors of headings are those of a code host. A link to a heading that is not there is an error.
myst_heading_anchors = 6
myst_enable_extensions = ["dollarmath"]
nitpicky = True
# Types of arguments are named, and linked only where they are described: those of other packages
# would take a list from their servers.
nitpick_ignore_regex = [("py:.*", ".*")]

# --- pages of functions ------------------------------------------------------------------------

default_role = "literal"  # docstrings have code in single backticks
napoleon_numpy_docstring = False
# Paragraphs, not a type and its description.
napoleon_custom_sections = ["Returns"]
napoleon_use_param = False  # several arguments may share a description
add_module_names = False
python_maximum_signature_line_length = 70

# --- notebooks ---------------------------------------------------------------------------------

nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600  # of a cell, on a busy machine
nb_merge_streams = True

# --- what is written ---------------------------------------------------------------------------

html_theme = "furo"
html_title = f"clusterability {VERSION}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
# Summaries are read from other pages, which a browser refuses where pages are files.
html_show_search_summary = False
html_math_renderer = "mathml"


THIN = '<mspace width="0.17em"/>'


def _formula(as_block: bool) -> Any:
    """A visitor that writes a formula as MathML."""

    def visit(translator: Any, node: nodes.Element) -> None:
        text = tex2mathml(node.astext(), as_block=as_block)
        # TeX's thin spaces beside the name of a function, which browsers leave out.
        text = re.sub(r"(<mi[^>]*>\w+</mi>)\s*<mo>&ApplyFunction;</mo>", rf"{THIN}\1{THIN}", text)
        translator.body.append(f'<div class="formula">{text}</div>' if as_block else text)
        raise nodes.SkipNode

    return visit


def add_contents(app: Any, document: str, source: list[str]) -> None:
    """Adds the contents to the first page."""
    if document == FRONT:
        for chapter, documents in CHAPTERS.items():
            lines = "\n".join(f"/{name}" for name in documents)
            source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {chapter}\n\n{lines}\n```\n"


def mend_docstring(app: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
    """Links the documents that a docstring names; bars are sizes, and no names to replace."""
    linked = [re.sub(r"\bdocs/([\w-]+)\.md\b", r":doc:`/docs/\1`", line) for line in lines]
    lines[:] = [re.sub(r"(`[^`]*`)|\|", lambda found: found[1] or r"\|", line) for line in linked]


def copy_front(app: Any, exception: Exception | None) -> None:
    """Makes the first page the one that a browser opens in a folder."""
    if exception is None and app.builder.name == "html":
        shutil.copyfile(Path(app.outdir, f"{FRONT}.html"), Path(app.outdir, "index.html"))


def setup(app: Any) -> dict[str, bool]:
    # Kernels of notebooks find the library by the first. The second is where a kernel is described
    # that does not warn of its local connection at each start; nor is each start announced.
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    os.environ["JUPYTER_PATH"] = str(ROOT / "docs" / "site")
    logging.getLogger("traitlets").setLevel(logging.WARNING)
    app.add_html_math_renderer("mathml", (_formula(False), None), (_formula(True), None))
    app.connect("source-read", add_contents)
    app.connect("autodoc-process-docstring", mend_docstring)
    app.connect("build-finished", copy_front)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
