"""Live units of weight matrices: units with a non-zero weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

DEAD = -1
"""Label of a dead unit."""


@dataclass(frozen=True)
class LiveUnits:
    """Masks of the live units of a weight matrix [m, n]: bool [m] and [n]."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of live rows and of live columns."""
        return int(self.rows.sum()), int(self.columns.sum())

    def holds(self, k: int) -> bool:
        """Whether k clusters per side are feasible: 1 <= k <= the smaller live side."""
        return 1 <= k <= min(self.shape)

    def take(self, matrices: np.ndarray) -> np.ndarray:
        """Live part [..., live rows, live columns] of matrices [..., m, n]."""
        if self.rows.all() and self.columns.all():
            return matrices
        # The memory layout of a selection depends on the number of matrices, and bits depend on it.
        return np.ascontiguousarray(matrices[..., self.rows, :][..., self.columns])


def live_units_of_layers(weights: Mapping[str, np.ndarray]) -> dict[str, LiveUnits]:
    """Live units of each layer's matrix [out, in], judged within the whole network.

    A hidden unit is live if it has a weight to the layer before or to the layer after it.

    Args:
        weights: by layer, from the input on.

    >>> first, second = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 2.0]])
    >>> live = live_units_of_layers({"fc1": first, "fc2": second})
    >>> live["fc1"].rows.tolist(), live["fc1"].columns.tolist()
    ([True, True], [True, False])
    """
    live = [live_units(matrix) for matrix in weights.values()]
    units = [live[0].columns]
    units += [first.rows | second.columns for first, second in pairwise(live)]
    units += [live[-1].rows]
    sides = zip(units[1:], units[:-1], strict=True)
    return {layer: LiveUnits(*side) for layer, side in zip(weights, sides, strict=True)}


def live_units(matrix: np.ndarray) -> LiveUnits:
    """Live units of one weight matrix [m, n]; none if an entry is not finite."""
    used = (matrix != 0) & np.isfinite(matrix).all()
    return LiveUnits(rows=np.any(used, axis=1), columns=np.any(used, axis=0))
