"""What docs/architecture.md says of rooms, rules and scripts is what the code has."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from project import DOCS, LIBRARY, ROOT, committed
from workflows import copy_workflow

TEXT = (DOCS / "architecture.md").read_text()
PICTURE = DOCS / "images" / "rules.svg"
MOST_WORDS = 1500
ROOMS = {folder.name for folder in LIBRARY.iterdir() if (folder / "__init__.py").is_file()}
SCRIPTS = ROOT / "scripts"


def rows_below(heading: str) -> list[list[str]]:
    """Cells of the rows of the first table below a heading."""
    (table,) = re.findall(rf"^## {heading}\n.*?\n\|[-| ]+\|\n(.*?)\n\n", TEXT, re.M | re.S)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def imported_rooms(room: str) -> set[str]:
    """Other rooms that modules of a room import from."""
    found = set()
    for file in (LIBRARY / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{name.name}".split(".")[1] for name in node.names}
    return found & (ROOMS - {room})


def rules() -> dict[str, str]:
    """The file in rules/ of each rule that makes something."""
    found = {}
    for file in (ROOT / "rules").glob("*.smk"):
        named = re.findall(r'^rule (\w+):|jobs\.rule\("(\w+)"\)', file.read_text(), re.M)
        found |= {first or second: file.name for first, second in named}
    return found


def drawn(picture: Path = PICTURE) -> set[str]:
    """Ids of the picture: rules, and arrows as `first-second`."""
    return set(re.findall(r'<g id="([a-z_]+(?:-[a-z_]+)?)">', picture.read_text()))


def test_it_is_read_in_a_few_minutes():
    assert len(TEXT.split()) <= MOST_WORDS


def test_rooms_and_what_they_import_are_those_of_the_library():
    said = {codes(room)[0]: set(codes(imports)) for room, _, imports in rows_below("Rooms")}
    assert said == {room: imported_rooms(room) for room in ROOMS}


def test_a_room_is_above_all_that_it_imports_from():
    order = [codes(room)[0] for room, _, _ in rows_below("Rooms")]
    for number, room in enumerate(order):
        assert imported_rooms(room) <= set(order[number + 1 :])


def test_every_step_has_its_rule_script_and_modules():
    for _, rule, script, modules, _ in rows_below("From config.yaml to a figure")[1:]:
        (name,), (path,) = codes(rule), codes(script)
        assert name in rules()
        assert (ROOT / path).is_file()
        for module in codes(modules):
            place = LIBRARY / module.replace(".", "/")
            assert place.with_suffix(".py").is_file() or place.is_dir(), module


def test_every_rule_is_named_or_drawn():
    named = {name for code in codes(TEXT) for name in re.findall(r"^\w+$", code)}
    assert set(rules()) <= named | drawn()


def test_the_picture_has_rules_that_exist_and_the_files_that_they_are_in():
    shown = {name for name in drawn() if "-" not in name and name in rules()}
    assert {"train", "cluster", "null", "score", "aggregate", "plot"} <= shown
    assert {part for name in drawn() if "-" in name for part in name.split("-")} == shown


def test_a_way_that_others_make_is_left_out(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS / "commands"))
    import networkx as nx
    import rule_graph

    graph = nx.DiGraph([("train", "cluster"), ("cluster", "score"), ("train", "score")])
    assert list(rule_graph.shortened(graph).edges) == [("cluster", "score"), ("train", "cluster")]


def test_boxes_stand_below_what_they_take_from_and_apart(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS / "commands"))
    import networkx as nx
    import rule_graph

    graph = nx.DiGraph([("a", name) for name in "bcde"] + [("b", "f"), ("f", "g"), ("e", "g")])
    steps, rows = rule_graph.in_rows(graph)
    at = rule_graph.places(steps, rows)
    assert all(at[first][1] > at[second][1] for first, second in graph.edges)
    for row in rows:
        across = sorted(at[node][0] for node in row if isinstance(node, str))
        assert all(second - first > 1 - 1e-9 for first, second in pairwise(across))


@pytest.mark.slow
def test_the_picture_is_that_of_the_rules(tmp_path):
    """`make rulegraph` draws it again."""
    workflow = copy_workflow(tmp_path)
    (tmp_path / "config.yaml").write_text(committed("config.yaml"))
    done = workflow.command("rule_graph.py")
    assert done.returncode == 0, done.stdout
    assert drawn(tmp_path / "docs" / "images" / "rules.svg") == drawn()
