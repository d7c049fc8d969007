"""Kind `shuffles`: the null `shuffle` of `matched` and `joint`, with independent draws and k-means.

Each draw permutes the layer's entries among its live units. NumPy's singular value decomposition of
D_U^-1/2 A D_V^-1/2 embeds the units, scikit-learn's KMeans clusters them, and SciPy's Hungarian
method on T - p q^T pairs the clusters of `matched`. The draws differ from the study's, so their
means, standard deviations and p agree only up to chance. The bounds follow from the numbers of
draws, at a level at which fewer than 1 % of audits of 200 cells raise a false alarm:

- `null_mean`: Student's t with the pooled variance or Welch's t, whichever allows more;
- `null_sd`: the normal limit of the logarithm of their ratio, with the kurtosis of the draws;
- `p`: the hypergeometric distribution of the study's draws that are as extreme as the value, given
  the number in both.

The bounds allow nothing for the different k-means: no effect of it was seen (docs/long-runs.md).
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
FALSE_ALARMS = 0.01
"""Probability of a false alarm in an audit of CELLS cells, each with NUMBERS numbers."""
CELLS = 200
NUMBERS = 3
LEVEL = FALSE_ALARMS / (CELLS * NUMBERS)
"""Two-sided significance level of one number."""
_KURTOSIS = 4.0
"""Least kurtosis assumed: draws may not show their long tails, as for n-cut at k = 2."""
_DENSE = 0.5
"""Least share of nonzero weights: sparser draws may fall into components, for which the study uses
a different embedding."""
_LEAST = 1e-9


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows with the null `shuffle`, of layers that are dense and connected."""
    rows = study.scores
    rows = rows[(rows["null"] == "shuffle") & (rows["status"] == "ok") & (rows["null_n"] > 1)]
    known = set(DIRECTION) - {"held_out"}
    rows = rows[rows["measure"].isin(known) & (rows["layer"] != NETWORK) & (rows["k"] > 1)]
    bases = rows["method"].astype(str).str.partition("-")[0]
    columns = [*NAMES, "value", "null_mean", "null_sd", "null_n", "p"]
    rows = rows.loc[bases.isin(METHODS), columns]
    places = rows[["condition", "seed", "layer"]].astype({"condition": str, "layer": str})
    dense = {key: _is_dense(study, *key) for key in set(places.itertuples(False, None))}
    return rows[[dense[key] for key in places.itertuples(index=False, name=None)]]


def _is_dense(study: StudyFiles, condition: str, seed: int, layer: str) -> bool:
    nonzero = study.weights(condition, seed, "none")[layer] != 0
    nonzero = nonzero[nonzero.any(axis=1)][:, nonzero.any(axis=0)]
    if not nonzero.size or nonzero.mean() < _DENSE:
        return False
    m, n = nonzero.shape
    graph = np.block([[np.zeros((m, m), bool), nonzero], [nonzero.T, np.zeros((n, n), bool)]])
    return int(connected_components(csr_array(graph), directed=False)[0]) == 1


def check(
    study: StudyFiles, chosen: pd.DataFrame, draws: int, source: np.random.Generator
) -> Iterator[Cell]:
    """Make new draws for each partition, and compare all its rows with them.

    Args:
        study: files of the study.
        chosen: some of the `candidates`.
        draws: number of draws.
        source: random generator.
    """
    groups = chosen.groupby(NAMES[:5], sort=False, observed=True)
    for (condition, seed, layer, method, k), rows in groups:
        keys = (str(condition), int(str(seed)), str(layer), str(method), int(str(k)))
        starts = study.arrays("clusters", *keys[:3], ".starts", f"{method}/{k}/")
        restarts = len(starts["rows"]) if starts else 1
        draw = shuffler(study, *keys[:4], source)
        drawn = [drawn_values(draw(), keys[3], keys[4], restarts, source) for _ in range(draws)]
        for row in rows_of(rows):
            measure = row["measure"]
            values = np.array([each.get(measure, math.nan) for each in drawn])
            # A stopping rule changes the distribution of p.
            by_rule = study.most("shuffle", keys[3]) > 0
            numbers = compared(row, values, 0 if by_rule else DIRECTION[measure])
            yield Cell("shuffles", {name: row[name] for name in NAMES}, tuple(numbers))


def shuffler(
    study: StudyFiles,
    condition: str,
    seed: int,
    layer: str,
    method: str,
    source: np.random.Generator,
) -> Callable[[], np.ndarray]:
    """Function that makes a draw [live rows, live columns]; for `ranked`, permuted, then ranked."""
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
    """All measures of one draw [m, n], clustered as in the study."""
    base = base_and_scaling(method)[0]
    rows, columns = cluster(matrix, base, k, restarts, int(source.integers(2**31)))
    measures = measures_of(tables_of(matrix, rows, columns, k))
    return measures | bits_of(matrix, rows, columns, k, base)


@lru_cache(maxsize=1)
def _k_means(k: int, restarts: int) -> KMeans:
    return KMeans(k, n_init=restarts, algorithm="lloyd")


def cluster(
    matrix: np.ndarray, method: str, k: int, restarts: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rows and columns of a non-negative matrix by `matched` or `joint`.

    Args:
        matrix: [m, n], without rows or columns of zeros.
        method: `matched` or `joint`.
        k: number of clusters per side.
        restarts: restarts of k-means.
        seed: seed of k-means.
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
    """Pair mean, SD and p of a row with those of new draws, and bound their differences.

    Args:
        row: `value`, `null_mean`, `null_sd`, `null_n` and `p`.
        draws: values of the measure, [draws].
        direction: 1 or -1; 0 leaves out p.
    """
    draws = draws[np.isfinite(draws)]
    ours, theirs = len(draws), int(row["null_n"])
    if ours < 2:
        return [Number("null_mean", row["null_mean"], math.nan, 0.0)]
    mean, deviation = float(draws.mean()), float(draws.std(ddof=1))
    rounding = _LEAST * max(1.0, abs(mean))
    reach = rounding + mean_reach(deviation, ours, row["null_sd"], theirs)
    numbers = [Number("null_mean", row["null_mean"], mean, reach)]
    ratio = ratio_reach(draws, theirs)
    side = ratio - 1 if row["null_sd"] > deviation else 1 - 1 / ratio
    numbers.append(Number("null_sd", row["null_sd"], deviation, deviation * side + rounding))
    if direction:
        p = permutation_p(row["value"], draws, direction)
        numbers.append(Number("p", row["p"], p, p_reach(row["p"], theirs, p, ours)))
    return numbers


def mean_reach(first: float, ours: int, second: float, theirs: int) -> float:
    """Largest chance difference between the means of two samples of one distribution.

    `first` and `second` are their standard deviations. The larger reach of Student's t with the
    pooled variance and of Welch's t: a few draws that happen to lie close together make Welch's too
    short, and a few with an outlier that the other sample lacks make Student's too short.
    """
    squares = first**2 / ours, second**2 / theirs
    total = sum(squares)
    if not total:
        return 0.0
    welch = total**2 / (squares[0] ** 2 / (ours - 1) + squares[1] ** 2 / (theirs - 1))
    student = ours + theirs - 2
    pooled = ((ours - 1) * first**2 + (theirs - 1) * second**2) / student
    ways = (welch, total), (student, pooled * (1 / ours + 1 / theirs))
    return max(float(stats.t.isf(LEVEL / 2, freedom)) * math.sqrt(v) for freedom, v in ways)


def ratio_reach(draws: np.ndarray, theirs: int) -> float:
    """Largest chance ratio between the standard deviations of two samples of one distribution.

    The inverse bounds the ratio from below. The variance of ln s is (kurtosis - 1) / (4 n), which
    is 1 / (2 n) for normal draws. Student's t, with the degrees of freedom of the smaller sample,
    accounts for the longer tails of few draws.
    """
    if np.ptp(draws) < _LEAST:
        return 1.0
    kurtosis = max(float(stats.kurtosis(draws, fisher=False)), _KURTOSIS)
    fewer = min(len(draws), theirs) - 1
    error = math.sqrt((kurtosis - 1) / 4 * (1 / (len(draws) - 1) + 1 / (theirs - 1)))
    return math.exp(min(float(stats.t.isf(LEVEL / 2, fewer)) * error, 100.0))


def p_reach(study: float, theirs: int, audit: float, ours: int) -> float:
    """Largest chance difference between the study's p and the audit's, on the side where it lies.

    Given the number of draws in both that are as extreme as the value, the number among the study's
    is hypergeometric.
    """
    if not math.isfinite(study):
        return 0.0
    extreme = [round(p * (n + 1)) - 1 for p, n in ((study, theirs), (audit, ours))]
    of_study = stats.hypergeom(theirs + ours, sum(extreme), theirs)
    end = of_study.isf(LEVEL / 2) if study > audit else of_study.ppf(LEVEL / 2)
    return abs((1 + float(end)) / (theirs + 1) - audit) + _LEAST
