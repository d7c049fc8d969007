"""`make paper` and `make report` on a small study: what LaTeX and a browser make of the files."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from browser import open_file, running_browser, watched_page
from clusterability.files import file_digest
from loaded import holds_docstring_alone, read_loaded, watched_jobs
from project import ROOT
from workflows import Workflow, copy_workflow

pytestmark = pytest.mark.slow

FOUND = os.environ.get("STUDY_REPORT")
"""A report of another study, to look at in place of the small one's."""

CONFIG: dict[str, Any] = {
    "k_grid": ["2-3"],
    "conditions": {},
    "synthetic": {
        "noise": {"rows": 24, "columns": 30},
        "planted": {"rows": 24, "columns": 30, "clusters": 3},
    },
    "clustering": {"methods": ["matched"], "restarts": 1},
    "nulls": {"shuffle": 3, "labels": 3},
    "figures": {"measures": ["mi"]},
}


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Workflow:
    """A study of random matrices with its paper and its report."""
    workflow = copy_workflow(tmp_path_factory.mktemp("workflow"), edited=True)
    shutil.copytree(ROOT / "docs" / "paper-example", workflow.folder / "docs" / "paper-example")
    workflow.configure(**CONFIG)
    with watched_jobs(tmp_path_factory.mktemp("watcher") / "loaded") as folder:
        ran = workflow.snakemake("paper", "report_pages")
    assert ran.returncode == 0, ran.stdout
    jobs = read_loaded(folder)
    assert {job.rule for job in jobs} >= {"paper", "report_pages", "contact_sheet"}
    for job in jobs:
        loaded = {file for file in job.files if not holds_docstring_alone(ROOT / file)}
        assert loaded <= job.digests, (job.rule, loaded - job.digests)
    ran = workflow.command("report.py")
    assert ran.returncode == 0, ran.stdout
    assert "report.html" in ran.stdout
    return workflow


# --- the paper ---------------------------------------------------------------------------------


@pytest.fixture
def paper(published) -> Path:
    return published.folder / "results" / "paper"


def test_every_figure_and_table_is_in_the_paper(published, paper):
    figures = {file.stem for file in (published.folder / "results" / "figures").glob("*.*.png")}
    assert {file.name for file in (paper / "figures").iterdir()} == {
        f"{name.replace('.', '-')}.{ending}"
        for name in figures
        for ending in ("pdf", "svg", "png", "csv")
    }
    for folder, ending in (("figures", "png"), ("tables", "tex")):
        prefix = "table-" if folder == "tables" else ""
        for file in (paper / folder).glob(f"*.{ending}"):
            assert (paper / "captions" / f"{prefix}{file.stem}.tex").read_text().endswith("%\n")
    assert {file.stem for file in (paper / "tables").glob("*.csv")} == {
        file.stem for file in (paper / "tables").glob("*.tex")
    }


def test_fonts_of_every_figure_are_embedded(paper):
    files = list((paper / "figures").glob("*.pdf"))
    assert files
    for file in files:
        content = file.read_bytes()
        assert content.count(b"/Type /FontDescriptor") == content.count(b"/FontFile2 ") > 0, file


def test_the_manifest_knows_every_file(published, paper):
    found = json.loads((paper / "manifest.json").read_text())
    there = [file for file in paper.rglob("*") if file.is_file() and "example" not in file.parts]
    assert found["files"] == {
        file.relative_to(paper).as_posix(): file_digest(file)
        for file in there
        if file.name != "manifest.json"
    }
    assert found["config"]["synthetic"]["planted"]["clusters"] == 3


def test_a_second_call_does_nothing_and_the_same_rows_give_the_same_bytes(published, paper):
    assert "Nothing to be done" in published.snakemake("--dry-run", "paper", "report_pages").stdout
    before = {file: file_digest(file) for file in paper.rglob("*") if file.is_file()}
    shutil.rmtree(paper)
    assert published.snakemake("paper").returncode == 0
    assert {file: file_digest(file) for file in paper.rglob("*") if file.is_file()} == before


def test_latex_typesets_the_tables_and_numbers(published, paper):
    """The example in docs asks for trained networks: here a document with all tables."""
    if shutil.which("pdflatex") is None:
        text = "found no pdflatex; LATEX_TEST=1 makes this a failure"
        pytest.fail(text) if os.environ.get("LATEX_TEST") == "1" else pytest.skip(text)
    both = r"\input{\study/captions/table-NAME.tex}\par {\tiny\input{\study/tables/NAME.tex}}"
    tables = "\n\n".join(
        both.replace("NAME", name)
        for name in sorted(file.stem for file in (paper / "tables").glob("*.tex"))
    )
    figures = "\n\n".join(
        rf"\includegraphics[width=9cm]{{\study/figures/{file.name}}}"
        for file in sorted((paper / "figures").glob("*.pdf"))
    )
    text = (published.folder / "docs" / "paper-example" / "paper.tex").read_text()
    head, _ = text.split(r"\begin{document}")
    body = (
        r"\begin{document}\onecolumn z: \result{z/planted/fc1/3/mi}"
        rf"{tables} {figures}\end{{document}}"
    )
    (published.folder / "docs" / "paper-example" / "paper.tex").write_text(head + body)
    ran = published.command("paper_example.py")
    assert ran.returncode == 0, ran.stdout
    first = file_digest(paper / "example" / "paper.pdf")
    assert published.command("paper_example.py").returncode == 0
    assert file_digest(paper / "example" / "paper.pdf") == first
    (published.folder / "docs" / "paper-example" / "paper.tex").write_text(
        head + r"\begin{document}\result{accuracy/nobody}\end{document}"
    )
    ran = published.command("paper_example.py")
    assert ran.returncode == 1
    assert "numbers.tex has no accuracy/nobody" in ran.stdout
    shutil.rmtree(paper / "example")


# --- the report --------------------------------------------------------------------------------


def test_a_report_of_a_study_that_has_not_run_is_refused(published, tmp_path):
    workflow = Workflow(shutil.copytree(published.folder, tmp_path / "copy"))
    (workflow.folder / "results" / "report" / "summary.html").unlink()
    ran = workflow.command("report.py")
    assert ran.returncode == 1
    assert re.fullmatch(
        r"results: found \d+ of \d+ jobs that have yet to run, expected all results: make study"
        r" first\n",
        ran.stdout,
    )


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture
def report(request) -> Path:
    if FOUND:
        return Path(FOUND)
    return request.getfixturevalue("published").folder / "results" / "report.html"


@pytest.mark.browser
def test_the_report_begins_with_the_answer(report, browser):
    # Its style sheet says of itself, on the console, that it is not for production.
    with watched_page(browser, ignored=["cdn.tailwindcss.com should not be used"]) as page:
        open_file(page, report)
        title = page.get_by_role("heading", name="How good are the clusters")
        title.wait_for()
        assert 0 <= title.bounding_box()["y"] < 200


@pytest.mark.browser
def test_the_report_shows_every_figure_and_every_table(report, browser):
    expected = {file.stem for file in (report.parent / "figures").glob("*.*.png")}
    expected |= {file.stem for file in (report.parent / "report").glob("*.html")}
    with watched_page(browser, ignored=["cdn.tailwindcss.com should not be used"]) as page:
        open_file(page, report)
        shown = set()
        for category in [text for text in entries(page) if text[0].isdigit()]:
            open_entry(page, category)
            kinds = entries(page)
            shown |= set() if kinds else shown_rows(page)
            for kind in kinds:
                open_entry(page, kind)
                shown |= shown_rows(page)
                page.locator("nav nav a", has_text=category).click()
            page.locator("nav nav a").first.click()
        assert shown == expected


MENU = "nav div > ul > li > a > span"


def entries(page: Any) -> list[str]:
    """Entries of the menu, if it shows any."""
    page.locator("nav nav").wait_for()
    return page.locator(MENU).all_inner_texts()


def open_entry(page: Any, text: str) -> None:
    page.locator(MENU).get_by_text(text, exact=True).click()
    page.locator("nav nav a", has_text=text).wait_for()


def shown_rows(page: Any) -> set[str]:
    """Names of all results of the menu, each opened and seen.

    Where results differ in a label that has two values, the menu has a switch for it.
    """
    switches = page.locator("nav fieldset label")
    found = shown_table(page)
    for number in range(switches.count()):
        switches.nth(number).click()
        found |= shown_table(page)
    return found


def shown_table(page: Any) -> set[str]:
    rows, found, before = page.locator("nav tbody tr"), set(), ""
    rows.first.wait_for()
    assert len({*rows.all_inner_texts()}) == rows.count()
    for number in range(rows.count()):
        rows.nth(number).locator("a").first.click()
        before = shown_result(page, before)
        found.add(re.search(r"filename=([^;]+)\.(png|html);", before)[1])
    return found


SHOWN = "img[src^='data:image/png'], iframe"


def shown_result(page: Any, before: str) -> str:
    """What the page shows now, another than before: a picture that is there, or a table's rows."""
    shown = page.locator(SHOWN)
    shown.wait_for()
    page.wait_for_function(
        "([shown, before]) => document.querySelector(shown).src !== before", arg=[SHOWN, before]
    )
    if shown.evaluate("e => e.tagName") == "IMG":
        # A figure of one column, 3.3 inches at 300 dots each, at half its width.
        assert shown.evaluate("e => e.decode().then(() => e.naturalWidth)") >= 495
    else:
        page.frame_locator("iframe").locator("thead th").first.wait_for()
    return shown.get_attribute("src")


@pytest.mark.browser
def test_rows_of_a_table_are_searched_and_sorted(published, browser):
    page_file = published.folder / "results" / "report" / "summary.html"
    rows = pd.read_csv(published.folder / "results" / "tables" / "summary.csv")
    chosen = rows[(rows.condition == "planted") & (rows.measure == "mi") & (rows.null == "shuffle")]
    with watched_page(browser) as page:
        open_file(page, page_file)
        page.get_by_label("Rows with").fill("planted shuffle I")
        page.get_by_label("Rows with").fill("planted mi_preserved")
        assert page.locator("tbody tr:visible").count() == len(chosen)
        page.get_by_label("Rows with").fill("")
        page.get_by_role("button", name="value", exact=True).click()
        place = list(rows).index("value")
        texts = page.locator(f"tbody tr td:nth-child({place + 1})").all_inner_texts()
        numbers = [float(text) for text in texts if text]
        assert numbers == sorted(numbers)
        assert len(numbers) > 10
