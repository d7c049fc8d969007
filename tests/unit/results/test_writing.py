"""Tables written a part at a time: the same table as if written at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterability.results import writing as row_files
from clusterability.results.writing import csv_lines, row_file, schema_of, stored_schemas


def numbers() -> np.ndarray:
    """All sizes, halves and whole ones, and the ends of what floats can be."""
    source = np.random.default_rng(0)
    sizes = 10.0 ** source.integers(-14, 20, 5000)
    ends = [0.0, -0.0, 1e-3, 1e7, 1e15, 1e16, 9007199254740993.0, 5e-324, 1.7976931348623157e308]
    return np.concatenate(
        [
            source.standard_normal(5000) * sizes,
            source.integers(-50, 50, 200) / 2,
            source.integers(1, 101, 200) / 101,
            np.nextafter([1e-3, 1e7, 1.0], 0),
            ends,
            [np.inf, -np.inf, np.nan],
        ]
    )


def test_csv_lines_are_those_of_pandas():
    frame = pd.DataFrame({"text": "fc1", "value": numbers()}).assign(count=range(len(numbers())))
    frame.loc[3, "text"] = None
    expected = frame.to_csv(index=False, header=False, lineterminator="\n").encode()
    assert csv_lines(pa.Table.from_pandas(frame, preserve_index=False)) == expected


@pytest.mark.parametrize("text", ['a "b"', "a,b", "a\nb"])
def test_text_that_needs_quotes_gets_them(text):
    frame = pd.DataFrame({"text": ["plain", text], "value": [0.25, 1e-9]})
    expected = frame.to_csv(index=False, header=False, lineterminator="\n").encode()
    assert csv_lines(pa.Table.from_pandas(frame, preserve_index=False)) == expected


def test_parts_of_different_types_are_one_table(tmp_path, monkeypatch):
    """Empty columns, whole numbers in one part and fractions in another: as pandas has it."""
    monkeypatch.setattr(row_files, "ROW_GROUP", 3)
    parts = [
        pd.DataFrame({"name": ["a", "b"], "null": [None, None], "n": [1, 2]}),
        pd.DataFrame({"name": ["c"], "null": ["shuffle"], "n": [2.5]}),
        pd.DataFrame({"name": ["d", "e"], "null": ["labels", "labels"], "n": [3, 4]}),
    ]
    files = [tmp_path / f"{number}.parquet" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        part.to_parquet(file, index=False)
    schema = schema_of(["name", "null", "n"], *stored_schemas(files))
    parquet, csv = tmp_path / "all.parquet", tmp_path / "all.csv"
    with row_file(parquet, schema, csv) as write:
        for part in parts:
            write(part)
    whole = pd.concat(parts, ignore_index=True)
    at_once = tmp_path / "at_once.parquet"
    whole.to_parquet(at_once, index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), pd.read_parquet(at_once))
    assert csv.read_bytes() == whole.to_csv(index=False, lineterminator="\n").encode()
    assert pq.read_metadata(parquet).num_row_groups > 1


def test_a_table_that_fails_half_way_does_not_appear(tmp_path):
    def half_of_it():
        schema = pa.schema({"k": pa.int64()})
        with row_file(tmp_path / "all.parquet", schema, tmp_path / "all.csv") as write:
            write(pd.DataFrame({"k": [1]}))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        half_of_it()
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_rows_has_its_columns(tmp_path):
    with row_file(tmp_path / "none.parquet", schema_of(["k", "p"])):
        pass
    assert list(pd.read_parquet(tmp_path / "none.parquet")) == ["k", "p"]
