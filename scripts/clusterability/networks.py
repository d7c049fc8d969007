"""Networks of a block, held together, and their files.

Layer l of all networks is one array of shape [networks, out, in].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from clusterability.blocks import Block
from clusterability.errors import UserError, one_line
from clusterability.files import write_whole
from clusterability.graph import live_units
from clusterability.names import IMPORTED, IMPORTED_SEED

METADATA_KEY = "clusterability"

FOLDER = "networks"
"""Where files lie in the folder of the results: `networks/{condition}/{seeds}.safetensors`."""


@dataclass(frozen=True)
class Networks:
    """A block of networks of one condition.

    Attributes:
        condition: name of the training recipe.
        seeds: one seed a network.
        recipe: keys of the recipe with their values.
        weights: layer name to float32 array [networks, out, in], from the input on.
    """

    condition: str
    seeds: tuple[int, ...]
    recipe: dict[str, Any]
    weights: dict[str, np.ndarray]


def weights_digest(weights: dict[str, np.ndarray], number: int) -> str:
    """SHA-256 over the weights of one network of the block, layer by layer."""
    digest = hashlib.sha256()
    for name, stack in weights.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(stack[number], dtype="<f4").tobytes())
    return digest.hexdigest()


def weight_columns(networks: Networks, number: int) -> dict[str, Any]:
    """What the table of networks says of a network's weights.

    Number of parameters, dead units of both sides by layer, digest; in this order.
    """
    columns: dict[str, Any] = {
        "parameters": sum(stack[number].size for stack in networks.weights.values())
    }
    for layer, stack in networks.weights.items():
        live = live_units(stack[number])
        columns[f"{layer}_dead_u"] = int((~live.rows).sum())
        columns[f"{layer}_dead_v"] = int((~live.columns).sum())
    return columns | {"digest": weights_digest(networks.weights, number)}


def save_networks(path: Path, networks: Networks) -> None:
    """Writes `.safetensors`: `fc1.weight`, … [networks, out, in] and one key of metadata.

    The same networks give the same bytes: no time, no host, one metadata key with sorted JSON.
    """
    # The writer takes an array's memory as it lies: that of a transposed one in another order.
    tensors = {
        f"{layer}.weight": np.ascontiguousarray(stack) for layer, stack in networks.weights.items()
    }
    description = {
        "condition": networks.condition,
        "recipe": networks.recipe,
        "seeds": list(networks.seeds),
    }
    metadata = {METADATA_KEY: json.dumps(description, sort_keys=True)}
    write_whole(path, save(tensors, metadata))


def load_networks(path: Path) -> Networks:
    """Reads what `save_networks` wrote.

    Raises:
        UserError: where the file is damaged, was not written by this study, or holds other networks
            than its place says; where layers are missing, of other shapes than [networks, out, in],
            not float32, do not fit, or hold a weight that is not finite.
    """
    try:
        description, weights = _read(path)
        networks = _described(description, weights)
        _check_place(path, networks)
        _check_finite(networks)
    except (SafetensorError, OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None
    return networks


def _unusable(path: Path, found: str) -> UserError:
    return UserError(
        f"{path}: found {one_line(found)}, expected weights of this study; remove the file to have"
        " it made again"
    )


def _read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """What the file says of its networks, and their layers from the input on; ValueError."""
    with safe_open(path, framework="numpy") as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
        if text is None:
            raise ValueError("no description of networks")
        return json.loads(text), {
            name.removesuffix(".weight"): file.get_tensor(name) for name in _layer_names(file)
        }


def _layer_names(file: Any) -> list[str]:
    """Names of the layers' arrays, `fc1.weight` to the last; ValueError where there are others."""
    names = list(file.keys())
    expected = [f"fc{number}.weight" for number in range(1, len(names) + 1)]
    if not names or set(names) != set(expected):
        raise ValueError(
            f"the arrays {', '.join(sorted(names)) or '(none)'}, not fc1.weight, fc2.weight, …"
        )
    for name in names:
        part = file.get_slice(name)
        # NumPy lacks some of the types that a file can have, so the file's own word is taken.
        if part.get_dtype() != "F32" or len(part.get_shape()) != 3:
            raise ValueError(
                f"{name} of {part.get_dtype()} {part.get_shape()}, not of float32"
                " [networks, out, in]"
            )
    return expected


def _described(description: Any, weights: dict[str, np.ndarray]) -> Networks:
    """The networks, if their description and their layers fit; ValueError where they do not."""
    match description:
        case {"condition": str(condition), "recipe": dict(recipe), "seeds": list(seeds)}:
            pass
        case _:
            raise ValueError("no condition, recipe and seeds in its description")
    if not all(type(seed) is int and seed >= IMPORTED_SEED for seed in seeds):
        raise ValueError(f"seeds that are no whole numbers: {seeds}")
    if len(set(seeds)) < len(seeds) or not seeds:
        raise ValueError(f"seeds that are none or there twice: {seeds}")
    shapes = {name: list(stack.shape) for name, stack in weights.items()}
    for name, shape in shapes.items():
        if shape[0] != len(seeds) or 0 in shape:
            raise ValueError(f"{name} of shape {shape} for {len(seeds)} seeds")
    for (first, before), (second, after) in pairwise(shapes.items()):
        if before[1] != after[2]:
            raise ValueError(f"{first} {before} before {second} {after}, which do not fit")
    return Networks(condition, tuple(seeds), recipe, weights)


def _check_place(path: Path, networks: Networks) -> None:
    """A file in a study's folder has to hold the networks that its path names; ValueError."""
    if len(path.parts) < 3 or path.parts[-3] != FOLDER:
        return
    condition, block = path.parent.name, path.stem
    seeds = (IMPORTED_SEED,) if block == IMPORTED else tuple(Block.parse(block))
    if networks.condition != condition:
        raise ValueError(f"networks of condition {networks.condition!r}, not {condition!r}")
    if networks.seeds != seeds:
        raise ValueError(f"networks of seeds {list(networks.seeds)}, not {block}")


def _check_finite(networks: Networks) -> None:
    for layer, stack in networks.weights.items():
        finite = np.isfinite(stack).all(axis=(1, 2))
        if not finite.all():
            seed = networks.seeds[int(np.argmin(finite))]
            raise ValueError(f"a weight that is not finite in {layer} of seed {seed}")


def join_networks(blocks: Sequence[Networks]) -> Networks:
    """Networks of several blocks of one condition as those of one block.

    Raises:
        UserError: where the blocks have other layers than each other.
    """
    first = blocks[0]
    for block in blocks[1:]:
        if _shapes(block) != _shapes(first):
            raise UserError(
                f"networks of {first.condition}: found layers {_shapes(block)} of seed"
                f" {block.seeds[0]}, expected {_shapes(first)} as of seed {first.seeds[0]}; remove"
                " the file of the wrong ones to have it made again"
            )
    weights = {
        layer: np.concatenate([block.weights[layer] for block in blocks]) for layer in first.weights
    }
    seeds = tuple(seed for block in blocks for seed in block.seeds)
    return Networks(first.condition, seeds, first.recipe, weights)


def _shapes(networks: Networks) -> dict[str, list[int]]:
    """Layers with their [out, in]."""
    return {layer: list(stack.shape[1:]) for layer, stack in networks.weights.items()}


def stored_sizes(path: Path) -> list[int]:
    """Units by layer, input first, of the networks in a file; reads no weights.

    Raises:
        UserError: where the file is damaged or holds other arrays than layers.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            shapes = [file.get_slice(name).get_shape() for name in _layer_names(file)]
    except (SafetensorError, OSError, ValueError) as error:
        raise _unusable(path, str(error)) from None
    return [shapes[0][2], *(shape[1] for shape in shapes)]
