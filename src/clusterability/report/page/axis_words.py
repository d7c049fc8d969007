"""Descriptions of methods, nulls and measures, the axes of the page's arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clusterability.clustering.catalogue import METHODS
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS
from clusterability.measures.measure import Measure
from clusterability.networks.scaling_names import SCALINGS_SAY, plain_method, scaling_of
from clusterability.nulls.catalogue import NULLS
from clusterability.report.page.grid import Grid
from clusterability.report.page.page_data import ALL_MEASURES
from clusterability.report.page.words import KNOWN_GROUPS_SAY

_IN_BITS = ("bits", "bits_within", "bits_u", "bits_v", "bits_joint")
"""Measures in bits: their colours are those of bits."""


def method_says(method: str) -> str:
    """Say what a method does, and at which scale of the weights."""
    scaling = scaling_of(method)
    entry = METHODS.get(plain_method(method))
    base = entry.says if entry else KNOWN_GROUPS_SAY
    return base if scaling == "none" else f"{base}; weights {SCALINGS_SAY[scaling]}"


def nulls_say(nulls: Iterable[str]) -> dict[str, str]:
    """Say what each null keeps, with its caveat; known ones, those of these names, and groups."""
    entries = {name: NULLS[name] for name in (*NULLS, *nulls)}  # those of other packages, too
    sentences = {
        name: "; ".join(part for part in (entry.says, entry.caveat) if part)
        for name, entry in entries.items()
    }
    return sentences | {GROUPS: "clusters permuted among the layer's units, sizes fixed"}


def _nulls_of(name: str, measure: Measure, grid: Grid) -> list[str]:
    """The nulls that a measure has a z against."""
    has_z = measure.standardised and measure.direction != 0
    return [null for each, null in grid.pairs if each == name] if has_z else []


def measures_say(grid: Grid) -> list[dict[str, Any]]:
    """All measures in the order of the arrays."""
    known = MEASURES | FUNCTION_MEASURES
    return [
        {
            "name": name,
            "label": known[name].label,
            "direction": known[name].direction,
            "function": name in FUNCTION_MEASURES,
            "bits": name in _IN_BITS,
            "nulls": _nulls_of(name, known[name], grid),
            "says": known[name].says,
        }
        for name in ALL_MEASURES
    ]
