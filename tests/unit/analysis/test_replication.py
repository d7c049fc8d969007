"""A study beside published values: numbers worked out by hand, wrong files, a small study."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from clusterability.analysis.replication import (
    compared_history,
    compared_scores,
    compared_sizes,
    read_histories,
    welch_p,
)
from clusterability.errors import UserError
from clusterability.report.catalogue import figure_items
from clusterability.report.figures import replication as figure
from clusterability.report.figures import replication_history as replication_history
from clusterability.study.loading import load_study
from clusterability.study.published import check_published, published_measures, read_published
from clusterability.study.study import Study
from project import ROOT
from result_tables import assert_is_described, described_figures
from workflows import MICRO, copy_workflow

SCORES = "condition,layer,method,k,measure,null,quantity,published,published_sd,published_n"
HISTORY = "condition,epoch,step,quantity,published"
SIZES = "condition,layer,method,k,side,rank,published"
HEADERS = {"scores": SCORES, "history": HISTORY, "sizes": SIZES}
GOOD = {
    "scores": [
        "baseline,fc1,matched,2,ncut,shuffle,z,-4.5,1.1,5",
        "baseline,,,,,,test_accuracy,.9",
    ],
    "history": ["baseline,1,0,loss,2.29", "baseline,1,2,test_accuracy,0.12"],
    "sizes": ["baseline,fc1,matched,2,U,1,5"],
}
"""Rows that fit the study MICRO."""


def write(folder: Path, key: str, *rows: str, header: str | None = None) -> Path:
    path = folder / f"{key}.csv"
    path.write_text("\n".join([HEADERS[key] if header is None else header, *rows]) + "\n")
    return path


def scores(measure: str, null: str, **columns: list[float]) -> pd.DataFrame:
    """Scores of a cell, one a seed."""
    place = {"condition": "a", "layer": "fc1", "method": "matched", "k": 2}
    table = pd.DataFrame({"value": 1.0, "null_mean": 0.0, "z": 0.0} | columns)
    return table.assign(**place, measure=measure, null=null, seed=range(len(table)))


def published(**changes) -> pd.DataFrame:
    row = {"condition": "a", "layer": "fc1", "method": "matched", "k": 2, "measure": "ncut"}
    row |= {"null": "shuffle", "quantity": "value", "published": 1.0}
    return pd.DataFrame([row | {"published_sd": np.nan, "published_n": np.nan} | changes])


NETWORKS = pd.DataFrame({"condition": ["a", "a", "b"], "test_accuracy": [0.9, 0.98, 0.1]})


def compare(rows: pd.DataFrame, *tables: pd.DataFrame) -> pd.Series:
    (row,) = compared_scores(rows, pd.concat(tables), NETWORKS).to_dict("records")
    return pd.Series(row)


# --- scores ------------------------------------------------------------------------------------


def test_mean_interval_and_differences_by_hand():
    # Mean 3, standard deviation 2, t with 2 degrees of freedom 4.302653: 3 +- 4.302653 2/sqrt(3).
    ours = scores("ncut", "shuffle", value=[1.0, 3.0, 5.0])
    other = scores("ncut", "labels", value=[100.0, 100.0, 100.0])
    row = compare(published(published=4.0), ours, other)
    assert (row.ours, row.ours_sd, row.seeds) == (3.0, 2.0, 3)
    assert row.ours_low == pytest.approx(3 - 4.302653 * 2 / math.sqrt(3), abs=1e-5)
    assert row.ours_high == pytest.approx(3 + 4.302653 * 2 / math.sqrt(3), abs=1e-5)
    assert (row.difference, row.relative_difference, row.inside) == (-1.0, -0.25, True)
    assert pd.isna(row.sign_agrees)
    assert math.isnan(row.p)
    assert not compare(published(published=9.0), ours).inside
    assert compare(published(published=-4.0), ours).relative_difference == 7 / 4


def test_p_is_that_of_welch_on_the_networks_themselves():
    theirs, ours = np.array([0.3, 0.1, 0.7, 0.2]), np.array([0.9, 0.8, 0.4])
    row = published(published=theirs.mean(), published_sd=theirs.std(ddof=1), published_n=4)
    expected = stats.ttest_ind(ours, theirs, equal_var=False).pvalue
    assert compare(row, scores("ncut", "shuffle", value=[*ours])).p == pytest.approx(expected)


@pytest.mark.parametrize(
    ("sd", "count", "ours"),
    [(np.nan, 5, [1, 2]), (1, np.nan, [1, 2]), (1, 1, [1, 2]), (1, 5, [1]), (0, 5, [2, 2])],
)
def test_without_spread_or_numbers_there_is_no_p(sd, count, ours):
    assert math.isnan(welch_p(0.5, sd, count, np.array(ours, float)))


@pytest.mark.parametrize(
    ("measure", "directed", "ours", "agrees"),
    [
        # Of n-cut lower is better: a directed z of 3 was published as -3.
        ("ncut", [2.0, 4.0], -3.0, True),
        ("ncut", [-2.0, -4.0], 3.0, False),
        ("barber_q", [-2.0, -4.0], -3.0, True),
        ("barber_q", [2.0, 4.0], 3.0, False),
    ],
)
def test_z_is_turned_back_to_that_of_the_publication(measure, directed, ours, agrees):
    row = published(measure=measure, quantity="z", published=-9.0)
    found = compare(row, scores(measure, "shuffle", z=directed))
    assert (found.ours, found.sign_agrees, found.difference) == (ours, agrees, ours + 9)


def test_z_agrees_with_value_and_null_of_the_scores():
    ours = scores("ncut", "shuffle", value=[0.8, 0.9], null_mean=[1.0, 1.0], z=[2.0, 1.0])
    rows = pd.concat([published(quantity=name) for name in ("value", "null_mean", "z")])
    found = compared_scores(rows, ours, NETWORKS)["ours"]
    assert found.tolist() == pytest.approx([0.85, 1.0, -1.5])


def test_accuracy_is_that_of_the_condition():
    row = published(quantity="test_accuracy", published=0.9, measure=None, null=None)
    found = compare(row, scores("ncut", "shuffle", value=[1.0]))
    assert (found.ours, found.seeds) == (pytest.approx(0.94), 2)


def test_one_network_has_no_interval_and_none_has_nothing():
    row = compare(published(), scores("ncut", "shuffle", value=[2.0, math.nan]))
    assert (row.ours, row.seeds) == (2.0, 1)
    assert pd.isna(row[["ours_low", "ours_high", "ours_sd", "p", "inside"]]).all()
    row = compare(published(quantity="z"), scores("ncut", "shuffle", z=[math.nan]))
    assert row.seeds == 0
    assert pd.isna(row[["ours", "difference", "sign_agrees", "inside"]]).all()


# --- training and sizes ------------------------------------------------------------------------


def test_steps_of_an_epoch_count_from_its_first_one(tmp_path):
    path = tmp_path / "a" / "0-1.history.csv"
    path.parent.mkdir()
    rows = [(s, step, e, 1 / step + s, step / 10 + s) for s in (0, 1) for step, e in
            [(1, 1), (3, 1), (5, 2), (7, 2), (8, 2)]]  # fmt: skip
    columns = ["seed", "step", "epoch", "loss", "test_accuracy"]
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    asked = [("a", 1, 0, "loss", 2.0), ("a", 2, 2, "test_accuracy", 1.0)]
    found = compared_history(
        pd.DataFrame(asked, columns=HISTORY.split(",")), read_histories([path])
    )
    # Step 2 of the second epoch, which begins with the fifth, is the seventh.
    assert found["ours"].tolist() == pytest.approx([1.5, 1.2])
    assert found["difference"].tolist() == pytest.approx([-0.5, 0.2])
    reach = 12.7062047 * math.sqrt(0.5) / math.sqrt(2)
    assert found["ours_high"].tolist() == pytest.approx([1.5 + reach, 1.2 + reach])
    assert found["seeds"].tolist() == [2, 2]


def test_sizes_are_compared_by_rank():
    place = {"condition": "a", "layer": "fc1", "method": "matched", "k": 2}
    sizes = [(0, 3, 9.0), (0, 5, 1.0), (1, 6, 4.0), (1, 2, 6.0), (0, 99, None)]
    clusters = pd.DataFrame(sizes, columns=["seed", "u_size", "v_size"]).assign(**place)
    asked = pd.DataFrame({"side": ["U", "U", "V"], "rank": [1, 2, 1], "published": [5, 3, 8]})
    found = compared_sizes(asked.assign(**place), clusters)
    assert found["ours"].tolist() == [5.5, 2.5, 7.5]
    assert found["difference"].tolist() == [0.5, -0.5, -0.5]


# --- files -------------------------------------------------------------------------------------


def study_with(key: str, path: Path) -> Study:
    return load_study(MICRO | {"replication": {key: str(path)}})


LAYERS = {"untrained": ["fc1", "fc2"], "baseline": ["fc1", "fc2"]}


@pytest.mark.parametrize("key", GOOD)
def test_sound_files_are_taken(tmp_path, key):
    check_published(study_with(key, write(tmp_path, key, *GOOD[key])), LAYERS)


@pytest.mark.parametrize(
    ("key", "row", "line"),
    [
        ("scores", "b,fc1,matched,2,ncut,shuffle,z,1,,", "condition: found 'b', expected one of "
         "untrained, baseline"),
        ("scores", "baseline,fc9,matched,2,ncut,shuffle,z,1,,", "layer: found 'fc9', expected one "
         "of fc1, fc2"),
        ("scores", "baseline,fc1,whole,2,ncut,shuffle,z,1,,", "method: found 'whole', expected one "
         "of matched, joint"),
        ("scores", "baseline,fc1,joint,12,ncut,shuffle,z,1,,", "k: found '12', expected a k of "
         "k_grid (2-3)"),
        ("scores", "baseline,fc1,joint,2.5,ncut,shuffle,z,1,,", "k: found '2.5', expected a whole"
         " number"),
        ("scores", "baseline,fc1,joint,2,cut,shuffle,z,1,,", "measure: found 'cut', expected one"
         " of mi, mi_preserved"),
        ("scores", "baseline,fc1,joint,2,ncut,strength,z,1,,", "null: found 'strength', expected "
         "one of shuffle, labels"),
        ("scores", "baseline,fc1,joint,2,ncut,shuffle,t,1,,", "quantity: found 't', expected one"
         " of value, null_mean, z, test_accuracy"),
        ("scores", "baseline,fc1,joint,2,ncut,shuffle,z,few,,", "published: found 'few', expected a"
         " number"),
        ("scores", "baseline,fc1,joint,2,ncut,shuffle,z,,,", "published: found nothing, expected a "
         "number"),
        ("scores", "baseline,fc1,joint,2,ncut,shuffle,z,1,-1,", "published_sd: found '-1', expected"
         " at least 0"),
        ("scores", "baseline,fc1,,,,,test_accuracy,1,,", "layer: found 'fc1', expected nothing"),
        ("history", "b,1,0,loss,1", "condition: found 'b', expected one of untrained, baseline"),
        ("history", "baseline,2,0,loss,1", "epoch: found '2', expected at most 1"),
        ("history", "baseline,1,4,loss,1", "step: found '4', expected at most 3"),
        ("history", "baseline,1,1,loss,1", "step: found '1', expected a multiple of "
         "training.history_every (2)"),
        ("sizes", "baseline,fc1,joint,2,U,3,1", "rank: found '3', expected at most 2"),
        ("sizes", "baseline,fc1,joint,2,W,1,1", "side: found 'W', expected one of U, V"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_a_line_with_its_row(tmp_path, key, row, line):
    path = write(tmp_path, key, GOOD[key][0], row)
    with pytest.raises(UserError) as error:
        check_published(study_with(key, path), LAYERS)
    assert str(error.value).startswith(f"{path}: row 3, {line}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_column_is_named(tmp_path, key):
    names = HEADERS[key].split(",")
    path = write(tmp_path, key, *GOOD[key], header=",".join(names).replace("condition", "of"))
    with pytest.raises(UserError, match="found no column 'condition', expected the columns"):
        check_published(study_with(key, path), LAYERS)


def test_files_that_are_none(tmp_path):
    path = tmp_path / "scores.csv"
    with pytest.raises(UserError, match=r"replication\.scores: found no file .*scores\.csv"):
        check_published(study_with("scores", path), LAYERS)
    write(tmp_path, "scores")
    with pytest.raises(UserError, match="found no rows"):
        check_published(study_with("scores", path), LAYERS)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="expected CSV in UTF-8"):
        check_published(study_with("scores", path), LAYERS)


def test_columns_of_spread_may_be_missing_and_numbers_may_have_a_point(tmp_path):
    header = SCORES.removesuffix(",published_sd,published_n")
    path = write(tmp_path, "scores", "a,fc1,joint,12.0,ncut,shuffle,value,1e1", header=header)
    (row,) = read_published(path, "scores")
    assert (row["k"], row["published"]) == (12, 10.0)
    assert math.isnan(row["published_sd"])


def test_results_of_the_study_itself_are_refused():
    config = MICRO | {"replication": {"sizes": "results/tables/replication.csv"}}
    with pytest.raises(UserError, match=r"replication\.sizes: found .*own results"):
        load_study(config)


def test_without_the_section_there_are_no_tables_and_no_figures():
    study = load_study(MICRO)
    assert study.published == {}
    items = figure_items(study)
    assert items["replication"] == items["replication_history"] == []
    assert published_measures(None) == []


def test_files_of_the_repository_are_read():
    for key, name in {
        "scores": "filan2021",
        "history": "notebook",
        "sizes": "notebook_sizes",
    }.items():
        assert read_published(ROOT / "studies" / "published" / f"{name}.csv", key)
    study = load_study(yaml.safe_load((ROOT / "studies" / "notebook.yaml").read_text()))
    assert study.seeds == ["0"]
    # Batches of 64: the last step that the notebook prints is one of 938, and among our rows.
    assert study.steps_of_epoch("baseline") == 938
    assert {row["step"] % study.training.history_every for row in
            read_published(ROOT / study.replication.history, "history")} == {0}  # fmt: skip


# --- figures -----------------------------------------------------------------------------------


def comparison() -> pd.DataFrame:
    """A table `replication` of two measures and an accuracy, as it is read."""
    rows = pd.concat(
        [
            published(published=10.0, published_sd=2.0, published_n=4),
            published(quantity="null_mean"),
            published(quantity="z", published=-3.0),
            published(measure="barber_q"),
            published(quantity="test_accuracy", measure=None, null=None, layer=None, method=None),
        ]
    )
    cells = [scores(name, "shuffle", value=[9.0, 11.0]) for name in ("ncut", "barber_q")]
    return compared_scores(rows, pd.concat(cells), NETWORKS)


def test_rows_of_the_figure_have_an_interval_of_what_was_published():
    table = figure.rows(comparison(), "ncut")
    assert list(table) == described_figures()["replication"]
    assert table["quantity"].tolist() == ["value", "null_mean", "z", "test_accuracy"]
    # t with 3 degrees of freedom is 3.182446: 10 +- 3.182446 2/2.
    assert table["published_low"][0] == pytest.approx(10 - 3.182446, abs=1e-5)
    assert table["published_high"][0] == pytest.approx(10 + 3.182446, abs=1e-5)
    assert table["published_low"][1:].isna().all()


@pytest.mark.parametrize("quantities", [("value",), ("z", "test_accuracy"), ("value", "z")])
def test_panels_are_those_of_what_was_published(quantities):
    table = figure.rows(comparison(), "ncut")
    drawn = figure.draw(table[table["quantity"].isin(quantities)])
    assert len(drawn.axes) == len(quantities)


def test_published_steps_lie_at_their_step_since_the_start():
    curves = pd.DataFrame(
        {
            "condition": "a",
            "line": ["seed"] * 4,
            "seed": 0,
            "step": [1, 3, 5, 7],
            "epoch": [1, 1, 2, 2],
            "loss": [4.0, 3.0, 2.0, 1.0],
            "test_accuracy": 0.5,
        }
    )
    compared = pd.DataFrame(
        {"condition": ["a", "a", "b"], "epoch": [1, 2, 2], "step": [0, 2, 0]}
    ).assign(quantity=["loss", "test_accuracy", "loss"], published=[3.9, 0.7, 0.0])
    table = replication_history.rows(curves, compared, "a")
    assert list(table) == described_figures()["replication_history"]
    points = table[table["line"] == "published"]
    assert points["step"].tolist() == [1, 7]
    assert points["loss"].tolist()[0] == 3.9
    assert points["test_accuracy"].tolist()[1] == 0.7
    assert points["seed"].isna().all()


# --- a study -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.release
def test_a_study_of_one_network_beside_published_values(tmp_path, mnist):
    workflow = copy_workflow(tmp_path)
    files = {key: write(tmp_path, key, *rows).name for key, rows in GOOD.items()}
    dataset = MICRO["dataset"] | {"path": str(mnist)}
    methods = {"methods": ["matched"], "restarts": 1}
    one = {"seeds": [0], "dataset": dataset, "clustering": methods, "k_grid": [2]}
    workflow.configure(**one, conditions={"baseline": {}}, replication=files)
    tables = tmp_path / "results" / "tables"
    figures = ["replication.ncut", "replication_history.baseline"]
    targets = [f"results/figures/{name}.csv" for name in figures]
    targets.append("results/tables/replication_sizes.csv")
    ran = workflow.snakemake(*targets)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Nothing to be done" in workflow.snakemake("--dry-run", *targets).stdout
    for name in ("replication", "replication_history", "replication_sizes"):
        table = pd.read_csv(tables / f"{name}.csv")
        assert_is_described(name, table)
        assert (table["seeds"] == 1).all()
    networks = pd.read_csv(tables / "networks.csv")
    found = pd.read_csv(tables / "replication.csv")
    scores = pd.read_parquet(tables / "scores.parquet")
    cell = scores.query("layer == 'fc1' and measure == 'ncut' and null == 'shuffle'").iloc[0]
    z = (cell["value"] - cell["null_mean"]) / cell["null_sd"]
    assert found["ours"].tolist() == pytest.approx([z, networks["test_accuracy"][0]])

    # A published number that changes makes its own table and figure again, and no other.
    write(tmp_path, "history", "baseline,1,0,loss,2.3")
    jobs = workflow.planned()
    again = [job for job in jobs if job["rule"] == "replicate"]
    assert [job["table"] for job in again] == ["replication_history"]
    drawn = {f"{job['figure']}.{job['item']}" for job in jobs if job["rule"] == "plot"}
    assert {name for name in figures if name in drawn} == {"replication_history.baseline"}
    workflow.configure(**one, conditions={"baseline": {}}, replication={"scores": "history.csv"})
    wrong = workflow.snakemake("--dry-run")
    assert wrong.returncode != 0
    assert "history.csv: found no column 'layer'" in wrong.stdout + wrong.stderr
    assert "Traceback" not in wrong.stdout + wrong.stderr
