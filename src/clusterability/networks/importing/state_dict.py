"""Which mapping of a checkpoint holds the weights of its model.

Checkpoints keep a state dict beside the optimiser's, numbers of epochs, best accuracies, confusion
matrices. A key that is usual for it comes first; else, the one mapping that holds tensors is it.
"""

from __future__ import annotations

from collections.abc import Mapping

from clusterability.errors import UserError
from clusterability.networks.importing.torch_pickle import StoredTensor, Unknown
from clusterability.networks.importing.wording import listed

KEYS = ("state_dict", "model_state_dict", "model_state", "model", "module")
"""Where checkpoints keep the weights of a model, in the order in which they are looked for."""

_DEEPEST, _MOST = 32, 10**6
"""How deep mappings lie in each other, and how many values are looked at."""

Tensors = dict[str, StoredTensor]


def state_dict(source: str, stem: str, loaded: object) -> tuple[Tensors, tuple[str, ...]]:
    """The tensors of a model, and what there is beside them that might be taken for some.

    Args:
        source: the file, for messages.
        stem: the name of a single tensor.
        loaded: what `torch_pickle.unpickle` gives.

    Returns:
        Tensors by name in the order of the file, those of mappings in mappings with dots between
        the keys; and notes, a line each.

    Raises:
        UserError: where there are none.
    """
    if isinstance(loaded, StoredTensor):
        return {stem: loaded}, ()
    content = _mapping(loaded)
    key, found = _chosen(content) if content else ("", {})
    if not found:
        is_mapping = isinstance(loaded, Mapping | Unknown)
        there = listed(map(str, content)) if is_mapping else type(loaded).__name__
        raise UserError(
            f"{source}: found no tensors but {there}, expected a state dict, alone or as"
            f" {' or '.join(map(repr, KEYS))}"
        )
    beside = [str(name) for name, value in content.items() if isinstance(value, StoredTensor)]
    notes = (f"{listed(beside)} beside {key!r}",) if key and beside else ()
    return found, notes


def _mapping(value: object) -> Mapping[object, object]:
    """What a value holds by key: a dict, or an object of a TorchScript archive."""
    if isinstance(value, Unknown):
        value = value.items or value.state
    return value if isinstance(value, Mapping) else {}


def _chosen(content: Mapping[object, object]) -> tuple[str, Tensors]:
    """The key of the mapping that is taken, "" for the content itself, and its tensors."""
    for key in KEYS:
        inside = _mapping(content.get(key))
        if not inside:
            continue
        for deeper in KEYS:
            if found := _tensors(inside.get(deeper)):
                return f"{key}.{deeper}", found
        if found := _tensors(inside):
            return key, found
    inner = {
        str(key): found
        for key, value in content.items()
        if isinstance(key, str) and not _is_optimiser(key, value) and (found := _tensors(value))
    }
    direct = {str(k): v for k, v in content.items() if isinstance(v, StoredTensor)}
    mappings = {key: found for key, found in inner.items() if key not in direct}
    if len(mappings) == 1 and not _is_module(content, mappings):
        return next(iter(mappings.items()))
    return "", _tensors(content)


def _is_module(content: Mapping[object, object], mappings: Mapping[str, Tensors]) -> bool:
    """Whether the content is a module of a TorchScript archive, whose parts are objects."""
    return isinstance(content.get(next(iter(mappings))), Unknown)


def _is_optimiser(key: str, value: object) -> bool:
    """Whether a mapping is an optimiser's or a scheduler's, whose tensors are no weights."""
    return "optim" in key.lower() or "sched" in key.lower() or "param_groups" in _mapping(value)


def _tensors(value: object, left: list[int] | None = None, depth: int = 0) -> Tensors:
    """Tensors of a mapping and of the mappings in it, by their keys with dots between."""
    left = [_MOST] if left is None else left
    found: Tensors = {}
    for key, item in _mapping(value).items():
        left[0] -= 1
        if depth > _DEEPEST or left[0] < 0:
            raise ValueError("mappings that unfold without end")
        if isinstance(item, StoredTensor):
            found[str(key)] = item
        elif isinstance(key, str) and not _is_optimiser(key, item):
            inside = _tensors(item, left, depth + 1)
            found |= {f"{key}.{name}": tensor for name, tensor in inside.items()}
    return found
