"""Compiled loops of `describing`: description lengths, moves of units, mergers of clusters.

They share one file because a compiled function can only call functions of its module (`compiled`).
"""

from __future__ import annotations

import math

import numpy as np

from clusterability.compiled import compiled, compiled_in_any_order

KNOWN = 1 << 15
"""Size of the lookup table of log-gamma values; larger arguments use a series."""
_LEAST_GAIN = 1e-9
"""Minimum gain of a move in nats, so that rounding cannot move units back and forth."""
_FEW = 8
_SWEEPS = 2
"""Sweeps over both sides at the start, and with fewer than `_FEW` clusters; otherwise one."""
_LAST_SWEEPS = 100

Known = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Tables from 0 on: ln Gamma(c + 1/2)/Gamma(1/2), ln Gamma(n + B/2)/Gamma(B/2) and ln (c + 1/2)."""

Units = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Codes, labels and `_by_unit` counts, each for rows and for columns."""

Noted = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Kept for each cluster of a side, from the first axis on: code lengths of its blocks [k, l], log
frequencies [k, l x classes], the part of a unit's score that all units share [k], and the largest
count [k]."""


@compiled
def _log_gamma(x: float) -> float:
    """Log-gamma by Stirling's series, accurate to 1e-16 for x >= 2^15."""
    return (x - 0.5) * math.log(x) - x + 0.9189385332046727 + 1 / (12 * x)


@compiled
def _term(count: int, known: Known) -> float:
    """Term of one count, ln Gamma(c + 1/2) / Gamma(1/2)."""
    if count < KNOWN:
        return known[0][count]
    return _log_gamma(count + 0.5) - 0.5723649429247001


@compiled
def _total(count: int, classes: int, known: Known) -> float:
    """Term of a total of n weights, ln Gamma(n + B/2) / Gamma(B/2)."""
    if count < KNOWN:
        return known[1][count]
    return _log_gamma(count + classes / 2) - math.lgamma(classes / 2)


@compiled
def _code(counts: np.ndarray, known: Known) -> float:
    """Code length in nats of one block with counts [classes]."""
    total, terms = 0, 0.0
    for x in range(len(counts)):
        total += counts[x]
        terms += _term(counts[x], known)
    return _total(total, len(counts), known) - terms


@compiled
def code_blocks(
    counts: np.ndarray, clusters: np.ndarray, known: Known, lengths: np.ndarray
) -> None:
    """Fill lengths [2, partitions], as described in `describing.block_lengths`."""
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
def cost_merges(counts: np.ndarray, known: Known, costs: np.ndarray) -> None:
    """Fill costs [k, k], as described in `describing.merge_costs`."""
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
    """Code length in nats of the labels of one side with sizes [k]."""
    units, length = 0, 0.0
    for size in sizes:
        units += size
        length -= math.lgamma(size + 1.0)
    return length + math.lgamma(units + len(sizes)) - math.lgamma(len(sizes))


@compiled
def _length(
    counts: np.ndarray, row_sizes: np.ndarray, column_sizes: np.ndarray, known: Known
) -> float:
    """Description length in nats: weights with counts [k, l, classes], and labels."""
    length = _labels(row_sizes) + _labels(column_sizes)
    for a in range(counts.shape[0]):
        for b in range(counts.shape[1]):
            length += _code(counts[a, b], known)
    return length


@compiled
def _by_unit(codes: np.ndarray, other: np.ndarray, k: int, classes: int) -> np.ndarray:
    """Weights of each unit by cluster of the other side and class, [units, k, classes]."""
    counts = np.zeros((codes.shape[0], k, classes), np.int32)
    for unit in range(codes.shape[0]):
        for other_unit in range(codes.shape[1]):
            counts[unit, other[other_unit], codes[unit, other_unit]] += 1
    return counts


@compiled
def _by_cluster(by_unit: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Sums of `_by_unit` over clusters, [k, clusters of the other side, classes]."""
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
    """Transpose counts [k, l, classes] to [l, k, classes]."""
    return counts.transpose(1, 0, 2).copy()


@compiled
def descend_labels(
    codes: np.ndarray,
    turned_codes: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    known: Known,
    lengths: np.ndarray,
    best_rows: np.ndarray,
    best_columns: np.ndarray,
) -> None:
    """Fill the last three arguments, as in `describing.Descent`; the initial labels are lost."""
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
def settle_labels(
    codes: np.ndarray,
    turned_codes: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    known: Known,
) -> float:
    """Move units until none moves; return the description length in nats."""
    units, counts, row_sizes, column_sizes = _counted(codes, turned_codes, rows, columns)
    counts = _sweep_sides(_LAST_SWEEPS, units, counts, row_sizes, column_sizes, known)
    return _length(counts, row_sizes, column_sizes, known)


@compiled
def _counted(
    codes: np.ndarray, turned_codes: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[Units, np.ndarray, np.ndarray, np.ndarray]:
    """Counts that sweeps keep up to date for both sides: units, blocks and cluster sizes."""
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
    """Move units of both sides in turn, until none moves or `most` times; return the new counts."""
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
    labels: np.ndarray,
    by_unit: np.ndarray,
    by_other: np.ndarray,
    counts: np.ndarray,
    sizes: np.ndarray,
    other_sizes: np.ndarray,
    known: Known,
) -> int:
    """Move each unit of a side to its best cluster; return the number of moves.

    The candidate is the cluster whose class frequencies code the unit's weights in the fewest
    nats. The unit moves if this shortens the description. A cluster keeps its last unit. The
    counts by unit of both sides (`_by_unit`) are kept up to date.
    """
    k, others, classes = counts.shape
    if k == 1:
        return 0
    lengths, frequencies = np.empty((k, others)), np.empty((k, others * classes))
    base, largest = np.empty(k), np.empty(k, np.int64)
    noted = lengths, frequencies, base, largest
    for a in range(k):
        _note(a, sizes, counts, other_sizes, known, noted)
    flat, moved = by_unit.reshape(len(by_unit), -1), 0
    for unit in range(len(labels)):
        a = labels[unit]
        if sizes[a] == 1:
            continue
        to = _likeliest(a, flat, unit, frequencies, base)
        change = math.log(sizes[a]) - math.log(sizes[to] + 1)
        for b in range(others):
            left = sizes[a] * other_sizes[b] - other_sizes[b]
            together = sizes[to] * other_sizes[b] + other_sizes[b]
            change += _total(left, classes, known) + _total(together, classes, known)
            change -= lengths[a, b] + lengths[to, b]
        in_table = max(largest[a], largest[to]) + codes.shape[1] < KNOWN
        change -= _moved_terms(counts, a, to, by_unit, unit, known, in_table)
        if change < -_LEAST_GAIN:
            moved += 1
            labels[unit] = to
            sizes[a] -= 1
            sizes[to] += 1
            for b in range(others):
                for x in range(classes):
                    counts[a, b, x] -= by_unit[unit, b, x]
                    counts[to, b, x] += by_unit[unit, b, x]
            for other_unit in range(len(by_other)):
                by_other[other_unit, a, codes[unit, other_unit]] -= 1
                by_other[other_unit, to, codes[unit, other_unit]] += 1
            _note(a, sizes, counts, other_sizes, known, noted)
            _note(to, sizes, counts, other_sizes, known, noted)
    return moved


@compiled
def _note(
    a: int,
    sizes: np.ndarray,
    counts: np.ndarray,
    other_sizes: np.ndarray,
    known: Known,
    noted: Noted,
) -> None:
    """Update what is noted of cluster a."""
    lengths, frequencies, base, largest = noted
    others, classes = counts.shape[1:]
    base[a], largest[a] = math.log(sizes[a] + 1), 0
    for b in range(others):
        total, terms = 0, 0.0
        for x in range(classes):
            count = counts[a, b, x]
            total += count
            largest[a] = max(largest[a], count)
            terms += _term(count, known)
            frequency = known[2][count] if count < KNOWN else math.log(count + 0.5)
            frequencies[a, b * classes + x] = frequency
        lengths[a, b] = _total(total, classes, known) - terms
        base[a] -= other_sizes[b] * math.log(total + classes / 2)


@compiled
def _moved_terms(
    counts: np.ndarray,
    a: int,
    to: int,
    by_unit: np.ndarray,
    unit: int,
    known: Known,
    in_table: bool,
) -> float:
    """Terms of the blocks of clusters `a` and `to` after a unit has moved from one to the other.

    `in_table` says that all of their counts are in the lookup table, which saves asking each time.
    """
    left, joined = 0.0, 0.0
    for b in range(counts.shape[1]):
        for x in range(counts.shape[2]):
            count = by_unit[unit, b, x]
            if in_table:
                left += known[0][np.uint64(counts[a, b, x] - count)]
                joined += known[0][np.uint64(counts[to, b, x] + count)]
            else:
                left += _term(counts[a, b, x] - count, known)
                joined += _term(counts[to, b, x] + count, known)
    return left + joined


@compiled_in_any_order
def _likeliest(
    current: int, by_unit: np.ndarray, unit: int, frequencies: np.ndarray, base: np.ndarray
) -> int:
    """Best cluster for a unit other than its current one: the fewest nats for its weights.

    Takes counts by unit flat, [units, cells or more]. It proposes a move only, which `_sweep`
    accepts by a sum in fixed order.
    """
    best, highest = 0, -np.inf
    for a in range(len(base)):
        score = 0.0
        for cell in range(frequencies.shape[1]):
            score += by_unit[unit, cell] * frequencies[a, cell]
        score += base[a]
        if a != current and score > highest:
            best, highest = a, score
    return best


@compiled
def _best_merge(counts: np.ndarray, sizes: np.ndarray, known: Known) -> tuple[float, int, int]:
    """Cheapest merger of two clusters on a side: its cost in nats, and the two clusters."""
    k, others, classes = counts.shape
    best, to, of = np.inf, 0, 0
    lengths = np.zeros(k)
    for a in range(k):
        for b in range(others):
            lengths[a] += _code(counts[a, b], known)
        lengths[a] -= math.lgamma(sizes[a] + 1.0)
    # With k - 1 clusters, ln C(n + k - 1, k - 1) shrinks by the same amount for all pairs.
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
    labels: np.ndarray, counts: np.ndarray, sizes: np.ndarray, to: int, of: int
) -> tuple[np.ndarray, np.ndarray]:
    """Counts and sizes after merging cluster `of` into `to`; the last cluster takes number `of`."""
    last = len(sizes) - 1
    counts[to] += counts[of]
    counts[of] = counts[last]
    sizes[to] += sizes[of]
    sizes[of] = sizes[last]
    for unit in range(len(labels)):
        if labels[unit] == of:
            labels[unit] = to
        elif labels[unit] == last:
            labels[unit] = of
    return counts[:last].copy(), sizes[:last].copy()


@compiled
def _merge_seen(by_unit: np.ndarray, last: int, to: int, of: int) -> None:
    """Apply the merger of `_merged` to the counts by unit of the other side."""
    for unit in range(len(by_unit)):
        by_unit[unit, to] += by_unit[unit, of]
        by_unit[unit, of] = by_unit[unit, last]
