"""Search for the weights of the model in a checkpoint.

Checkpoints hold a state dict beside those of the optimiser, epoch counters, best accuracies,
confusion matrices. A usual key takes precedence; otherwise the only mapping with tensors is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping

from clusterability.errors import UserError
from clusterability.networks.importing.torch_pickle import StoredTensor, Unknown
from clusterability.networks.importing.wording import listed

KEYS = ("state_dict", "model_state_dict", "model_state", "model", "module")
"""Usual keys of the weights of a model in checkpoints, by precedence."""

_DEEPEST, _MOST = 32, 10**6
"""Bounds on the depth of nested mappings and on the number of values visited."""

Tensors = dict[str, StoredTensor]


def state_dict(source: str, stem: str, loaded: object) -> tuple[Tensors, tuple[str, ...]]:
    """Tensors of a model, and notes on other tensors that were ignored.

    Args:
        source: the file, for messages.
        stem: name for a single tensor.
        loaded: result of `torch_pickle.unpickle`.

    Returns:
        Tensors by name in file order, with dots joining the keys of nested mappings; and notes, one
        line each.

    Raises:
        UserError: if there are no tensors.
    """
    if isinstance(loaded, StoredTensor):
        return {stem: loaded}, ()
    content = _mapping(loaded)
    key, tensors = _chosen(content) if content else ("", {})
    if not tensors:
        is_mapping = isinstance(loaded, Mapping | Unknown)
        content_listed = listed(map(str, content)) if is_mapping else type(loaded).__name__
        raise UserError(
            f"{source}: found no tensors but {content_listed}, expected a state dict, alone or as"
            f" {' or '.join(map(repr, KEYS))}"
        )
    ignored = [str(name) for name, value in content.items() if isinstance(value, StoredTensor)]
    notes = (f"{listed(ignored)} beside {key!r}",) if key and ignored else ()
    return tensors, notes


def _mapping(value: object) -> Mapping[object, object]:
    """Items of a dict, or of an object in a TorchScript archive."""
    if isinstance(value, Unknown):
        value = value.items or value.state
    return value if isinstance(value, Mapping) else {}


def _chosen(content: Mapping[object, object]) -> tuple[str, Tensors]:
    """Key and tensors of the chosen mapping; the key is "" for the content itself."""
    for key in KEYS:
        inside = _mapping(content.get(key))
        if not inside:
            continue
        for deeper in KEYS:
            if tensors := _tensors(inside.get(deeper)):
                return f"{key}.{deeper}", tensors
        if tensors := _tensors(inside):
            return key, tensors
    inner = {
        str(key): tensors
        for key, value in content.items()
        if isinstance(key, str) and not _is_optimiser(key, value) and (tensors := _tensors(value))
    }
    direct = {str(k): v for k, v in content.items() if isinstance(v, StoredTensor)}
    mappings = {key: tensors for key, tensors in inner.items() if key not in direct}
    if len(mappings) == 1 and not _is_module(content, mappings):
        return next(iter(mappings.items()))
    return "", _tensors(content)


def _is_module(content: Mapping[object, object], mappings: Mapping[str, Tensors]) -> bool:
    """Whether the content is a module of a TorchScript archive, whose submodules are objects."""
    return isinstance(content.get(next(iter(mappings))), Unknown)


def _is_optimiser(key: str, value: object) -> bool:
    """Whether a mapping is the state of an optimiser or scheduler."""
    return "optim" in key.lower() or "sched" in key.lower() or "param_groups" in _mapping(value)


def _tensors(value: object, left: list[int] | None = None, depth: int = 0) -> Tensors:
    """Tensors of nested mappings, with dots joining the keys."""
    left = [_MOST] if left is None else left
    tensors: Tensors = {}
    for key, item in _mapping(value).items():
        left[0] -= 1
        if depth > _DEEPEST or left[0] < 0:
            raise ValueError("mappings that unfold without end")
        if isinstance(item, StoredTensor):
            tensors[str(key)] = item
        elif isinstance(key, str) and not _is_optimiser(key, item):
            inside = _tensors(item, left, depth + 1)
            tensors |= {f"{key}.{name}": tensor for name, tensor in inside.items()}
    return tensors
