"""Directed measures of the draws of a block: enough to choose k, and smaller than the draws.

A file has one array [networks, draws] for each null, method, k and directed measure, named
"shuffle/matched/5/mi". Equal content gives equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.clustering.block_sums import Tables
from clusterability.extensions import with_name
from clusterability.files import whole_file
from clusterability.measures.catalogue import DIRECTED, MEASURES
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import Key
from clusterability.networks.safe_arrays import npz_names, read_npz
from clusterability.results.npz_files import told_of_damage

Measured = Mapping[Key, Mapping[str, np.ndarray]]
"""Values [networks, draws] by (method, k), then by measure."""


def measured(
    tables: Mapping[Key, Tables], added: Sequence[str] = ()
) -> dict[Key, dict[str, np.ndarray]]:
    """Directed measures of tables, one key after the other, since tables may be stored in files.

    Args:
        tables: by (method, k).
        added: measures of other packages; those without a direction are left out.
    """
    names = [*DIRECTED, *(name for name in added if MEASURES[name].direction)]
    return {key: _measures_of(tables[key], names) for key in tables}


def _measures_of(tables: Tables, names: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: FUNCTIONS[name](tables) for name in names}


def save_measured(path: Path, nulls: Mapping[str, Measured]) -> None:
    """Write the measures of the draws of a block, by null."""
    arrays: dict[str, Any] = {
        f"{null}/{method}/{k}/{measure}": values
        for null, by_key in nulls.items()
        for (method, k), measures in by_key.items()
        for measure, values in measures.items()
    }
    with whole_file(path) as temporary:
        np.savez(temporary, **arrays)


def load_measured(path: Path) -> dict[str, dict[Key, dict[str, np.ndarray]]]:
    """Measures of the draws of a block, by null: what `save_measured` wrote.

    Raises:
        UserError: if the file is damaged or holds something else.
    """
    nulls: dict[str, dict[Key, dict[str, np.ndarray]]] = {}
    with _reading(path):
        for name, values in read_npz(path, lambda _: True).items():
            null, key, measure = _parts(name)
            nulls.setdefault(null, {}).setdefault(key, {})[measure] = values
    return nulls


def _parts(name: str) -> tuple[str, Key, str]:
    """Null, (method, k) and measure of an array."""
    null, method, k, measure = name.split("/")
    return null, (method, int(k)), measure


class StoredMeasured(Mapping[Key, Mapping[str, np.ndarray]]):
    """Measures of the draws of one null, read from files on access."""

    def __init__(self, paths: Iterable[str], null: str) -> None:
        """Read the methods and k in the files.

        Args:
            paths: files of the same networks with different k.
            null: name of the null.

        Raises:
            UserError: if a file is damaged or holds something else; also on access.
        """
        self._null = null
        self._paths = {key: path for path in map(Path, paths) for key in self._keys(path)}

    def _keys(self, path: Path) -> list[Key]:
        with _reading(path):
            parts = map(_parts, npz_names(path))
            keys = [key for null, key, _ in parts if null == self._null]
            if not keys:
                raise ValueError(f"nothing of {self._null}")
        return list(dict.fromkeys(keys))

    def __getitem__(self, key: Key) -> dict[str, np.ndarray]:
        path, prefix = self._paths[key], f"{self._null}/{key[0]}/{key[1]}/"
        with _reading(path):
            arrays = read_npz(path, lambda name: name.startswith(prefix))
            measures = {name.removeprefix(prefix): array for name, array in arrays.items()}
            directed = set(DIRECTED)
            if directed - measures.keys() or not all(map(_of_package, measures.keys() - directed)):
                raise ValueError(f"{prefix} with {', '.join(measures)}")
            if len({array.shape for array in measures.values()}) > 1:
                raise ValueError(f"{prefix} with arrays of different shapes")
        return measures

    def __iter__(self) -> Iterator[Key]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _of_package(name: str) -> bool:
    """Whether a measure that the library lacks is one of an installed package."""
    return bool(with_name("measure", name))


def _reading(path: Path) -> AbstractContextManager[None]:
    return told_of_damage(path, "measured draws")
