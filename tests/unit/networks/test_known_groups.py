"""Known groups of units: from tables, frames, labels, partitions; what is not clear is refused."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clusterability as cl
from clusterability.networks.known_groups import known_groups
from clusterability.networks.live_units import DEAD

MATRIX = np.random.default_rng(0).random((4, 6)) + 0.1
NAMED = pd.DataFrame(MATRIX, index=list("abcd"), columns=list("uvwxyz"))
U, V = ["p", "q", "p", "q"], ["q", "q", "p", "p", "p", "q"]
U_NUMBERS, V_NUMBERS = [0, 1, 0, 1], [1, 1, 0, 0, 0, 1]


def table(rows=U, columns=V, names=NAMED) -> pd.DataFrame:
    """Both sides by the names of the units; without names by number."""
    units = [*names.index, *names.columns]
    sides = ["U"] * len(rows) + ["V"] * len(columns)
    return pd.DataFrame({"side": sides, "unit": units, "group": [*rows, *columns]})


def by_numbers() -> pd.DataFrame:
    return table(names=pd.DataFrame(MATRIX))


def read(given, weights=NAMED, layer: str = "fc1") -> dict[str, list[int]]:
    known = known_groups(given, cl.load(weights))[layer]
    return {side: labels.tolist() for side, labels in known.sides.items()}


def refused(given, weights=NAMED) -> str:
    with pytest.raises(cl.UserError) as error:
        known_groups(given, cl.load(weights))
    assert "\n" not in str(error.value)
    return str(error.value)


BOTH = {"U": U_NUMBERS, "V": V_NUMBERS}
WORDS = {"U": "output", "V": "Columns"}


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        (table(), NAMED),
        (table().sample(frac=1, random_state=3).sort_values("group", kind="stable"), NAMED),
        (table().assign(side=table()["side"].map(WORDS)), NAMED),
        (table().assign(note="a column of something else"), NAMED),
        (table().drop(columns="side"), NAMED),  # each name is on one side only
        (by_numbers(), MATRIX),
        (by_numbers(), NAMED),  # numbers serve where there are names, too
        (by_numbers().assign(unit=by_numbers()["unit"].astype(float)), MATRIX),
        ((U, V), MATRIX),
        ((np.array(U), pd.Series(V)), MATRIX),
        (cl.Partition("by hand", 2, np.array(U_NUMBERS), np.array(V_NUMBERS)), MATRIX),
    ],
)
def test_the_same_groups_in_many_forms(given, weights):
    known = known_groups(given, cl.load(weights))["fc1"]
    names = {side: [known.names[label] for label in known.sides[side]] for side in "UV"}
    same = [names["U"][0] == name for name in names["U"] + names["V"]]
    assert same == [name == "p" for name in U + V]
    assert known.paired
    assert sorted(known.sizes["U"]) == [2, 2]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_as_people_write_them(separator, tmp_path):
    path = tmp_path / "groups.txt"
    lines = [separator.join(map(str, row)) for row in table().itertuples(index=False)]
    path.write_text("\n".join([separator.join(["Side", " UNIT", "Group"]), *lines, "", ""]))
    assert read(path) == read(str(path)) == BOTH


def test_two_columns_are_of_the_side_that_has_these_units():
    one = table().drop(columns="side")
    assert read(one[:4]) == {"U": U_NUMBERS}
    assert read(one[4:]) == {"V": [0, 0, 1, 1, 1, 0]}
    numbers = by_numbers().drop(columns="side")
    assert read(numbers[:4], MATRIX) == {"U": U_NUMBERS}
    assert read(numbers[4:], MATRIX) == {"V": [0, 0, 1, 1, 1, 0]}
    square = np.ones((4, 4))
    assert "4 units without a side, for 4 rows and 4 columns" in refused(numbers[:4], square)
    alike = pd.DataFrame(square, list("abcd"), list("abcd"))
    assert "expected a column side" in refused(one[:4], alike)
    assert "side U: 'd', expected one for each" in refused(one[:3])


def test_layers_are_named_where_there_are_several(tmp_path):
    weights = {"a": MATRIX, "b": MATRIX.T}
    both = pd.concat([by_numbers().assign(layer="a"), table(V, U, NAMED.T).assign(layer="b")])
    both["unit"] = [*range(4), *range(6), *range(6), *range(4)]
    assert read(both, weights, "a") == BOTH
    assert [
        known_groups(both, cl.load(weights))["b"].names[i] for i in read(both, weights, "b")["U"]
    ] == V
    assert list(known_groups({"b": (V, U)}, cl.load(weights))) == ["b"]
    assert "for 2 layers, expected a column layer" in refused(by_numbers(), weights)
    assert "for 2 layers, expected a column layer" in refused((U, V), weights)
    wrong = "found the layer 'c', expected one of a, b"
    assert wrong in refused(both.assign(layer="c"), weights)
    assert wrong in refused({"c": (U, V)}, weights)
    assert read(table().assign(layer="fc1")) == BOTH


def test_a_layer_goes_by_the_name_of_its_array_too(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, **{"l1.weight": MATRIX, "l2.weight": np.ones((3, 4))})
    groups = by_numbers().assign(layer="l1.weight")
    assert read(groups, path) == read(groups.assign(layer="fc1"), path) == BOTH


def test_dead_units_need_no_group_and_have_none():
    dead = MATRIX.copy()
    dead[1] = 0
    assert read(by_numbers()[by_numbers().index != 1], dead)["U"] == [0, DEAD, 0, 1]
    assert read(by_numbers(), dead)["U"] == [0, DEAD, 0, 1]
    assert read((np.array([0, -1, 0, 1]), None), dead) == {"U": [0, DEAD, 0, 1]}


def changed(**cells) -> pd.DataFrame:
    """The table with another value in the first row."""
    frame = table().astype(object)
    for name, value in cells.items():
        frame.loc[0, name] = value
    return frame


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("none.csv", "groups: found no file none.csv, expected a table of units and their groups"),
        (
            table()[["side", "unit"]],
            "groups: found the columns side, unit, expected unit and group",
        ),
        (table()[:0], "groups: found no units, expected one in each row"),
        (changed(side="W"), "found the side 'W' in row 2, expected U (rows, output units) or V"),
        (changed(side=None), "found the side '' in row 2, expected U"),
        (
            changed(unit="e"),
            "found the unit 'e' on side U, expected its names or numbers: 'a', 'b'",
        ),
        (changed(unit="b"), "found the unit 'b' of side U twice, expected each once"),
        (changed(group=None), "found no group for 1 of the 4 units of side U: 'a', expected one"),
        (table()[1:], "found no group for 1 of the 4 units of side U: 'a', expected one for each"),
        (table(["p"] * 4, ["p"] * 6), "found 1 groups of live units, expected 2 to 500"),
        ((U, V, U), "groups: found no such groups, expected a file, a data frame, or a pair"),
        ("abcd", "groups: found no file abcd, expected"),
        (3, "groups: found no such groups, expected"),
        ((U, V[1:]), "groups: found 5 labels of side V, expected 6: one for each unit"),
        (([*U[:3], None], V), "found no group for 1 of the 4 units of side U: '3', expected one"),
        ((np.array([0, 1, -1, 1]), V), "found no group for 1 of the 4 units of side U: '2'"),
        ((None, None), "found 0 groups of live units"),
    ],
)
def test_what_is_not_clear_is_refused_in_one_line(given, message):
    assert message in refused(given)


def test_numbers_that_begin_with_one_are_refused():
    frame = by_numbers()
    frame["unit"] += 1
    said = refused(frame, MATRIX)
    assert "found the unit '4' on side U, expected its names or numbers" in said
    assert "numbers are 0 to 3" in said


def test_a_file_that_is_no_text(tmp_path: Path):
    path = tmp_path / "g.csv"
    path.write_bytes(b"\xff\xfe\x00side")
    assert f"{path}: found a file that cannot be read" in refused(path)


def mutated(text: bytes, source: random.Random) -> bytes:
    """A table in which some bytes are gone, others, or there twice."""
    content = bytearray(text)
    for _ in range(source.randint(1, 3)):
        place = source.randrange(len(content))
        kind = source.randrange(3)
        if kind == 0:
            content[place] = source.choice(b'abU,;\n"0\xff ')
        elif kind == 1:
            del content[place : place + source.randint(1, 8)]
        else:
            content[place:place] = content[place : place + source.randint(1, 8)]
    return bytes(content)


def test_damaged_tables_are_refused_or_read_as_they_stand(tmp_path):
    source, weights, refusals = random.Random(0), cl.load(NAMED), []
    text, path = table().to_csv(index=False).encode(), tmp_path / "g.csv"
    for _ in range(500):
        path.write_bytes(mutated(text, source))
        try:
            known = known_groups(path, weights)["fc1"]
        except cl.UserError as error:
            refusals.append(str(error))
            continue
        units = {"U": list(NAMED.index), "V": list(NAMED.columns)}
        found = {
            (units[side][number], known.names[label])
            for side, labels in known.sides.items()
            for number, label in enumerate(labels)
        }
        rows = csv.DictReader(io.StringIO(path.read_text()))
        heading = {name.strip().lower(): name for name in rows.fieldnames}
        assert found == {(r[heading["unit"]].strip(), r[heading["group"]].strip()) for r in rows}
    assert 100 < len(refusals) < 495
    assert not [line for line in refusals if "\n" in line]
