"""Weights at the scalings of docs/measures.md, and whole networks as one matrix."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

NETWORK = "network"
"""Layer name of whole networks."""
_MOST_ITERATIONS = 10_000
_BALANCED = 1e-13
_STREAMS = 0x636C7573746572


def base_and_scaling(method: str) -> tuple[str, str]:
    """Split a method's name into the base method and the scaling.

    >>> base_and_scaling("joint-unit-norm"), base_and_scaling("joint")
    (('joint', 'unit-norm'), ('joint', 'none'))
    """
    base, _, scaling = method.partition("-")
    return base, scaling or "none"


def scaled(
    weights: Mapping[str, np.ndarray], scaling: str, name: tuple[str, int]
) -> dict[str, np.ndarray]:
    """Scale all layers of a network.

    Args:
        weights: [out, in] by layer, from the input on.
        scaling: `none`, `unit-norm`, `balanced` or `ranked`.
        name: condition and seed; with the layer, they seed the random order of equal sizes.
    """
    if scaling == "unit-norm":
        return _unit_norm(weights)
    if scaling == "balanced":
        return {layer: balanced(matrix) for layer, matrix in weights.items()}
    if scaling == "ranked":
        return {
            layer: two_way_ranks(matrix, named_stream("equal sizes", *name, layer))
            for layer, matrix in weights.items()
        }
    return {layer: np.asarray(matrix, np.float64) for layer, matrix in weights.items()}


def _unit_norm(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scale rows of hidden units to norm 1; move the norms to the next layer, from the input on."""
    layers = {layer: np.array(matrix, np.float64) for layer, matrix in weights.items()}
    names = list(layers)
    for layer, following in pairwise(names):
        for unit, row in enumerate(layers[layer]):
            norm = float(np.sqrt((row**2).sum()))
            layers[following][:, unit] *= norm
            if norm > 0:
                layers[layer][unit] = row / norm
    return layers


def balanced(matrix: np.ndarray) -> np.ndarray:
    """Scale abs(W) to D1 abs(W) D2, with equal row sums, equal column sums and a total of 1.

    Rows and columns are normalised in turn (Sinkhorn & Knopp 1967). All entries are NaN if this
    does not converge.

    >>> balanced(np.array([[1.0, 1.0], [1.0, 4.0]])).round(6).tolist()
    [[0.333333, 0.166667], [0.166667, 0.333333]]
    """
    sizes = np.abs(np.asarray(matrix, np.float64))
    rows, columns = (sizes > 0).any(axis=1), (sizes > 0).any(axis=0)
    inner = sizes[np.ix_(rows, columns)]
    if not inner.size:
        return sizes
    m, n = inner.shape
    for _ in range(_MOST_ITERATIONS):
        inner = inner / inner.sum(axis=0) / n
        inner = inner / inner.sum(axis=1)[:, None] / m
        if np.abs(inner.sum(axis=0) * n - 1).max() <= _BALANCED:
            break
    else:
        return np.full(sizes.shape, np.nan)
    result = np.zeros(sizes.shape)
    result[np.ix_(rows, columns)] = inner
    return result


def two_way_ranks(matrix: np.ndarray, source: np.random.Generator) -> np.ndarray:
    """Scale sizes by their ranks within rows and columns: the scaling `ranked`.

    Take normal scores of ranks within each row, then within each column, four times. Do the same
    with columns first, and average both. With r the rank of the average among N weights, the result
    is -ln(1 - (r - 1/2) / N). Ties between equal sizes are broken at random, once.

    Args:
        matrix: weights [m, n].
        source: random generator for the order of equal sizes.
    """
    sizes = np.abs(np.asarray(matrix))
    live = np.ix_((sizes > 0).any(axis=1), (sizes > 0).any(axis=0))
    weights = sizes[live]
    tie_break = source.permutation(weights.size)
    places = np.empty(weights.size)
    places[tie_break[np.argsort(weights.ravel()[tie_break], kind="stable")]] = range(weights.size)
    places = places.reshape(weights.shape)
    both = _in_turns(places) + _in_turns(places.T).T
    ranks = rankdata(both).reshape(weights.shape)
    result = np.zeros(sizes.shape)
    result[live] = -np.log(1 - (ranks - 0.5) / ranks.size)
    return result


def _in_turns(scores: np.ndarray) -> np.ndarray:
    for _ in range(4):
        scores = _normal_scores(scores)
        scores = _normal_scores(scores.T).T
    return scores


def _normal_scores(values: np.ndarray) -> np.ndarray:
    """Phi^-1((r - 1/2) / n), with r the mid-ranks within each row of n values."""
    count = values.shape[1]
    return np.asarray(ndtri((2 * rankdata(values, axis=1) - 1) / (2 * count)))


def named_stream(*names: str | int) -> np.random.Generator:
    """Random generator that the study derives from the names of its purpose.

    The spawn key of its NumPy seed sequence holds, for a text, 1 and the first two 32-bit words of
    its SHA-256; for a number, 0 (2 if negative) and the low and high words of its absolute value.
    """
    key: list[int] = []
    for name in names:
        if isinstance(name, str):
            digest = hashlib.sha256(name.encode()).digest()
            key += [1, int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")]
        else:
            key += [2 if name < 0 else 0, abs(name) % 2**32, abs(name) // 2**32]
    sequence = np.random.SeedSequence(entropy=_STREAMS, spawn_key=key)
    return np.random.Generator(np.random.PCG64(sequence))


def matrix_of(weights: Mapping[str, np.ndarray], layer: str) -> np.ndarray:
    """Weights [m, n] of a layer; for `network`, those between units of even and of odd layers.

    The input is layer 0. The function builds the graph of all units, and takes the rows of even
    layers and the columns of odd ones.

    >>> first, second = np.ones((2, 3)), 2 * np.ones((1, 2))
    >>> matrix_of({"fc1": first, "fc2": second}, "network").tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [2.0, 2.0]]
    """
    if layer != NETWORK:
        return np.asarray(weights[layer])
    layers = list(weights.values())
    sizes = [layers[0].shape[1], *(matrix.shape[0] for matrix in layers)]
    depth = np.repeat(np.arange(len(sizes)), sizes)
    graph = np.zeros((len(depth), len(depth)))
    for number, matrix in enumerate(layers):
        below, above = np.flatnonzero(depth == number), np.flatnonzero(depth == number + 1)
        graph[np.ix_(above, below)] = matrix
        graph[np.ix_(below, above)] = np.asarray(matrix).T
    return graph[depth % 2 == 0][:, depth % 2 == 1]
