"""Tables written a part at a time: the same table as if written at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusterability.analysis.agreement import AGREEMENT_COLUMNS
from clusterability.results import writing as row_files
from clusterability.results.aggregation import write_rows
from clusterability.results.columns import SCORES
from clusterability.results.empty_columns import TEXT_COLUMNS
from clusterability.results.function_columns import ABLATION_COLUMNS, LESION_COLUMNS
from clusterability.results.reading import defined, distinct, read_rows, where
from clusterability.results.writing import csv_lines, row_file, schema_of, stored_schemas
from result_tables import columns_of, described_tables


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


def written_from(folder, *parts: pd.DataFrame):
    """The table of rows of these files, each written as a job writes it."""
    files = [folder / f"{number}.parquet" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        part.to_parquet(file, index=False)
    write_rows(folder / "all.parquet", list(map(str, files)), list(parts[0]))
    return folder / "all.parquet"


NOTHING = pd.DataFrame(columns=ABLATION_COLUMNS)
ROW = pd.DataFrame(
    {name: ["fc1"] if name in TEXT_COLUMNS else [2] for name in ABLATION_COLUMNS}
).assign(ablation=None)


@pytest.mark.parametrize("columns", [ABLATION_COLUMNS, SCORES, AGREEMENT_COLUMNS, LESION_COLUMNS])
def test_a_table_without_rows_can_be_asked_for_texts_and_numbers(tmp_path, columns):
    table = written_from(tmp_path, pd.DataFrame(columns=columns))
    texts = {name: ["zero", "mean"] for name in columns if name in TEXT_COLUMNS}
    numbers = {name: [2] for name in columns if name not in TEXT_COLUMNS}
    assert texts.keys() > {"layer", "method"}
    assert numbers.keys() >= {"k"}
    found = read_rows(table, columns, where(**texts) & where(**numbers))
    assert (list(found), len(found)) == (columns, 0)


@pytest.mark.parametrize("parts", [(NOTHING, ROW), (ROW, NOTHING), (NOTHING, NOTHING, ROW)])
def test_files_without_rows_join_those_with_rows(tmp_path, parts):
    found = read_rows(written_from(tmp_path, *parts), ABLATION_COLUMNS, where(layer=["fc1"], k=[2]))
    assert found.to_csv() == ROW.to_csv()


def test_a_column_that_is_empty_in_all_rows_is_asked_as_others_are(tmp_path):
    """Of a table that this program wrote, and of one that pandas wrote."""
    table = written_from(tmp_path, ROW, ROW)
    for file, rows in ((table, 2), (tmp_path / "0.parquet", 1)):
        assert len(read_rows(file, ["k"], where(ablation=["zero"]))) == 0
        assert len(read_rows(file, ["k"], ~defined("ablation"))) == rows
        assert len(distinct(file, ["ablation", "k"], where(k=[2]))) == 1
    assert pq.read_schema(table).field("ablation").type == pa.string()


def test_text_columns_are_those_of_the_document():
    columns = [column for table in described_tables() for column in columns_of(table)]
    assert {column.type for column in columns} == {"text", "integer", "number", "boolean"}
    texts = {column.name for column in columns if column.type == "text"}
    others = {column.name for column in columns if column.type != "text"}
    # `k` and `published` are a text in one table and a number in the others.
    assert texts - others == TEXT_COLUMNS
    assert texts & others == {"k", "published"}
