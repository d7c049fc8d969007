"""Weight matrices that a notebook or the command line brings: a file, arrays by name, an array."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clusterability.errors import UserError, one_line
from clusterability.names import IMPORTED_SEED, NETWORK
from clusterability.networks.importing.array_like import named_matrix, state_of
from clusterability.networks.importing.layers import as_matrix, check_fit, choose_layers
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.unit_names import (
    NamedArrays,
    NamedMatrix,
    UnitNames,
    told_of,
    units_of,
)
from clusterability.networks.importing.wording import stem
from clusterability.networks.stacked import Networks

DEFAULT_NAME = "weights"
"""Name of a network that does not come from a file."""


class SupportsArray(Protocol):
    """What NumPy makes an array of: a data frame, a tensor."""

    def __array__(self) -> Any: ...


class SupportsToArray(Protocol):
    """A sparse matrix of SciPy."""

    def toarray(self) -> Any: ...


class SupportsAdjacency(Protocol):
    """A graph of networkx."""

    def adjacency(self) -> Any: ...


class SupportsStateDict(Protocol):
    """A module of PyTorch."""

    def state_dict(self) -> Any: ...


Matrix = (
    np.ndarray | SupportsArray | SupportsToArray | SupportsAdjacency | Sequence[Sequence[float]]
)
File = str | os.PathLike[str]
Network = File | Mapping[str, Any] | SupportsStateDict
"""What has layers, one or more."""
Source = Network | Matrix


class Weights(Mapping[str, np.ndarray]):
    """The weight matrices of one network by layer, from the input on: float32 [out, in].

    Attributes:
        name: of the network; random streams go by it.
        arrays: what each layer was called where it came from.
        units: names of the units of layers, where they have some.
        told: what was taken for granted in reading them, a line each.

    >>> Weights("mine", {"fc1": np.ones((2, 3), np.float32)}, {"fc1": "encoder.weight"})
    Weights 'mine': fc1 [2, 3] from 'encoder.weight'
    """

    def __init__(
        self,
        name: str,
        layers: Mapping[str, np.ndarray],
        arrays: Mapping[str, str],
        units: Mapping[str, UnitNames] | None = None,
        told: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.arrays = dict(arrays)
        self.units = dict(units or {})
        self.told = tuple(told)
        self._layers = dict(layers)

    def __getitem__(self, layer: str) -> np.ndarray:
        return self._layers[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        layers = (
            f"{layer} {list(matrix.shape)} from {self.arrays[layer]!r}"
            for layer, matrix in self._layers.items()
        )
        return f"Weights {self.name!r}: {', '.join(layers)}"


def load_weights(
    source: Source, layers: Sequence[str] | None, reading: TableReading = AS_IT_SHOWS
) -> Weights:
    """The layers `fc1`, `fc2`, … of a file, of arrays by name or of one matrix: see `api.load`."""
    if isinstance(layers, str):
        layers = [layers]
    found: Mapping[str, np.ndarray]
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        name, origin, found = name_of(path), str(path), read_arrays(path, "", reading)
    else:
        name = source.name if isinstance(source, Weights) else DEFAULT_NAME
        origin, found = "the arrays", _given_arrays(source, reading)
    chosen = choose_layers(origin, dict(found), layers)
    named = {f"fc{place}": array for place, array in enumerate(chosen, start=1)}
    units = {
        layer: units_of(found)[array] for layer, array in named.items() if array in units_of(found)
    }
    matrices = {layer: chosen[array] for layer, array in named.items()}
    return Weights(name, matrices, named, units, told_of(found))


def _given_arrays(source: Any, reading: TableReading) -> NamedArrays:
    """Arrays by name of a mapping or a module, or one array alone."""
    if isinstance(source, Weights):
        units = source.units
        return NamedArrays(
            {name: NamedMatrix(m, units.get(name, UnitNames())) for name, m in source.items()}
        )
    state = state_of(source)
    if state is None:
        return NamedArrays({DEFAULT_NAME: named_matrix(DEFAULT_NAME, source, reading)})
    return NamedArrays(
        {
            str(key): named_matrix(f"array {one_line(repr(key), 80)}", array, reading)
            for key, array in state.items()
            if not isinstance(array, Mapping)
        }
    )


def has_layers(source: Source) -> bool:
    """Whether it is a file or arrays by name, not one matrix alone."""
    return isinstance(source, str | os.PathLike) or state_of(source) is not None


def as_weights(source: Source) -> Weights:
    """What a function is given as the weights of one network.

    Args:
        source: a file; what `load_weights` gives; matrices [out, in] by layer, whose names stay; a
            module of PyTorch or its state dict; or one matrix, the layer `fc1`.

    Raises:
        UserError: where a layer is no matrix of finite real numbers, or layers do not fit.
    """
    if isinstance(source, Weights):
        return source
    if isinstance(source, str | os.PathLike):
        return load_weights(source, None)
    state = state_of(source)
    if state is not None and not isinstance(source, Mapping):
        return load_weights(source, None)
    if state is None or not isinstance(source, Mapping):
        found = named_matrix("weights", source)
        matrix = as_matrix("weights", found.array)
        units = {"fc1": found.names} if found.names else {}
        return Weights(DEFAULT_NAME, {"fc1": matrix}, {"fc1": DEFAULT_NAME}, units, found.told)
    if _is_state_dict(source):
        return load_weights(source, None)
    return _layers_by_name(source)


def _is_state_dict(source: Mapping[Any, Any]) -> bool:
    """Whether tensors of PyTorch stand beside biases or counts, or inside a checkpoint."""
    if state_of(source) is not source:
        return True
    tensors = [value for value in source.values() if hasattr(value, "detach")]
    return bool(tensors) and any(tensor.ndim != 2 for tensor in tensors)


def _layers_by_name(source: Mapping[str, Matrix]) -> Weights:
    """Matrices whose names are those of the layers."""
    layers, units = {}, {}
    told: list[str] = []
    for name, array in source.items():
        where = f"weights: layer {one_line(repr(name), 80)}"
        if not isinstance(name, str) or name in ("", NETWORK):
            raise UserError(f"{where}: found this name, expected a text other than {NETWORK!r}")
        found = named_matrix(where, array)
        layers[name] = as_matrix(where, found.array)
        if found.names:
            units[name] = found.names
        told += found.told
    if not layers:
        raise UserError("weights: found no layers, expected at least one matrix [out, in]")
    check_fit("weights", layers)
    return Weights(DEFAULT_NAME, layers, {name: name for name in layers}, units, told)


def as_networks(weights: Weights, name: str) -> Networks:
    """The network as a block of one, as `importing.read_network` gives it."""
    stacks = {layer: matrix[None] for layer, matrix in weights.items()}
    return Networks(name, (IMPORTED_SEED,), {}, stacks)


def name_of(path: Path) -> str:
    """A name for the network of a file, such as a config allows.

    >>> name_of(Path("runs/My-Net.v2.npz")), name_of(Path("2024.csv"))
    ('my_net_v2', 'weights_2024')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", stem(path).lower()).strip("_")
    named = plain if plain[:1].isalpha() else f"{DEFAULT_NAME}_{plain}"
    return named[:40].strip("_")
