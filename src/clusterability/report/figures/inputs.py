"""Inputs of figures: files by name, partitions, and conditions and layers in order."""

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
"""Files by name; Snakemake passes a plain string for a single file."""


def paths(inputs: Inputs, name: str) -> list[Path]:
    """Files with this name, one or many."""
    files = inputs[name]
    return [Path(files)] if isinstance(files, str) else [Path(file) for file in files]


def first_partition(files: Iterable[Path], key: Key) -> tuple[np.ndarray, np.ndarray]:
    """Labels of the U side and the V side of the first network, from the file with the key.

    Raises:
        UserError: if no file has it.
    """
    tried = []
    for file in files:
        partitions = load_items(file, Partitions)
        if key in partitions:
            return partitions[key].rows[0], partitions[key].columns[0]
        tried.append(str(file))
    raise UserError(f"{', '.join(tried)}: found no partition by {key[0]!r} at k = {key[1]}")


def as_categories(column: Any, order: Iterable[str]) -> pd.Categorical:
    """A categorical column with categories in this order, including those without rows."""
    return pd.Categorical(column, categories=[str(name) for name in order], ordered=True)


def categories(column: pd.Series) -> list[str]:
    """Categories of the column, or its values in the order of first appearance."""
    known = column.cat.categories if hasattr(column, "cat") else column.unique()
    return [str(name) for name in known]


def layer_order(layers: Iterable[str]) -> list[str]:
    """Layers from the input on, fc2 before fc10; other names, such as "network", come last."""

    def key(layer: str) -> tuple[bool, int, str]:
        number = re.fullmatch(r"fc(\d+)", layer)
        return number is None, int(number[1]) if number else 0, layer

    return sorted(layers, key=key)
