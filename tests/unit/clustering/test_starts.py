"""Labels of every start of k-means: where the partition comes from, and how starts differ."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.clustering.spectral import cluster, cluster_with_starts

METHODS = ["notebook", "matched", "joint", "whole"]
BOTH_SIDES = ["joint", "whole"]
K_VALUES = [2, 3, 5]
RESTARTS = 6
DEAD_ROW, DEAD_COLUMN = 4, 0


def matrices(count: int = 4) -> np.ndarray:
    """Random weights with a dead row and a dead column."""
    found = np.random.default_rng(0).standard_normal((count, 25, 32))
    found[:, DEAD_ROW] = 0
    found[:, :, DEAD_COLUMN] = 0
    return found


def names(count: int = 4):
    return [("trained", seed, "fc1", "network") for seed in range(count)]


def found_with_starts(restarts: int = RESTARTS):
    return cluster_with_starts(matrices(), names(), K_VALUES, METHODS, restarts)


def same_clusters(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two labellings are the same but for the clusters' names."""
    return np.array_equal(one[:, None] == one, other[:, None] == other)


def live(rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.delete(rows, DEAD_ROW, axis=-1), np.delete(columns, DEAD_COLUMN, axis=-1)


def points_of(matrix: np.ndarray, method: str, k: int) -> dict[str, np.ndarray]:
    """What k-means sees of the live units, by numpy alone."""
    weights = np.abs(np.delete(np.delete(matrix, DEAD_ROW, axis=0), DEAD_COLUMN, axis=1))
    row_scale, column_scale = (weights.sum(axis=axis)[:, None] ** -0.5 for axis in (1, 0))
    left, _, right = np.linalg.svd(row_scale * weights * column_scale.T)
    if method == "matched":
        return {"rows": left[:, :k], "columns": right.T[:, :k]}
    chosen = slice(k) if method == "whole" else slice(1, 1 + int(np.ceil(np.log2(k))))
    scaled = row_scale * left[:, chosen], column_scale * right.T[:, chosen]
    return {"both": np.concatenate(scaled)}


def inertia(points: np.ndarray, labels: np.ndarray) -> float:
    groups = [points[labels == name] for name in np.unique(labels)]
    return sum(float(np.square(group - group.mean(axis=0)).sum()) for group in groups)


def by_points(rows: np.ndarray, columns: np.ndarray, method: str) -> dict[str, np.ndarray]:
    """Labels [..., units] of the live units, as `points_of` groups them."""
    rows, columns = live(rows, columns)
    if method == "matched":
        return {"rows": rows, "columns": columns}
    return {"both": np.concatenate([rows, columns], axis=-1)}


def test_partitions_are_those_without_starts():
    alone = cluster(matrices(), names(), K_VALUES, METHODS, RESTARTS)
    found, _ = found_with_starts()
    assert alone.keys() == found.keys()
    for key, partition in alone.items():
        for field in ("rows", "columns", "feasible"):
            assert np.array_equal(getattr(partition, field), getattr(found[key], field)), key


@pytest.mark.parametrize("method", ["matched", *BOTH_SIDES])
@pytest.mark.parametrize("k", K_VALUES)
def test_the_partition_is_the_start_with_the_least_inertia(method, k):
    partitions, starts = found_with_starts()
    partition, every = partitions[method, k], starts[method, k]
    for number, matrix in enumerate(matrices()):
        chosen = by_points(partition.rows[number], partition.columns[number], method)
        tried = by_points(every.rows[number], every.columns[number], method)
        for side, points in points_of(matrix, method, k).items():
            values = [inertia(points, labels) for labels in tried[side]]
            best = tried[side][int(np.argmin(np.round(values, 9)))]
            assert inertia(points, chosen[side]) == pytest.approx(min(values), rel=1e-9)
            assert same_clusters(best, chosen[side])


def test_starts_come_to_different_partitions_of_noise():
    """Or the test above would compare a start with itself."""
    every = found_with_starts()[1]["whole", 5]
    assert all(len({labels.tobytes() for labels in starts}) > 1 for starts in every.rows)


@pytest.mark.parametrize("method", BOTH_SIDES)
def test_the_only_start_is_the_partition(method):
    partitions, starts = found_with_starts(restarts=1)
    for k in K_VALUES:
        assert starts[method, k].rows.shape[1] == 1
        assert np.array_equal(starts[method, k].rows[:, 0], partitions[method, k].rows)
        assert np.array_equal(starts[method, k].columns[:, 0], partitions[method, k].columns)


def test_notebook_is_the_first_start_of_matched():
    partitions, starts = found_with_starts()
    assert "notebook" not in {method for method, _ in starts}
    for k in K_VALUES:
        first, notebook = starts["matched", k], partitions["notebook", k]
        assert np.array_equal(first.rows[:, 0], notebook.rows)
        assert np.array_equal(first.columns[:, 0], notebook.columns)


def test_a_start_does_not_depend_on_how_many_there_are_or_on_the_other_matrices():
    many = found_with_starts()[1]
    asked = matrices()[[2]], [names()[2]], [5], METHODS
    alone = cluster_with_starts(*asked, RESTARTS)[1]
    for method in ("matched", *BOTH_SIDES):
        assert np.array_equal(alone[method, 5].rows[0], many[method, 5].rows[2])
        assert np.array_equal(alone[method, 5].columns[0], many[method, 5].columns[2])


def test_dead_units_and_infeasible_k_have_no_labels():
    _, starts = cluster_with_starts(matrices(2), names(2), [3, 25], METHODS, 2)
    for (_, k), every in starts.items():
        assert every.rows.shape == (2, 2, 25)
        assert every.columns.shape == (2, 2, 32)
        if k == 3:
            assert (every.rows[..., DEAD_ROW] == -1).all()
            assert (every.columns[..., DEAD_COLUMN] == -1).all()
            assert all((side >= 0).all() for side in live(every.rows, every.columns))
        else:  # 24 rows are live
            assert (every.rows == -1).all()
            assert (every.columns == -1).all()
