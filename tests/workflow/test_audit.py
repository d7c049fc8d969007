"""`make verify ARGS=--audit` on a finished study: it passes, and sees a number that is altered."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audit.cells import Cell
from audit.kinds import KINDS, spread
from audit.study_files import StudyFiles
from workflows import MICRO, Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.release]

CONDITIONS = {
    "untrained": {"epochs": 0},
    "planted": {"clusterability": 20, "planted_clusters": 2, "planted_layer": "fc1"},
}
DRAWS = 40


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mnist) -> Workflow:
    """A small study after its run, with every kind of cell."""
    workflow = copy_workflow(tmp_path_factory.mktemp("audited"))
    workflow.configure(
        seeds=["0-3"],
        k_grid=["2-3"],
        conditions=CONDITIONS,
        clustering={
            "methods": ["matched", "joint", "described", "whole"],
            "scalings": ["none", "balanced", "ranked"],
            "restarts": 2,
            "draws_at_most": {"described": 3},
        },
        nulls={"shuffle": 19, "labels": 5, "untrained": 4},
        dataset=MICRO["dataset"] | {"path": str(mnist)},
    )
    ran = workflow.snakemake("tables")
    assert ran.returncode == 0, ran.stdout
    return workflow


@pytest.fixture
def results(finished, tmp_path) -> Path:
    """Results whose tables may be altered."""
    folder = tmp_path / "results"
    folder.mkdir()
    for part in (finished.folder / "results").iterdir():
        if part.name == "tables":
            shutil.copytree(part, folder / "tables")
        elif part.is_dir():
            (folder / part.name).symlink_to(part)
    return folder


def audited(workflow: Workflow, *words: str) -> tuple[int, str]:
    done = workflow.command("verify.py", "--audit", "tables", *words)
    return done.returncode, done.stdout


def written(workflow: Workflow) -> dict[Path, int]:
    """All files of the results, and when each was written."""
    files = (workflow.folder / "results").rglob("*")
    return {file: file.stat().st_mtime_ns for file in files if file.is_file()}


# --- the command -------------------------------------------------------------------------------


def test_a_finished_study_agrees_and_stays_as_it_is(finished, tmp_path):
    out, before = tmp_path / "audit.csv", written(finished)
    status, said = audited(finished, "--cells", "160", "--seed", "1", "--out", str(out))
    assert status == 0, said
    lines = said.splitlines()
    assert lines[0] == "results: 160 cells worked out again, --seed 1"
    assert [line.partition(":")[0] for line in lines[1:]] == list(KINDS)
    assert all("20 cells checked" in line and " 0 differ" in line for line in lines[1:])
    rows = pd.read_csv(out)
    assert rows["agrees"].all()
    assert set(rows["kind"]) == set(KINDS)
    assert written(finished) == before


def test_a_table_that_was_altered_ends_with_1_and_names_the_cell(finished, tmp_path):
    study = Workflow(tmp_path / "altered")
    shutil.copytree(finished.folder, study.folder, symlinks=True)
    path = study.folder / "results" / "tables" / "summary.csv"
    summary = pd.read_csv(path, keep_default_na=False, na_values=[""])
    summary.assign(value_low=summary["value_low"] + 0.25).to_csv(path, index=False)
    status, said = audited(study, "--cells", "16")
    assert status == 1
    (line,) = [line for line in said.splitlines() if line.startswith("means: ")]
    assert " 0 differ" not in line
    assert "table summary, condition " in said
    assert ": value_low: found " in said


def test_a_study_that_is_not_finished_is_one_line(finished, tmp_path):
    study = Workflow(tmp_path / "unfinished")
    shutil.copytree(finished.folder, study.folder, symlinks=True)
    (study.folder / "results" / "tables" / "best_k.csv").unlink()
    status, said = audited(study)
    assert status == 2
    assert re.fullmatch(
        r"results: found 1 of \d+ files missing, such as results/tables/best_k\.csv, expected a"
        r" finished study: make study goes on with it",
        said.strip().splitlines()[-1],
    )


# --- one number altered ------------------------------------------------------------------------


def differing(study: StudyFiles, kind: str, chosen: pd.DataFrame) -> list[Cell]:
    source = np.random.default_rng(5)
    return [cell for cell in KINDS[kind].check(study, chosen, DRAWS, source) if not cell.agrees]


def altered(results: Path, table: str, row: int, column: str) -> None:
    """Changes one number of a table by a tenth and more, or one text."""
    path = results / "tables" / table
    is_csv = path.suffix == ".csv"
    rows = (
        pd.read_csv(path, keep_default_na=False, na_values=[""])
        if is_csv
        else pd.read_parquet(path)
    )
    value = rows.loc[row, column]
    if isinstance(value, str):
        rows.loc[row, column] = f"{value},99"
    elif column in ("k", "k_candidate", "n", "null_n", "k_effective", "gap_k"):
        rows.loc[row, column] = value + 1
    else:
        rows.loc[row, column] = 1.1 * value + 1e-3
    if is_csv:
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False)


@pytest.mark.parametrize(
    ("kind", "table", "column"),
    [
        ("values", "scores.parquet", "value"),
        ("values", "scores.parquet", "k_effective"),
        ("draws", "scores.parquet", "null_mean"),
        ("draws", "scores.parquet", "null_sd"),
        ("draws", "scores.parquet", "z"),
        ("draws", "scores.parquet", "p"),
        ("draws", "scores.parquet", "p_two_sided"),
        ("means", "summary.csv", "value"),
        ("means", "summary.csv", "z_high"),
        ("means", "summary.csv", "excess_low"),
        ("means", "agreement.csv", "value_low"),
        ("means", "paired.csv", "change"),
        ("means", "paired.csv", "p"),
        ("q", "summary.csv", "q"),
        ("best_k", "best_k.csv", "k"),
        ("best_k", "best_k.csv", "p_select"),
        ("best_k", "best_k.csv", "z_low"),
        ("best_k", "best_k.csv", "plateau"),
        ("best_k", "best_k.csv", "gap_k"),
        ("best_k", "best_k.csv", "stability_v"),
        ("best_k_networks", "best_k_networks.csv", "k_candidate"),
        ("best_k_networks", "best_k_networks.csv", "p_max"),
        ("best_k_networks", "best_k_networks.csv", "z"),
        ("best_k_networks", "best_k_networks.csv", "same_bits_ami"),
        ("best_k_networks", "best_k_networks.csv", "drawn_most"),
        ("agreement", "agreement.parquet", "value"),
    ],
)
def test_one_number_that_is_altered_is_found(results, kind, table, column):
    rows = KINDS[kind].candidates(StudyFiles(results))
    if kind == "means":
        rows = rows[rows["table"] == table.removesuffix(".csv")]
        defined = StudyFiles(results).table(table)[column].notna()
        rows = rows[defined.to_numpy()[rows["place"].to_numpy()]]
    elif column in rows:
        rows = rows[rows[column].notna()]
    chosen = spread(rows, 6, KINDS[kind].strata, (), np.random.default_rng(len(column)))
    assert not differing(StudyFiles(results), kind, chosen)
    first = chosen.iloc[0]
    place = int(first["place"]) if kind == "means" else int(chosen.index[0])
    altered(results, table, place, column)
    again = StudyFiles(results)
    candidates = KINDS[kind].candidates(again)
    (cell,) = differing(again, kind, candidates.loc[chosen.index])
    wrong = [number.column for number in cell.numbers if not number.agrees]
    assert column in wrong
    for name in ("condition", "layer", "method", "k", "measure", "null"):
        if name in cell.names and name in first and name != column:
            assert cell.names[name] == first[name]


@pytest.mark.parametrize("column", ["null_mean", "null_sd", "p"])
def test_draws_of_another_null_are_told_from_shuffles(results, column):
    """A null that is off by three standard deviations, or ten times as wide, or a p near 1."""
    rows = KINDS["shuffles"].candidates(StudyFiles(results))
    rows = rows[(rows["measure"] == "barber_q") & (rows["null_n"] == 19)]
    rows = rows[(rows["p"] < 0.1) & (rows["condition"] == "planted")]
    row = rows.iloc[0]
    chosen = rows.iloc[:1]
    assert not differing(StudyFiles(results), "shuffles", chosen)
    change = {"null_mean": 3 * row["null_sd"], "null_sd": 9 * row["null_sd"], "p": 0.9}
    wrong = chosen.assign(**{column: row[column] + change[column]})
    (cell,) = differing(StudyFiles(results), "shuffles", wrong)
    assert [number.column for number in cell.numbers if not number.agrees] == [column]


def test_a_partition_that_is_altered_is_found(results):
    path = results / "tables" / "partitions.parquet"
    labels = pd.read_parquet(path)
    asked = (labels["method"] == "matched") & (labels["layer"] == "fc1") & (labels["k"] == 2)
    asked &= (labels["condition"] == "planted") & (labels["seed"] == 0) & (labels["side"] == "U")
    place = labels.index[asked & (labels["label"] >= 0)][0]
    labels.loc[place, "label"] = 1 - labels.loc[place, "label"]
    labels.to_parquet(path, index=False)
    study = StudyFiles(results)
    rows = KINDS["values"].candidates(study)
    rows = rows[(rows["condition"] == "planted") & (rows["seed"] == 0) & (rows["k"] == 2)]
    rows = rows[(rows["layer"] == "fc1") & rows["method"].isin(["matched", "joint"])]
    found = differing(study, "values", rows[rows["measure"].isin(["mi", "barber_q", "bits"])])
    assert [cell.names["measure"] for cell in found] == ["mi", "barber_q", "bits"]
    assert {cell.names["method"] for cell in found} == {"matched"}
