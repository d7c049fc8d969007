"""Measures of each draw of a null, small enough for a page: in steps between the ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from clusterability.report.page.grid import Grid
from clusterability.results.measured_draws import load_measured

STEPS = 127
"""From the smallest draw to the largest one."""

Draws = dict[tuple[str, str, str, int], np.ndarray]
"""Values of draws by measure, null, method and k, in the order of their numbers."""


def draws_of_network(files: Sequence[Path], number: int, grid: Grid) -> Draws:
    """The draws that a study keeps of one layer of one network.

    Args:
        files: `{k}.draws.npz` of the layer of a block (`results.measured_draws`).
        number: of the network in the block.
        grid: only its methods, k and nulls are read.
    """
    draws: Draws = {}
    for file in files:
        for null, by_key in load_measured(file).items():
            for (method, k), measures in by_key.items():
                if null in grid.nulls and method in grid.methods and k in grid.k:
                    for measure, values in measures.items():
                        draws[measure, null, method, k] = values[number]
    return draws


def stepped(draws: Draws, grid: Grid) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays [pairs, methods, k] of draws, and the steps of all of them one after the other.

    `draws_n`, how many draws have a value; `draws_ends`, [2, …], the smallest and the largest one;
    `draws_first`, the step of the draw of number 0, 255 where it has no value; `draws_steps`, of
    each entry that has draws the steps of these in ascending order, each less the one before it.
    """
    shape = (len(grid.pairs), len(grid.methods), len(grid.k))
    counts, first = np.zeros(shape, np.uint16), np.full(shape, 255, np.uint8)
    ends, steps = np.full((2, *shape), np.nan), [np.zeros(0, np.uint8)]
    for index in np.ndindex(shape):
        pair, method, k = index
        all_values = draws.get((*grid.pairs[pair], grid.methods[method], grid.k[k]), steps[0])
        values = all_values[np.isfinite(all_values)]
        if not len(values):
            continue
        counts[index], ends[:, *index] = len(values), (values.min(), values.max())
        codes = _codes(all_values, values.min(), values.max())
        first[index] = codes[0] if np.isfinite(all_values[0]) else 255
        steps.append(np.diff(np.sort(codes[np.isfinite(all_values)]), prepend=0).astype(np.uint8))
    yield "draws_n", counts
    yield "draws_ends", ends
    yield "draws_first", first
    yield "draws_steps", np.concatenate(steps)


def _codes(values: np.ndarray, low: float, high: float) -> np.ndarray:
    shares = (np.nan_to_num(values) - low) / ((high - low) or 1.0)
    return np.rint(STEPS * np.clip(shares, 0, 1)).astype(np.uint8)
