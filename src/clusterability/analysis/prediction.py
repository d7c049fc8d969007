"""Prediction: which structural measures predict function, in three analyses.

Conditions, layers, methods and k are never pooled before correlating, since differences between
them would look like structure. Correlations are averaged over them afterwards by Fisher's z.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import scipy

from clusterability.analysis.validity import estimate_row, ranked_rows
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.function_catalogue import (
    ABLATION_MEASURES,
    FUNCTION_MEASURES,
    LEAST_SHARE,
)
from clusterability.resampling import (
    FisherMean,
    Floats,
    Resamples,
    weighted_correlations,
    weighted_midranks,
)
from clusterability.results.display_names import shown_null

BASELINE = "mean_strength"
TERMS = {"barber_term": 1, "ncut_term": -1, "mi_term": 1, "cluster_bits": 1, BASELINE: 1}
"""Terms of a cluster with their better sign: contributions to Barber's Q, n-cut and mutual
information, its bits, and last the mean strength of its units. Strength needs no partner on the
other side: a term that predicts less than this baseline adds nothing to the weights of single
units."""

CELL = ["condition", "layer", "method", "k"]
_FEWEST = 4
"""Minimum number of networks, or of means of conditions, for a correlation."""
_RANKS_AT_ONCE = 4_000_000
"""Ranks in memory at a time."""
_FREE = 3
"""Degrees of freedom subtracted in the weight of a partial correlation with one covariate: the
variance of its Fisher's z is about 1 / (degrees of freedom - 3)."""

Rows = list[dict[str, Any]]


# --- clusters within networks ------------------------------------------------------------------


def cluster_prediction(clusters: pd.DataFrame, resamples: Resamples) -> Rows:
    """Correlation of a cluster's term with the effect of ablating it, adjusted for cluster size.

    In each network, terms, sizes and directed z of function measures are ranked over the clusters
    with at least LEAST_SHARE of the units, centred and scaled to [-1/2, 1/2], so that networks do
    not differ. Over all networks of a cell (condition, layer, method, k), the partial correlation
    of term and function given size is computed (Spearman 1904; Yule 1907). Cells are weighted by
    degrees of freedom. If term and function both depend almost only on size, some correlation
    remains: ranks do not tell how far sizes are apart.

    Returns:
        One row per cell, term and function; means over cells by condition, and over all cells,
        ranked by function. Functions are never averaged: a term may correlate with one positively
        and with another negatively.
    """
    functions = [name for name in ABLATION_MEASURES if f"{name}_z" in clusters]
    columns = [*TERMS, *(f"{function}_z" for function in functions), "u_size"]
    large = large_clusters(clusters)
    rows: Rows = []
    averages = _Averages("clusters")
    for cell, group in large.groupby(CELL, sort=False):
        networks = {
            seed: _RankedNetwork(network[columns].to_numpy(float))
            for seed, network in group.groupby("seed")
        }
        for (term, sign), function in product(TERMS.items(), functions):
            chosen = [columns.index(name) for name in (term, f"{function}_z", "u_size")]
            ranks = {seed: network.ranks(chosen) for seed, network in networks.items()}
            estimates, freedom = _partial_correlation(ranks, sign, resamples)
            if not np.isfinite(estimates[0]):
                continue
            count = sum(len(of_network) > 0 for of_network in ranks.values())
            identifiers = _identifiers("clusters", cell, term, function, "term")
            rows.append(estimate_row(identifiers, estimates) | {"n": count})
            averages.add(identifiers, estimates, max(freedom - _FREE, 1), count)
    return rows + averages.rows()


def large_clusters(clusters: pd.DataFrame) -> pd.DataFrame:
    """Clusters with at least LEAST_SHARE of the layer's clustered units."""
    units = clusters.groupby([*CELL, "seed"], sort=False)["u_size"].transform("sum")
    return clusters[clusters["u_size"] >= LEAST_SHARE * units]


def adjusted_ranks(part: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Ranks of term and function in each network of a cell, adjusted for size by regression.

    Args:
        part: rows of a cell: `seed`, a term, a function measure and `u_size`, in this order.
        sign: 1 if a higher term is better, -1 if a lower one is.

    Returns:
        `term` and `function` for networks with more than one cluster; their correlation is the
        partial correlation given size.
    """
    ranks = [
        _centred_ranks(network.drop(columns="seed").to_numpy(float))
        for _, network in part.groupby("seed")
        if len(network) > 1
    ]
    if not ranks:
        return pd.DataFrame(columns=["term", "function"])
    term, function, size = np.concatenate(ranks).T
    power = float(size @ size)
    share = 1 / power if power > 0 else 0.0
    columns = [each - (each @ size) * share * size for each in (sign * term, function)]
    return pd.DataFrame(np.stack(columns, axis=1), columns=["term", "function"])


class _RankedNetwork:
    """Ranks of the clusters of a network, computed once for all columns that the same ones have.

    Args:
        values: [clusters, columns], NaN where undefined.
    """

    def __init__(self, values: Floats) -> None:
        self._values, self._known = values, ~np.isnan(values)
        self._ranks: dict[bytes, Floats] = {}

    def ranks(self, columns: Sequence[int]) -> Floats:
        """Centred ranks of some columns over the clusters for which all of them are defined."""
        clusters = self._known[:, columns].all(axis=1)
        key = clusters.tobytes()
        if key not in self._ranks:
            self._ranks[key] = _centred_ranks(self._values[clusters])
        return self._ranks[key][:, columns]


def _centred_ranks(values: Floats) -> Floats:
    """Ranks of columns [clusters, columns] over a network's clusters, from -1/2 to 1/2."""
    ranks = scipy.stats.rankdata(values, axis=0)
    return np.asarray((ranks - (len(ranks) + 1) / 2) / max(len(ranks), 1))


def _partial_correlation(
    ranks_by_seed: Mapping[Any, Floats], sign: int, resamples: Resamples
) -> tuple[Floats, int]:
    """Partial correlation [1 + resamples] of term and function given size; its freedom.

    Products of ranks are summed in each network; a resample adds up those of its networks.

    Args:
        ranks_by_seed: centred ranks of term, function and size in each network, [clusters, 3].
        sign: 1 if a higher term is better, -1 if a lower one is.
        resamples: resamples of the study's seeds.
    """
    several = {seed: ranks for seed, ranks in ranks_by_seed.items() if len(ranks) > 1}
    seeds, products = list(several), [ranks.T @ ranks for ranks in several.values()]
    freedom = sum(len(ranks) - 1 for ranks in several.values())
    if len(seeds) < 2:
        return np.full(len(resamples.counts), np.nan), 0
    sums: Floats = np.tensordot(resamples.of(seeds), np.array(products), axes=1)
    spread = np.sqrt(np.einsum("rii->ri", sums))
    scale = spread[:, :, None] * spread[:, None]
    r = np.divide(sums, scale, out=np.full(sums.shape, np.nan), where=scale > 0)
    rest = np.sqrt(np.maximum((1 - r[:, 0, 2] ** 2) * (1 - r[:, 1, 2] ** 2), 0))
    partial = r[:, 0, 1] - r[:, 0, 2] * r[:, 1, 2]
    return sign * np.divide(
        partial, rest, out=np.full(len(r), np.nan), where=rest > 1e-9
    ), freedom - 1


# --- networks, and conditions ------------------------------------------------------------------


def network_prediction(scores: pd.DataFrame, resamples: Resamples) -> Rows:
    """Spearman correlation of structural and function measures over the networks of a cell.

    Structural measures enter as values in their better direction (form `value`) and as z; function
    measures as directed z. A cell's weight is its number of networks minus 3.

    Returns:
        Means over cells by condition, and over all cells, ranked by function.

    References:
        Spearman 1904, The proof and measurement of association between two things.
        doi:10.2307/1412159
    """
    return _over_cells("networks", scores, resamples, _network_cells)


def condition_prediction(scores: pd.DataFrame, resamples: Resamples) -> Rows:
    """Spearman correlation over the means of conditions in each (layer, method, k).

    All cells have equal weight. Conditions differ in many ways: this shows whether a measure ranks
    recipes as function does.
    """
    return _over_cells("conditions", scores, resamples, _condition_cells)


Matrix = tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]
"""Cell, and values [seeds] by (condition,) measure and form: of structure and of function."""


def _over_cells(
    analysis: str,
    scores: pd.DataFrame,
    resamples: Resamples,
    cells: Callable[[Matrix, Resamples], Iterator[tuple[Any, Floats, float, int]]],
) -> Rows:
    averages = _Averages(analysis)
    for matrix in _matrices(scores, by_condition=analysis == "networks"):
        for (condition, structure, function), estimates, weight, count in cells(matrix, resamples):
            for number, (measure, form) in enumerate(structure):
                cell = (condition, *(matrix[0][name] for name in CELL[1:]))
                identifiers = _identifiers(analysis, cell, measure, function, form)
                averages.add(identifiers, estimates[:, number], weight, count)
    return averages.rows()


def _matrices(scores: pd.DataFrame, by_condition: bool) -> Iterator[Matrix]:
    """Values of each cell that has both structure and function."""
    directed = {n: m.direction for n, m in MEASURES.items() if m.direction}
    functions = [n for n, m in FUNCTION_MEASURES.items() if m.direction]
    structure = shown_null(scores[scores["measure"].isin(directed)])
    function = scores[scores["measure"].isin(functions) & scores["z"].notna()]
    # astype: without rows, as in studies of whole networks only, the column would not be float.
    directions = structure["measure"].map(directed).astype(float)
    structure = structure.assign(value=structure["value"] * directions)
    keys = CELL if by_condition else CELL[1:]
    index = ["seed"] if by_condition else ["condition", "seed"]
    of_structure = dict(list(structure.groupby(keys, sort=False)))
    for cell, group in function.groupby(keys, sort=False):
        if cell in of_structure:
            first = of_structure[cell].pivot(index=index, columns="measure", values=["value", "z"])
            second = group.pivot(index=index, columns="measure", values="z")
            first = first.swaplevel(axis=1).dropna(axis=1, how="all")
            yield dict(zip(keys, cell, strict=True)), first, second


def _network_cells(
    matrix: Matrix, resamples: Resamples
) -> Iterator[tuple[Any, Floats, float, int]]:
    cell, structure, function = matrix
    for name in function:
        known = structure.loc[structure.index.intersection(function[name].dropna().index)]
        for part in _of_the_same_networks(known):
            if len(part) < _FEWEST:
                continue
            values = part.to_numpy(float), function.loc[part.index, [name]].to_numpy(float)
            correlations = _rank_correlations(*values, resamples.of(part.index))
            key = (cell["condition"], list(part.columns), name)
            yield key, correlations, max(len(part) - 3, 1), len(part)


def _rank_correlations(first: Floats, second: Floats, counts: Floats) -> Floats:
    """Correlations [resamples, variables] of ranks of [n, variables] with those of [n, 1]."""
    # In batches: ranks of a thousand networks in all resamples would take gigabytes.
    step = max(_RANKS_AT_ONCE // first.size, 1)
    parts = []
    for start in range(0, len(counts), step):
        some = counts[start : start + step]
        ranks = weighted_midranks(first, some), weighted_midranks(second, some)
        parts.append(weighted_correlations(*ranks, some)[:, :, 0])
    return np.concatenate(parts)


def _of_the_same_networks(values: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Groups of columns that are defined in the same networks, restricted to these networks."""
    known = values.notna().to_numpy()
    together: dict[bytes, list[int]] = {}
    for number, column in enumerate(known.T):
        together.setdefault(column.tobytes(), []).append(number)
    for numbers in together.values():
        yield values.iloc[np.flatnonzero(known[:, numbers[0]]), numbers]


def _condition_cells(
    matrix: Matrix, resamples: Resamples
) -> Iterator[tuple[Any, Floats, float, int]]:
    _, structure, function = matrix
    for name in function:
        ours, theirs = _means(structure, resamples), _means(function[[name]], resamples)
        shared = [c for c in ours if c in theirs and np.isfinite(theirs[c][0]).all()]
        if len(shared) < _FEWEST:
            continue
        kept = np.flatnonzero(np.isfinite([ours[c][0] for c in shared]).all(axis=0))
        first = scipy.stats.rankdata(np.stack([ours[c][:, kept] for c in shared], axis=1), axis=1)
        second = scipy.stats.rankdata(np.stack([theirs[c] for c in shared], axis=1), axis=1)
        correlations = weighted_correlations(first, second, np.ones(first.shape[:2]))[:, :, 0]
        yield (None, list(structure.columns[kept]), name), correlations, 1, len(shared)


def _means(values: pd.DataFrame, resamples: Resamples) -> dict[str, Floats]:
    """Means over seeds by condition, [1 + resamples, columns]; undefined values are left out."""
    means = {}
    for condition, rows in values.groupby(level="condition", sort=False):
        counts = resamples.of(rows.index.get_level_values("seed"))
        numbers = rows.to_numpy(float)
        total = counts @ np.where(np.isfinite(numbers), numbers, 0)
        known = counts @ np.isfinite(numbers).astype(float)
        means[str(condition)] = np.divide(
            total, known, out=np.full(total.shape, np.nan), where=known > 0
        )
    return means


# --- averages ----------------------------------------------------------------------------------


def _identifiers(
    analysis: str, cell: Sequence[Any], measure: str, function: str, form: str
) -> dict[str, Any]:
    names = dict(zip(CELL, cell, strict=True))
    more = {"measure": measure, "form": form, "function": function, "statistic": "spearman"}
    return {"analysis": analysis, **names, **more}


class _Averages:
    """Means over cells by condition, and over all cells, ranked."""

    def __init__(self, analysis: str) -> None:
        self.analysis = analysis
        self.means: dict[tuple[Any, ...], FisherMean] = {}
        self.counts: dict[tuple[Any, ...], int] = {}

    def add(self, keys: Mapping[str, Any], estimates: Floats, weight: float, count: int) -> None:
        names = ("method", "form", "function", "measure")
        kept = tuple(keys[name] for name in names)
        # Not a set: its order, and so that of the rows, would differ between processes.
        for key in dict.fromkeys([(keys["condition"], *kept), (None, *kept)]):
            self.means.setdefault(key, FisherMean()).add(estimates, weight)
            self.counts[key] = max(self.counts.get(key, 0), count)

    def rows(self) -> Rows:
        """Rows in a fixed order; those of one condition, method, form and function are ranked."""
        groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        for key in self.means:
            groups.setdefault(key[:4], []).append(key)
        result: Rows = []
        for keys in groups.values():
            identifiers = [self._identifiers(key) for key in keys]
            result += ranked_rows(identifiers, [self.means[key].mean() for key in keys])
        return result

    def _identifiers(self, key: tuple[Any, ...]) -> dict[str, Any]:
        condition, method, form, function, measure = key
        cell = (condition, None, method, None)
        return _identifiers(self.analysis, cell, measure, function, form) | {"n": self.counts[key]}
