"""Draws of nulls by number, and their tables put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.networks.partitions import Key
from clusterability.nulls.clustered_again import redrawn_tables
from clusterability.nulls.redrawing import RandomModel


def draws_of(null, matrix: np.ndarray, name: tuple, numbers: Iterable[int]) -> np.ndarray:
    """Draws [numbers, m, n] of the module of a null."""
    draw = null.redraw(matrix, name)
    return np.stack([draw(number) for number in numbers])


def null_tables(
    null: str | RandomModel,
    weights: Mapping[str, np.ndarray],
    layer: str,
    name: tuple,
    draws: int | Sequence[int],
    *asked,
    **options,
) -> dict[Key, Tables]:
    """Tables [draws, ...] of a null, by (method, k); asked: k, methods, restarts."""
    model = RandomModel.named(null) if isinstance(null, str) else null
    numbers = range(draws) if isinstance(draws, int) else draws
    return stack_by_key(
        list(redrawn_tables(model, weights, layer, name, numbers, *asked, **options))
    )
