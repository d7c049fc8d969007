"""The lesion test of whole networks: p of their sub-clusters combined, in Filan et al.'s way.

Apart from `lesions`, which knows one hidden layer and no files.
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
"""Columns that say which network a row is of, and how it was clustered."""
LARGE, ALL = "large", "all"
"""Which sub-clusters: those that are neither small nor complete, or all."""

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
    """One row a network, method, k and selection of its sub-clusters, with COLUMNS.

    Args:
        files: `…/{condition}/{seeds}/{layer}/{k}.lesions.parquet`.
    """
    rows = [row for found in _blocks(files) for row in _rows_of_networks(found)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _blocks(files: Iterable[str]) -> Iterator[pd.DataFrame]:
    """The rows of all hidden layers of a block of networks and of k."""
    found: dict[tuple[str, ...], list[str]] = {}
    for file in files:
        condition, seeds, _, name = Path(file).parts[-4:]
        found.setdefault((condition, seeds, name), []).append(file)
    for of_layers in found.values():
        yield read_all(of_layers, LESION_COLUMNS)


def _rows_of_networks(lesions: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows with COLUMNS, from rows with LESION_COLUMNS that hold networks whole."""
    large = ~lesions["category"].isin([SMALL, COMPLETE]).to_numpy()
    # By position: networks are many, and each takes a frame longer to make than to read.
    columns = {name: lesions[name].to_numpy() for name in ("groups", "category")}
    # Beside a file without rows, numbers are objects.
    columns |= {name: lesions[name].to_numpy(float) for name in _NUMBERS}
    found = lesions.groupby(OF_NETWORK, sort=False).indices
    networks: dict[Any, np.ndarray] = {key: np.asarray(found[key]) for key in found}
    rows = []
    for key, places in sorted(networks.items(), key=lambda item: item[1][0]):
        groups = int(columns["groups"][places[0]])
        for selection, chosen in ((LARGE, places[large[places]]), (ALL, places)):
            named = {"selection": selection, "groups": groups}
            own = {name: column[chosen] for name, column in columns.items()}
            rows.append(dict(zip(OF_NETWORK, key, strict=True)) | named | _combined(own, groups))
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
    """One p of several, by Fisher's method; NaN without any.

    Each is moved to the middle of its step, down by 1 / (2 (draws + 1)): their mean is then 1/2
    where there is nothing to find. Sub-clusters are taken as independent, which they are not.

    >>> round(combined_p([0.6], 4), 6)  # the third of five ranks
    0.5
    """
    if not len(p):
        return np.nan
    middle = np.asarray(p, float) - 0.5 / (draws + 1)
    return float(special.chdtrc(2 * len(middle), -2 * np.log(middle).sum()))


def rank_p(p: Sequence[float] | np.ndarray, draws: int) -> float:
    """p of the chi-squared test that all draws + 1 ranks are equally frequent; NaN without any.

    Theirs: with fewer sub-clusters than ranks it expects less than one in each, where the test is
    not valid.
    """
    if not len(p):
        return np.nan
    ranks = np.rint(np.asarray(p, float) * (draws + 1)).astype(int) - 1
    seen, expected = np.bincount(ranks, minlength=draws + 1), len(ranks) / (draws + 1)
    return float(special.chdtrc(draws, ((seen - expected) ** 2 / expected).sum()))
