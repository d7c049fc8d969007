"""The verdict on each layer: do clusters of its units pay for themselves, and beyond what?

Saved bits are compared with 20 (docs/bits.md), and then with what the same search saves on draws of
nulls that keep what is no cluster: `strength` and `degrees` keep the strengths of units, `within`
what a covariate of the columns explains, `rotated_u` and `rotated_v` mix the units of one side. The
difference of a network is its bits less the most that any of its draws saves, or less 0, which
k = 1 saves. Differences are contrasts: they are no shares of the bits, do not add up, and may be
negative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
"""One row a condition and layer; docs/results.md describes them."""


@dataclass(frozen=True)
class Verdict:
    """What is said of a layer.

    Attributes:
        name: in the table.
        says: of one layer.
        of_layers: of several, in a sentence that goes on with their names.
        nulls: of those nulls whose draws save as much, where that is the verdict.
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
"""Those that say most first."""

_FAILURES = (CHANCE, STRENGTHS, WITHIN, MIXTURES)
_ASKED_FOR = (STRENGTHS, MIXTURES)
"""Of each of these, one null at least has to be drawn before anything is called a cluster."""

_PREFERRED = ("described-ranked", "described", "refined-ranked", "refined", "matched")
UNIQUE_CUT = 0.8
"""`same_bits_ami` from which on clusters are named: below, many cuts are as good."""

Contrast = Callable[[int, int, int, str], float | None]
"""`detectable_contrast`: from rows, columns, clusters and scaling to the ratio of weights that is
seen in 80 % of matrices; None where none is."""
PLANTED = 4
"""So many clusters a side are asked for by `contrast`, or as many as the smaller side has units."""


def verdict_method(methods: Sequence[str]) -> str | None:
    """The method whose partitions the verdict is about, of those that have bits.

    >>> verdict_method(["matched", "described", "described-ranked"]), verdict_method(["whole"])
    ('described-ranked', 'whole')
    """
    return next((name for name in _PREFERRED if name in methods), next(iter(methods), None))


def verdict_rows(
    best_k: pd.DataFrame, clusters: pd.DataFrame, contrast: Contrast | None = None
) -> pd.DataFrame:
    """The verdict on each condition and layer.

    Args:
        best_k: the table `best_k_networks`.
        clusters: the table `clusters`, with the columns CLUSTERS_NEEDED.
        contrast: the smallest contrast that would have been seen; None: the column stays empty.

    Returns:
        VERDICT_COLUMNS, in the order of `best_k`. Bounds are 95 % t intervals over networks;
        `k_u`, `k_v` and the sizes of the strongest cluster are medians.
    """
    bits = best_k[best_k["measure"] == "bits"]
    method = verdict_method(list(bits["method"].unique()))
    rows: list[dict[str, Any]] = []
    for (condition, layer), group in bits.groupby(["condition", "layer"], sort=False):
        own = group[group["method"] == method]
        if len(own):
            units = clusters[(clusters["condition"] == condition) & (clusters["layer"] == layer)]
            unscaled = group[group["method"] == plain_method(str(method))]
            names = {"condition": condition, "layer": layer, "method": method}
            rows.append(names | _row(own, unscaled, units[units["method"] == method], contrast))
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
    own: pd.DataFrame, unscaled: pd.DataFrame, clusters: pd.DataFrame, contrast: Contrast | None
) -> dict[str, Any]:
    networks = own.drop_duplicates("seed")
    bits = networks["value"].to_numpy(float)
    beyond = dict(_beyond(own))
    verdict = judged(bits, beyond)
    found: dict[str, Any] = {
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
        found |= _with_bounds(f"beyond_{null}", values)
    if verdict not in (NONE, UNDEFINED):
        found |= _strongest(networks, clusters)
    method = str(own["method"].iloc[0])
    if contrast is not None and chooses(method):
        sides = found["units_u"], found["units_v"]
        found["contrast"] = _would_be_seen(contrast, *sides, scaling_of(method))
    return found


def _would_be_seen(contrast: Contrast, rows: float, columns: float, scaling: str) -> float:
    """The contrast, infinite where none is seen; NaN where it is not known."""
    known = scaling in ("none", "ranked") and np.isfinite([rows, columns]).all()
    if not known or min(rows, columns) < 2:
        return np.nan
    found = contrast(int(rows), int(columns), int(min(PLANTED, rows, columns)), scaling)
    return np.inf if found is None else found


def judged(bits: np.ndarray, beyond: Mapping[str, np.ndarray]) -> Verdict:
    """The verdict, from saved bits [networks] and from those beyond draws, [networks] by null.

    A mean below 20 bits is too few; one whose lower bound is below 20 cannot be told from it. A
    null without a defined draw is as one that was not drawn.

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
    asked = all(set(drawn) & set(verdict.nulls) for verdict in _ASKED_FOR)
    return CLUSTERS if asked else UNCHECKED


def _surely(bits: np.ndarray, networks: int) -> bool:
    """Whether the lower bound of the mean reaches 20 bits; with one network, its value."""
    mean, low, _ = interval(bits)
    return bool((mean if networks == 1 else low) >= VERDICT_BITS)


def _beyond(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Bits less the most of the draws, by null."""
    for null in REDRAWN:
        drawn = rows[(rows["null"] == null) & np.isfinite(rows["drawn_most"].astype(float))]
        if len(drawn):
            yield null, (drawn["value"] - drawn["drawn_most"].clip(lower=0)).to_numpy(float)


def _units(networks: pd.DataFrame, clusters: pd.DataFrame) -> dict[str, float]:
    """Live units of both sides."""
    units = _at_best_k(networks, clusters).groupby("seed")[["u_size", "v_size"]].sum().median()
    return {"units_u": units["u_size"], "units_v": units["v_size"]}


def _strongest(networks: pd.DataFrame, clusters: pd.DataFrame) -> dict[str, float]:
    """The cluster that is worth most in each network: its bits and its units."""
    known = _at_best_k(networks, clusters).dropna(subset=["cluster_bits"])
    best = known.loc[known.groupby("seed")["cluster_bits"].idxmax()]
    return {
        "strongest_bits": best["cluster_bits"].mean(),
        "strongest_u": best["u_size"].median(),
        "strongest_v": best["v_size"].median(),
    }


def _at_best_k(networks: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """The clusters of each network at its own k of most bits."""
    chosen = networks[["seed", "k_candidate"]].rename(columns={"k_candidate": "k"})
    return clusters.merge(chosen.dropna(), on=["seed", "k"])


def _with_bounds(name: str, values: Any) -> dict[str, float]:
    mean, low, high = interval(np.asarray(values, float))
    return {name: mean, f"{name}_low": low, f"{name}_high": high}
