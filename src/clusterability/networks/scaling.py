"""Scalings of weights that remove properties of single units.

Multiplying the input weights of a ReLU unit by c > 0 and its output weights by 1/c does not change
the function of the network but changes every measure of its weights. `unit-norm` and `balanced`
remove this freedom; `ranked` also removes the distribution of the weights of a unit; `none` leaves
the weights unchanged.
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
    """Scale the weights of networks.

    - `none`: unchanged.
    - `unit-norm`: the input weights of every hidden unit have Euclidean norm 1, and its output
      weights are multiplied by the former norm. Layers are processed in order, and the rows of the
      last layer are not normalised. The function of a bias-free ReLU network does not change. A
      hidden unit without input weights loses its output weights, which have no effect.
    - `balanced`: in abs(W), all rows of a layer have equal sums, all columns have equal sums (dead
      units apart), and the total is 1 (Sinkhorn & Knopp 1967). Layers are scaled separately; signs
      are kept.
    - `ranked`: `two_way_ranks.two_way_ranks` of each layer.

    Args:
        weights: [networks, out, in] by layer, from the input on.
        scaling: one of SCALINGS.
        names: random streams of the networks, by which `ranked` breaks ties.

    Returns:
        float64 [networks, out, in] by layer; for `none` the weights themselves. A layer that cannot
        be balanced or ranked is all NaN in this network.

    Raises:
        UserError: for an unknown scaling, or for `unit-norm` if the layers do not fit together.

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
    """Whether nulls draw from the unscaled weights and scale each draw.

    Permuted ranks are not ranks within rows and columns, so `ranked` needs this. For other
    scalings, draws are made from the scaled weights and not scaled again.
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
        # In place, because `outgoing` is `incoming` in the next iteration.
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
