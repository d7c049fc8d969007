"""The command `clusterability`: the rows of the workflow, a table, and one line for an error."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clusterability as cl
from clusterability.__main__ import main
from clusterability.measures.catalogue import MEASURES
from clusterability.report.score_text import KNOWN, WIDTH, score_text
from clusterability.results.columns import SCORES
from project import DOCS, PATH

SOUTHERN_WOMEN = str(DOCS / "examples" / "southern_women.csv")
QUICK = ("--k", "2", "--nulls", "labels=3")
COMMAND = (sys.executable, "-m", "clusterability")
ENVIRONMENT = os.environ | {"PYTHONPATH": PATH}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=ENVIRONMENT, **options
    )


def refusal(capsys, *arguments: str) -> str:
    """What a command says that the user has to mend: one line on standard error."""
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    said = capsys.readouterr()
    assert status in (1, 2)
    assert said.out == ""
    assert said.err.startswith("clusterability")
    assert said.err.count("\n") == 1
    return said.err


# --- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_are_those_of_the_function(ending, folder):
    options = ("--k", "2-3, 5", "--methods", "matched,joint", "--nulls", "shuffle=4, labels=3")
    more = ("--scalings", "none,unit-norm", "--restarts", "2", "--name", "mine")
    output = f"rows.{ending}"
    assert main(["score", SOUTHERN_WOMEN, *options, *more, "--output", output]) == 0
    expected = cl.score(
        SOUTHERN_WOMEN,
        "2-3,5",
        methods=["matched", "joint"],
        scalings=["none", "unit-norm"],
        nulls={"shuffle": 4, "labels": 3},
        restarts=2,
        name="mine",
    )
    if ending == "parquet":
        found = pd.read_parquet(output)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    else:
        written = expected.to_csv(index=False, lineterminator="\n")
        assert Path(output).read_bytes() == written.encode()


def test_a_network_and_its_layers_from_a_module_of_the_command(folder):
    source = np.random.default_rng(0)
    arrays = {"b": source.standard_normal((8, 9)), "a": source.standard_normal((5, 8))}
    np.savez("Two Layers.npz", **arrays)
    options = ("--layers", "b,a", "--methods", "matched,whole", "--k", "2", "--nulls", "none")
    done = run("score", "Two Layers.npz", *options)
    assert done.returncode == 1
    assert "expected a chain for the method 'whole'" in done.stderr
    done = run("score", "Two Layers.npz", *options, "--chain")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "fc1 [8, 9] from 'b', fc2 [5, 8] from 'a'" in done.stdout
    rows = pd.read_csv("two_layers.scores.csv")
    assert list(rows) == SCORES
    assert rows["layer"].unique().tolist() == ["fc1", "fc2", "network"]
    assert rows["null"].isna().all()


# --- the table ----------------------------------------------------------------------------------


def test_the_table_shows_known_measures_and_where_the_rows_are(capsys):
    assert main(["score", SOUTHERN_WOMEN, "--k", "2-3", "--nulls", "shuffle=9,labels=9"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == "Weights 'southern_women': fc1 [18, 14] from 'southern_women'"
    assert " ".join(lines[2].split()) == "layer method measure k value null mean ± sd excess z p"
    table = [line.split() for line in lines[4 : 4 + 2 * len(KNOWN)]]
    assert [(row[2], row[3]) for row in table] == [(m, k) for m in KNOWN for k in "23"]
    assert table[2][:5] == ["fc1", "matched", "barber_q", "2", "0.3184"]
    assert "Null: shuffle." in said.out
    assert lines[-1] == "60 rows are in southern_women.scores.csv"
    assert max(map(len, lines)) <= WIDTH


def test_draws_that_end_by_a_rule_are_told_of(capsys):
    nulls = ("--nulls", "shuffle=59,labels=9")
    options = ("--k", "5", *nulls, "--draws", "adaptive", "--verdict", "none")
    assert main(["score", SOUTHERN_WOMEN, *options]) == 0
    rows = pd.read_csv("southern_women.scores.csv")
    expected = cl.score(SOUTHERN_WOMEN, 5, nulls={"shuffle": 59, "labels": 9}, draws="adaptive")
    pd.testing.assert_frame_equal(rows, expected, check_dtype=False, check_categorical=False)
    made = int(rows.loc[rows["null"] == "shuffle", "null_n"].max())
    said = f"Draws end once 10 are as good as each value: {made} (at most 59) of shuffle were made."
    assert said in capsys.readouterr().out.splitlines()
    assert "invalid choice: 'some'" in refusal(capsys, "score", SOUTHERN_WOMEN, "--draws", "some")


def test_all_shows_every_row_within_the_width(capsys):
    nulls = "shuffle=3,shuffle_nonzero=3,strength=3,labels=3"
    options = ("--all", "--nulls", nulls, "--methods", "notebook", "--scalings", "unit-norm")
    assert main(["score", SOUTHERN_WOMEN, "--k", "2,14", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "fc1, notebook-unit-norm"
    rows = [line for line in lines if line.partition(" ")[0] in MEASURES]
    assert len(rows) == len(pd.read_csv("southern_women.scores.csv"))
    assert max(map(len, lines)) <= WIDTH


def test_the_table_says_why_there_is_no_value_and_shows_q_where_there_is_one():
    scores = cl.score({"fc1": np.eye(4) + 0.1, "fc2": np.ones((2, 4))}, [2, 3], nulls={"labels": 3})
    text = score_text(scores)
    infeasible = [line.split() for line in text.splitlines() if "infeasible" in line]
    assert [row[:5] for row in infeasible] == [
        ["fc2", "matched", measure, "3", "infeasible"] for measure in KNOWN
    ]
    assert "labels, which nearly every partition beats" in text
    assert score_text(scores.assign(q=0.25)).splitlines()[0].split()[-1] == "q"
    without = score_text(cl.score(np.eye(4) + 0.1, 2, nulls={}))
    assert "Without a null, a value says little" in without
    assert "mean" not in without


def test_measures_are_listed(capsys):
    assert main(["measures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "ncut: n-cut; lower is better" in lines
    assert len(lines) == 2 * len(cl.list_measures())
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.slow
def test_a_terminal_of_few_characters_and_a_reader_who_has_seen_enough():
    environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    command = [*COMMAND, "score", SOUTHERN_WOMEN, *QUICK]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "null mean ? sd" in done.stdout
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = subprocess.Popen([*command, "--force", "--all"], env=ENVIRONMENT, **pipes)
    started.stdout.close()
    assert started.stderr.read() == b""
    assert started.wait() == 0


# --- tables -------------------------------------------------------------------------------------


def shown(capsys, *arguments: str) -> list[str]:
    assert main(["score", *arguments, "--force"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.splitlines()


def test_what_is_concluded_of_a_table_is_told_and_can_be_said(capsys, folder):
    matrix = np.random.default_rng(0).random((9, 6)).round(3) + 0.0005
    pd.DataFrame(matrix).to_csv("t.csv", index=False)
    quick = ("t.csv", "--k", "2", "--nulls", "none")
    lines = shown(capsys, *quick)
    assert lines[0] == "Weights 't': fc1 [9, 6] from 't'"
    assert lines[1].startswith("t.csv: the first row, '0', '1', '2', '3', …, is read as names")
    rows = pd.read_csv("t.scores.csv")
    lines = shown(capsys, *quick, "--header", "yes")
    assert lines[:2] == ["Weights 't': fc1 [9, 6] from 't'", ""]
    pd.testing.assert_frame_equal(pd.read_csv("t.scores.csv"), rows)
    assert shown(capsys, *quick, "--header", "no")[0] == "Weights 't': fc1 [10, 6] from 't'"
    assert "invalid choice: 'maybe'" in refusal(capsys, "score", *quick, "--index", "maybe")


def test_edges_are_said_in_the_command(capsys, folder):
    lines = [f"u{n % 5},i{n % 4},{1 + n % 3}" for n in range(20)]
    Path("e.csv").write_text("\n".join(["user,item,rating", *lines]))
    quick = ("e.csv", "--k", "2", "--nulls", "none")
    assert "--edges user,item,rating or --edges no" in refusal(capsys, "score", *quick)
    found = shown(capsys, *quick, "--edges", "user,item,rating")
    assert found[0] == "Weights 'e': fc1 [5, 4] from 'e'"
    said = refusal(capsys, "score", *quick, "--edges", "no", "--index", "no", "--force")
    assert "found 'u0' in row 2" in said


def test_names_of_a_small_matrix_stand_with_their_clusters(capsys, folder):
    lines = shown(capsys, SOUTHERN_WOMEN, "--k", "2-3", "--nulls", "none")
    start = lines.index("Clusters of matched at k = 2, where naming them saves most:")
    text = " ".join(" ".join(lines[start + 1 : -2]).split())
    found = cl.cluster(SOUTHERN_WOMEN, 2)["fc1"]
    table = pd.read_csv(SOUTHERN_WOMEN, index_col=0)
    for label in range(2):
        for side, names, labels in (
            ("rows", table.index, found.rows),
            ("columns", table.columns, found.columns),
        ):
            assert f"{side} {', '.join(names[labels == label])}" in text
    np.save("w.npy", table.to_numpy())
    assert not [line for line in shown(capsys, "w.npy", *QUICK) if "Clusters of" in line]


def test_of_the_usual_k_those_are_taken_that_a_matrix_can_hold(capsys, folder):
    np.save("w.npy", np.random.default_rng(0).random((10, 30)))
    shown(capsys, "w.npy", "--nulls", "none")
    rows = pd.read_csv("w.scores.csv")
    assert rows["k"].unique().tolist() == list(range(2, 11))
    assert cl.score(np.load("w.npy"), nulls={})["k"].unique().tolist() == list(range(2, 11))
    assert cl.score(np.eye(20) + 0.1, nulls={})["k"].unique().tolist() == list(range(2, 13))
    assert "k: found 11, expected" in refusal(capsys, "score", "w.npy", "--k", "2-12", "--force")


# --- what a user has to mend --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.npz"], "path: found no file none.npz, expected"),
        (["w.xlsx"], "'.xlsx', expected one of .safetensors"),
        ([SOUTHERN_WOMEN, "--k", "2-15"], "k: found 15, expected k that fc1 can hold (at most 14"),
        ([SOUTHERN_WOMEN, "--k", "two"], "k: found ['two'], expected a block such as"),
        ([SOUTHERN_WOMEN, "--k", ""], "k: found [''], expected a block such as"),
        ([SOUTHERN_WOMEN, "--methods", "best"], "methods[0]: found 'best', expected 'notebook'"),
        ([SOUTHERN_WOMEN, "--nulls", "chance=9"], "nulls.chance: found 'chance', expected"),
        ([SOUTHERN_WOMEN, "--nulls", "shuffle"], "nulls: found 'shuffle', expected nulls with"),
        ([SOUTHERN_WOMEN, "--nulls", "labels=1,labels=2"], "nulls: found 'labels=2', expected"),
        ([SOUTHERN_WOMEN, "--nulls", "labels=-1"], "nulls: found 'labels=-1', expected"),
        ([SOUTHERN_WOMEN, "--scalings", "log"], "scalings[0]: found 'log', expected"),
        ([SOUTHERN_WOMEN, "--restarts", "few"], "restarts: found 'few', expected a whole number"),
        ([SOUTHERN_WOMEN, "--name", "../mine"], "name: found '../mine', expected a name of"),
        ([SOUTHERN_WOMEN, "--layers", "fc9"], "layers: found 'fc9', expected names of arrays"),
        ([SOUTHERN_WOMEN, "--output", "rows.txt"], "output: found rows.txt with ending '.txt'"),
        ([SOUTHERN_WOMEN, "--output", "no/rows.csv"], "output: found no folder no, expected"),
        ([SOUTHERN_WOMEN, "--output", "full.csv"], "output: found the folder full.csv, expected"),
        (
            [SOUTHERN_WOMEN, "--html", "page.htm"],
            "html: found page.htm with ending '.htm', expected",
        ),
        ([SOUTHERN_WOMEN, "--html", "no/page.html"], "html: found no folder no, expected one to"),
        (
            [SOUTHERN_WOMEN, "--html", "p.html", "--methods", "whole"],
            "methods: found 'whole' alone",
        ),
        ([], "the following arguments are required: FILE"),
        ([SOUTHERN_WOMEN, "--seeds", "3"], "unrecognized arguments: --seeds 3"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, message, capsys, folder):
    (folder / "full.csv").mkdir()
    assert message in refusal(capsys, "score", *arguments)
    assert [path.name for path in folder.iterdir()] == ["full.csv"]


def test_weights_that_are_not_finite_and_damaged_files(capsys, folder):
    np.save("w.npy", np.array([[1.0, np.nan], [2.0, 3.0]]))
    assert "array 'w': found nan at [0, 1], expected" in refusal(capsys, "score", "w.npy", *QUICK)
    (folder / "d.npz").write_bytes(b"no weights")
    assert "d.npz: found a file that cannot" in refusal(capsys, "score", "d.npz", *QUICK)


def test_a_file_that_is_there_is_not_overwritten_unasked(capsys, folder):
    rows = folder / "southern_women.scores.csv"
    rows.write_text("mine")
    text = refusal(capsys, "score", SOUTHERN_WOMEN, *QUICK)
    assert "found southern_women.scores.csv there already; --force writes over it" in text
    assert rows.read_text() == "mine"
    assert main(["score", SOUTHERN_WOMEN, *QUICK, "--force"]) == 0
    assert rows.read_text().startswith("condition,seed,layer")


def test_a_folder_that_may_not_be_written(capsys, monkeypatch):
    # As the system says it; root, who may run tests, may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    text = refusal(capsys, "score", SOUTHERN_WOMEN, *QUICK)
    assert "output: found no permission to write in " in text


def test_a_disk_that_refuses(capsys, monkeypatch):
    def refuse(*arguments: object) -> None:
        raise OSError(5, "Input/output error", "rows.csv")

    monkeypatch.setattr("clusterability.files.write_csv", refuse)
    text = refusal(capsys, "score", SOUTHERN_WOMEN, *QUICK)
    assert text == "clusterability: rows.csv: Input/output error\n"


def test_no_command_and_an_unknown_one(capsys):
    assert "arguments are required: COMMAND" in refusal(capsys)
    assert "invalid choice: 'train'" in refusal(capsys, "train")


# --- the page -----------------------------------------------------------------------------------


def test_a_page_is_written_beside_the_rows(capsys, folder):
    (folder / "page.html").write_text("mine")
    asked = ("score", SOUTHERN_WOMEN, *QUICK, "--verdict", "none", "--html", "page.html")
    assert "html: found page.html there already; --force" in refusal(capsys, *asked)
    assert not (folder / "southern_women.scores.csv").exists()
    assert main([*asked, "--force"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    rows = pd.read_csv("southern_women.scores.csv")
    assert last == f"{len(rows)} rows are in southern_women.scores.csv, a page in page.html"
    page = (folder / "page.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page)[1])
    assert data["file"] == {"rows": "southern_women.scores.csv"}
    assert data["conditions"][0]["layers"][0]["u_names"][0] == "Evelyn Jefferson"


def test_the_page_of_the_function_is_that_of_the_command_and_a_notebook_shows_it(folder):
    asked = {"nulls": {"labels": 3}, "restarts": 3, "name": "southern_women"}
    page = cl.explore(SOUTHERN_WOMEN, folder / "own.html", 2, verdicts="none", **asked)
    assert (folder / "own.html").read_text() == page.content
    options = ("--verdict", "none", "--html", "page.html")
    assert main(["score", SOUTHERN_WOMEN, *QUICK, *options]) == 0
    command = (folder / "page.html").read_text()
    assert command.replace('{"rows":"southern_women.scores.csv"}', '{"rows":null}') == page.content
    frame = page._repr_html_()
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1]) == page.content
    for wrong, message in (
        ({"path": "page.txt"}, "path: found 'page.txt', expected a file that ends in .html"),
        ({"verdicts": "all"}, "verdicts: found 'all', expected auto, bits, draws or none"),
        ({"methods": "whole"}, "methods: found 'whole' alone, expected one"),
    ):
        with pytest.raises(cl.UserError, match=f"^{re.escape(message)}"):
            cl.explore(SOUTHERN_WOMEN, **wrong)


# --- known groups -------------------------------------------------------------------------------


def test_known_groups_stand_beside_the_clusters(capsys, folder):
    table = pd.read_csv(SOUTHERN_WOMEN, index_col=0)
    women = pd.DataFrame(
        {"side": "rows", "unit": table.index, "group": ["early"] * 9 + ["late"] * 9}
    )
    events = pd.DataFrame({"side": "columns", "unit": table.columns, "group": "early"})
    events.loc[8:, "group"] = "late"
    pd.concat([women, events]).to_csv("known.csv", index=False)
    asked = (SOUTHERN_WOMEN, "--k", "2-3", "--nulls", "shuffle=9,labels=9", "--verdict", "none")
    lines = shown(capsys, *asked, "--groups", "known.csv")
    start = lines.index("Known groups, units of side U / side V:")
    assert lines[start + 1] == "  fc1: early 9 / 8, late 9 / 6"
    rows = [line.split() for line in lines[start + 5 : start + 5 + len(KNOWN)]]
    assert [row[:4] for row in rows] == [["fc1", "groups", measure, "2"] for measure in KNOWN]
    assert not [line for line in lines[:start] if "groups" in line.split()]
    found = [line.split() for line in lines if line.startswith("fc1    matched")][-2:]
    assert found[0] == ["fc1", "matched", "2", *["1.000"] * 4]
    assert max(map(len, lines)) <= WIDTH
    written = pd.read_csv("southern_women.scores.csv")
    expected = cl.score(
        SOUTHERN_WOMEN, "2-3", nulls={"shuffle": 9, "labels": 9}, groups="known.csv"
    )
    assert written["value"].equals(expected["value"])
    agreement = pd.read_csv("southern_women.agreement.csv")
    assert agreement["value"].equals(cl.agreement(SOUTHERN_WOMEN, "known.csv", "2-3")["value"])


def test_known_groups_are_looked_at_before_the_work(capsys, folder):
    Path("known.csv").write_text("unit,group\nE1,a\n")
    said = refusal(capsys, "score", SOUTHERN_WOMEN, *QUICK, "--groups", "known.csv")
    assert "found no group for 13 of the 14 units of side V: 'E2', 'E3'" in said
    Path("southern_women.agreement.csv").write_text("mine")
    said = refusal(capsys, "score", SOUTHERN_WOMEN, *QUICK, "--groups", "known.csv")
    assert "found southern_women.agreement.csv there already" in said


# --- help ---------------------------------------------------------------------------------------


def test_help_is_quick_and_tells_every_option(folder):
    code = "import sys; sys.argv = ['x', 'score', '--help']; import clusterability.__main__ as m\n"
    code += "try: m.main()\nexcept SystemExit: print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT
    )
    assert done.stdout.endswith("False\n"), done.stderr
    for option in (
        "--k", "--methods", "--nulls", "--layers", "--scalings", "--restarts", "--name", "--output",
        "--force", "--all", "--chain,", "--transpose,", "--groups", "--fresh", "--measures",
        "--html",
    ):  # fmt: skip
        assert f"  {option} " in done.stdout
        assert f"`{option}" in (DOCS / "python.md").read_text()
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
