"""Tensors of a state dict of PyTorch, read without running code from the file."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.wording import Arrays, listed
from clusterability.networks.safe_arrays import MOST_BYTES, check_stored

_CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep a model's state dict, beside the optimiser's."""


def read_torch(path: Path) -> Arrays:
    """The tensors of a state dict, or of a checkpoint that holds one under a usual key."""
    try:
        import torch
    except ModuleNotFoundError:
        raise UserError(
            f"{path}: found a file of PyTorch, which is not installed, expected it (pip install"
            " torch), or a file of another kind"
        ) from None

    if not zipfile.is_zipfile(path):
        raise UserError(
            f"{path}: found no archive (a damaged file, a pickle, or one of PyTorch before 1.6),"
            " expected a state dict: torch.save(model.state_dict(), path)"
        )
    check_stored(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise UserError(
            f"{path}: found a whole pickled module or other objects (or a damaged file), expected a"
            " state dict: torch.save(model.state_dict(), path)"
        ) from None
    if isinstance(loaded, torch.Tensor):
        loaded = {path.stem: loaded}
    tensors = _tensors(loaded)
    for key in _CHECKPOINT_KEYS:
        if not tensors and isinstance(loaded, Mapping):
            tensors = _tensors(loaded.get(key))
    if not tensors:
        found = listed(map(str, loaded)) if isinstance(loaded, Mapping) else type(loaded).__name__
        raise UserError(
            f"{path}: found no tensors but {found}, expected a state dict, alone or as"
            f" {' or '.join(map(repr, _CHECKPOINT_KEYS))}"
        )
    return {name: tensor_array(tensor) for name, tensor in tensors.items()}


def _tensors(loaded: object) -> dict[str, Any]:
    """The tensors among the values of a mapping; none where it is no mapping."""
    import torch

    items = loaded.items() if isinstance(loaded, Mapping) else ()
    return {str(key): value for key, value in items if isinstance(value, torch.Tensor)}


def tensor_array(tensor: Any) -> np.ndarray:
    """A tensor of PyTorch as an array, from any device."""
    import torch

    # NumPy lacks some of PyTorch's floats, such as bfloat16; float64 holds all of them. Only then
    # is memory taken: a tensor may be a view that repeats few numbers.
    known = (torch.float16, torch.float32, torch.float64)
    if tensor.is_floating_point() and tensor.dtype not in known:
        if 8 * tensor.numel() > MOST_BYTES:
            raise ValueError(f"a tensor of {tensor.numel()} numbers")
        tensor = tensor.double()
    return np.asarray(tensor.detach().cpu().numpy())
