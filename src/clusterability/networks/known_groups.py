"""Known groups of units, such as heads, experts or tissues.

They do not come from the weights; each matrix is evaluated with the groups as given.
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
"""Bound on the number of groups, whose square determines the size of tables of draws."""


# eq=False, since arrays are compared entry by entry.
@dataclass(frozen=True, eq=False)
class KnownGroups:
    """Groups of the units of one matrix [out, in]; groups of equal name on both sides are paired.

    Attributes:
        names: names of the groups, in index order.
        sides: group indices [out] for "U" and [in] for "V", -1 for dead units. A side may be
            missing.
        shape: shape of the matrix.
    """

    names: tuple[str, ...]
    sides: Mapping[str, np.ndarray]
    shape: tuple[int, int]

    @cached_property
    def sizes(self) -> dict[str, list[int]]:
        """Number of live units per group, by side."""
        return {
            side: np.bincount(labels[labels != DEAD], minlength=len(self.names)).tolist()
            for side, labels in self.sides.items()
        }

    @property
    def paired(self) -> bool:
        """Whether some group has units on both sides, as measures of pairs require."""
        return len(self.sides) == 2 and any(map(min, *self.sizes.values()))

    def partition(self, matrix: np.ndarray) -> Partitions:
        """The groups as a partition for a block of one; an unknown side is one cluster.

        Args:
            matrix: [out, in], at any scaling; dead units get no group.
        """
        live = live_units(matrix)
        rows, columns = (
            np.where(lives, self.sides.get(side, 0), DEAD)[None].astype(np.int16)
            for side, lives in (("U", live.rows), ("V", live.columns))
        )
        return Partitions(rows, columns, np.array([live.holds(1)]))


def known_groups(given: Any, weights: Weights) -> dict[str, KnownGroups]:
    """Groups of units by layer, for the layers that have groups.

    Args:
        given: the path of a table (`groups_table`), a data frame with the same columns, a pair of
            labels of rows and of columns (None if unknown), an object with attributes `rows` and
            `columns`, or a dict of the last two by layer.
        weights: the weights whose units are grouped.

    Raises:
        UserError: if a unit is missing, unknown or duplicated, or its side is ambiguous.

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
    """`known_groups` by encoded layer name; empty without groups."""
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
    groups = {}
    for side, labels, count in zip("UV", pair, matrix.shape, strict=True):
        if labels is not None:
            texts = [text_of(label) for label in labels]
            if len(texts) != count:
                raise UserError(
                    f"groups: found {len(texts)} labels of side {side}, expected {count}: one for"
                    " each unit"
                )
            # -1 means no group, as in partitions.
            groups[side] = ["" if text == str(DEAD) else text for text in texts]
    return _checked("groups", groups, matrix)


# --- tables -------------------------------------------------------------------------------------


def _of_rows(where: str, rows: Sequence[GroupOfUnit], weights: Weights) -> dict[str, KnownGroups]:
    """Groups from the rows of a table, which may cover several layers."""
    by_layer: dict[str, list[GroupOfUnit]] = {}
    for row in rows:
        named = row.layer is not None
        layer = _layer_named(where, row.layer, weights) if named else _only_layer(where, weights)
        by_layer.setdefault(layer, []).append(row)
    if not rows:
        raise UserError(f"{where}: found no units, expected one in each row, with its group")
    return {
        layer: _of_layer(
            where, rows_of_layer, weights[layer], weights.units.get(layer, UnitNames())
        )
        for layer, rows_of_layer in by_layer.items()
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
    """Layer with this name, or with this original name."""
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
    numbers = _places(rows, matrix.shape, names)
    groups: dict[str, list[str]] = {}
    seen: set[tuple[str, int]] = set()
    for row, side in zip(rows, _sides(where, rows, numbers, matrix), strict=True):
        number = numbers[side].get(row.unit)
        count = matrix.shape["UV".index(side)]
        if number is None:
            raise UserError(
                f"{where}: found the unit {quoted(row.unit)} on side {side}, expected its names or"
                f" numbers: {units_listed(list(numbers[side]))} (numbers are 0 to {count - 1})"
            )
        if (side, number) in seen:
            raise UserError(
                f"{where}: found the unit {quoted(row.unit)} of side {side} twice, expected each"
                " once"
            )
        seen.add((side, number))
        groups.setdefault(side, [""] * count)[number] = row.group
    return _checked(where, groups, matrix, numbers)


Places = Mapping[str, Mapping[str, int]]
"""Index of each unit by its name in a table, by side."""


def _places(rows: Sequence[GroupOfUnit], shape: tuple[int, ...], names: UnitNames) -> Places:
    """Identify units by name if a table uses any of their names, otherwise by number."""
    numbers = {}
    for side, count, given in zip("UV", shape, (names.rows, names.columns), strict=True):
        by_name = {name: number for number, name in enumerate(given or ())}
        called = {row.unit for row in rows if row.side in (None, side)}
        different = len(by_name) == count and bool(called & set(by_name))
        numbers[side] = by_name if different else {str(number): number for number in range(count)}
    return numbers


def _sides(
    where: str, rows: Sequence[GroupOfUnit], numbers: Places, matrix: np.ndarray
) -> list[str]:
    """Side of each row, inferred from its unit if the table has no column for it."""
    if rows[0].side is not None:
        return [row.side or "U" for row in rows]
    units = {row.unit for row in rows}
    complete = [side for side, known in numbers.items() if units == set(known)]
    if len(complete) == 1:
        return complete * len(rows)
    of_units = [[side for side, known in numbers.items() if row.unit in known] for row in rows]
    if complete or not all(len(sides) == 1 for sides in of_units):
        raise UserError(
            f"{where}: found {len(units)} units without a side, for {matrix.shape[0]} rows and"
            f" {matrix.shape[1]} columns, expected a column side (U: rows, V: columns)"
        )
    return [side for (side,) in of_units]


def _checked(
    where: str,
    groups_of_sides: Mapping[str, Sequence[str]],
    matrix: np.ndarray,
    unit_numbers: Places | None = None,
) -> KnownGroups:
    """Validated groups as indices; every live unit of a given side needs a group."""
    live = live_units(matrix)
    lives = {"U": live.rows, "V": live.columns}
    for side, groups in groups_of_sides.items():
        without = [number for number in np.flatnonzero(lives[side]).tolist() if not groups[number]]
        if without:
            called = dict(enumerate((unit_numbers or {}).get(side, ())))
            units = units_listed([called.get(number, str(number)) for number in without])
            raise UserError(
                f"{where}: found no group for {len(without)} of the {len(groups)} units of side"
                f" {side}: {units}, expected one for each"
            )
    shown = {side: _of_live(groups, lives[side]) for side, groups in groups_of_sides.items()}
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
    """Groups of live units; "" for dead units."""
    return [group if alive else "" for group, alive in zip(groups, lives, strict=True)]
