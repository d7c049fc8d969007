"""Draws that end by a rule, aligned over k and networks so that k can be chosen by them.

Blocks of k, and networks, have different numbers of draws. Draw d of a network is the same random
matrix at every k only if it was made at every k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.networks.partitions import Key
from clusterability.results.measured_draws import Measured


class AlignedDraws(Mapping[Key, Mapping[str, np.ndarray]]):
    """Values [networks, most draws] by (method, k), then by measure.

    For each network and method, only draws made at all k have values; the others are NaN.
    """

    def __init__(self, measured: Measured, adaptive: AdaptiveDraws) -> None:
        """Store the arguments; values are read on access.

        Args:
            measured: measures of the draws that were made; they may be stored in files.
            adaptive: largest number of draws by method.
        """
        self._measured, self._asked = measured, adaptive
        self._made: dict[str, np.ndarray] = {}

    def __getitem__(self, key: Key) -> dict[str, np.ndarray]:
        method, _ = key
        if method not in self._made:
            counts = [_made(self._measured[name, k]) for name, k in self if name == method]
            self._made[method] = np.min(counts, axis=0)
        made, most = self._made[method], self._asked.most(method)
        return {name: _cut(values, made, most) for name, values in self._measured[key].items()}

    def __iter__(self) -> Iterator[Key]:
        return iter(self._measured)

    def __len__(self) -> int:
        return len(self._measured)


def _made(measures: Mapping[str, np.ndarray]) -> np.ndarray:
    """Number of draws of each network, [networks]: up to the last draw with a defined value."""
    defined = np.any([np.isfinite(values) for values in measures.values()], axis=0)
    return np.where(defined, 1 + np.arange(defined.shape[1]), 0).max(axis=1, initial=0)


def _cut(values: np.ndarray, made: np.ndarray, most: int) -> np.ndarray:
    """Keep the first `made` draws of values [networks, draws]; the result is [networks, most]."""
    result = np.full((len(values), most), np.nan)
    width = min(values.shape[1], most)
    result[:, :width] = np.where(np.arange(width) < made[:, None], values[:, :width], np.nan)
    return result
