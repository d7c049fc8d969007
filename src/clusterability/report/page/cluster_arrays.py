"""Arrays of the tables' values for single clusters: bits, effects of ablation, drops by class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clusterability.measures.function_catalogue import ABLATION_MEASURES
from clusterability.networks.tasks import MNIST_CLASSES
from clusterability.report.page.grid import Grid, laid_out, places

CLUSTER = ["seed", "layer", "method", "k", "cluster"]
"""Columns that say which cluster of a condition a row is about."""

BITS_NUMBERS = ("cluster_bits", "bits_if_merged", "merge_with")
"""What a cluster has from the weights."""
CLUSTER_NUMBERS = tuple(
    f"{measure}{end}" for measure in ABLATION_MEASURES for end in ("", "_z", "_p")
)
"""What a cluster has from its ablation: value, z and p of each measure."""

ABLATIONS = ("zero", "mean")
_OTHERS = {"": "", "alone_": "others_"}
"""Of names of arrays and of ablations: of the cluster itself, and of all other units."""
FALL_NUMBERS = ("fall", "null_mean")
CLASS_NUMBERS = ("images", "accuracy")
"""What a network has by class, whatever is ablated."""


def most_clusters(grid: Grid) -> int:
    """The largest k that is probed."""
    return max(grid.probed_k, default=0)


def bits_arrays(rows: pd.DataFrame, grid: Grid) -> dict[str, np.ndarray]:
    """`BITS_NUMBERS` to [methods, k, largest k]; NaN beyond k."""
    shape = (len(grid.methods), len(grid.k), max(grid.k))
    method, k = places(rows["method"], grid.methods), places(rows["k"], grid.k)
    at = (method, k, rows["cluster"].to_numpy(int))
    return {name: laid_out(shape, at, rows[name]) for name in BITS_NUMBERS}


def ablation_arrays(rows: pd.DataFrame, grid: Grid) -> dict[str, np.ndarray]:
    """`CLUSTER_NUMBERS` to [methods, probed k, largest probed k]; NaN beyond k."""
    shape = (len(grid.methods), len(grid.probed_k), most_clusters(grid))
    at = _probed_places(rows, grid)
    return {name: laid_out(shape, at, rows[name]) for name in CLUSTER_NUMBERS}


def fall_arrays(rows: pd.DataFrame, grid: Grid) -> dict[str, np.ndarray]:
    """Drops by class, of the network and of random groups.

    Returns:
        `FALL_NUMBERS`, and the same after `alone_` for a cluster alone, to [ablations, methods,
        probed k, largest probed k, classes].
    """
    clusters = (len(grid.methods), len(grid.probed_k), most_clusters(grid))
    shape = (len(ABLATIONS), *clusters, MNIST_CLASSES)
    arrays: dict[str, np.ndarray] = {}
    for prefix, others in _OTHERS.items():
        names = [others + ablation for ablation in ABLATIONS]
        chosen = rows[rows["ablation"].isin(names)]
        ablation = places(chosen["ablation"], names)
        at = (ablation, *_probed_places(chosen, grid), chosen["class"].to_numpy(int))
        arrays |= {prefix + name: laid_out(shape, at, chosen[name]) for name in FALL_NUMBERS}
    return arrays


def class_arrays(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """`CLASS_NUMBERS` to [classes]: NaN for a class without rows."""
    once = rows.drop_duplicates("class")
    at = (once["class"].to_numpy(int),)
    return {name: laid_out((MNIST_CLASSES,), at, once[name]) for name in CLASS_NUMBERS}


def _probed_places(rows: pd.DataFrame, grid: Grid) -> tuple[np.ndarray, ...]:
    method, k = places(rows["method"], grid.methods), places(rows["k"], grid.probed_k)
    return method, k, rows["cluster"].to_numpy(int)
