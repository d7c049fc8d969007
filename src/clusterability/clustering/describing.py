"""Search for the partition of a matrix whose description is shortest: compiled loops.

Units move to the cluster in which their weights take the fewest nats, rows given columns and
columns given rows; then the two clusters of a side merge whose merging costs least, and so on down
to one on each side. Beginning with more clusters than are asked for finds far shorter descriptions
than beginning with as many (Peixoto 2014, Phys. Rev. E 89, 012804, for block models).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from clusterability.compiled import compiled
from clusterability.networks.size_classes import SizeClasses

_KNOWN = 1 << 15
"""Logarithms of gamma functions up to it are looked up; a series gives those beyond."""
_LEAST_GAIN = 1e-9
"""Nats that a move must gain, at least: rounding must not move units back and forth."""
_FEWEST = 16
"""Clusters that a search begins with."""
_FEW = 8
_SWEEPS = 2
"""Over the units of both sides at first, and before two of few clusters merge; else one."""
_LAST_SWEEPS = 100

Known = tuple[np.ndarray, np.ndarray, np.ndarray]
"""ln Gamma(c + 1/2) / Gamma(1/2), ln Gamma(n + B/2) / Gamma(B/2) and ln (c + 1/2), from 0 on."""

Units = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Codes, labels and `_by_unit`, each of rows and of columns."""


class Descent(NamedTuple):
    """The shortest description that a start came to with each number of clusters.

    Attributes:
        lengths: nats [1 + k] of the weights and the labels, by the larger number of clusters of
            both sides; infinite where there is none.
        rows, columns: labels [1 + k, m] and [1 + k, n].
    """

    lengths: np.ndarray
    rows: np.ndarray
    columns: np.ndarray


def descend(classes: SizeClasses, rows: np.ndarray, columns: np.ndarray) -> Descent:
    """What moves and merges make of one start.

    Args:
        classes: of the live part of a matrix, [m, n].
        rows, columns: labels of the start, [m] and [n], from 0; no cluster is empty.
    """
    most = 1 + max(int(rows.max()), int(columns.max()))
    found = Descent(
        np.full(1 + most, np.inf),
        np.zeros((1 + most, len(rows)), np.int64),
        np.zeros((1 + most, len(columns)), np.int64),
    )
    own = rows.astype(np.int64), columns.astype(np.int64)
    _descend(classes.codes, classes.codes.T.copy(), *own, _known(classes.count), *found)
    return found


def settle(
    classes: SizeClasses, rows: np.ndarray, columns: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Moves units until none moves: nats of the description, and labels of both sides.

    Arguments are those of `descend`.
    """
    own = rows.astype(np.int64), columns.astype(np.int64)
    length = _settle(classes.codes, classes.codes.T.copy(), *own, _known(classes.count))
    return length, *own


def first_clusters(k: int) -> int:
    """How many clusters a side the search for at most k of them begins with: 16, 32, 64, …

    >>> first_clusters(2), first_clusters(16), first_clusters(17)
    (16, 16, 32)
    """
    return max(_FEWEST, 1 << (k - 1).bit_length())


def occupied(labels: np.ndarray) -> np.ndarray:
    """Labels with the numbers of empty clusters left out.

    >>> occupied(np.array([5, 0, 5, 2])).tolist()
    [2, 0, 2, 1]
    """
    return np.unique(labels, return_inverse=True)[1]


def sorted_clusters(classes: SizeClasses, k: int) -> np.ndarray:
    """Labels [m] of rows: sorted by the mean class of their weights, and cut into k equal parts."""
    units = len(classes.codes)
    order = np.argsort(classes.codes.mean(axis=1), kind="stable")
    labels = np.empty(units, np.int64)
    labels[order] = np.arange(units) * min(k, units) // units
    return labels


def one_sided_lengths(classes: SizeClasses, most: int) -> np.ndarray:
    """Nats [1 + most] of the shortest descriptions that are found with the columns in one cluster.

    Args:
        classes: of the live part of a matrix, [m, n].
        most: clusters of rows that the search begins with.

    Returns:
        By the number of clusters of rows; infinite where there is none.
    """
    rows = sorted_clusters(classes, most)
    found = descend(classes, rows, np.zeros(classes.codes.shape[1], np.int64)).lengths
    return np.pad(found, (0, most + 1 - len(found)), constant_values=np.inf)


def block_lengths(counts: np.ndarray, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nats of the weights of many partitions: by pairs of clusters, and by inside and between.

    Args:
        counts: of weights, int64 [partitions, k, k, classes].
        clusters: k of each, int64 [partitions]; counts beyond are 0.

    Returns:
        Both [partitions]; labels are not in them.
    """
    found = np.zeros((2, len(counts)))
    _code_blocks(counts, clusters, _known(counts.shape[-1]), found)
    return found[0], found[1]


def merge_costs(counts: np.ndarray) -> np.ndarray:
    """Nats [k, k] that weights take more if two clusters are merged on both sides.

    Args:
        counts: of weights by pairs of clusters, int64 [k, k, classes].
    """
    costs = np.zeros((len(counts), len(counts)))
    _cost_merges(counts, _known(counts.shape[-1]), costs)
    return costs


@lru_cache(maxsize=16)
def _known(classes: int) -> Known:
    numbers, half = np.arange(_KNOWN), classes / 2
    return (
        gammaln(numbers + 0.5) - gammaln(0.5),
        gammaln(numbers + half) - gammaln(half),
        np.log(numbers + 0.5),
    )


@compiled
def _log_gamma(x: float) -> float:
    """Stirling's series, to 1e-16 for x >= 2^15."""
    return (x - 0.5) * math.log(x) - x + 0.9189385332046727 + 1 / (12 * x)


@compiled
def _term(count: int, known: Known) -> float:
    """ln Gamma(c + 1/2) / Gamma(1/2)."""
    if count < _KNOWN:
        return known[0][count]
    return _log_gamma(count + 0.5) - 0.5723649429247001


@compiled
def _total(count: int, classes: int, known: Known) -> float:
    """ln Gamma(n + B/2) / Gamma(B/2)."""
    if count < _KNOWN:
        return known[1][count]
    return _log_gamma(count + classes / 2) - math.lgamma(classes / 2)


@compiled
def _code(counts: np.ndarray, known: Known) -> float:
    """Nats of the code of one block with counts [classes]."""
    total, terms = 0, 0.0
    for x in range(len(counts)):
        total += counts[x]
        terms += _term(counts[x], known)
    return _total(total, len(counts), known) - terms


@compiled
def _code_blocks(
    counts: np.ndarray, clusters: np.ndarray, known: Known, lengths: np.ndarray
) -> None:
    """Fills lengths [2, partitions], as `block_lengths` has them."""
    classes = counts.shape[3]
    for number in range(len(counts)):
        within = np.zeros((2, classes), np.int64)
        for a in range(clusters[number]):
            for b in range(clusters[number]):
                lengths[0, number] += _code(counts[number, a, b], known)
                for x in range(classes):
                    within[0 if a == b else 1, x] += counts[number, a, b, x]
        lengths[1, number] = _code(within[0], known) + _code(within[1], known)


@compiled
def _cost_merges(counts: np.ndarray, known: Known, costs: np.ndarray) -> None:
    """Fills costs [k, k], as `merge_costs` has them."""
    k = len(counts)
    for a in range(k):
        for b in range(a + 1, k):
            cost = 0.0
            for c in range(k):
                if c != a and c != b:
                    cost += _code(counts[a, c] + counts[b, c], known)
                    cost += _code(counts[c, a] + counts[c, b], known)
                    for merged in (a, b):
                        cost -= _code(counts[merged, c], known) + _code(counts[c, merged], known)
            inside = np.zeros(counts.shape[2], np.int64)
            for first in (a, b):
                for second in (a, b):
                    inside += counts[first, second]
                    cost -= _code(counts[first, second], known)
            costs[a, b] = costs[b, a] = cost + _code(inside, known)


@compiled
def _labels(sizes: np.ndarray) -> float:
    """Nats of the labels of one side with sizes [k]."""
    units, length = 0, 0.0
    for size in sizes:
        units += size
        length -= math.lgamma(size + 1.0)
    return length + math.lgamma(units + len(sizes)) - math.lgamma(len(sizes))


@compiled
def _length(
    counts: np.ndarray, row_sizes: np.ndarray, column_sizes: np.ndarray, known: Known
) -> float:
    """Nats of the description: weights with counts [k, l, classes], and labels."""
    length = _labels(row_sizes) + _labels(column_sizes)
    for a in range(counts.shape[0]):
        for b in range(counts.shape[1]):
            length += _code(counts[a, b], known)
    return length


@compiled
def _by_unit(codes: np.ndarray, other: np.ndarray, k: int, classes: int) -> np.ndarray:
    """Weights of each unit by class and by the other side's clusters, [units, k, classes]."""
    counts = np.zeros((codes.shape[0], k, classes), np.int64)
    for unit in range(codes.shape[0]):
        for place in range(codes.shape[1]):
            counts[unit, other[place], codes[unit, place]] += 1
    return counts


@compiled
def _by_cluster(by_unit: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Sums of `_by_unit` over clusters, [k, other k, classes]."""
    counts = np.zeros((k, by_unit.shape[1], by_unit.shape[2]), np.int64)
    for unit in range(len(labels)):
        counts[labels[unit]] += by_unit[unit]
    return counts


@compiled
def _sizes(labels: np.ndarray) -> np.ndarray:
    sizes = np.zeros(labels.max() + 1, np.int64)
    for label in labels:
        sizes[label] += 1
    return sizes


@compiled
def _turned(counts: np.ndarray) -> np.ndarray:
    """Counts [k, l, classes] as [l, k, classes]."""
    return counts.transpose(1, 0, 2).copy()


@compiled
def _descend(
    codes: np.ndarray,
    turned_codes: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    known: Known,
    lengths: np.ndarray,
    best_rows: np.ndarray,
    best_columns: np.ndarray,
) -> None:
    """Fills the last three, as `Descent` has them; the labels are lost."""
    units, counts, row_sizes, column_sizes = _counted(codes, turned_codes, rows, columns)
    by_row, by_column, first = units[4], units[5], True
    while True:
        most = max(len(row_sizes), len(column_sizes))
        sweeps = _SWEEPS if first or most < _FEW else 1
        counts = _sweep_sides(sweeps, units, counts, row_sizes, column_sizes, known)
        first = False
        length = _length(counts, row_sizes, column_sizes, known)
        if length < lengths[most]:
            lengths[most] = length
            best_rows[most] = rows
            best_columns[most] = columns
        if most == 1:
            return
        turned = _turned(counts)
        row_change, to, of = _best_merge(counts, row_sizes, known)
        change, column_to, column_of = _best_merge(turned, column_sizes, known)
        if row_change <= change:
            counts, row_sizes = _merged(rows, counts, row_sizes, to, of)
            _merge_seen(by_column, len(row_sizes), to, of)
        else:
            turned, column_sizes = _merged(columns, turned, column_sizes, column_to, column_of)
            _merge_seen(by_row, len(column_sizes), column_to, column_of)
            counts = _turned(turned)


@compiled
def _settle(
    codes: np.ndarray,
    turned_codes: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    known: Known,
) -> float:
    """Moves units until none moves; nats of the description."""
    units, counts, row_sizes, column_sizes = _counted(codes, turned_codes, rows, columns)
    counts = _sweep_sides(_LAST_SWEEPS, units, counts, row_sizes, column_sizes, known)
    return _length(counts, row_sizes, column_sizes, known)


@compiled
def _counted(
    codes: np.ndarray, turned_codes: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[Units, np.ndarray, np.ndarray, np.ndarray]:
    """What sweeps keep up to date of both sides' labels: units, counts and sizes of clusters."""
    row_sizes, column_sizes = _sizes(rows), _sizes(columns)
    by_row = _by_unit(codes, columns, len(column_sizes), codes.max() + 1)
    by_column = _by_unit(turned_codes, rows, len(row_sizes), by_row.shape[2])
    counts = _by_cluster(by_row, rows, len(row_sizes))
    return (codes, turned_codes, rows, columns, by_row, by_column), counts, row_sizes, column_sizes


@compiled
def _sweep_sides(
    most: int,
    units: Units,
    counts: np.ndarray,
    row_sizes: np.ndarray,
    column_sizes: np.ndarray,
    known: Known,
) -> np.ndarray:
    """Moves units of both sides in turns, until none moves or `most` times; the counts then."""
    codes, turned_codes, rows, columns, by_row, by_column = units
    for _ in range(most):
        moved = _sweep(codes, rows, by_row, by_column, counts, row_sizes, column_sizes, known)
        turned = _turned(counts)
        moved += _sweep(
            turned_codes, columns, by_column, by_row, turned, column_sizes, row_sizes, known
        )
        counts = _turned(turned)
        if moved == 0:
            break
    return counts


@compiled
def _sweep(
    codes: np.ndarray,
    own: np.ndarray,
    by_own: np.ndarray,
    by_other: np.ndarray,
    counts: np.ndarray,
    sizes: np.ndarray,
    other_sizes: np.ndarray,
    known: Known,
) -> int:
    """Moves each unit of a side to its best cluster; how many moved.

    Which cluster that is goes by what the unit's weights take at the clusters' frequencies; whether
    the unit moves, by what the description gains. A cluster keeps its last unit. What units of
    either side see of the other's clusters, `_by_unit`, is kept up to date.
    """
    k, others, classes = counts.shape
    if k == 1:
        return 0
    lengths = np.empty((k, others))
    frequencies, totals, scores = np.empty((others, classes, k)), np.empty(k), np.empty(k)
    for a in range(k):
        _note(a, counts, other_sizes, known, lengths, frequencies, totals)
    moved = 0
    for unit in range(len(own)):
        a = own[unit]
        if sizes[a] == 1:
            continue
        of_unit = by_own[unit]
        to = _likeliest(a, of_unit, others, sizes, frequencies, totals, scores)
        change = math.log(sizes[a]) - math.log(sizes[to] + 1)
        for b in range(others):
            left = sizes[a] * other_sizes[b] - other_sizes[b]
            together = sizes[to] * other_sizes[b] + other_sizes[b]
            change += _total(left, classes, known) + _total(together, classes, known)
            for x in range(classes):
                change -= _term(counts[a, b, x] - of_unit[b, x], known)
                change -= _term(counts[to, b, x] + of_unit[b, x], known)
            change -= lengths[a, b] + lengths[to, b]
        if change < -_LEAST_GAIN:
            moved += 1
            own[unit] = to
            sizes[a] -= 1
            sizes[to] += 1
            for b in range(others):
                for x in range(classes):
                    counts[a, b, x] -= of_unit[b, x]
                    counts[to, b, x] += of_unit[b, x]
            for place in range(len(by_other)):
                by_other[place, a, codes[unit, place]] -= 1
                by_other[place, to, codes[unit, place]] += 1
            _note(a, counts, other_sizes, known, lengths, frequencies, totals)
            _note(to, counts, other_sizes, known, lengths, frequencies, totals)
    return moved


@compiled
def _note(
    a: int,
    counts: np.ndarray,
    other_sizes: np.ndarray,
    known: Known,
    lengths: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
) -> None:
    """Fills in what a sweep asks of cluster a."""
    others, classes = counts.shape[1:]
    totals[a] = 0.0
    for b in range(others):
        total, terms = 0, 0.0
        for x in range(classes):
            count = counts[a, b, x]
            total += count
            terms += _term(count, known)
            frequencies[b, x, a] = known[2][count] if count < _KNOWN else math.log(count + 0.5)
        lengths[a, b] = _total(total, classes, known) - terms
        totals[a] += other_sizes[b] * math.log(total + classes / 2)


@compiled
def _likeliest(
    own: int,
    of_unit: np.ndarray,
    others: int,
    sizes: np.ndarray,
    frequencies: np.ndarray,
    totals: np.ndarray,
    scores: np.ndarray,
) -> int:
    """The cluster, but for its own, at whose frequencies a unit's weights take the fewest nats."""
    classes = of_unit.shape[1]
    for a in range(len(sizes)):
        scores[a] = math.log(sizes[a] + 1) - totals[a]
    for b in range(others):
        for x in range(classes):
            count = float(of_unit[b, x])
            if count > 0:
                for a in range(len(sizes)):
                    scores[a] += count * frequencies[b, x, a]
    scores[own] = -np.inf
    best = 0
    for a in range(len(sizes)):
        if scores[a] > scores[best]:
            best = a
    return best


@compiled
def _best_merge(counts: np.ndarray, sizes: np.ndarray, known: Known) -> tuple[float, int, int]:
    """The two clusters of a side whose merging costs least: nats, and which they are."""
    k, others, classes = counts.shape
    best, to, of = np.inf, 0, 0
    lengths = np.zeros(k)
    for a in range(k):
        for b in range(others):
            lengths[a] += _code(counts[a, b], known)
        lengths[a] -= math.lgamma(sizes[a] + 1.0)
    # One cluster fewer takes ln C(n + k - 1, k - 1) down to that of k - 1: the same for all pairs.
    fewer = math.log(k - 1) - math.log(sizes.sum() + k - 1) if k > 1 else 0.0
    for a in range(k):
        for later in range(a + 1, k):
            change = (
                fewer - lengths[a] - lengths[later] - math.lgamma(sizes[a] + sizes[later] + 1.0)
            )
            for b in range(others):
                total, terms = 0, 0.0
                for x in range(classes):
                    count = counts[a, b, x] + counts[later, b, x]
                    total += count
                    terms += _term(count, known)
                change += _total(total, classes, known) - terms
            if change < best:
                best, to, of = change, a, later
    return best, to, of


@compiled
def _merged(
    own: np.ndarray, counts: np.ndarray, sizes: np.ndarray, to: int, of: int
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and sizes with cluster `of` put into `to`; the last cluster takes its number."""
    last = len(sizes) - 1
    counts[to] += counts[of]
    counts[of] = counts[last]
    sizes[to] += sizes[of]
    sizes[of] = sizes[last]
    for unit in range(len(own)):
        if own[unit] == of:
            own[unit] = to
        elif own[unit] == last:
            own[unit] = of
    return counts[:last].copy(), sizes[:last].copy()


@compiled
def _merge_seen(by_unit: np.ndarray, last: int, to: int, of: int) -> None:
    """Does with what the other side sees as `_merged` does with clusters."""
    for unit in range(len(by_unit)):
        by_unit[unit, to] += by_unit[unit, of]
        by_unit[unit, of] = by_unit[unit, last]
