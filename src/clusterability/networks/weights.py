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
from clusterability.networks.importing.layers import as_matrix, check_fit, choose_layers
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.torch_file import tensor_array
from clusterability.networks.stacked import Networks

DEFAULT_NAME = "weights"
"""Name of a network that does not come from a file."""


class SupportsArray(Protocol):
    """What NumPy makes an array of: a data frame, a tensor."""

    def __array__(self) -> Any: ...


Matrix = np.ndarray | SupportsArray | Sequence[Sequence[float]]
File = str | os.PathLike[str]
Source = File | Mapping[str, Matrix] | Matrix


class Weights(Mapping[str, np.ndarray]):
    """The weight matrices of one network by layer, from the input on: float32 [out, in].

    Attributes:
        name: of the network; random streams go by it.
        arrays: what each layer was called where it came from.

    >>> Weights("mine", {"fc1": np.ones((2, 3), np.float32)}, {"fc1": "encoder.weight"})
    Weights 'mine': fc1 [2, 3] from 'encoder.weight'
    """

    def __init__(
        self, name: str, layers: Mapping[str, np.ndarray], arrays: Mapping[str, str]
    ) -> None:
        self.name = name
        self.arrays = dict(arrays)
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


def load_weights(source: File | Mapping[str, Any], layers: Sequence[str] | None) -> Weights:
    """The layers `fc1`, `fc2`, … of a file or of a dict of arrays: see `api.load`."""
    if isinstance(layers, str):
        layers = [layers]
    if isinstance(source, Mapping):
        name = source.name if isinstance(source, Weights) else DEFAULT_NAME
        origin = "the arrays"
        found = {str(key): _array(f"array {key!r}", array) for key, array in source.items()}
    else:
        path = Path(source)
        name, origin, found = name_of(path), str(path), read_arrays(path)
    chosen = choose_layers(origin, found, layers)
    named = {f"fc{place}": array for place, array in enumerate(chosen, start=1)}
    return Weights(name, {layer: chosen[array] for layer, array in named.items()}, named)


def as_weights(source: Source) -> Weights:
    """What a function is given as the weights of one network.

    Args:
        source: a file; what `load_weights` gives; matrices [out, in] by layer, whose names stay;
            or one matrix, the layer `fc1`.

    Raises:
        UserError: where a layer is no matrix of finite real numbers, or layers do not fit.
    """
    if isinstance(source, Weights):
        return source
    if isinstance(source, str | os.PathLike):
        return load_weights(source, None)
    if not isinstance(source, Mapping):
        matrix = as_matrix("weights", _array("weights", source))
        return Weights(DEFAULT_NAME, {"fc1": matrix}, {"fc1": DEFAULT_NAME})
    layers = {}
    for name, array in source.items():
        where = f"weights: layer {one_line(repr(name), 80)}"
        if not isinstance(name, str) or name in ("", NETWORK):
            raise UserError(f"{where}: found this name, expected a text other than {NETWORK!r}")
        layers[name] = as_matrix(where, _array(where, array))
    if not layers:
        raise UserError("weights: found no layers, expected at least one matrix [out, in]")
    check_fit("weights", layers)
    return Weights(DEFAULT_NAME, layers, {name: name for name in layers})


def as_networks(weights: Weights, name: str) -> Networks:
    """The network as a block of one, as `importing.read_network` gives it."""
    stacks = {layer: matrix[None] for layer, matrix in weights.items()}
    return Networks(name, (IMPORTED_SEED,), {}, stacks)


def name_of(path: Path) -> str:
    """A name for the network of a file, such as a config allows.

    >>> name_of(Path("runs/My-Net.v2.npz")), name_of(Path("2024.csv"))
    ('my_net_v2', 'weights_2024')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
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
