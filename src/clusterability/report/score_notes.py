"""Notes below the scores of one network, one per line.

They cover sizes of clusters, clusters so small that single weights decide, measures that contradict
each other, and ignored signs.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from clusterability.networks.layer_names import tensor_name
from clusterability.networks.stacked import Networks
from clusterability.report.named_clusters import k_of_most_bits
from clusterability.report.score_text import WIDTH
from clusterability.results.display_names import ranges, sentence_list, shown_null

FEW_UNITS = 2
"""A cluster with at most this many units on either side consists of a few weights."""
FAR = 5.0
"""A |z| this large is not due to chance."""
SIGNS = (0.1, 0.9)
"""Range of the share of negative weights in which signs are essential to a layer."""


def score_notes(scores: pd.DataFrame, sizes: pd.DataFrame, networks: Networks) -> str:
    """All notes that apply, one or two lines each, at most 100 columns wide.

    Args:
        scores: rows of one network, with `columns.SCORES`.
        sizes: cluster sizes, with `one_network.SIZES`.
        networks: the scored network, a block of one.
    """
    weights = [stack[0] for stack in networks.weights.values()]
    texts = [
        *size_lines(scores, sizes),
        *_few_units(sizes),
        *_off_diagonal(scores),
        *_signs(list(map(tensor_name, networks.weights)), weights),
    ]
    return "\n".join(textwrap.fill(text, WIDTH, subsequent_indent="  ") for text in texts)


def size_lines(scores: pd.DataFrame, sizes: pd.DataFrame) -> list[str]:
    """Cluster sizes of each layer and method, at the k that saves most bits."""
    lines = []
    for (layer, method), rows in sizes.groupby(["layer", "method"], sort=False):
        k = k_of_most_bits(scores[scores["layer"] == layer], str(method))
        for _, row in rows[rows["k"] == k].iterrows():
            sides = f"{_sum(row['u_sizes'])} / {_sum(row['v_sizes'])}"
            lines.append(f"  {layer}, {method}, k = {k}: {sides}")
    heading = "Sizes of clusters, U side / V side, at the k with the most bits:"
    return [heading, *lines] if lines else []


def _sum(sizes: Sequence[int]) -> str:
    return "+".join(map(str, sizes))


def _few_units(sizes: pd.DataFrame) -> Iterator[str]:
    """Note on clusters of one or two units per side."""
    few = sizes[
        [_has_few(*sides) for sides in zip(sizes["u_sizes"], sizes["v_sizes"], strict=True)]
    ]
    if len(few):
        yield (
            f"A cluster of one or two units a side ({_where(few)}): such a cluster is a few"
            " weights, and a large one among them is enough for a large z."
        )


def _has_few(u_sizes: Sequence[int], v_sizes: Sequence[int]) -> bool:
    """Whether a pair of clusters has units on both sides, and at most two on each."""
    return any(
        0 < u <= FEW_UNITS and 0 < v <= FEW_UNITS for u, v in zip(u_sizes, v_sizes, strict=False)
    )


def _off_diagonal(scores: pd.DataFrame) -> Iterator[str]:
    """Note on cells where mi is far above chance and n-cut far worse than chance."""
    cell = ["layer", "method", "k"]
    compared = shown_null(scores[scores["measure"].isin(["mi", "ncut"])])
    z = compared.pivot_table(index=cell, columns="measure", values="z", sort=False)
    if not {"mi", "ncut"} <= set(z):
        return
    contrary = z[(z["mi"] >= FAR) & (z["ncut"] <= -FAR)].reset_index()
    if len(contrary):
        yield (
            f"z of mi far above 0, of ncut far below it ({_where(contrary)}): the weight is off the"
            " diagonal, between U clusters and V clusters of other numbers, which mi sees and ncut"
            " does not."
        )


def _where(rows: pd.DataFrame) -> str:
    """Layers, methods and k of rows, such as "fc1 by matched at k = 2-4, 8"."""
    return "; ".join(
        f"{layer} by {method} at k = {ranges(set(group['k']))}"
        for (layer, method), group in rows.groupby(["layer", "method"], sort=False)
    )


def _signs(layers: Sequence[str], weights: Iterable[np.ndarray]) -> Iterator[str]:
    """Note on layers with many weights of either sign, that signs are ignored."""
    shares = {name: _negative_share(matrix) for name, matrix in zip(layers, weights, strict=True)}
    mixed = {name: share for name, share in shares.items() if SIGNS[0] <= share <= SIGNS[1]}
    if mixed:
        least, most = (f"{100 * end:.0f}" for end in (min(mixed.values()), max(mixed.values())))
        of = "the weights" if len(mixed) == len(layers) else f"the weights of {_names(mixed)}"
        share = f"{least} %" if least == most else f"{least} % to {most} %"
        yield f"{share} of {of} are negative: their absolute values are clustered, without signs."


def _names(layers: Iterable[str]) -> str:
    return sentence_list(list(layers))


def _negative_share(matrix: np.ndarray) -> float:
    """Share of negative weights among the non-zero ones."""
    count = np.count_nonzero(matrix)
    return np.count_nonzero(matrix < 0) / count if count else 0.0
