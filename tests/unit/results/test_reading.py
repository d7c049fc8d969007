"""Tables of a study that are damaged are named, with what to do."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fuzzing
from clusterability.errors import UserError
from clusterability.results import reading as table_rows
from clusterability.results.reading import read_all, read_csv, read_parquet, read_schema
from clusterability.results.writing import stored_schemas

TABLE = pd.DataFrame(
    {"condition": ["a", "b"] * 20, "seed": range(40), "value": np.linspace(0, 1, 40)}
)


def refusal(call) -> str:
    with pytest.raises(UserError) as error:
        call()
    return str(error.value)


@pytest.fixture
def table(tmp_path) -> Path:
    TABLE.to_parquet(tmp_path / "t.parquet", index=False)
    return tmp_path / "t.parquet"


def test_texts_that_look_like_numbers_stay_texts(tmp_path):
    (tmp_path / "a.csv").write_text("layer,k,plateau\n0,2,2\n0,3,\n")
    (tmp_path / "b.csv").write_text("layer,k,plateau\nfc1,2,2-3\n")
    found = read_all([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])
    assert found["layer"].tolist() == ["0", "0", "fc1"]
    assert found["plateau"].fillna("").tolist() == ["2", "", "2-3"]
    assert found["k"].tolist() == [2, 3, 2]


def test_whole_tables_are_read(tmp_path, table):
    pd.testing.assert_frame_equal(read_parquet(table), TABLE)
    pd.testing.assert_frame_equal(read_parquet(table, columns=["seed"]), TABLE[["seed"]])
    assert read_schema(table).names == list(TABLE)
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), TABLE)


READERS = {
    "table": read_parquet,
    "schema": read_schema,
    "all": lambda file: read_all([str(file)]),
    "schemas": lambda file: stored_schemas([str(file)]),
    "rows": lambda file: table_rows.read_rows(file, ["seed"]),
    "distinct": lambda file: table_rows.distinct(file, ["condition"]),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", ["cut", "empty", "other", "missing"])
def test_a_damaged_table_is_one_line(table, reader, damage):
    content = {"cut": table.read_bytes()[:-40], "empty": b"", "other": b"no table\n" * 9}
    if damage == "missing":
        table.unlink()
    else:
        table.write_bytes(content[damage])
    text = refusal(lambda: READERS[reader](table))
    assert text.startswith(f"{table}: found ")
    assert text.endswith("expected a table of this study; remove the file to have it made again")
    assert text.isprintable()


def test_a_table_without_a_column_is_one_line(table):
    for call in (
        lambda: read_parquet(table, columns=["layer"]),
        lambda: table_rows.read_rows(table, ["layer"]),
    ):
        assert refusal(call).startswith(f"{table}: found ")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2,3\n4,5,6,7\n", b"\xff\xfe\x00", b'"'])
def test_a_csv_that_is_no_table_is_one_line(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    text = refusal(lambda: read_csv(tmp_path / "t.csv"))
    assert text.startswith(f"{tmp_path / 't.csv'}: found ")
    assert text.isprintable()


def test_mutated_tables_are_read_or_refused_in_one_line(table):
    """Parquet has no sums by default: a flipped value is for `make verify` to find."""
    content, refused = table.read_bytes(), 0
    for seed in range(150):
        source = random.Random(seed)
        table.write_bytes(fuzzing.mutate_bytes(source, content, fuzzing.ODD_BYTES))
        found, text = fuzzing.attempt(lambda: read_parquet(table))
        refused += bool(text)
        if text:
            fuzzing.check_clear(text, f"{table}: ")
        else:
            assert isinstance(found, pd.DataFrame)
    assert refused > 75
