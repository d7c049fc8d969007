"""The text that opens the report of Snakemake, rendered as Snakemake does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment

from browser import open_file, running_browser, watched_page
from clusterability.report.restructured import restructured
from project import ROOT

TABLE = [f"| {' | '.join([word] * 12)} |" for word in ("heading", "---", "uninterrupted")]
ANSWER = "\n\n".join(["# How good?", "Some words.", "\n".join(TABLE), *["More words."] * 99])
# What Snakemake's report has of Tailwind for this part.
PAGE = """<!DOCTYPE html><style>
.flex {{ display: flex; }} .grow {{ flex-grow: 1; }} .items-center {{ align-items: center; }}
.items-start {{ align-items: flex-start; }} .h-screen {{ height: 100vh; }} body {{ margin: 0; }}
.overflow-auto {{ overflow: auto; }} .max-w-lg {{ max-width: 32rem; }} table {{ width: 100%; }}
</style><div class="grow flex items-center h-screen overflow-auto">
<div class="grow flex items-start">
<div><div class="prose max-w-lg">{text}</div></div><div id="rulegraph">graph</div></div></div>"""


@pytest.fixture
def text(tmp_path) -> str:
    (tmp_path / "answer.rst").write_text(restructured(ANSWER))
    template = (ROOT / "rules" / "report" / "workflow.rst").read_text()
    files = [SimpleNamespace(path=tmp_path / "figure.png")]
    rendered = Environment().from_string(template).render(files=files)
    return publish_parts(rendered, writer="html")["html_body"]


def test_the_answer_keeps_its_title_and_the_text_has_its_style(text):
    assert '<h1 class="title">How good?</h1>' in text
    assert text.count("<style>") == 1
    assert "System Message" not in text


@pytest.mark.browser
def test_a_wide_table_scrolls_beside_the_graph_and_a_long_text_starts_at_its_top(text, tmp_path):
    file = Path(tmp_path / "report.html")
    file.write_text(PAGE.format(text=text))
    with running_browser() as browser, watched_page(browser, 1280, 800) as page:
        open_file(page, file)
        table = page.locator(".prose table").bounding_box()
        assert table["x"] + table["width"] <= page.locator("#rulegraph").bounding_box()["x"]
        assert page.evaluate(
            "(t => t.scrollWidth > t.clientWidth)(document.querySelector('table'))"
        )
        assert page.locator("h1").bounding_box()["y"] >= 0
