"""Names of units in a study's files of networks, from a user's file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from clusterability.errors import UserError
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.stacked import stored_description, stored_shapes


def stored_names(path: Path) -> dict[str, UnitNames]:
    """Names of units by encoded layer name, for layers whose units have names; reads no weights.

    Args:
        path: a file written by `stacked.save_networks`.

    Raises:
        UserError: if the file is damaged, or numbers of names and units differ.
    """
    shapes = stored_shapes(path)
    try:
        with safe_open(path, framework="numpy") as file:
            recipe = stored_description(file)["recipe"]
        names = recipe.get("names", {})
        return {layer: _checked(given, shapes[layer]) for layer, given in names.items()}
    except (SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError):
        raise UserError(
            f"{path}: found names of units that do not fit, expected those of this study; remove"
            " the file to have it made again"
        ) from None


def _checked(given: Mapping[str, Any], shape: tuple[int, int]) -> UnitNames:
    """Names of the units of a layer [out, in]; ValueError unless there is one per unit."""
    sides = dict(zip(("rows", "columns"), shape, strict=True))
    for side, count in sides.items():
        names = given[side]
        if names is not None and (
            len(names) != count or not all(isinstance(n, str) for n in names)
        ):
            raise ValueError(side)
    return UnitNames(*(given[side] and tuple(given[side]) for side in sides))
