"""Figures of what clusters do: rows are what the tables hold, words stand for empty maps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from clusterability.analysis.validity import validity_table
from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks, save_networks
from clusterability.report.figures import (
    ablations,
    class_activity,
    function,
    responses,
    validity,
    validity_scatter,
)
from clusterability.report.figures.captions import caption
from clusterability.report.figures.style import METADATA, save_figure
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.function_columns import ABLATION_COLUMNS
from clusterability.results.npz_files import save_items

JOB = FigureJob(method="matched", k=2)
BASIS = replace(JOB, seeds=["0-3"], nulls={"shuffle": 9})


def texts(figure) -> str:
    found = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    return "\n".join(found)


def files(folder: Path) -> SimpleNamespace:
    folder.mkdir(parents=True)
    return SimpleNamespace(**{end: str(folder / f"f.{end}") for end in (*METADATA, "csv")})


def assert_same_bytes_twice(make, folder: Path) -> None:
    outputs = [files(folder / str(number)) for number in range(2)]
    for output in outputs:
        figure, rows = make()
        save_figure(figure, rows, output)
    for end in (*METADATA, "csv"):
        first, second = (Path(getattr(output, end)).read_bytes() for output in outputs)
        assert first == second


# --- ablations and activities ------------------------------------------------------------------


@pytest.fixture
def table(tmp_path) -> Path:
    """Two layers of two networks; `untrained` was not accurate enough."""
    source = np.random.default_rng(0)
    rows = []
    for condition in ("trained", "untrained"):
        for seed in (3, 8):
            for layer in ("fc2", "fc1"):
                for k in (2, 3):
                    for cluster in range(k):
                        for ablation in ("zero", "mean"):
                            for digit in range(10):
                                fall = source.uniform(-0.1, 0.6)
                                known = condition == "trained"
                                activity = 0.5 + 0.1 * digit + cluster
                                rows.append(
                                    (condition, seed, layer, "matched", k, cluster, 40 + cluster)
                                    + (ablation, digit, 20, activity, 0.9)
                                    + ((fall, 0.2, 0.1) if known else (np.nan,) * 3)
                                )
    path = tmp_path / "ablations.parquet"
    pd.DataFrame(rows, columns=ABLATION_COLUMNS).to_parquet(path)
    return path


def test_falls_of_the_first_network(table):
    figure, rows = ablations.make({"ablations": str(table)}, "trained", JOB)
    every = pd.read_parquet(table)
    expected = every.query("condition == 'trained' and seed == 3 and k == 2 and ablation == 'zero'")
    assert len(rows) == 2 * 2 * 10
    assert sorted(rows.fall) == sorted(expected.fall)
    assert rows.excess.tolist() == pytest.approx((rows.fall - 0.2).tolist())
    maps = [axes for axes in figure.axes if axes.images and axes.get_title()]
    assert [axes.get_title() for axes in maps] == ["fc1 U", "fc1 U", "fc2 U", "fc2 U"]
    grid = maps[0].images[0].get_array()
    first = rows[rows.layer == "fc1"].sort_values(["cluster", "class"])
    assert np.asarray(grid).ravel().tolist() == first.fall.tolist()
    assert [label.get_text() for label in maps[0].get_yticklabels()] == ["0 (40)", "1 (41)"]
    text = caption(ablations.CAPTION, rows, "trained", BASIS)
    assert "Condition trained, one network (seed 3), method matched, k = 2" in text


def test_words_stand_for_what_cannot_be_drawn(table):
    inputs = {"ablations": str(table)}
    figure, rows = ablations.make(inputs, "untrained", JOB)
    assert "not accurate enough" in texts(figure)
    assert len(rows) == 40
    figure, rows = ablations.make(inputs, "theirs", JOB)
    assert "no clusters of hidden units were ablated" in texts(figure)
    assert rows.empty
    figure, _ = class_activity.make(inputs, "trained", replace(JOB, k=12))
    assert "no clusters of hidden units were shown images" in texts(figure)


def test_activities_are_drawn_for_inaccurate_networks_too(table):
    figure, rows = class_activity.make({"ablations": str(table)}, "untrained", JOB)
    assert len(rows) == 2 * 2 * 10  # each once, not once an ablation
    maps = [axes for axes in figure.axes if axes.get_title()]
    grid = np.asarray(maps[1].images[0].get_array())
    assert grid[1].tolist() == pytest.approx((1.5 + 0.1 * np.arange(10)).tolist())


# --- responses ---------------------------------------------------------------------------------


def test_responses_are_means_of_input_weights(tmp_path):
    source = np.random.default_rng(1)
    weights = source.standard_normal((2, 5, 784)).astype(np.float32)
    weights[:, :, 7] = 0  # a dead pixel
    networks = tmp_path / "0-1.safetensors"
    save_networks(networks, Networks("trained", (4, 5), {}, {"fc1": weights}))
    labels = np.array([[0, 1, 0, 1, -1]] * 2, np.int16)
    columns = np.zeros((2, 784), np.int16)
    partitions = tmp_path / "2.npz"
    found = {("matched", 2): Partitions(labels, columns, np.ones(2, bool))}
    none = Partitions(labels * 0 - 1, columns * 0 - 1, np.zeros(2, bool))
    save_items(partitions, found | {("matched", 9): none})
    inputs = {"weights": str(networks), "partitions": [str(partitions)]}
    figure, rows = responses.make(inputs, "trained", JOB)
    first = rows[rows.cluster == 0].sort_values("pixel")
    expected = weights[0, [0, 2]].astype(float).mean(axis=0)
    expected[7] = np.nan
    assert first.weight.to_numpy() == pytest.approx(expected, nan_ok=True)
    assert [axes.get_title() for axes in figure.axes[:2]] == ["0 (2 units)", "1 (2 units)"]
    limits = {axes.images[0].get_clim() for axes in figure.axes[:2]}
    assert limits == {(-rows.weight.abs().max(), rows.weight.abs().max())}
    figure, _ = responses.make(inputs, "trained", replace(JOB, k=9))
    assert "k is infeasible" in texts(figure)


# --- function measures -------------------------------------------------------------------------


def test_function_measures_are_drawn_without_structural_ones(tmp_path):
    rows = []
    for measure in (*FUNCTION_MEASURES, "mi"):
        for condition, status in (("untrained", "inaccurate"), ("trained", "ok")):
            for seed in range(3):
                row = dict.fromkeys(SCORE_COLUMNS) | {"condition": condition, "seed": seed}
                row |= {"layer": "fc1", "method": "matched", "k": 4, "measure": measure}
                row |= {"null": "groups", "z": float(seed), "value": 1.0, "q": 0.01}
                rows.append(row | {"status": status if "ance" in measure else "ok"})
    path = tmp_path / "scores.parquet"
    scores = pd.DataFrame(rows)
    scores.loc[scores.status == "inaccurate", ["z", "value", "q"]] = np.nan
    scores.to_parquet(path)
    figure, table = function.make({"scores": str(path)}, "matched", FigureJob())
    assert set(table.measure) == set(FUNCTION_MEASURES) - {"dominance"}
    found = table.set_index(["condition", "measure"])
    assert found.loc[("trained", "importance")].z == 1
    assert found.loc[("untrained", "importance")].status == "inaccurate"
    assert "null: groups" in texts(figure)
    assert "no z" in texts(figure)


# --- validity ----------------------------------------------------------------------------------


def validity_rows() -> list[dict]:
    common = {"method": "matched", "low": 0.4, "high": 0.9, "n": 20}
    rows = []
    for measure, auc in (("ncut", 0.6), ("mi", 0.8)):
        for family, null in product(("trained", "synthetic", None), ("strength", "shuffle")):
            place = {"analysis": "detection", "family": family, "form": "z", "null": null}
            rows.append(common | place | {"measure": measure, "estimate": auc})
        recovery = {"analysis": "recovery", "form": "p", "null": "shuffle", "found": 7, "n": 90}
        rows.append(common | recovery | {"measure": measure, "estimate": auc})
        for function_ in ("class_mi", "importance"):
            place = {"analysis": "networks", "form": "z", "function": function_, "low_of_all": 0.1}
            rows.append(common | place | {"measure": measure, "estimate": auc - 0.5})
    for term, rho in (("mi_term", -0.1), ("barber_term", 0.3)):
        for function_, more in (("importance", 0), ("coherence", 0.01)):
            place = {"analysis": "clusters", "form": "term", "function": function_}
            rows.append(common | place | {"measure": term, "estimate": rho - more * np.sign(rho)})
    bits = {"analysis": "recovery", "form": "threshold", "measure": "bits", "found": 7, "n": 90}
    rows.append(common | bits | {"estimate": 0.9})
    rows.append(common | {"analysis": "detection", "condition": "a", "estimate": 0.1, "form": "z"})
    return rows


@pytest.fixture
def ranked(tmp_path) -> Path:
    path = tmp_path / "validity.csv"
    validity_table(validity_rows()).to_csv(path, index=False)
    return path


def test_measures_come_from_the_best_to_the_worst(ranked, tmp_path):
    figure, rows = validity.make({"validity": str(ranked)}, "all", JOB)
    panels = [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes]
    assert panels[:4] == [
        ["saved bits", "I(T)", "n-cut"],
        ["I(T)", "n-cut"],
        ["Barber's modularity", "mutual information"],
        ["I(T)", "n-cut"],
    ]
    detection = rows[rows.analysis == "detection"]
    assert set(detection.series) == {"shuffle", "strength"}
    assert set(rows[rows.analysis == "recovery"].series) == {"shuffle", "own threshold"}
    assert len(rows) == 3 + 4 + 4 + 4
    assert "at most 20 seeds" in texts(figure)
    assert "planted clusters found in 7 of 90 partitions" in texts(figure)
    make = lambda: validity.make({"validity": str(ranked)}, "all", JOB)  # noqa: E731
    assert_same_bytes_twice(make, tmp_path / "twice")


def test_without_rows_there_are_words(tmp_path):
    path = tmp_path / "validity.csv"
    validity_table([]).to_csv(path, index=False)
    figure, rows = validity.make({"validity": str(path)}, "all", JOB)
    assert "nothing to rank" in texts(figure)
    assert rows.empty
    clusters = tmp_path / "clusters.parquet"
    figure, rows = validity_scatter.make(
        {"validity": str(path), "clusters": str(clusters)}, "best", JOB
    )
    assert "too few accurate networks or clusters" in texts(figure)


def test_the_scatter_shows_the_best_and_the_worst_term(ranked, tmp_path):
    source = np.random.default_rng(2)
    rows = [
        {"condition": condition, "seed": seed, "layer": "fc1", "method": "matched", "k": 5}
        | {"cluster": cluster, "u_size": source.integers(10, 30)}
        | dict(zip(("barber_term", "ncut_term", "mi_term"), source.random(3), strict=True))
        | {"importance_z": source.random(), "coherence_z": np.nan}
        for condition in ("trained", "dropout")
        for seed in range(4)
        for cluster in range(5)
    ]
    clusters = tmp_path / "clusters.parquet"
    pd.DataFrame(rows).to_parquet(clusters)
    inputs = {"validity": str(ranked), "clusters": str(clusters)}
    figure, best = validity_scatter.make(inputs, "best", JOB)
    assert "40 clusters, all layers and k" in texts(figure)
    text = caption(validity_scatter.CAPTION, best, "best", BASIS)
    assert "Mean rank correlation 0.30, 95 % bootstrap interval over seeds 0.40 to 0.90." in text
    assert "Barber's modularity" in figure.axes[0].get_xlabel()
    assert len(best) == 40
    assert best.groupby("condition", observed=True).term.sum().abs().max() < 1e-9
    figure, _ = validity_scatter.make(inputs, "worst", JOB)
    assert "mutual information" in figure.axes[0].get_xlabel()
    pd.read_parquet(clusters).assign(importance_z=np.nan).to_parquet(clusters)
    figure, rows = validity_scatter.make(inputs, "best", JOB)
    assert "too few accurate networks or clusters" in texts(figure)
