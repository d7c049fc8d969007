"""A weight matrix as a weighted bipartite graph: output units against input units.

Edges are abs(W). A unit all of whose weights are zero is dead: it has no place in the graph and
belongs to no cluster (label -1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

DEAD = -1
"""Label of a dead unit."""


@dataclass(frozen=True)
class LiveUnits:
    """Which units of a weight matrix [m, n] are not dead: booleans [m] and [n]."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of live rows and of live columns."""
        return int(self.rows.sum()), int(self.columns.sum())

    def holds(self, k: int) -> bool:
        """Whether k clusters a side are feasible: 1 <= k <= the smaller live side."""
        return 1 <= k <= min(self.shape)

    def take(self, matrices: np.ndarray) -> np.ndarray:
        """The live part [..., live rows, live columns] of matrices [..., m, n]."""
        if self.rows.all() and self.columns.all():
            return matrices
        return matrices[..., self.rows, :][..., self.columns]


def live_units(matrix: np.ndarray) -> LiveUnits:
    """Live units of one weight matrix [m, n]."""
    used = matrix != 0
    return LiveUnits(rows=np.any(used, axis=1), columns=np.any(used, axis=0))


def by_live_units(matrices: np.ndarray) -> Iterator[tuple[LiveUnits, np.ndarray]]:
    """Matrices [matrices, m, n] grouped by their live units, with the indices of each group.

    Nearly always there is one group; shuffling the weights of a pruned layer makes several.
    """
    groups: dict[tuple[bytes, bytes], tuple[LiveUnits, list[int]]] = {}
    for index, matrix in enumerate(matrices):
        live = live_units(matrix)
        key = (live.rows.tobytes(), live.columns.tobytes())
        groups.setdefault(key, (live, []))[1].append(index)
    for live, indices in groups.values():
        yield live, np.array(indices)
