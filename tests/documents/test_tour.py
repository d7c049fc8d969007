"""The tour in docs/tour.ipynb runs without data and says what is stored in it.

`PYTHONPATH=src:tests/helpers python tests/documents/test_tour.py` runs it and stores what it says.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from project import PATH, ROOT

TOUR = ROOT / "docs" / "tour.ipynb"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(folder: Path) -> nbformat.NotebookNode:
    """The tour, run in an empty folder by a kernel that finds the library by PYTHONPATH."""
    shutil.copy(TOUR, folder / "tour.ipynb")
    notebook = nbformat.read(folder / "tour.ipynb", as_version=4)
    context = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=1200, resources=context, record_timing=False)
    environment = os.environ | {
        "PYTHONPATH": PATH,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "JUPYTER_PLATFORM_DIRS": "1",
    }
    client.execute(env=environment)
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def said(cell: nbformat.NotebookNode) -> list[str]:
    """Texts that a cell gives: printed, and of tables; that there is a picture, of pictures."""
    found = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append(f"{output.name}: {output.text}")
        elif "image/png" in output.data:
            found.append("a picture")
        else:
            found += [output.data["text/plain"], output.data.get("text/html", "")]
    return found


def store() -> None:
    """Writes the tour with what it says now."""
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(executed(Path(folder)), TOUR)


@pytest.fixture(scope="module")
def stored() -> nbformat.NotebookNode:
    return nbformat.read(TOUR, as_version=4)


@pytest.mark.slow
def test_it_runs_in_seconds_and_says_what_is_stored(stored, tmp_path):
    began = time.monotonic()
    notebook = executed(tmp_path)
    seconds = time.monotonic() - began
    for found, expected in zip(code_cells(notebook), code_cells(stored), strict=True):
        assert said(found) == said(expected), found.source
    # Less than 10 s by itself; tests run beside each other.
    assert seconds < 60
    assert [path.name for path in tmp_path.iterdir()] == ["tour.ipynb"]


def test_all_of_it_was_run_in_order(stored):
    nbformat.validate(stored)
    cells = code_cells(stored)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = [output.output_type for cell in cells for output in cell.outputs]
    assert "error" not in kinds
    assert not [text for cell in cells for text in said(cell) if text.startswith("stderr")]
    assert sum("a picture" in said(cell) for cell in cells) >= 2


def test_what_it_says_to_install_is_what_it_imports(stored):
    """The environment of these tests has more than a user's."""
    text = "\n".join(cell.source for cell in stored.cells)
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.M)) - set(sys.stdlib_module_names)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[>=]", entry)[0] for entry in project["dependencies"]]
    named += re.search(r"`pip install \. ([\w -]+)`", text)[1].split()
    modules = {{"scikit-learn": "sklearn"}.get(name, name) for name in named}
    assert imported - {"clusterability"} <= modules


def test_it_is_small_and_names_no_machine(stored):
    text = TOUR.read_text()
    assert len(text) < 300_000
    assert stored.metadata == METADATA
    assert not [cell for cell in stored.cells if cell.metadata]
    words = "".join(text for cell in code_cells(stored) for text in (cell.source, *said(cell)))
    assert not re.search(r"/(home|Users|root|tmp|work|usr)/", words)


def test_key_numbers_say_what_the_text_says(stored):
    texts = ["".join(said(cell)) for cell in code_cells(stored)]
    agreement = next(text for text in texts if "agreement" in text)
    assert min(map(float, re.findall(r"clusters: ([0-9.]+)\n", agreement))) > 0.9
    # Columns: planted against shuffle and labels, then noise.
    planted = z_by_k(next(text for text in texts if text.startswith("matrix planted")))
    assert planted[4][0] == max(row[0] for row in planted.values()) > 10
    assert all(abs(row[2]) < 3 and row[3] > 10 for row in planted.values())
    layers = z_by_k(next(text for text in texts if text.startswith("layer  fc1")))
    assert layers[3][1] == max(row[1] for row in layers.values()) > 10
    assert max(abs(row[0]) for row in layers.values()) < 3


def z_by_k(text: str) -> dict[int, list[float]]:
    """Rows of a table of text by k."""
    rows = re.findall(r"^(\d+) +(-?[\d.]+.*)$", text.partition("<div>")[0], re.M)
    return {int(k): [float(cell) for cell in cells.split()] for k, cells in rows}


def test_its_links_lead_somewhere(stored):
    texts = [cell.source for cell in stored.cells if cell.cell_type == "markdown"]
    targets = re.findall(r"\]\(([^)]+)\)", "".join(texts))
    assert len(targets) > 5
    for target in targets:
        file, _, heading = target.partition("#")
        lines = (TOUR.parent / file).read_text().splitlines()
        assert not heading or heading in {link_of(line) for line in lines}, target


def link_of(line: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^a-z0-9 _-]", "", line.lower().lstrip("# ")).replace(" ", "-")


if __name__ == "__main__":
    sys.exit(store())
