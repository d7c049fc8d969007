"""Groups of units that are known beforehand, such as heads, experts or tissues.

They were not found in the weights: each matrix is looked at in the groups as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.tables.groups_table import (
    GroupOfUnit,
    frame_groups,
    read_groups,
    text_of,
    units_listed,
)
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.importing.wording import listed, quoted
from clusterability.networks.live_units import DEAD, live_units
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks
from clusterability.networks.weights import Weights

MOST_GROUPS = 500
"""Tables of draws have the square of it."""


# Arrays are not equal or different as a whole.
@dataclass(frozen=True, eq=False)
class KnownGroups:
    """Groups of the units of one matrix [out, in]; those of one name on both sides are a pair.

    Attributes:
        names: of the groups, in the order of their numbers.
        sides: "U", "V" or both, by labels [out] or [in]: numbers of groups, -1 for dead units. Of a
            side that is not there, nothing is known.
    """

    names: tuple[str, ...]
    sides: Mapping[str, np.ndarray]
    shape: tuple[int, int]

    @cached_property
    def sizes(self) -> dict[str, list[int]]:
        """Live units in each group, by side."""
        return {
            side: np.bincount(labels[labels != DEAD], minlength=len(self.names)).tolist()
            for side, labels in self.sides.items()
        }

    @property
    def paired(self) -> bool:
        """Whether some group has units on both sides: what measures of pairs need."""
        return len(self.sides) == 2 and any(map(min, *self.sizes.values()))

    def partition(self, matrix: np.ndarray) -> Partitions:
        """The groups as the partition of a block of one; an unknown side is one cluster.

        Args:
            matrix: [out, in], at any scale; units that are dead at it have no group.
        """
        live = live_units(matrix)
        rows, columns = (
            np.where(lives, self.sides.get(side, 0), DEAD)[None].astype(np.int16)
            for side, lives in (("U", live.rows), ("V", live.columns))
        )
        return Partitions(rows, columns, np.array([live.holds(1)]))


def known_groups(given: Any, weights: Weights) -> dict[str, KnownGroups]:
    """Groups of the units of each layer that has some, by layer.

    Args:
        given: the path of a table (`groups_table`), a data frame of the same columns, a pair of
            labels of rows and of columns (None: not known), what has these as `rows` and `columns`,
            or any of the last two by layer.
        weights: whose units they are.

    Raises:
        UserError: where a unit is missing, unknown or there twice, or a side is not clear.

    >>> weights = Weights("mine", {"fc1": np.ones((2, 3), np.float32)}, {"fc1": "w"})
    >>> known_groups((["a", "b"], ["b", "b", "a"]), weights)["fc1"].sides["V"].tolist()
    [1, 1, 0]
    """
    if isinstance(given, str | os.PathLike):
        return _of_rows(str(given), read_groups(Path(given)), weights)
    if hasattr(given, "itertuples") and hasattr(given, "columns"):
        return _of_rows("groups", frame_groups(given), weights)
    by_layer = given if isinstance(given, Mapping) else {_only_layer("groups", weights): given}
    return {
        layer: _of_labels(pair, weights[_layer_named("groups", layer, weights)])
        for layer, pair in by_layer.items()
    }


def groups_in_files(given: Any, weights: Weights, networks: Networks) -> dict[str, KnownGroups]:
    """`known_groups` by the names that files give the layers; none where nothing is given."""
    known = {} if given is None else known_groups(given, weights)
    in_files = dict(zip(weights, networks.weights, strict=True))
    return {in_files[layer]: groups for layer, groups in known.items()}


# --- labels -------------------------------------------------------------------------------------


def _of_labels(given: Any, matrix: np.ndarray) -> KnownGroups:
    """Groups from labels of rows and of columns."""
    pair = (given.rows, given.columns) if hasattr(given, "rows") else given
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise UserError(
            "groups: found no such groups, expected a file, a data frame, or a pair (labels of"
            " rows, labels of columns)"
        )
    found = {}
    for side, labels, count in zip("UV", pair, matrix.shape, strict=True):
        if labels is not None:
            texts = [text_of(label) for label in labels]
            if len(texts) != count:
                raise UserError(
                    f"groups: found {len(texts)} labels of side {side}, expected {count}: one for"
                    " each unit"
                )
            # As in partitions: -1 is none.
            found[side] = ["" if text == str(DEAD) else text for text in texts]
    return _checked("groups", found, matrix)


# --- tables -------------------------------------------------------------------------------------


def _of_rows(where: str, rows: Sequence[GroupOfUnit], weights: Weights) -> dict[str, KnownGroups]:
    """Groups from the rows of a table, which may be of several layers."""
    by_layer: dict[str, list[GroupOfUnit]] = {}
    for row in rows:
        named = row.layer is not None
        layer = _layer_named(where, row.layer, weights) if named else _only_layer(where, weights)
        by_layer.setdefault(layer, []).append(row)
    if not rows:
        raise UserError(f"{where}: found no units, expected one in each row, with its group")
    return {
        layer: _of_layer(where, own, weights[layer], weights.units.get(layer, UnitNames()))
        for layer, own in by_layer.items()
    }


def _only_layer(where: str, weights: Weights) -> str:
    layer, *others = weights
    if others:
        raise UserError(
            f"{where}: found groups without a layer for {len(weights)} layers, expected a column"
            " layer (in Python, a dict by layer), or one layer (--layers)"
        )
    return layer


def _layer_named(where: str, name: Any, weights: Weights) -> str:
    """The layer of this name, or that of the array of this name."""
    for layer in weights:
        if name in (layer, weights.arrays[layer]):
            return layer
    raise UserError(
        f"{where}: found the layer {quoted(str(name))}, expected one of {listed(weights)}"
    )


def _of_layer(
    where: str, rows: Sequence[GroupOfUnit], matrix: np.ndarray, names: UnitNames
) -> KnownGroups:
    """Groups of one layer."""
    places = _places(rows, matrix.shape, names)
    found: dict[str, list[str]] = {}
    seen: set[tuple[str, int]] = set()
    for row, side in zip(rows, _sides(where, rows, places, matrix), strict=True):
        number = places[side].get(row.unit)
        count = matrix.shape["UV".index(side)]
        if number is None:
            raise UserError(
                f"{where}: found the unit {quoted(row.unit)} on side {side}, expected its names or"
                f" numbers: {units_listed(list(places[side]))} (numbers are 0 to {count - 1})"
            )
        if (side, number) in seen:
            raise UserError(
                f"{where}: found the unit {quoted(row.unit)} of side {side} twice, expected each"
                " once"
            )
        seen.add((side, number))
        found.setdefault(side, [""] * count)[number] = row.group
    return _checked(where, found, matrix, places)


Places = Mapping[str, Mapping[str, int]]
"""By side, the number of each unit by what a table may call it."""


def _places(rows: Sequence[GroupOfUnit], shape: tuple[int, ...], names: UnitNames) -> Places:
    """Units go by their names where a table has any of these, else by their numbers."""
    found = {}
    for side, count, own in zip("UV", shape, (names.rows, names.columns), strict=True):
        by_name = {name: number for number, name in enumerate(own or ())}
        called = {row.unit for row in rows if row.side in (None, side)}
        different = len(by_name) == count and bool(called & set(by_name))
        found[side] = by_name if different else {str(number): number for number in range(count)}
    return found


def _sides(
    where: str, rows: Sequence[GroupOfUnit], places: Places, matrix: np.ndarray
) -> list[str]:
    """The side of each row, told by its units where the table does not say it."""
    if rows[0].side is not None:
        return [row.side or "U" for row in rows]
    units = {row.unit for row in rows}
    whole = [side for side, known in places.items() if units == set(known)]
    if len(whole) == 1:
        return whole * len(rows)
    of_units = [[side for side, known in places.items() if row.unit in known] for row in rows]
    if whole or not all(len(sides) == 1 for sides in of_units):
        raise UserError(
            f"{where}: found {len(units)} units without a side, for {matrix.shape[0]} rows and"
            f" {matrix.shape[1]} columns, expected a column side (U: rows, V: columns)"
        )
    return [side for (side,) in of_units]


def _checked(
    where: str,
    found: Mapping[str, Sequence[str]],
    matrix: np.ndarray,
    places: Places | None = None,
) -> KnownGroups:
    """Groups by number, where each live unit of a side that is there has one."""
    live = live_units(matrix)
    lives = {"U": live.rows, "V": live.columns}
    for side, groups in found.items():
        without = [number for number in np.flatnonzero(lives[side]).tolist() if not groups[number]]
        if without:
            called = dict(enumerate((places or {}).get(side, ())))
            units = units_listed([called.get(number, str(number)) for number in without])
            raise UserError(
                f"{where}: found no group for {len(without)} of the {len(groups)} units of side"
                f" {side}: {units}, expected one for each"
            )
    shown = {side: _of_live(groups, lives[side]) for side, groups in found.items()}
    names = tuple(dict.fromkeys(name for groups in shown.values() for name in groups if name))
    if not 2 <= len(names) <= MOST_GROUPS:
        raise UserError(
            f"{where}: found {len(names)} groups of live units, expected 2 to {MOST_GROUPS}"
        )
    numbers = {name: number for number, name in enumerate(names)} | {"": DEAD}
    sides = {
        side: np.array([numbers[name] for name in groups], np.int64)
        for side, groups in shown.items()
    }
    return KnownGroups(names, sides, (matrix.shape[0], matrix.shape[1]))


def _of_live(groups: Iterable[str], lives: np.ndarray) -> list[str]:
    """Groups of live units; dead ones have no place in the graph, and none."""
    return [group if alive else "" for group, alive in zip(groups, lives, strict=True)]
