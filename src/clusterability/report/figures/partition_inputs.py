"""Partitions that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.partitions import Key, Partitions
from clusterability.results.npz_files import load_items


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
