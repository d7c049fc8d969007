"""What figures are drawn from: files by name, partitions, conditions and layers in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clusterability.errors import UserError
from clusterability.networks.partitions import Key, Partitions
from clusterability.results.npz_files import load_items

Inputs = Mapping[str, Sequence[str] | str]
"""Files by name: a workflow gives a plain string where there is one file only."""


def paths(inputs: Inputs, name: str) -> list[Path]:
    """The files of this name, one or many."""
    files = inputs[name]
    return [Path(files)] if isinstance(files, str) else [Path(file) for file in files]


def first_partition(files: Iterable[Path], key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the U side and the V side of the first network, from the file that has the key.

    Raises:
        UserError: where no file has it.
    """
    tried = []
    for file in files:
        found = load_items(file, Partitions)
        if key in found:
            return found[key].rows[0], found[key].columns[0]
        tried.append(str(file))
    raise UserError(f"{', '.join(tried)}: found no partition by {key[0]!r} at k = {key[1]}")


def as_categories(column: Any, order: Iterable[str]) -> pd.Categorical:
    """A column whose categories are in this order, also those that occur in no row."""
    return pd.Categorical(column, categories=[str(name) for name in order], ordered=True)


def categories(column: pd.Series) -> list[str]:
    """What `as_categories` was given, or the values in the order of their first appearance."""
    known = column.cat.categories if hasattr(column, "cat") else column.unique()
    return [str(name) for name in known]


def layer_order(layers: Iterable[str]) -> list[str]:
    """Layers from the input on, fc2 before fc10; other names (the whole network) come last."""

    def place(layer: str) -> tuple[bool, int, str]:
        number = re.fullmatch(r"fc(\d+)", layer)
        return number is None, int(number[1]) if number else 0, layer

    return sorted(layers, key=place)
