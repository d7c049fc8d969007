"""What measures say of the draws of a block: all that k is chosen by, and smaller than draws.

A file has one array [networks, draws] for each null, method, k and measure with a direction, named
"shuffle/matched/5/mi". The same content gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.clustering.block_sums import Tables
from clusterability.files import whole_file
from clusterability.measures.catalogue import DIRECTED
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import Key
from clusterability.networks.safe_arrays import npz_names, read_npz
from clusterability.results.npz_files import told_of_damage

Measured = Mapping[Key, Mapping[str, np.ndarray]]
"""Values of measures by (method, k), then by measure: [networks, draws]."""


def measured(tables: Mapping[Key, Tables]) -> dict[Key, dict[str, np.ndarray]]:
    """What the directed measures say of tables, of one key after the other: they may be files."""
    return {key: _measures_of(tables[key]) for key in tables}


def _measures_of(tables: Tables) -> dict[str, np.ndarray]:
    return {name: FUNCTIONS[name](tables) for name in DIRECTED}


def save_measured(path: Path, nulls: Mapping[str, Measured]) -> None:
    """Writes what measures say of the draws of a block, by null."""
    arrays: dict[str, Any] = {
        f"{null}/{method}/{k}/{measure}": values
        for null, found in nulls.items()
        for (method, k), measures in found.items()
        for measure, values in measures.items()
    }
    with whole_file(path) as temporary:
        np.savez(temporary, **arrays)


class StoredMeasured(Mapping[Key, Mapping[str, np.ndarray]]):
    """What measures say of the draws of one null; it stays in its files until it is asked for."""

    def __init__(self, paths: Iterable[str], null: str) -> None:
        """Reads which methods and k there are.

        Args:
            paths: files of the same networks, of different k.
            null: whose draws.

        Raises:
            UserError: where a file is damaged or holds something else, here and where a key is
                asked for.
        """
        self._null = null
        self._paths = {key: path for path in map(Path, paths) for key in self._keys(path)}

    def _keys(self, path: Path) -> list[Key]:
        with _told(path):
            names = [name.split("/") for name in npz_names(path)]
            keys = [(method, int(k)) for null, method, k, _ in names if null == self._null]
            if not keys:
                raise ValueError(f"nothing of {self._null}")
        return list(dict.fromkeys(keys))

    def __getitem__(self, key: Key) -> dict[str, np.ndarray]:
        path, place = self._paths[key], f"{self._null}/{key[0]}/{key[1]}/"
        with _told(path):
            arrays = read_npz(path, lambda name: name.startswith(place))
            found = {name.removeprefix(place): array for name, array in arrays.items()}
            if sorted(found) != sorted(DIRECTED):
                raise ValueError(f"{place} with {', '.join(found)}")
            if len({array.shape for array in found.values()}) > 1:
                raise ValueError(f"{place} with arrays of different shapes")
        return found

    def __iter__(self) -> Iterator[Key]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _told(path: Path) -> AbstractContextManager[None]:
    return told_of_damage(path, "measured draws")
