"""Tables that users bring: names that are numbers, separators, edges, sparse matrices, names kept.

The matrix of each case is known before it is written, and pandas, SciPy or NumPy write it.
"""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp
from safetensors.numpy import save_file

import clusterability as cl
from clusterability.__main__ import main
from clusterability.errors import UserError
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.importing.selection import Reading
from clusterability.networks.importing.tables.table_reading import table_reading
from clusterability.networks.importing.unit_names import UnitNames

# Two blocks, three decimals, and no whole number: what most programs write of weights.
MATRIX = (np.kron(np.eye(2), np.ones((5, 4))) + np.arange(80).reshape(10, 8) / 997 + 0.0005).round(
    4
)
COUNTS = np.random.default_rng(0).poisson(3, (10, 8))
KEYS = [17, 3, 5, 99, 8, 1, 44, 12, 13, 14]


def read(path: Path, **said) -> np.ndarray:
    """The only layer of a file, as a study reads it."""
    (stack,) = read_network("mine", path, Reading(table=table_reading(**said))).weights.values()
    return stack[0]


def refusal(path: Path, **said) -> str:
    with pytest.raises(UserError) as error:
        read(path, **said)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: found ")
    assert "expected" in text
    return text


def quiet_load(source, **said) -> cl.Weights:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return cl.load(source, **said)


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-6)


def keyed(matrix: np.ndarray, heading: str = "id", names: str | None = None) -> pd.DataFrame:
    """A frame whose first column is keys."""
    columns = list(names or range(8))
    return pd.DataFrame({heading: KEYS} | {columns[n]: matrix[:, n] for n in range(8)})


# --- names that are numbers ----------------------------------------------------------------------


@pytest.mark.parametrize("columns", [range(8), range(1, 9), range(2015, 2023)])
def test_numbers_that_count_above_weights_are_names_and_told(tmp_path, columns):
    path = tmp_path / "w.csv"
    pd.DataFrame(MATRIX, columns=columns).to_csv(path, index=False)
    assert close(read(path), MATRIX)
    with pytest.warns(UserWarning, match=r"the first row, .* is read as names \(header=False"):
        weights = cl.load(path)
    assert weights.units == {"fc1": UnitNames(None, tuple(map(str, columns)))}
    assert len(read(path, header=False)) == 11
    assert close(quiet_load(path, header=True)["fc1"], MATRIX)


def test_numbers_that_count_before_weights_are_names_and_told(tmp_path):
    path = tmp_path / "w.csv"
    pd.DataFrame(MATRIX).to_csv(path, header=False)
    assert close(read(path), MATRIX)
    with pytest.warns(UserWarning, match=r"the first column, .* is read as names \(index=False"):
        assert cl.load(path).units == {"fc1": UnitNames(tuple(map(str, range(10))), None)}
    assert read(path, index=False).shape == (10, 9)


def test_what_is_concluded_is_told_when_a_file_is_scored(tmp_path):
    pd.DataFrame(MATRIX).to_csv(tmp_path / "w.csv", index=False)
    with pytest.warns(UserWarning, match="is read as names"):
        cl.score(tmp_path / "w.csv", 2, nulls={})


def test_what_is_concluded_stands_in_the_log_of_a_study(tmp_path, caplog):
    caplog.set_level("INFO")
    pd.DataFrame(MATRIX).to_csv(tmp_path / "w.csv", index=False)
    read(tmp_path / "w.csv")
    assert [text for text in caplog.messages if "the first row, '0', '1', '2', '3', …" in text]


def test_the_same_matrix_has_the_same_scores_however_it_is_written(tmp_path):
    frame, expected = pd.DataFrame(MATRIX), cl.score(MATRIX.astype("f4"), 2, nulls={"shuffle": 9})
    options = {"header_only": {"index": False}, "index_only": {"header": False}, "both": {}}
    for name, how in options.items():
        path = tmp_path / f"{name}.csv"
        frame.to_csv(path, **how)
        given = {"header": how.get("header", True), "index": how.get("index", True)}
        found = cl.score(quiet_load(path, **given), 2, nulls={"shuffle": 9}, name="weights")
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize(
    ("frame", "options", "option"),
    [
        (pd.DataFrame(MATRIX, columns=KEYS[:8]), {"index": False}, "header"),
        (pd.DataFrame(MATRIX, columns=np.arange(8) / 10 + 0.05), {"index": False}, "header"),
        (pd.DataFrame(COUNTS), {"index": False}, "header"),
        (pd.DataFrame(COUNTS, columns=range(2015, 2023)), {"index": False}, "header"),
        (pd.DataFrame(MATRIX, index=KEYS), {"header": False}, "index"),
        (pd.DataFrame(COUNTS), {"header": False}, "index"),
        (pd.DataFrame(COUNTS, index=[k + 50 for k in KEYS]), {"header": False}, "index"),
        (keyed(MATRIX), {"index": False}, "index"),
        (keyed(COUNTS, "id", "abcdefgh"), {"index": False}, "index"),
    ],
    ids=["keys above weights", "times above weights", "0, 1, … above counts", "years above counts",
         "keys before weights", "0, 1, … before counts", "large keys before counts", "a column id",
         "a column id of counts"],
)  # fmt: skip
def test_numbers_that_may_be_either_are_refused_with_both_ways(tmp_path, frame, options, option):
    path = tmp_path / "w.csv"
    frame.to_csv(path, **options)
    text = refusal(path)
    assert f"{option}=True or {option}=False (--{option} yes or no; in a config {option}:" in text
    shape = {said: read(path, **{"header": False, "index": False, option: said}).shape
             for said in (True, False)} if frame.columns[0] != "id" else {}  # fmt: skip
    if shape:
        side = option == "index"
        assert shape[False][side] == shape[True][side] + 1
        assert shape[True] == (10, 8)


def test_an_open_first_column_is_read_both_ways(tmp_path):
    keyed(MATRIX).to_csv(tmp_path / "w.csv", index=False)
    assert close(read(tmp_path / "w.csv", index=True), MATRIX)
    assert close(read(tmp_path / "w.csv", index=False), keyed(MATRIX).to_numpy())


@pytest.mark.parametrize("matrix", [MATRIX, COUNTS, np.eye(4, dtype=int), np.round(MATRIX, 1)])
def test_matrices_without_names_are_read_without_a_word(tmp_path, matrix):
    np.savetxt(tmp_path / "w.csv", matrix, delimiter=",", fmt="%g")
    assert close(quiet_load(tmp_path / "w.csv")["fc1"], matrix)


@pytest.mark.parametrize("text", ["1,2\n3,0.5\n", "1,2\n0.5,0.25\n"])
def test_a_single_number_inside_is_no_evidence(tmp_path, text):
    (tmp_path / "w.csv").write_text(text)
    assert "in the first row, which may be names or weights" in refusal(tmp_path / "w.csv")


def test_a_missing_first_weight_does_not_make_weights_names(tmp_path):
    text = pd.DataFrame(MATRIX).to_csv(index=False, header=False)
    (tmp_path / "w.csv").write_text("," + text.partition(",")[2])
    said = refusal(tmp_path / "w.csv")
    assert "or 0 in the first cell, if its weight is missing" in said
    assert "found '' in row 1, column 1" in refusal(tmp_path / "w.csv", header=False, index=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x,1.5,oops,2.5\ny,1,2,3\n", "'x', '1.5', 'oops', '2.5' in the first row"),
        ("a,b\n1.5,2\noops,3\n", "'1.5', 'oops' in the first column"),
        ("x,1,NA\ny,3,4\n", "in the first row"),
    ],
)
def test_a_word_among_weights_does_not_make_them_names(tmp_path, text, found):
    (tmp_path / "w.csv").write_text(text)
    assert found in refusal(tmp_path / "w.csv")


def test_a_header_is_no_truth_value():
    with pytest.raises(UserError, match="header: found 'yes', expected True, False or nothing"):
        cl.load("w.csv", header="yes")


# --- what stands between cells -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("w.tsv", {"sep": "\t"}),
        ("w.csv", {"sep": ";"}),
        ("w.csv", {"sep": ";", "decimal": ","}),
        ("w.tsv", {"sep": "\t", "decimal": ","}),
        ("w.txt", {"sep": " "}),
        ("w.csv.gz", {}),
        ("W.TSV.GZ", {"sep": "\t", "compression": "gzip"}),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_separators_and_packed_tables(tmp_path, file, options, named):
    frame = pd.DataFrame(MATRIX, [f"r {n}" for n in range(10)], list("abcdefgh"))
    frame.to_csv(tmp_path / file, header=named, index=named, **options)
    weights = quiet_load(tmp_path / file)
    assert close(weights["fc1"], MATRIX)
    assert weights.name == "w"
    names = UnitNames(tuple(frame.index), tuple(frame.columns))
    assert weights.units == ({"fc1": names} if named else {})


def test_a_table_as_r_writes_it_has_no_cell_above_the_names_of_rows(tmp_path):
    text = '"V1" "V2" "V3"\n"row one" 1.5 2 3\n"2" 4 5 6.25\n'
    (tmp_path / "w.txt").write_text(text)
    weights = quiet_load(tmp_path / "w.txt")
    assert weights["fc1"].tolist() == [[1.5, 2, 3], [4, 5, 6.25]]
    assert weights.units["fc1"] == UnitNames(("row one", "2"), ("V1", "V2", "V3"))


def test_blanks_as_numpy_writes_them(tmp_path):
    np.savetxt(tmp_path / "w.txt", MATRIX)
    assert close(read(tmp_path / "w.txt"), MATRIX)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,250;2,500\n3,125;4,750\n", "found '1,250', whose comma may be"),
        ("a;b\n1,5;2.5\n0.5;3,5\n", "found '1,5' beside '2.5', whose comma may be"),
        ("1;2\n3;4;5\n", "found 3 cells in row 2, expected 2"),
        ("a;b\n", "found no numbers"),
    ],
)
def test_separators_that_leave_it_open(tmp_path, text, found):
    (tmp_path / "w.csv").write_text(text)
    assert found in refusal(tmp_path / "w.csv")


def test_a_packed_table_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "clusterability.networks.importing.tables.table_text.MOST_TEXT_BYTES", 10_000
    )
    (tmp_path / "w.csv.gz").write_bytes(gzip.compress(b"1,2\n" * 3000))
    assert "found more than 10000 bytes" in refusal(tmp_path / "w.csv.gz")


# --- lists of edges ------------------------------------------------------------------------------


def edges(text: bool) -> pd.DataFrame:
    """240 ratings: 20 users, 12 items of 30 each."""
    source = np.random.default_rng(1)
    rows = [
        (f"u{user}" if text else user, f"i{item}" if text else item, source.integers(1, 6))
        for user in range(20)
        for item in source.choice(30, 12, replace=False)
    ]
    return pd.DataFrame(rows, columns=["user", "item", "rating"])


def pivoted(table: pd.DataFrame) -> np.ndarray:
    """The matrix as pandas makes it, in the order of first edges."""
    first, second = table.columns[:2]
    wide = table.pivot_table(table.columns[2], first, second, fill_value=0, aggfunc="sum")
    return wide.loc[table[first].unique(), table[second].unique()].to_numpy()


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("options", [{"index": False}, {}, {"index": False, "header": False}])
@pytest.mark.parametrize("names", [["user", "item", "rating"], ["a", "b", "c"]])
def test_a_list_of_edges_is_refused_and_read_as_a_matrix(tmp_path, text, options, names):
    table, path = edges(text).set_axis(names, axis=1), tmp_path / "e.csv"
    table.to_csv(path, **options)
    columns = ["1", "2", "3"] if "header" in options else names
    said = refusal(path)
    assert f"edges={tuple(columns)}" in said
    assert f"--edges {','.join(columns)} or --edges no" in said
    assert np.array_equal(read(path, edges=columns), pivoted(table))
    units = cl.load(path, edges=columns).units["fc1"]
    assert units.rows == tuple(map(str, table.iloc[:, 0].unique()))
    assert units.columns == tuple(map(str, table.iloc[:, 1].unique()))


@pytest.mark.parametrize("count", [60, 1500])
def test_edges_of_many_units_are_seen_in_any_order(tmp_path, count):
    source = np.random.default_rng(3)
    cells = source.choice(count**2, count, replace=False)
    rows = np.stack([cells // count, cells % count, source.integers(1, 6, count)], axis=1)
    np.savetxt(tmp_path / "e.csv", rows, delimiter=",", fmt="%d")
    assert "edges=('1', '2', '3')" in refusal(tmp_path / "e.csv")


@pytest.mark.parametrize("shape", [(10, 3), (20, 3), (25, 2), (50, 30)])
def test_counts_of_few_columns_are_no_edges(tmp_path, shape):
    counts = np.random.default_rng(4).poisson(50, shape)
    np.savetxt(tmp_path / "w.csv", counts, delimiter=",", fmt="%d")
    assert np.array_equal(read(tmp_path / "w.csv"), counts)


def test_edges_without_weights_are_counted(tmp_path):
    table = edges(True).iloc[:, :2]
    pd.concat([table, table.iloc[:5]]).to_csv(tmp_path / "e.csv", index=False)
    found = read(tmp_path / "e.csv", edges=["user", "item"])
    assert (found.sum(), (found == 2).sum()) == (245, 5)


def test_a_table_that_looks_like_edges_can_be_a_matrix(tmp_path):
    edges(False).to_csv(tmp_path / "e.csv", index=False)
    assert np.array_equal(read(tmp_path / "e.csv", edges=False), edges(False).to_numpy())


@pytest.mark.parametrize(
    ("text", "said", "found"),
    [
        ("a,b,w\nx,y,1\nx,y,2\n", ["a", "b", "w"], "found 'x' with 'y' 2 times, first in row 2"),
        ("a,b,w\nx,y,1\nx,,2\n", ["a", "b", "w"], "found nothing in row 3, column 2"),
        ("a,b,w\nx,y,1\nx,z,?\n", ["a", "b", "w"], "found '?' in row 3, column 3"),
        ("a,b,w\nx,y,1\n", ["a", "c"], "found the columns a, b, w, expected each of a, c once"),
        ("a,a,w\nx,y,1\n", ["a", "w"], "expected each of a, w once"),
        ("a,b,w\nx,y,1\n", ["1", "4"], "expected each of 1, 4 once"),
        ("a,b,w\n", ["a", "b", "w"], "found no edges"),
    ],
)
def test_edges_that_are_at_fault(tmp_path, text, said, found):
    (tmp_path / "e.csv").write_text(text)
    assert found in refusal(tmp_path / "e.csv", edges=said)


def test_edges_between_too_many_units_take_no_memory(tmp_path):
    lines = [f"{n},{n}" for n in range(40_000)]
    (tmp_path / "e.csv").write_text("\n".join(lines))
    said = refusal(tmp_path / "e.csv", edges=["1", "2"])
    assert "found [40000, 40000] units of few weights, which takes 12.8 GB" in said


@pytest.mark.parametrize("said", [3, "user,item", ["user"], ["a", "a"], ["a", "b", "c", "d"], True])
def test_edges_are_two_or_three_columns(said):
    with pytest.raises(UserError, match=r"edges: found .*, expected two or three columns"):
        cl.load("e.csv", edges=said)


# --- other files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
def test_sparse_matrices_of_scipy(tmp_path, kind):
    matrix = np.where(MATRIX > 0.5, MATRIX, 0)
    for made in (sp.coo_array(matrix), sp.coo_matrix(matrix)):
        sp.save_npz(tmp_path / "s.npz", made.asformat(kind))
        assert close(read(tmp_path / "s.npz"), matrix)


@pytest.mark.parametrize(
    ("arrays", "found"),
    [
        ({"shape": [10**6, 10**6]}, "units of few weights"),
        ({"indices": [0, 9]}, "cannot be read"),
        ({"indices": [0, -1]}, "cannot be read"),
        ({"indices": [0.0, 1.0]}, "cannot be read"),
        ({"indptr": [0, 1, 5]}, "cannot be read"),
        ({"format": "odd"}, "cannot be read"),
        ({"shape": [-2, 2]}, "cannot be read"),
    ],
)
def test_sparse_matrices_that_are_at_fault(tmp_path, arrays, found):
    sound = {"format": b"csr", "shape": [2, 2], "data": [1.0, 2.0], "indices": [0, 1]}
    np.savez(tmp_path / "s.npz", **(sound | {"indptr": [0, 1, 2]} | arrays))
    assert found in refusal(tmp_path / "s.npz")


SQUARE = np.round(MATRIX[:8] + MATRIX[:8].T, 4)
ODD = np.round(MATRIX[:8] - MATRIX[:8].T, 4)


@pytest.mark.parametrize(
    ("matrix", "symmetry"),
    [(MATRIX, "general"), (SQUARE, "symmetric"), (ODD, "skew-symmetric"), (COUNTS, "general")],
)
@pytest.mark.parametrize("make", [sp.coo_array, np.asarray])
def test_matrix_market_as_scipy_writes_it(tmp_path, matrix, symmetry, make):
    scipy.io.mmwrite(tmp_path / "m.mtx", make(matrix), symmetry=symmetry, comment="two\nlines")
    assert close(read(tmp_path / "m.mtx"), matrix)


def test_a_pattern_of_matrix_market_is_ones(tmp_path):
    text = "%%MatrixMarket matrix coordinate pattern general\n2 3 2\n1 1\n2 3\n"
    (tmp_path / "m.mtx").write_text(text)
    assert read(tmp_path / "m.mtx").tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("coordinate real general\n2 2 2\n1 1 5\n1 1 6\n", "found two entries at row 1, column 1"),
        ("coordinate complex general\n1 1 1\n1 1 5 0\n", "in the first line, expected %%Matrix"),
        ("coordinate real general\n2 2 3\n1 1 5\n", "1 entries where there should be 3"),
        ("coordinate real general\n2 2 1\n3 1 5\n", "an entry at 3, 1 of 2 x 2"),
        ("coordinate real general\n2 2 1\n0 1 5\n", "an entry at 0, 1 of 2 x 2"),
        ("coordinate real general\n2 2 1\n1 1 1_0\n", "'1_0' where there should be a number"),
        ("coordinate real general\n999999 999999 0\n", "units of few weights"),
        ("array real symmetric\n2 3\n1\n2\n3\n", "2 rows and 3 columns of a symmetric matrix"),
        ("", "in the first line"),
    ],
)
def test_matrix_market_that_is_at_fault(tmp_path, body, found):
    (tmp_path / "m.mtx").write_text(f"%%MatrixMarket matrix {body}")
    assert found in refusal(tmp_path / "m.mtx")


@pytest.mark.parametrize("index", [list("jihgfedcba"), None])
def test_parquet(tmp_path, index):
    frame = pd.DataFrame(MATRIX, index, list("abcdefgh"))
    frame.to_parquet(tmp_path / "w.parquet")
    weights = quiet_load(tmp_path / "w.parquet")
    assert close(weights["fc1"], MATRIX)
    assert weights.units["fc1"] == UnitNames(index and tuple(index), tuple("abcdefgh"))


def test_parquet_with_a_column_of_names_or_edges(tmp_path):
    path = tmp_path / "w.parquet"
    frame = pd.DataFrame(MATRIX, columns=list("abcdefgh"))
    frame.insert(0, "who", list("jihgfedcba"))
    frame.to_parquet(path)
    weights = quiet_load(path)
    assert close(weights["fc1"], MATRIX)
    assert weights.units["fc1"].rows == tuple("jihgfedcba")
    keyed(MATRIX, "id", "abcdefgh").to_parquet(path)
    assert "index=True or index=False" in refusal(path)
    assert close(read(path, index=True), MATRIX)
    edges(False).to_parquet(path)
    assert "edges=('user', 'item', 'rating')" in refusal(path)
    assert np.array_equal(read(path, edges=["user", "item", "rating"]), pivoted(edges(False)))


def test_parquet_that_claims_a_terabyte_takes_no_memory(tmp_path, monkeypatch):
    pd.DataFrame(np.zeros((2000, 20))).set_axis(map(str, range(20)), axis=1).to_parquet(
        tmp_path / "w.parquet"
    )
    monkeypatch.setattr("clusterability.networks.importing.tables.data_frame.MOST_BYTES", 10**5)
    assert "cannot be read (320000 bytes of content" in refusal(tmp_path / "w.parquet")


@pytest.mark.parametrize("said", [{"header": True}, {"index": False}, {"edges": ["a", "b"]}])
def test_what_is_said_of_tables_is_refused_for_other_files(tmp_path, said):
    np.save(tmp_path / "w.npy", MATRIX)
    (option,) = said
    assert f"found {option} for a .npy file, expected these for tables" in refusal(
        tmp_path / "w.npy", **said
    )


# --- names are kept ------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "v2.csv.gz", "parquet"])
def test_a_transposed_table_has_its_names_on_the_other_sides(tmp_path, ending):
    path = tmp_path / f"w.{ending}"
    frame = pd.DataFrame(MATRIX, [f"r{n}" for n in range(10)], list("abcdefgh"))
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path)
    weights = cl.load(path, transpose=True)
    assert weights.arrays == {"fc1": path.name.removesuffix(".gz").rpartition(".")[0]}
    assert close(weights["fc1"], MATRIX.T)
    assert weights.units == {"fc1": UnitNames(tuple(frame.columns), tuple(frame.index))}
    names = read_network("mine", path, Reading(transpose=True)).recipe["names"]
    assert names == {"fc1": {"rows": tuple(frame.columns), "columns": tuple(frame.index)}}


def test_a_table_is_listed_as_it_is_read(tmp_path, capsys):
    np.savetxt(tmp_path / "e.csv", [[1, 7, 0.5], [2, 8, 0.25]], "%g", ",")
    asked = [str(tmp_path / "e.csv"), "--edges", "1,2,3", "--header", "no"]
    assert main(["layers", *asked]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].split() == ["e", "[2,", "2]", "float64", "50.0", "%", "scored", "as", "fc1"]


def test_what_is_said_of_tables_is_refused_for_models_in_several_files(tmp_path):
    for n in (1, 2):
        save_file({f"w{n}": MATRIX}, tmp_path / f"model-0000{n}-of-00002.safetensors")
    with pytest.raises(UserError, match=r"found index for a .safetensors file, expected these"):
        cl.load(tmp_path, index=True)


def test_names_are_those_of_the_study_too(tmp_path):
    frame = pd.DataFrame(MATRIX, [f"r{n}" for n in range(10)], list("abcdefgh"))
    frame.to_csv(tmp_path / "w.csv")
    recipe = read_network("mine", tmp_path / "w.csv").recipe
    assert recipe["names"]["fc1"]["rows"] == tuple(frame.index)
    assert recipe["names"]["fc1"]["columns"] == tuple(frame.columns)
    np.save(tmp_path / "w.npy", MATRIX)
    assert "names" not in read_network("mine", tmp_path / "w.npy").recipe
