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
from clusterability.networks.importing.layers import as_matrix, read_layers
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading, Selection, of_matrices
from clusterability.networks.importing.torch_file import tensor_array
from clusterability.networks.importing.wording import Arrays
from clusterability.networks.layer_names import file_names
from clusterability.networks.stacked import Networks

DEFAULT_NAME = "weights"
"""Name of a network that does not come from a file."""
AS_IT_IS = Reading()
"""Nothing is asked of how weights are read."""


class SupportsArray(Protocol):
    """What NumPy makes an array of: a data frame, a tensor."""

    def __array__(self) -> Any: ...


Matrix = np.ndarray | SupportsArray | Sequence[Sequence[float]]
File = str | os.PathLike[str]
Source = File | Mapping[str, Matrix] | Matrix


class Weights(Mapping[str, np.ndarray]):
    """The weight matrices of one network by layer: float32 [out, in].

    Attributes:
        name: of the network; random streams go by it.
        arrays: what each layer was called where it came from.
        chain: whether the outputs of each layer are the inputs of the next; then layers come from
            the input on.
        told: how they were read and what was left out, in one line; "" where nothing was read.

    >>> Weights("mine", {"fc1": np.ones((2, 3), np.float32)}, {"fc1": "encoder.weight"})
    Weights 'mine': fc1 [2, 3] from 'encoder.weight'
    """

    def __init__(
        self,
        name: str,
        layers: Mapping[str, np.ndarray],
        arrays: Mapping[str, str],
        chain: bool = True,
        told: str = "",
    ) -> None:
        self.name = name
        self.arrays = dict(arrays)
        self.chain = chain
        self.told = told
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
        told = f" ({self.told})" if self.told else ""
        return f"Weights {self.name!r}: {', '.join(layers[:_MOST_SHOWN] + more)}{told}"


_MOST_SHOWN = 12
"""Layers that are shown of a network."""


def load_weights(source: File | Mapping[str, Any], reading: Reading) -> Weights:
    """The layers of a file or of a dict of arrays: see `api.load`."""
    if isinstance(source, Mapping):
        name = source.name if isinstance(source, Weights) else DEFAULT_NAME
        origin = "the arrays"
        found: Arrays = {str(key): _array(f"array {key!r}", each) for key, each in source.items()}
    else:
        path = Path(source)
        name, origin, found = name_of(path), str(path), read_arrays(path)
    selection, matrices, _ = read_layers(origin, found, reading)
    # Of a single matrix there is nothing to tell.
    plain = len(matrices) == 1 and selection == Selection(selection.arrays, selection.shapes)
    told = "" if plain else selection.told()
    return Weights(name, matrices, selection.arrays, selection.chain, told)


def as_weights(source: Source, reading: Reading = AS_IT_IS) -> Weights:
    """What a function is given as the weights of one network.

    Args:
        source: a file; what `load_weights` gives; matrices [out, in] by layer, whose names stay;
            or one matrix, the layer `fc1`.
        reading: whether they are a chain, and which way arrays are stored.

    Raises:
        UserError: where a layer is no matrix of finite real numbers, or a chain does not fit.
    """
    if isinstance(source, Weights) and reading == AS_IT_IS:
        return source
    if isinstance(source, str | os.PathLike):
        return load_weights(source, reading)
    if not isinstance(source, Mapping):
        matrix = as_matrix("weights", _array("weights", source))
        matrix = matrix.T if reading.transpose else matrix
        return Weights(DEFAULT_NAME, {"fc1": matrix}, {"fc1": DEFAULT_NAME})
    layers = {}
    for name, array in source.items():
        where = f"weights: layer {one_line(repr(name), 80)}"
        if not isinstance(name, str) or name in ("", NETWORK):
            raise UserError(f"{where}: found this name, expected a text other than {NETWORK!r}")
        layers[name] = as_matrix(where, _array(where, array))
    if not layers:
        raise UserError("weights: found no layers, expected at least one matrix [out, in]")
    chain, transposed = of_matrices("weights", layers, reading)
    matrices = {name: matrix.T if transposed else matrix for name, matrix in layers.items()}
    named = source.name if isinstance(source, Weights) else DEFAULT_NAME
    return Weights(named, matrices, {name: name for name in layers}, chain)


def as_networks(weights: Weights, name: str) -> Networks:
    """The network as a block of one, as `importing.read_network` gives it."""
    names = {layer: layer for layer in weights} if weights.chain else file_names(weights)
    stacks = {names[layer]: matrix[None] for layer, matrix in weights.items()}
    return Networks(name, (IMPORTED_SEED,), {}, stacks, chain=weights.chain)


def name_of(path: Path) -> str:
    """A name for the network of a file, such as a config allows.

    >>> name_of(Path("runs/My-Net.v2.npz")), name_of(Path("2024.csv"))
    ('my_net_v2', 'weights_2024')
    """
    stem = path.name.removesuffix(".index.json") if path.suffix == ".json" else path.stem
    plain = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    named = plain if plain[:1].isalpha() else f"{DEFAULT_NAME}_{plain}"
    return named[:40].strip("_")


def _array(where: str, given: Any) -> np.ndarray:
    """What was given as an array; tensors of PyTorch may want gradients or lie on a device."""
    if hasattr(given, "detach"):
        return tensor_array(given)
    try:
        return np.asarray(given)
    except (ValueError, TypeError) as error:
        raise UserError(f"{where}: found {one_line(str(error), 80)}, expected a matrix") from None
