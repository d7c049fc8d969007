"""Axes of a page's arrays, and columns of tables laid out on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clusterability.measures.catalogue import MEASURES
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS


@dataclass(frozen=True)
class Grid:
    """Meaning of the axes of all arrays, the same for all networks of a study.

    Attributes:
        methods: those that cluster layers, at each scaling.
        k: numbers of clusters.
        nulls: those that structural measures are compared with.
        probed_k: numbers of clusters at which it is asked what units do.
    """

    methods: Sequence[str]
    k: Sequence[int]
    nulls: Sequence[str]
    probed_k: Sequence[int]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Measures with a null that they are compared with."""
        structure = [(measure, null) for measure in MEASURES for null in self.nulls]
        return structure + [(measure, GROUPS) for measure in FUNCTION_MEASURES]


def places(values: pd.Series, axis: Sequence[Any]) -> np.ndarray:
    """Positions of values on an axis of the grid; -1 for those not on it."""
    return pd.Index(axis).get_indexer(pd.Index(values))


def laid_out(shape: tuple[int, ...], at: tuple[np.ndarray, ...], values: pd.Series) -> np.ndarray:
    """Array of a shape with these values at these places, NaN elsewhere."""
    array = np.full(shape, np.nan)
    array[at] = values.to_numpy(float)
    return array
