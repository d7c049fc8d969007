"""Weight matrices passed to the API or the command line: a file, a mapping, or one array."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clusterability.errors import UserError, one_line
from clusterability.names import IMPORTED_SEED, NETWORK
from clusterability.networks.importing.array_like import named_matrix, state_of
from clusterability.networks.importing.layers import as_matrix, read_layers, units_of_layers
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading, Selection, of_matrices
from clusterability.networks.importing.tables.table_reading import TableReading
from clusterability.networks.importing.unit_names import (
    NamedArrays,
    NamedMatrix,
    UnitNames,
    told_of,
)
from clusterability.networks.importing.wording import Arrays, stem
from clusterability.networks.layer_names import file_names
from clusterability.networks.stacked import Networks

DEFAULT_NAME = "weights"
"""Name of a network that does not come from a file."""
AS_IT_IS = Reading()
"""Default options for reading weights."""


class SupportsArray(Protocol):
    """An object that NumPy converts to an array, such as a data frame or a tensor."""

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
"""A source with one or more layers."""
Source = Network | Matrix


class Weights(Mapping[str, np.ndarray]):
    """Weight matrices of one network by layer, float32 [out, in].

    Attributes:
        name: name of the network, which is part of the names of its random streams.
        arrays: original name of each layer.
        chain: whether the outputs of each layer are the inputs of the next; the layers are then
            ordered from the input on.
        read_as: one line on how the file was read and what was left out; "" if nothing was read.
        units: names of the units, for layers whose units have names.
        notes: assumptions made in reading, one line each.

    >>> Weights("mine", {"fc1": np.ones((2, 3), np.float32)}, {"fc1": "encoder.weight"})
    Weights 'mine': fc1 [2, 3] from 'encoder.weight'
    """

    def __init__(
        self,
        name: str,
        layers: Mapping[str, np.ndarray],
        arrays: Mapping[str, str],
        chain: bool = True,
        read_as: str = "",
        units: Mapping[str, UnitNames] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.arrays = dict(arrays)
        self.chain = chain
        self.read_as = read_as
        self.units = dict(units or {})
        self.notes = tuple(notes)
        self._layers = dict(layers)

    def __getitem__(self, layer: str) -> np.ndarray:
        return self._layers[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        layers = [
            f"{one_line(layer)} {list(matrix.shape)}"
            + (f" from {self.arrays[layer]!r}" if self.arrays[layer] != layer else "")
            for layer, matrix in self._layers.items()
        ]
        more = [f"and {len(layers) - _MOST_SHOWN} more"] if len(layers) > _MOST_SHOWN else []
        remark = f" ({self.read_as})" if self.read_as else ""
        return f"Weights {self.name!r}: {', '.join(layers[:_MOST_SHOWN] + more)}{remark}"


_MOST_SHOWN = 12
"""Maximal number of layers in the representation of a network."""


def load_weights(source: Source, reading: Reading = AS_IT_IS) -> Weights:
    """Load the layers of a file, of arrays by name or of one matrix; see `api.load`."""
    arrays: Arrays
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        name, origin, arrays = name_of(path), str(path), read_arrays(path, "", reading.table)
    else:
        name = source.name if isinstance(source, Weights) else DEFAULT_NAME
        origin, arrays = "the arrays", _given_arrays(source, reading.table)
        # A single matrix has no name and becomes fc1.
        reading = reading if has_layers(source) else replace(reading, chain=True)
    selection, matrices, _ = read_layers(origin, arrays, reading)
    # A single matrix read by default needs no explanation.
    plain = len(matrices) == 1 and selection == Selection(selection.arrays, selection.shapes)
    read_as = "" if plain else selection.told()
    units = units_of_layers(selection, arrays)
    sources = selection.arrays
    return Weights(name, matrices, sources, selection.chain, read_as, units, told_of(arrays))


def _given_arrays(source: Any, table: TableReading) -> NamedArrays:
    """Arrays by name from a mapping or a module, or one array."""
    if isinstance(source, Weights):
        units = source.units
        return NamedArrays(
            {name: NamedMatrix(m, units.get(name, UnitNames())) for name, m in source.items()}
        )
    state = state_of(source)
    if state is None:
        return NamedArrays({DEFAULT_NAME: named_matrix(DEFAULT_NAME, source, table)})
    return NamedArrays(
        {
            str(key): named_matrix(f"array {one_line(repr(key), 80)}", array, table)
            for key, array in state.items()
            if not isinstance(array, Mapping)
        }
    )


def has_layers(source: Source) -> bool:
    """Whether the source is a file or arrays by name rather than one matrix."""
    return isinstance(source, str | os.PathLike) or state_of(source) is not None


def as_weights(source: Source, reading: Reading = AS_IT_IS) -> Weights:
    """Convert the `weights` argument of a function to `Weights`.

    Args:
        source: a file; the result of `load_weights`; matrices [out, in] by layer, whose names are
            kept; a module of PyTorch or its state dict; or one matrix, which becomes the layer
            `fc1`.
        reading: whether the layers are a chain, and the orientation of arrays.

    Raises:
        UserError: if a layer is not a matrix of finite real numbers, or a chain does not fit.
    """
    if isinstance(source, Weights) and reading == AS_IT_IS:
        return source
    if isinstance(source, str | os.PathLike):
        return load_weights(source, reading)
    state = state_of(source)
    if state is None:
        return _one_matrix(source, reading)
    if not isinstance(source, Mapping) or _is_state_dict(source):
        return load_weights(source, reading)
    return _layers_by_name(source, reading)


def _one_matrix(source: Any, reading: Reading) -> Weights:
    """A single matrix as the layer `fc1`."""
    named = named_matrix("weights", source, reading.table)
    matrix, names = as_matrix("weights", named.array), named.names
    if reading.transpose:
        matrix, names = matrix.T, names.transposed()
    units = {"fc1": names} if names else {}
    arrays = {"fc1": DEFAULT_NAME}
    return Weights(DEFAULT_NAME, {"fc1": matrix}, arrays, units=units, notes=named.notes)


def _is_state_dict(source: Mapping[Any, Any]) -> bool:
    """Whether tensors of PyTorch stand beside biases or counters, or inside a checkpoint."""
    if state_of(source) is not source:
        return True
    tensors = [value for value in source.values() if hasattr(value, "detach")]
    return bool(tensors) and any(tensor.ndim != 2 for tensor in tensors)


def _layers_by_name(source: Mapping[str, Matrix], reading: Reading) -> Weights:
    """Matrices by the name of the layer."""
    layers: dict[str, np.ndarray] = {}
    units = dict(source.units) if isinstance(source, Weights) else {}
    assumptions = list(source.notes) if isinstance(source, Weights) else []
    for name, array in source.items():
        where = f"weights: layer {one_line(repr(name), 80)}"
        if not isinstance(name, str) or name in ("", NETWORK):
            raise UserError(f"{where}: found this name, expected a text other than {NETWORK!r}")
        loaded = named_matrix(where, array)
        layers[name] = as_matrix(where, loaded.array)
        if loaded.names:
            units[name] = loaded.names
        assumptions += loaded.notes
    if not layers:
        raise UserError("weights: found no layers, expected at least one matrix [out, in]")
    chain, transposed = of_matrices("weights", layers, reading)
    if transposed:
        layers = {name: matrix.T for name, matrix in layers.items()}
        units = {name: names.transposed() for name, names in units.items()}
    network = source.name if isinstance(source, Weights) else DEFAULT_NAME
    arrays = {name: name for name in layers}
    return Weights(network, layers, arrays, chain, units=units, notes=assumptions)


def as_networks(weights: Weights, name: str) -> Networks:
    """The network as a block of one, like the result of `importing.read_network`."""
    names = {layer: layer for layer in weights} if weights.chain else file_names(weights)
    stacks = {names[layer]: matrix[None] for layer, matrix in weights.items()}
    return Networks(name, (IMPORTED_SEED,), {}, stacks, chain=weights.chain)


def name_of(path: Path) -> str:
    """Derive from a file's name a name for its network that a config would accept.

    >>> name_of(Path("runs/My-Net.v2.npz")), name_of(Path("2024.csv"))
    ('my_net_v2', 'weights_2024')
    """
    given = path.name.removesuffix(".index.json")
    given = stem(path) if given == path.name else given
    plain = re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_")
    named = plain if plain[:1].isalpha() else f"{DEFAULT_NAME}_{plain}"
    return named[:40].strip("_")
