"""Blocks of networks as stacked arrays, and their files.

Layer l of all networks of a block is one array [networks, out, in].
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from clusterability.blocks import Block
from clusterability.errors import UserError, one_line
from clusterability.files import write_whole
from clusterability.names import IMPORTED, IMPORTED_SEED
from clusterability.networks.layer_names import PATTERN

METADATA_KEY = "clusterability"

MATRICES = "matrices"
"""Key of the description that lists the layers, in order, of networks that are not chains."""

FOLDER = "networks"
"""Folder of networks in a study's results: `networks/{condition}/{seeds}.safetensors`."""


@dataclass(frozen=True)
class Networks:
    """A block of networks of one condition.

    Attributes:
        condition: name of the training recipe.
        seeds: one seed per network.
        recipe: keys of the recipe with their values.
        weights: float32 [networks, out, in] by layer, from the input on.
        biases: float32 [networks, out] by layer, for layers with biases.
        chain: whether the outputs of each layer are the inputs of the next. The matrices of an
            imported file can be unrelated.
    """

    condition: str
    seeds: tuple[int, ...]
    recipe: dict[str, Any]
    weights: dict[str, np.ndarray]
    biases: dict[str, np.ndarray] = field(default_factory=dict)
    chain: bool = True

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Weights and biases by their names in files: `fc1.weight`, `fc1.bias`, …"""
        return {
            f"{layer}.{kind}": stacks[layer]
            for layer in self.weights
            for kind, stacks in (("weight", self.weights), ("bias", self.biases))
            if layer in stacks
        }

    def biases_of(self, number: int) -> list[np.ndarray]:
        """Biases [out] by layer of the network at this index; zeros for layers without biases."""
        return [
            self.biases[layer][number]
            if layer in self.biases
            else np.zeros_like(stack[number, :, 0])
            for layer, stack in self.weights.items()
        ]


def network_digest(networks: Networks, number: int) -> str:
    """SHA-256 of the weights and biases of one network of the block, layer by layer."""
    digest = hashlib.sha256()
    for name, stack in networks.arrays.items():
        digest.update(name.removesuffix(".weight").encode())
        digest.update(np.ascontiguousarray(stack[number], dtype="<f4").tobytes())
    return digest.hexdigest()


def save_networks(path: Path, networks: Networks) -> None:
    """Write arrays `fc1.weight`, … [networks, out, in] and one metadata key as `.safetensors`.

    Layers with biases also have `fc1.bias`, … [networks, out]. Matrices that are not a chain keep
    their names, and the description lists them in order under the key `matrices`.

    Equal networks give equal files: these contain no time or host, and the metadata is one key of
    sorted JSON.
    """
    # The writer copies raw memory, which would be in the wrong order for a transposed array.
    tensors = {name: np.ascontiguousarray(stack) for name, stack in networks.arrays.items()}
    description = {
        "condition": networks.condition,
        "recipe": networks.recipe,
        "seeds": list(networks.seeds),
    }
    if not networks.chain:
        description[MATRICES] = list(networks.weights)
    metadata = {METADATA_KEY: json.dumps(description, sort_keys=True)}
    write_whole(path, save(tensors, metadata))


def load_networks(path: Path) -> Networks:
    """Read a file that `save_networks` wrote.

    Raises:
        UserError: if the file is damaged, was not written by this study, or contains other networks
            than its path says; if layers are missing, not float32 [networks, out, in], do not fit
            together, or contain a weight that is not finite.
    """
    try:
        description, arrays = _read(path)
        networks = _described(description, arrays)
        _check_place(path, networks)
        _check_finite(networks)
    except (SafetensorError, OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None
    return networks


def _unusable(path: Path, cause: str) -> UserError:
    return UserError(
        f"{path}: found {one_line(cause)}, expected weights of this study; remove the file to have"
        " it made again"
    )


def _read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Description and arrays of a file, from the input on; ValueError if it is invalid."""
    with safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
        if text is None:
            raise ValueError("no description of networks")
        description = json.loads(text)
        names = _array_names(file, _matrix_names(description))
        return description, {name: file.get_tensor(name) for name in names}


def _matrix_names(description: Any) -> list[str] | None:
    """Layer names of networks that are not chains; None for a chain, whose names are implied."""
    names = description.get(MATRICES) if isinstance(description, dict) else None
    if names is None:
        return None
    if not isinstance(names, list) or not all(
        isinstance(name, str) and re.fullmatch(PATTERN, name) for name in names
    ):
        raise ValueError(f"{MATRICES} that are no names of layers")
    return list(names)


def _array_names(file: Any, layers: Sequence[str] | None = None) -> list[str]:
    """Names of the arrays in layer order; ValueError for unexpected arrays.

    Layers default to `fc1`, `fc2`, …
    """
    names = set(file.keys())
    if layers is None:
        layers = [f"fc{number + 1}" for number in range(sum(_is_weight(name) for name in names))]
    expected = [
        f"{layer}.{kind}"
        for layer in layers
        for kind in ("weight", "bias")
        if kind == "weight" or f"{layer}.bias" in names
    ]
    if not names or names != set(expected) or len(set(expected)) < len(expected):
        raise ValueError(
            f"the arrays {', '.join(sorted(names)) or '(none)'}, not fc1.weight, fc2.weight, …"
        )
    for name in expected:
        part = file.get_slice(name)
        axes = "networks, out, in" if _is_weight(name) else "networks, out"
        # Some dtypes of the format do not exist in NumPy, so its name for the dtype is compared.
        if part.get_dtype() != "F32" or len(part.get_shape()) != axes.count(",") + 1:
            raise ValueError(
                f"{name} of {part.get_dtype()} {part.get_shape()}, not of float32 [{axes}]"
            )
    return expected


def _is_weight(name: str) -> bool:
    return name.endswith(".weight")


def _described(description: Any, arrays: dict[str, np.ndarray]) -> Networks:
    """Networks from a description and its arrays; ValueError if these do not fit."""
    match description:
        case {"condition": str(condition), "recipe": dict(recipe), "seeds": list(seeds)}:
            pass
        case _:
            raise ValueError("no condition, recipe and seeds in its description")
    if not all(type(seed) is int and seed >= IMPORTED_SEED for seed in seeds):
        raise ValueError(f"seeds that are no whole numbers: {seeds}")
    if len(set(seeds)) < len(seeds) or not seeds:
        raise ValueError(f"seeds that are none or there twice: {seeds}")
    for name, stack in arrays.items():
        if len(stack) != len(seeds) or 0 in stack.shape:
            raise ValueError(f"{name} of shape {list(stack.shape)} for {len(seeds)} seeds")
    weights = {name.removesuffix(".weight"): arrays[name] for name in arrays if _is_weight(name)}
    biases = {name.removesuffix(".bias"): arrays[name] for name in arrays if not _is_weight(name)}
    chain = _matrix_names(description) is None
    for (first, before), (second, after) in pairwise(weights.items()) if chain else ():
        if before.shape[1] != after.shape[2]:
            raise ValueError(
                f"{first} {list(before.shape)} before {second} {list(after.shape)}, which do not"
                " fit"
            )
    for layer, stack in biases.items():
        if stack.shape[1] != weights[layer].shape[1]:
            raise ValueError(
                f"{layer}.bias {list(stack.shape)} for {layer}.weight"
                f" {list(weights[layer].shape)}, which do not fit"
            )
    return Networks(condition, tuple(seeds), recipe, weights, biases, chain)


def _check_place(path: Path, networks: Networks) -> None:
    """Raise ValueError if a file in a study's folder holds other networks than its path says."""
    if len(path.parts) < 3 or path.parts[-3] != FOLDER:
        return
    condition, block = path.parent.name, path.stem
    seeds = (IMPORTED_SEED,) if block == IMPORTED else tuple(Block.parse(block))
    if networks.condition != condition:
        raise ValueError(f"networks of condition {networks.condition!r}, not {condition!r}")
    if networks.seeds != seeds:
        raise ValueError(f"networks of seeds {list(networks.seeds)}, not {block}")


def _check_finite(networks: Networks) -> None:
    for name, stack in networks.arrays.items():
        finite = np.isfinite(stack).reshape(len(stack), -1).all(axis=1)
        if not finite.all():
            seed = networks.seeds[int(np.argmin(finite))]
            layer = name.removesuffix(".weight")
            raise ValueError(f"a weight that is not finite in {layer} of seed {seed}")


def join_networks(blocks: Sequence[Networks]) -> Networks:
    """Concatenate blocks of networks of one condition.

    Raises:
        UserError: if the layers of the blocks differ.
    """
    first = blocks[0]
    for block in blocks[1:]:
        if _shapes(block) != _shapes(first):
            raise UserError(
                f"networks of {first.condition}: found layers {_shapes(block)} of seed"
                f" {block.seeds[0]}, expected {_shapes(first)} as of seed {first.seeds[0]}; remove"
                " the file of the wrong ones to have it made again"
            )
    weights, biases = (
        {layer: np.concatenate([block[layer] for block in stacks]) for layer in stacks[0]}
        for stacks in (
            [block.weights for block in blocks],
            [block.biases for block in blocks],
        )
    )
    seeds = tuple(seed for block in blocks for seed in block.seeds)
    return Networks(first.condition, seeds, first.recipe, weights, biases, first.chain)


def _shapes(networks: Networks) -> dict[str, list[int]]:
    """Shapes [out, in] of weights and [out] of biases, by array."""
    return {
        name.removesuffix(".weight"): list(stack.shape[1:])
        for name, stack in networks.arrays.items()
    }


def stored_description(file: Any) -> Any:
    """Description of networks in the metadata of an open file; empty if there is none."""
    return json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))


def stored_shapes(path: Path) -> dict[str, tuple[int, int]]:
    """Shapes [out, in] by layer of the networks in a file, in order; reads no weights.

    Raises:
        UserError: if the file is damaged or contains unexpected arrays.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = filter(_is_weight, _array_names(file, _matrix_names(stored_description(file))))
            shapes = {name: file.get_slice(name).get_shape() for name in names}
    except (SafetensorError, OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None
    return {
        name.removesuffix(".weight"): (out, columns) for name, (_, out, columns) in shapes.items()
    }


def stored_sizes(path: Path) -> list[int]:
    """Units per layer, input first, of the networks in a file whose layers are a chain.

    Raises:
        UserError: as `stored_shapes` does.
    """
    shapes = list(stored_shapes(path).values())
    return [shapes[0][1], *(out for out, _ in shapes)]
