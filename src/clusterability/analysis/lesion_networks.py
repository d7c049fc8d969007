"""Lesion test of whole networks: p-values of sub-clusters combined, as in Filan et al. 2021.

It is separate from `lesions`, which deals with one hidden layer and reads no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from clusterability.measures.lesions import COMPLETE, IMPORTANT, SMALL
from clusterability.results.function_columns import LESION_COLUMNS
from clusterability.results.reading import read_all

OF_NETWORK = ["condition", "seed", "method", "k"]
"""Columns that identify a network and how it was clustered."""
LARGE, ALL = "large", "all"
"""Selections of sub-clusters: those neither small nor complete, or all."""

COLUMNS = [
    *OF_NETWORK,
    "selection",
    "groups",
    "n",
    "n_important",
    "accuracy_p",
    "accuracy_chi2_p",
    "accuracy_factor",
    "n_ranges",
    "range_p",
    "range_chi2_p",
    "range_factor",
    "importance_z",
    "n_coherence",
    "coherence_z",
]

_NUMBERS = (
    "accuracy_p",
    "accuracy_factor",
    "range_p",
    "range_factor",
    "importance_z",
    "coherence_z",
)
"""Columns of sub-clusters that are combined."""


def lesion_networks(files: Iterable[str]) -> pd.DataFrame:
    """One row per network, method, k and selection of its sub-clusters, with COLUMNS.

    Args:
        files: `…/{condition}/{seeds}/{layer}/{k}.lesions.parquet`.
    """
    rows = [row for block in _blocks(files) for row in _rows_of_networks(block)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _blocks(files: Iterable[str]) -> Iterator[pd.DataFrame]:
    """Rows of all hidden layers, by block of networks and of k."""
    files_by_block: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        condition, seeds, _, name = Path(file).parts[-4:]
        files_by_block.setdefault((condition, seeds, name), []).append(file)
    for of_layers in files_by_block.values():
        yield read_all(of_layers, LESION_COLUMNS)


def _rows_of_networks(lesions: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with COLUMNS, from rows with LESION_COLUMNS of complete networks."""
    large = ~lesions["category"].isin([SMALL, COMPLETE]).to_numpy()
    # Arrays and positions: creating a frame for each of many networks is slow.
    columns = {name: lesions[name].to_numpy() for name in ("groups", "category")}
    # Concatenated with a file without rows, numbers have dtype object.
    columns |= {name: lesions[name].to_numpy(float) for name in _NUMBERS}
    positions_by_network = lesions.groupby(OF_NETWORK, sort=False).indices
    networks: dict[Any, np.ndarray] = {
        key: np.asarray(positions_by_network[key]) for key in positions_by_network
    }
    rows = []
    for key, positions in sorted(networks.items(), key=lambda item: item[1][0]):
        groups = int(columns["groups"][positions[0]])
        for selection, chosen in ((LARGE, positions[large[positions]]), (ALL, positions)):
            named = {"selection": selection, "groups": groups}
            subset = {name: column[chosen] for name, column in columns.items()}
            rows.append(dict(zip(OF_NETWORK, key, strict=True)) | named | _combined(subset, groups))
    return rows


def _combined(columns: Mapping[str, np.ndarray], groups: int) -> dict[str, Any]:
    numbers = {name: columns[name][~np.isnan(columns[name])] for name in _NUMBERS}
    means = {name: float(n.mean()) if len(n) else np.nan for name, n in numbers.items()}
    accuracy, ranges = numbers["accuracy_p"], numbers["range_p"]
    return {
        "n": len(columns["category"]),
        "n_important": int((columns["category"] == IMPORTANT).sum()),
        "accuracy_p": combined_p(accuracy, groups),
        "accuracy_chi2_p": rank_p(accuracy, groups),
        "accuracy_factor": means["accuracy_factor"],
        "n_ranges": len(ranges),
        "range_p": combined_p(ranges, groups),
        "range_chi2_p": rank_p(ranges, groups),
        "range_factor": means["range_factor"],
        "importance_z": means["importance_z"],
        "n_coherence": len(numbers["coherence_z"]),
        "coherence_z": means["coherence_z"],
    }


def combined_p(p: Sequence[float] | np.ndarray, draws: int) -> float:
    """Fisher's combined p; NaN without any p.

        p_combined = P(chi-squared with 2n degrees of freedom > -2 sum of ln p_i)

    Each p is first moved to the middle of its step, down by 1 / (2 (draws + 1)), so that its mean
    is 1/2 under the null. Sub-clusters are treated as independent, which they are not.

    Args:
        p: permutation p-values.
        draws: number of draws behind each.

    >>> round(combined_p([0.6], 4), 6)  # the third of five ranks
    0.5
    """
    if not len(p):
        return np.nan
    middle = np.asarray(p, float) - 0.5 / (draws + 1)
    return float(special.chdtrc(2 * len(middle), -2 * np.log(middle).sum()))


def rank_p(p: Sequence[float] | np.ndarray, draws: int) -> float:
    """p of the chi-squared test that all draws + 1 ranks are equally frequent; NaN without any p.

    As in Filan et al. 2021. With fewer sub-clusters than ranks, fewer than one is expected per
    rank, and the test is not valid.

    Args:
        p: permutation p-values.
        draws: number of draws behind each.
    """
    if not len(p):
        return np.nan
    ranks = np.rint(np.asarray(p, float) * (draws + 1)).astype(int) - 1
    seen, expected = np.bincount(ranks, minlength=draws + 1), len(ranks) / (draws + 1)
    return float(special.chdtrc(draws, ((seen - expected) ** 2 / expected).sum()))
