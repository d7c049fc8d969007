"""Kind `shuffles`: the null `shuffle` of `matched` and `joint`, by shuffles and k-means of others.

Each draw permutes the layer's entries among its live units, embeds them by NumPy's singular value
decomposition of D_U^-1/2 A D_V^-1/2, clusters with scikit-learn's KMeans, and for `matched` pairs
clusters by SciPy's Hungarian method on T - p q^T. These draws are others than the study's, so that
their means, standard deviations and p agree within chance only:

- `null_mean`: within 5 standard errors, sd sqrt(1/n + 1/n'), and a tenth of sd for another k-means;
- `null_sd`: the ratio of variances within the F distribution's 5-sigma bounds, and a tenth;
- `p`: within 5 standard errors of a share, and what moving the value by a tenth of sd does to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import KMeans

from audit.cells import Cell, Number
from audit.comparing import DIRECTION, permutation_p
from audit.measures import measures_of, tables_of
from audit.scales import NETWORK, base_and_scaling, two_way_ranks
from audit.study_files import StudyFiles, rows_of
from audit.values import bits_of

NAMES = ["condition", "seed", "layer", "method", "k", "measure", "null"]
METHODS = ("matched", "joint")
STANDARD_ERRORS = 5.0
ANOTHER_K_MEANS = 0.1
"""Of a standard deviation: what another implementation of k-means may shift."""
_FIVE_SIGMA = float(stats.norm.sf(STANDARD_ERRORS))
_DENSE = 0.5
"""Least share of weights that are not zero: sparser draws may fall into parts, for which the study
takes another embedding."""
_LEAST = 1e-9


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows against `shuffle`, of layers that are dense and hang together."""
    rows = study.scores
    rows = rows[(rows["null"] == "shuffle") & (rows["status"] == "ok") & (rows["null_n"] > 1)]
    known = set(DIRECTION) - {"held_out"}
    rows = rows[rows["measure"].isin(known) & (rows["layer"] != NETWORK) & (rows["k"] > 1)]
    bases = rows["method"].astype(str).str.partition("-")[0]
    columns = [*NAMES, "value", "null_mean", "null_sd", "null_n", "p"]
    rows = rows.loc[bases.isin(METHODS), columns]
    places = rows[["condition", "seed", "layer"]].astype({"condition": str, "layer": str})
    dense = {place: _is_dense(study, *place) for place in set(places.itertuples(False, None))}
    return rows[[dense[place] for place in places.itertuples(index=False, name=None)]]


def _is_dense(study: StudyFiles, condition: str, seed: int, layer: str) -> bool:
    there = study.weights(condition, seed, "none")[layer] != 0
    there = there[there.any(axis=1)][:, there.any(axis=0)]
    if not there.size or there.mean() < _DENSE:
        return False
    m, n = there.shape
    graph = np.block([[np.zeros((m, m), bool), there], [there.T, np.zeros((n, n), bool)]])
    return int(connected_components(csr_array(graph), directed=False)[0]) == 1


def check(
    study: StudyFiles, chosen: pd.DataFrame, draws: int, source: np.random.Generator
) -> Iterator[Cell]:
    """Draws anew for each partition, and compares all rows of it with these draws.

    Args:
        study: its files.
        chosen: some of the `candidates`.
        draws: number of draws.
        source: of the random numbers.
    """
    groups = chosen.groupby(NAMES[:5], sort=False, observed=True)
    for (condition, seed, layer, method, k), rows in groups:
        place = (str(condition), int(str(seed)), str(layer), str(method), int(str(k)))
        starts = study.arrays("clusters", *place[:3], ".starts", f"{method}/{k}/")
        restarts = len(starts["rows"]) if starts else 1
        draw = shuffler(study, *place[:4], source)
        drawn = [drawn_values(draw(), place[3], place[4], restarts, source) for _ in range(draws)]
        for row in rows_of(rows):
            measure = row["measure"]
            values = np.array([each.get(measure, math.nan) for each in drawn])
            numbers = compared(row, values, DIRECTION[measure])
            yield Cell("shuffles", {name: row[name] for name in NAMES}, tuple(numbers))


def shuffler(
    study: StudyFiles,
    condition: str,
    seed: int,
    layer: str,
    method: str,
    source: np.random.Generator,
) -> Callable[[], np.ndarray]:
    """Makes draws [live rows, live columns]; those of `ranked` are permuted, then ranked."""
    ranked = base_and_scaling(method)[1] == "ranked"
    matrix = study.matrix(condition, seed, layer, "none" if ranked else method)
    sizes = np.abs(np.asarray(matrix, np.float64))
    sizes = sizes[(sizes > 0).any(axis=1)][:, (sizes > 0).any(axis=0)]

    def draw() -> np.ndarray:
        drawn = source.permutation(sizes.ravel()).reshape(sizes.shape)
        return two_way_ranks(drawn, source) if ranked else drawn

    return draw


def drawn_values(
    matrix: np.ndarray, method: str, k: int, restarts: int, source: np.random.Generator
) -> dict[str, float]:
    """All measures of one draw [m, n], clustered as the study clusters it."""
    base = base_and_scaling(method)[0]
    rows, columns = cluster(matrix, base, k, restarts, int(source.integers(2**31)))
    found = measures_of(tables_of(matrix, rows, columns, k))
    return found | bits_of(matrix, rows, columns, k, base)


@lru_cache(maxsize=1)
def _k_means(k: int, restarts: int) -> KMeans:
    return KMeans(k, n_init=restarts, algorithm="lloyd")


def cluster(
    matrix: np.ndarray, method: str, k: int, restarts: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rows and columns of a non-negative matrix by `matched` or `joint`.

    Args:
        matrix: [m, n], without rows or columns of zeros.
        method: which.
        k: clusters of a side.
        restarts: starts of k-means.
        seed: of k-means.
    """
    by_row, by_column = 1 / np.sqrt(matrix.sum(axis=1)), 1 / np.sqrt(matrix.sum(axis=0))
    normalised = by_row[:, None] * matrix * by_column
    left, _, right = np.linalg.svd(normalised, full_matrices=False)
    k_means = _k_means(k, restarts).set_params(random_state=seed)
    if method == "joint":
        count = math.ceil(math.log2(k))
        points = [left[:, 1 : 1 + count] * by_row[:, None]]
        points += [right[1 : 1 + count].T * by_column[:, None]]
        both = k_means.fit_predict(np.concatenate(points))
        return both[: len(left)], both[len(left) :]
    rows = k_means.fit_predict(left[:, :k]).copy()
    columns = k_means.fit_predict(right[:k].T).copy()
    shares = tables_of(matrix, rows, columns, k).shares
    gain = shares - np.outer(shares.sum(axis=1), shares.sum(axis=0))
    of_rows, of_columns = linear_sum_assignment(-gain)
    names = np.empty(k, int)
    names[of_columns] = of_rows
    return rows, names[columns]


def compared(row: dict[str, float], draws: np.ndarray, direction: int) -> list[Number]:
    """Mean, standard deviation and p of the row beside those of other draws, with their bounds.

    Args:
        row: `value`, `null_mean`, `null_sd`, `null_n` and `p`.
        draws: [draws].
        direction: 1 or -1 where p is given.
    """
    draws = draws[np.isfinite(draws)]
    ours, theirs = len(draws), int(row["null_n"])
    if ours < 2:
        return [Number("null_mean", row["null_mean"], math.nan, 0.0)]
    mean, deviation = float(draws.mean()), float(draws.std(ddof=1))
    error = STANDARD_ERRORS * deviation * math.sqrt(1 / ours + 1 / theirs)
    shift = ANOTHER_K_MEANS * deviation + _LEAST * max(1.0, abs(mean))
    numbers = [
        Number("null_mean", row["null_mean"], mean, error + shift),
        Number(
            "null_sd", row["null_sd"], deviation, _spread(row["null_sd"], deviation, theirs, ours)
        ),
    ]
    if direction:
        value = row["value"]
        p, low, high = (
            permutation_p(moved, draws, direction)
            for moved in (value, value + direction * shift, value - direction * shift)
        )
        # A share of none has an error, too.
        near = min(max(high, 1 / (1 + min(ours, theirs))), 0.5)
        chance = STANDARD_ERRORS * math.sqrt(near * (1 - near) * (1 / ours + 1 / theirs))
        reach = max(high - p, p - low) + chance + 1 / (theirs + 1)
        numbers.append(Number("p", row["p"], p, reach))
    return numbers


def _spread(study: float, audit: float, theirs: int, ours: int) -> float:
    """How far two standard deviations of so many draws may be apart: F at 5 sigma, and a tenth."""
    high = math.sqrt(stats.f.isf(_FIVE_SIGMA, theirs - 1, ours - 1))
    low = math.sqrt(stats.f.ppf(_FIVE_SIGMA, theirs - 1, ours - 1))
    side = (high - 1) if study > audit else (1 - low)
    return audit * (side + ANOTHER_K_MEANS) + _LEAST
