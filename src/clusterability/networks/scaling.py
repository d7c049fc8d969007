"""Weights at scales that leave out what single units bring along.

To multiply a ReLU unit's input weights by c > 0 and its output weights by 1/c changes nothing that
the network computes, but changes every measure of its weights. `unit-norm` and `balanced` undo it;
`ranked` leaves out how the weights of a unit are distributed, too; `none` takes them as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.scaling_names import SCALINGS
from clusterability.networks.sinkhorn import balance
from clusterability.networks.two_way_ranks import two_way_ranks
from clusterability.randomness import StreamName


def scale_weights(
    weights: Mapping[str, np.ndarray], scaling: str, names: Sequence[StreamName] | None = None
) -> dict[str, np.ndarray]:
    """Weights of networks at one scale.

    - `none`: as they are.
    - `unit-norm`: the input weights of every hidden unit have Euclidean norm 1, and its output
      weights take the norm over. Layers are taken in order, and the last layer's rows are not
      normalised. What a bias-free ReLU network computes does not change. A hidden unit without
      input weights loses its output weights, which have no effect.
    - `balanced`: in abs(W), all rows of a layer have equal sums and all columns have (dead units
      left out), and the total is 1 (Sinkhorn & Knopp 1967). Each layer by itself; signs are kept.
    - `ranked`: each layer by itself as `two_way_ranks.two_way_ranks` has it.

    Args:
        weights: [networks, out, in] by layer, from the input on.
        scaling: one of SCALINGS.
        names: of the networks' random streams; `ranked` tells sizes that are equal apart by them.

    Returns:
        float64 [networks, out, in] by layer; for `none` the weights themselves. A layer that cannot
        be balanced, or ranked, is NaN throughout in this network.

    Raises:
        UserError: for an unknown scaling, or layers that do not fit with `unit-norm`.

    >>> weights = {"fc1": np.array([[[3.0, 4.0]]]), "fc2": np.array([[[2.0], [-1.0]]])}
    >>> {layer: stack.tolist() for layer, stack in scale_weights(weights, "unit-norm").items()}
    {'fc1': [[[0.6, 0.8]]], 'fc2': [[[10.0], [-5.0]]]}
    """
    if scaling == "none":
        return dict(weights)
    if scaling == "unit-norm":
        return _unit_norm(weights)
    if scaling == "balanced":
        return {layer: _balanced(stack) for layer, stack in weights.items()}
    if scaling == "ranked":
        return {layer: _ranked(stack, layer, names) for layer, stack in weights.items()}
    raise UserError(f"scaling: found {scaling!r}, expected one of {', '.join(SCALINGS)}")


def ranks_draws(scaling: str) -> bool:
    """Whether draws are of the weights as they are and then scaled, as the weights themselves are.

    Permuted ranks are no ranks within rows and columns. Draws of other scales are of the scaled
    weights, and are left at that.
    """
    return scaling == "ranked"


def _unit_norm(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    result = {layer: stack.astype(np.float64) for layer, stack in weights.items()}
    for (layer, incoming), (following, outgoing) in itertools.pairwise(result.items()):
        units, inputs = incoming.shape[-2], outgoing.shape[-1]
        if units != inputs:
            raise UserError(
                f"scaling unit-norm: found {units} output units of {layer} and {inputs} input"
                f" units of {following}, expected equal numbers"
            )
        norms = np.linalg.norm(incoming, axis=-1)
        # In place: the next pair starts from this outgoing layer.
        incoming /= np.where(norms > 0, norms, 1)[..., :, None]
        outgoing *= norms[..., None, :]
    return result


def _ranked(stack: np.ndarray, layer: str, names: Sequence[StreamName] | None) -> np.ndarray:
    result = np.empty(stack.shape)
    for number, matrix in enumerate(stack):
        result[number] = two_way_ranks(matrix, (*(names[number] if names else ()), layer))
    return result


def _balanced(stack: np.ndarray) -> np.ndarray:
    return np.copysign(balance(np.abs(stack.astype(np.float64))), stack)
