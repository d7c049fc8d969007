"""Layers at equal size: sub-matrices, their scores by hand, and structure of equal clarity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import clusterability.api as cl
from clusterability.analysis.equal_size import CELL, equal_size_cells, equal_size_table
from clusterability.jobs.equal_size_job import EqualSizeJob
from clusterability.networks.stacked import Networks
from clusterability.results.columns import EQUAL_SIZE, EQUAL_SIZE_NETWORKS
from clusterability.results.equal_size_rows import (
    _means,
    common_size,
    equal_size_rows,
    submatrices,
)

JOB = EqualSizeJob(["matched"], 3, ["none"], k=[2], submatrices=5, draws=9)


def planted(source: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Two clusters a side, equally clear at any size."""
    same = np.arange(rows)[:, None] % 2 == np.arange(columns) % 2
    return source.random((rows, columns)) * np.where(same, 3, 1)


@pytest.fixture(scope="module")
def networks() -> Networks:
    source = np.random.default_rng(0)
    shapes = {"fc1": (40, 60), "fc2": (12, 40)}
    weights = {
        layer: np.stack([planted(source, *shape) for _ in range(3)]).astype(np.float32)
        for layer, shape in shapes.items()
    }
    return Networks("trained", (0, 4, 7), {}, weights)


def test_matrices_by_themselves_are_called_as_their_tensors(networks):
    names = {"fc1": "h.0~2Fmlp", "fc2": "head"}
    weights = {names[layer]: stack for layer, stack in networks.weights.items()}
    theirs = Networks("theirs", networks.seeds, {}, weights, chain=False)
    assert set(equal_size_rows(theirs, "h.0~2Fmlp", JOB)["layer"]) == {"h.0/mlp"}
    assert set(equal_size_rows(networks, "fc1", JOB)["layer"]) == {"fc1"}


@pytest.fixture(scope="module")
def rows(networks) -> pd.DataFrame:
    return pd.concat([equal_size_rows(networks, layer, JOB) for layer in networks.weights])


def test_submatrices_hold_weights_of_live_units_in_their_order():
    matrix = np.arange(1.0, 49).reshape(6, 8)
    matrix[2], matrix[:, 5] = 0, 0
    weights = {"fc1": matrix[None], "fc2": np.ones((1, 3, 6))}
    networks = Networks("trained", (4,), {}, weights)
    assert common_size(networks, 0) == (3, 6)
    found = submatrices(networks, 0, "fc1", 20).weights["fc1"]
    assert found.shape == (20, 3, 6)
    for each in found:
        # Entries tell their places: rows and columns rise, and are the same throughout.
        places = np.divmod(each - 1, 8)
        assert (np.diff(places[0][:, 0]) > 0).all()
        assert (np.diff(places[1][0]) > 0).all()
        assert np.array_equal(
            each, matrix[np.ix_(places[0][:, 0].astype(int), places[1][0].astype(int))]
        )
    assert len({each.tobytes() for each in found}) > 10
    again = submatrices(networks, 0, "fc1", 2).weights["fc1"]
    assert np.array_equal(again, found[:2])


def test_the_smallest_layer_is_taken_whole_every_time():
    matrix = np.random.default_rng(0).standard_normal((1, 3, 5))
    networks = Networks("trained", (0,), {}, {"fc1": np.ones((1, 5, 9)), "fc2": matrix})
    found = submatrices(networks, 0, "fc2", 4)
    assert all(np.array_equal(each, matrix[0]) for each in found.weights["fc2"])
    # Their random streams differ: by the condition that is made up, and by the number.
    others = submatrices(Networks("trained", (1,), {}, networks.weights), 0, "fc2", 4)
    assert found.condition != others.condition
    assert found.seeds == (0, 1, 2, 3)


def test_rows_are_means_over_scores_of_each_submatrix(networks, rows):
    assert list(rows) == EQUAL_SIZE_NETWORKS
    row = rows.query("seed == 4 and layer == 'fc1' and measure == 'ncut'").iloc[0]
    assert (row.rows, row.columns, row.submatrices, row.draws) == (12, 40, 5, 9)
    parts = submatrices(networks, 1, "fc1", 5).weights["fc1"]
    scores = [
        cl.score(part, 2, nulls={"shuffle": 9}, name=f"part{n}") for n, part in enumerate(parts)
    ]
    alone = pd.concat(scores).query("measure == 'ncut'")
    # The clusters are clear: the value is that of any search; draws have other random numbers.
    assert row.value == pytest.approx(alone.value.mean(), rel=1e-6)
    assert row.null_mean == pytest.approx(alone.null_mean.mean(), rel=0.1)
    assert row.excess == pytest.approx(row.value - row.null_mean)
    assert row.excess < 0 < row.z
    assert row.z_error == pytest.approx(np.sqrt((1 / 9 + row.z**2 / 16) / 5), rel=0.25)


def test_equal_structure_has_equal_excess_at_equal_size_whatever_the_layer(networks, rows):
    found = equal_size_cells(rows).set_index(["measure", "layer"])
    large, small = found.loc["barber_q", "fc1"], found.loc["barber_q", "fc2"]
    assert large.excess == pytest.approx(small.excess, rel=0.15)
    assert large.z == pytest.approx(small.z, rel=0.35)
    whole = cl.score(networks.weights["fc1"][0], 2, nulls={"shuffle": 19}).set_index("measure")
    assert whole.z["barber_q"] > 2 * small.z


def test_the_table_by_hand(rows):
    table = equal_size_cells(rows)
    assert list(table) == EQUAL_SIZE
    assert not table.duplicated(CELL).any()
    assert set(table.n) == {3}
    for _, cell in table.iterrows():
        own = rows[(rows[CELL] == cell[CELL]).all(axis=1)]
        assert len(own) == 3
        for name in ("value", "excess"):
            low, high = stats.t.interval(0.95, 2, own[name].mean(), stats.sem(own[name]))
            assert cell[[name, f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(
                [own[name].mean(), low, high]
            )
        error = np.sqrt((own.z_error**2).sum()) / 3
        assert cell.z_error == pytest.approx(error if own.z.notna().all() else np.nan, nan_ok=True)
    assert "held_out" not in set(table.measure)


def test_k_that_submatrices_cannot_hold_has_no_value(networks):
    job = EqualSizeJob(["matched"], 3, ["none"], k=[13], submatrices=2, draws=2)
    found = equal_size_cells(equal_size_rows(networks, "fc1", job))
    assert set(found.n) == {0}
    assert found[["rows", "value", "excess", "z", "z_error"]].isna().all(axis=None)


def test_z_of_some_submatrices_is_no_z_of_the_layer():
    """Shuffles of noise save no bits, nearly always: where one does, its sub-matrix has a z."""
    noise = np.random.default_rng(1).standard_normal((1, 10, 16)).astype(np.float32)
    networks = Networks("trained", (0,), {}, {"fc1": noise, "fc2": noise[:, :, :10]})
    job = EqualSizeJob(["described"], 1, ["none"], k=[2], submatrices=4, draws=3)
    row = equal_size_rows(networks, "fc2", job).set_index("measure").loc["ncut"]
    assert (row.submatrices, row.value, row.excess) == (4, 0, 0)
    assert np.isnan(row.z)
    assert np.isnan(row.z_error)
    cells = {"method": "described", "k": 2, "measure": "ncut"}
    scores = pd.DataFrame({"value": [1.0, 2, 3], "null_mean": 1.0, "excess": [0.0, 1, 2]} | cells)
    partly = _means(scores.assign(z=[1.0, np.nan, 2.0], z_error=[0.3, np.nan, 0.4]))
    assert partly[["value", "submatrices"]].to_numpy().tolist() == [[2, 3]]
    assert partly[["z", "z_error"]].isna().all(axis=None)
    fully = _means(scores.assign(z=[1.0, 3.0, 2.0], z_error=[0.3, 0.4, 1.2]))
    assert fully[["z", "z_error"]].to_numpy()[0] == pytest.approx([2, 1.3 / 3])


def test_a_study_of_single_layers_has_a_table_without_rows():
    assert list(equal_size_table([])) == EQUAL_SIZE
    assert equal_size_table([]).empty
