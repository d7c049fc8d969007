"""Spectral embedding of a bipartite graph: singular vectors of its normalised weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from clusterability.clustering.leading_vectors import leading_vectors
from clusterability.networks.components import Components, connected_components

_PANEL = 1 << 17
"""Entries normalised at a time, few enough to stay in the cache."""
_DIGITS = 9
"""Digits to which component strengths are compared, so that rounding cannot order them."""


# eq=False: `==` of arrays is elementwise.
@dataclass(frozen=True, eq=False)
class Embedding:
    """Leading singular vectors of a normalised matrix, by decreasing singular value.

    The singular value 1 occurs once per connected component. Its singular vectors are the square
    roots of the strengths within each component, or any rotation of these. In a connected matrix
    it belongs to the first, trivial pair alone.

    Attributes:
        left: [m, vectors]; right: [n, vectors]. Those of the components come first, by decreasing
            strength.
        singular_values: [vectors]; 0, like the vectors, beyond the rank of the matrix.
        row_strengths, column_strengths: row sums [m] and column sums [n].
        components: connected components of the units.
    """

    left: np.ndarray
    right: np.ndarray
    singular_values: np.ndarray
    row_strengths: np.ndarray
    column_strengths: np.ndarray
    components: Components

    @property
    def row_scale(self) -> np.ndarray:
        """Diagonal of D_U^-1/2, [m]."""
        return 1 / np.sqrt(self.row_strengths)

    @property
    def column_scale(self) -> np.ndarray:
        """Diagonal of D_V^-1/2, [n]."""
        return 1 / np.sqrt(self.column_strengths)

    def leading(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """First vectors, left [m, count] and right [n, count].

        With more components than `count`, whole components are pooled into `count` groups with one
        vector each. Among all rotations of the eigenspace of singular value 1, k-means can cut this
        one into parts that no edge connects.
        """
        if count >= self.components.count:
            return self.left[:, :count], self.right[:, :count]
        return self._group_vectors(count)[:2]

    def sides(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates for clustering each side separately: its first k singular vectors.

        If k is at most the number of components, the clusters are groups of whole components. Their
        vectors are then 1 for every unit in the group, so that differences in strength cannot split
        a group.
        """
        left, right = self.leading(k)
        if k > self.components.count:
            return left, right
        return (left > 0).astype(float), (right > 0).astype(float)

    def nontrivial(self, count: int, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Vectors that separate k clusters, without the trivial first one: [m, count], [n, count].

        With c components, the first ceil(log2 min(c, k)) vectors are rotated to separate min(c, k)
        groups of whole components, as binary digits do. The others vary within components.
        """
        groups = min(self.components.count, k)
        if groups == 1:
            return self.left[:, 1 : 1 + count], self.right[:, 1 : 1 + count]
        left, right, strengths = self._group_vectors(groups)
        digits = np.arange(groups)[:, None] >> np.arange(math.ceil(math.log2(groups))) & 1
        ones_and_signs = np.column_stack([np.ones(groups), 1 - 2.0 * digits])
        turn = np.linalg.qr(np.sqrt(strengths)[:, None] * ones_and_signs)[0][:, 1:]
        first = self.components.count
        within = slice(first, first + count - turn.shape[1])
        return (
            np.column_stack([left @ turn, self.left[:, within]]),
            np.column_stack([right @ turn, self.right[:, within]]),
        )

    def _group_vectors(self, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Left and right singular vectors of `count` groups of components, and the group strengths.

        Components are assigned by decreasing strength, each to the weakest group so far.
        """
        of_component = _strengths_of(self.components, self.row_strengths)
        shares = _comparable(of_component)
        loads, members = np.zeros(count), np.zeros(count)
        group = np.empty(len(shares), np.int64)
        for component in _by_strength(of_component):
            # Ties go to the group with the fewest components, so that none stays empty.
            weakest = np.lexsort((members, loads))[0]
            group[component] = weakest
            loads[weakest] += shares[component]
            members[weakest] += 1
        strengths = np.bincount(group, of_component, count)
        return (
            _indicator_vectors(group[self.components.rows], self.row_strengths, strengths),
            _indicator_vectors(group[self.components.columns], self.column_strengths, strengths),
            strengths,
        )


def embed(adjacency: np.ndarray, count: int) -> Embedding:
    """Leading singular vectors of D_U^-1/2 A D_V^-1/2.

    The vectors with singular value 1 follow from the connected components. The others are computed
    from the matrix without that part.

    Args:
        adjacency: A, non-negative [m, n], without zero rows or columns.
        count: number of singular vectors, at most min(m, n).

    References:
        Dhillon 2001, KDD. doi:10.1145/502512.502550

    >>> embedding = embed(np.array([[3.0, 1.0], [1.0, 3.0]]), 2)
    >>> embedding.singular_values.round(9).tolist(), np.abs(embedding.left).round(3).tolist()
    ([1.0, 0.5], [[0.707, 0.707], [0.707, 0.707]])
    """
    components = connected_components(adjacency)
    row_strengths = adjacency.sum(axis=1, dtype=np.float64)
    column_strengths = adjacency.sum(axis=0, dtype=np.float64)
    of_component = _strengths_of(components, row_strengths)
    strongest = _by_strength(of_component)[:count]
    known = len(strongest)
    number = np.full(components.count, -1)
    number[strongest] = np.arange(known)
    left, right = np.zeros((len(adjacency), count)), np.zeros((adjacency.shape[1], count))
    values = np.ones(count)
    for side, of_unit, sums in (
        (left, components.rows, row_strengths),
        (right, components.columns, column_strengths),
    ):
        side[:, :known] = _indicator_vectors(number[of_unit], sums, of_component[strongest])
    if known < count:
        rest = _without_trivial(adjacency, components, row_strengths, column_strengths)
        left[:, known:], values[known:], right[:, known:] = leading_vectors(rest, count - known)
    return Embedding(left, right, values, row_strengths, column_strengths, components)


def _strengths_of(components: Components, row_strengths: np.ndarray) -> np.ndarray:
    return np.bincount(components.rows, row_strengths, components.count)


def _by_strength(strengths: np.ndarray) -> np.ndarray:
    """Components by decreasing strength; ties keep their order."""
    return np.argsort(-_comparable(strengths), kind="stable")


def _comparable(strengths: np.ndarray) -> np.ndarray:
    """Strengths relative to the largest, rounded so that values equal up to rounding are equal."""
    return (strengths / strengths.max()).round(_DIGITS)


def _indicator_vectors(
    labels: np.ndarray, unit_strengths: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    """Square root of each unit's share of its group's strength, [units, groups]; -1 is no group."""
    member = labels[:, None] == np.arange(len(strengths))
    return np.where(member, np.sqrt(unit_strengths[:, None] / strengths), 0)


def _without_trivial(
    adjacency: np.ndarray,
    components: Components,
    row_strengths: np.ndarray,
    column_strengths: np.ndarray,
) -> np.ndarray:
    """Normalised matrix minus its part with singular value 1, [m, n].

    That part is sqrt(r_i c_j) / s for units of one component with strength s. Rows are stored
    along the longer side because `leading_vectors` reads the matrix row by row.
    """
    wide = adjacency.shape[0] < adjacency.shape[1]
    matrix, of_row, of_column = adjacency, components.rows, components.columns
    if wide:
        matrix, of_row, of_column = matrix.T, of_column, of_row
        row_strengths, column_strengths = column_strengths, row_strengths
    rows, columns = np.sqrt(row_strengths)[:, None], np.sqrt(column_strengths)
    strengths = np.bincount(of_row, row_strengths, components.count)[of_row][:, None]
    rest = np.empty(matrix.shape)
    height = max(_PANEL // matrix.shape[1], 1)
    for begin in range(0, len(matrix), height):
        part = slice(begin, begin + height)
        np.divide(matrix[part], rows[part], out=rest[part])
        rest[part] /= columns
        trivial = rows[part] / strengths[part] * columns
        if components.count > 1:
            trivial[of_row[part, None] != of_column] = 0
        rest[part] -= trivial
    return rest.T if wide else rest
