"""Verdict on each layer: do clusters of its units pay for themselves, and beyond which nulls?

Saved bits are compared with 20 (docs/bits.md), and with the bits that the same search saves on
draws of nulls that preserve structure other than clusters: `strength` and `degrees` keep the
strengths of units, `within` keeps what a covariate of the columns explains, and `rotated_u` and
`rotated_v` mix the units of one side. The difference for a network is its bits minus the maximum
over its draws, or minus 0, the bits of k = 1, if that is larger. Differences are contrasts: they
are not shares of the bits, do not add up, and may be negative.

Networks with the same seeds that were trained on permuted labels are no null of the verdict, which
is about clusters, whatever made them. Their difference stands beside it: a layer that saves no more
than its twin on permuted labels need not owe its clusters to the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from clusterability.clustering.method_kinds import chooses
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.networks.scaling_names import plain_method, scaling_of
from clusterability.nulls.catalogue import NULLS
from clusterability.statistics import interval

REDRAWN = tuple(name for name, null in NULLS.items() if null.redrawn)
"""Nulls that bits are compared with."""

VERDICT_COLUMNS = [
    "condition",
    "layer",
    "method",
    "n",
    "verdict",
    "paying",
    *(f"{name}{end}" for name in ("bits", "bits_unscaled") for end in ("", "_low", "_high")),
    *(f"beyond_{null}{end}" for null in REDRAWN for end in ("", "_low", "_high")),
    "permuted",
    *(f"beyond_permuted{end}" for end in ("", "_low", "_high")),
    "k_u",
    "k_v",
    "at_edge",
    "same_bits_ami",
    "strongest_bits",
    "strongest_u",
    "strongest_v",
    "units_u",
    "units_v",
    "contrast",
]
"""One row per condition and layer; docs/results.md describes them."""


@dataclass(frozen=True)
class Verdict:
    """Verdict on a layer.

    Attributes:
        name: name in the table.
        says: statement about one layer.
        of_layers: statement about several layers, followed by their names.
        nulls: for verdicts of clusters no better than a null: the nulls concerned.
    """

    name: str
    says: str
    of_layers: str
    nulls: tuple[str, ...] = ()


CLUSTERS = Verdict(
    "clusters", "clusters", "clusters of units that pay, beyond strengths and mixtures of units"
)
CANNOT_TELL = Verdict(
    "cannot tell",
    "too few networks, or too different ones, to tell",
    "too few networks, or too different ones, to tell",
)
UNCHECKED = Verdict(
    "not compared",
    "bits, but not compared with both the strengths and mixtures of units",
    "bits that were not compared with both the strengths and mixtures of units",
)
CHANCE = Verdict(
    "as in shuffled weights",
    "no clusters: shuffled weights save about as much",
    "about as much as shuffled weights save",
    ("shuffle", "shuffle_nonzero"),
)
STRENGTHS = Verdict(
    "as in units of the same strengths",
    "no clusters: units of the same strengths save about as much",
    "about as much as units of the same strengths save",
    ("strength", "degrees"),
)
WITHIN = Verdict(
    "as within strata",
    "no clusters beyond what the covariate explains: weights permuted within its strata save about"
    " as much",
    "about as much as weights permuted within strata of the covariate save",
    ("within",),
)
MIXTURES = Verdict(
    "as in mixtures of the units",
    "no clusters of these units: mixtures of them save about as much",
    "about as much as mixtures of the units save",
    ("rotated_u", "rotated_v"),
)
NONE = Verdict("none that pay", "none that pay", "none that pay")
UNDEFINED = Verdict("undefined", "no bits are defined", "without bits")
VERDICTS = (
    CLUSTERS,
    CANNOT_TELL,
    UNCHECKED,
    CHANCE,
    STRENGTHS,
    WITHIN,
    MIXTURES,
    NONE,
    UNDEFINED,
)
"""Verdicts, the most informative first."""

_FAILURES = (CHANCE, STRENGTHS, WITHIN, MIXTURES)
_ASKED_FOR = (STRENGTHS, MIXTURES)
"""At least one null of each of these must be drawn before anything is called a cluster."""

_PREFERRED = ("described-ranked", "described", "refined-ranked", "refined", "matched")
UNIQUE_CUT = 0.8
"""`same_bits_ami` from which clusters are named; below it, many partitions are equally good."""

Contrast = Callable[[int, int, int, str], float | None]
"""Signature of `detectable_contrast`: from rows, columns, clusters and scaling to the ratio of
weights that is detected in 80 % of matrices; None if none is."""
PLANTED = 4
"""Clusters per side for `contrast`, at most the units of the smaller side."""


def verdict_method(methods: Sequence[str]) -> str | None:
    """Method whose partitions the verdict is about, among those with bits.

    >>> verdict_method(["matched", "described", "described-ranked"]), verdict_method(["whole"])
    ('described-ranked', 'whole')
    """
    return next((name for name in _PREFERRED if name in methods), next(iter(methods), None))


def verdict_rows(
    best_k: pd.DataFrame,
    clusters: pd.DataFrame,
    contrast: Contrast | None = None,
    permuted_of: Mapping[str, str] = MappingProxyType({}),
) -> pd.DataFrame:
    """Verdict on each condition and layer.

    Args:
        best_k: the table `best_k_networks`.
        clusters: the table `clusters`, with the columns CLUSTERS_NEEDED.
        contrast: function for the smallest contrast that would have been detected; None leaves the
            column empty.
        permuted_of: condition to the one with the same recipe but permuted training labels.

    Returns:
        VERDICT_COLUMNS, in the order of `best_k`. Bounds are 95 % t intervals over networks; `k_u`,
        `k_v` and the sizes of the strongest cluster are medians.
    """
    bits = best_k[best_k["measure"] == "bits"]
    method = verdict_method(list(bits["method"].unique()))
    rows: list[dict[str, Any]] = []
    for (condition, layer), group in bits.groupby(["condition", "layer"], sort=False):
        rows_of_method = group[group["method"] == method]
        if len(rows_of_method):
            units = clusters[(clusters["condition"] == condition) & (clusters["layer"] == layer)]
            unscaled = group[group["method"] == plain_method(str(method))]
            names = {"condition": condition, "layer": layer, "method": method}
            row = _row(rows_of_method, unscaled, units[units["method"] == method], contrast)
            twin = permuted_of.get(str(condition))
            if twin is not None:
                same = bits[(bits["layer"] == layer) & (bits["method"] == method)]
                row |= {"permuted": twin, **_beyond_twin(same, str(condition), twin)}
            rows.append(names | row)
    return pd.DataFrame(rows, columns=VERDICT_COLUMNS)


CLUSTERS_NEEDED = [
    "condition",
    "seed",
    "layer",
    "method",
    "k",
    "u_size",
    "v_size",
    "cluster_bits",
]
"""Columns of the table `clusters` that the verdict needs."""


def _row(
    rows: pd.DataFrame, unscaled: pd.DataFrame, clusters: pd.DataFrame, contrast: Contrast | None
) -> dict[str, Any]:
    networks = rows.drop_duplicates("seed")
    bits = networks["value"].to_numpy(float)
    beyond = dict(_beyond(rows))
    verdict = judged(bits, beyond)
    row: dict[str, Any] = {
        "n": int(np.isfinite(bits).sum()),
        "verdict": verdict.name,
        "paying": int((bits >= VERDICT_BITS).sum()),
        **_with_bounds("bits", bits),
        **_with_bounds("bits_unscaled", unscaled.drop_duplicates("seed")["value"]),
        "k_u": networks["k_u"].median(),
        "k_v": networks["k_v"].median(),
        "at_edge": bool(networks["at_edge"].astype(bool).mean() > 0.5),
        "same_bits_ami": networks["same_bits_ami"].mean(),
        **_units(networks, clusters),
    }
    for null, values in beyond.items():
        row |= _with_bounds(f"beyond_{null}", values)
    if verdict not in (NONE, UNDEFINED):
        row |= _strongest(networks, clusters)
    method = str(rows["method"].iloc[0])
    if contrast is not None and chooses(method):
        sides = row["units_u"], row["units_v"]
        row["contrast"] = _would_be_seen(contrast, *sides, scaling_of(method))
    return row


def _beyond_twin(rows: pd.DataFrame, condition: str, twin: str) -> dict[str, float]:
    """Bits less those of the network of the same seed on permuted labels, taken as at least 0."""
    networks = rows.drop_duplicates(["condition", "seed"])
    values = networks.pivot(index="seed", columns="condition", values="value")
    both = values.reindex(columns=[condition, twin]).astype(float).dropna()
    return _with_bounds("beyond_permuted", both[condition] - both[twin].clip(lower=0))


def _would_be_seen(contrast: Contrast, rows: float, columns: float, scaling: str) -> float:
    """Smallest detectable contrast: infinite if none is detected, NaN if unknown."""
    known = scaling in ("none", "ranked") and np.isfinite([rows, columns]).all()
    if not known or min(rows, columns) < 2:
        return np.nan
    ratio = contrast(int(rows), int(columns), int(min(PLANTED, rows, columns)), scaling)
    return np.inf if ratio is None else ratio


def judged(bits: np.ndarray, beyond: Mapping[str, np.ndarray]) -> Verdict:
    """Verdict from saved bits [networks] and from bits beyond draws, [networks] by null.

    A mean below 20 bits is too low; a mean whose lower bound is below 20 is inconclusive. A null
    without a defined draw is treated as not drawn.

    >>> judged(np.array([300.0]), {"strength": np.array([250.0]), "rotated_u": np.array([-40.0])})
    ... # doctest: +ELLIPSIS
    Verdict(name='as in mixtures of the units', ...)
    """
    if not np.isfinite(bits).any():
        return UNDEFINED
    drawn = {null: values for null, values in beyond.items() if np.isfinite(values).any()}
    few = {null for null, values in drawn.items() if np.nanmean(values) < VERDICT_BITS}
    if np.nanmean(bits) < VERDICT_BITS:
        return NONE
    for verdict in _FAILURES:
        if few & set(verdict.nulls):
            return verdict
    if not all(_surely(values, len(bits)) for values in (bits, *drawn.values())):
        return CANNOT_TELL
    compared = all(set(drawn) & set(verdict.nulls) for verdict in _ASKED_FOR)
    return CLUSTERS if compared else UNCHECKED


def _surely(bits: np.ndarray, networks: int) -> bool:
    """Whether the lower bound of the mean, or with one network its value, reaches 20 bits."""
    mean, low, _ = interval(bits)
    return bool((mean if networks == 1 else low) >= VERDICT_BITS)


def _beyond(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Bits minus the maximum over draws, by null."""
    for null in REDRAWN:
        drawn = rows[(rows["null"] == null) & np.isfinite(rows["drawn_most"].astype(float))]
        if len(drawn):
            yield null, (drawn["value"] - drawn["drawn_most"].clip(lower=0)).to_numpy(float)


def _units(networks: pd.DataFrame, clusters: pd.DataFrame) -> dict[str, float]:
    """Median numbers of live units on both sides."""
    units = _at_best_k(networks, clusters).groupby("seed")[["u_size", "v_size"]].sum().median()
    return {"units_u": units["u_size"], "units_v": units["v_size"]}


def _strongest(networks: pd.DataFrame, clusters: pd.DataFrame) -> dict[str, float]:
    """Bits and sizes of the strongest cluster of each network, averaged over networks."""
    known = _at_best_k(networks, clusters).dropna(subset=["cluster_bits"])
    best = known.loc[known.groupby("seed")["cluster_bits"].idxmax()]
    return {
        "strongest_bits": best["cluster_bits"].mean(),
        "strongest_u": best["u_size"].median(),
        "strongest_v": best["v_size"].median(),
    }


def _at_best_k(networks: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Clusters of each network at the k with the most bits."""
    chosen = networks[["seed", "k_candidate"]].rename(columns={"k_candidate": "k"})
    return clusters.merge(chosen.dropna(), on=["seed", "k"])


def _with_bounds(name: str, values: Any) -> dict[str, float]:
    mean, low, high = interval(np.asarray(values, float))
    return {name: mean, f"{name}_low": low, f"{name}_high": high}
