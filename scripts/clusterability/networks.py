"""Networks of a block, held together, and their files.

Layer l of all networks is one array of shape [networks, out, in].
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from clusterability.errors import UserError, reason
from clusterability.files import write_whole
from clusterability.graph import live_units

METADATA_KEY = "clusterability"


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
    tensors = {f"{layer}.weight": stack for layer, stack in networks.weights.items()}
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
        UserError: where the file is damaged, was not written by this study, or holds a weight
            that is not finite.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            description = json.loads((file.metadata() or {})[METADATA_KEY])
            names = sorted(file.keys(), key=_layer_number)
            weights = {name.removesuffix(".weight"): file.get_tensor(name) for name in names}
            condition, recipe = description["condition"], description["recipe"]
            seeds = tuple(description["seeds"])
    except (SafetensorError, OSError, LookupError, ValueError, TypeError) as error:
        _refuse(path, f"{type(error).__name__}: {reason(error)}")
    _check_seeds(path, seeds)
    _check_stacks(path, weights, len(seeds))
    for layer, stack in weights.items():
        if not np.isfinite(stack).all():
            number = int(np.argwhere(~np.isfinite(stack))[0, 0])
            _refuse(path, f"a weight that is not finite in {layer} of seed {seeds[number]}")
    return Networks(condition, seeds, recipe, weights)


def _check_seeds(path: Path, seeds: tuple[Any, ...]) -> None:
    whole = all(type(seed) is int for seed in seeds)
    if not seeds or not whole or len(set(seeds)) < len(seeds):
        _refuse(path, f"the seeds {seeds}"[:100])


def _check_stacks(path: Path, weights: dict[str, np.ndarray], networks: int) -> None:
    """Layers are float32 [networks, out, in]; the outputs of each are the inputs of the next."""
    if list(weights) != [f"fc{number}" for number in range(1, len(weights) + 1)] or not weights:
        _refuse(path, f"layers {', '.join(weights) or 'without any weight'}"[:100])
    units = None
    for layer, stack in weights.items():
        fits = stack.ndim == 3 and len(stack) == networks and units in (None, stack.shape[2])
        if not fits or stack.dtype != np.float32 or 0 in stack.shape:
            _refuse(path, f"{layer} of {networks} networks as {stack.dtype} {list(stack.shape)}")
        units = stack.shape[1]


def _refuse(path: Path, found: str) -> NoReturn:
    raise UserError(
        f"{path}: found {found}, expected weights of this study; remove the file to have it made"
        " again"
    )


def join_networks(blocks: Sequence[Networks]) -> Networks:
    """Networks of several blocks of one condition as those of one block."""
    weights = {
        layer: np.concatenate([block.weights[layer] for block in blocks])
        for layer in blocks[0].weights
    }
    seeds = tuple(seed for block in blocks for seed in block.seeds)
    return Networks(blocks[0].condition, seeds, blocks[0].recipe, weights)


def stored_sizes(path: Path) -> list[int]:
    """Units by layer, input first, of the networks in a file; reads no weights."""
    with safe_open(path, framework="numpy") as file:
        shapes = [
            file.get_slice(name).get_shape() for name in sorted(file.keys(), key=_layer_number)
        ]
    return [shapes[0][2], *(shape[1] for shape in shapes)]


def _layer_number(name: str) -> int:
    return int(name.removeprefix("fc").removesuffix(".weight"))
