"""Nulls that redraw the weights and cluster every draw.

Each draw is clustered with the same method, code, precision and restarts as the network. Memory
holds one draw per thread; results do not depend on which thread computes a draw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise, product

import numpy as np

from clusterability.clustering.block_sums import KeyedTables, stack_by_key
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import (
    entry_information,
    partition_tables,
    weights_information,
)
from clusterability.jobs.clustering_job import NullJob
from clusterability.names import NETWORK
from clusterability.networks.graph import layer_matrices, network_matrices
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.networks.scaling import ranks_draws
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.size_classes import class_bounds
from clusterability.networks.two_way_ranks import two_way_ranks
from clusterability.nulls.redrawing import Draw, RandomModel
from clusterability.numerics import in_threads
from clusterability.randomness import StreamName


def block_redrawn_tables(
    null: str,
    layers: Sequence[ScaledLayer],
    k_values: Sequence[int],
    job: NullJob,
    threads: int = 1,
) -> KeyedTables:
    """Tables [networks, draws, ...] of a null for a block, by (method, k), at all scalings.

    Methods without draws are left out.

    Args:
        null: name of the null.
        layers: the layer of the block at each scaling.
        k_values: numbers of clusters.
        job: draws, methods and restarts.
        threads: number of draws computed at a time.
    """
    model = RandomModel.named(null)
    return stacked_draws(layers, job, drawn_one_by_one(model, layers, k_values, job, threads))


def drawn_one_by_one(
    model: RandomModel,
    layers: Sequence[ScaledLayer],
    k_values: Sequence[int],
    job: NullJob,
    threads: int = 1,
    done: int = 0,
) -> Iterator[KeyedTables]:
    """Yield the tables of each draw by scaling, network and draw number, without the first `done`.

    Args:
        model: the null model.
        layers, k_values, job, threads: as in `block_redrawn_tables`.
        done: number of draws to skip.
    """
    for scaled in layers:
        parts = _draws_by_methods(job, scaled.scaling)
        for (number, seed), (draws, methods) in product(enumerate(scaled.networks.seeds), parts):
            skipped = min(done, len(draws))
            done -= skipped
            if skipped < len(draws):
                yield from redrawn_tables(
                    model,
                    scaled.drawn_from(number),
                    scaled.layer,
                    (scaled.networks.condition, seed),
                    draws[skipped:],
                    k_values,
                    methods,
                    job.restarts,
                    threads,
                    ranks_draws(scaled.scaling),
                )


def _draws_by_methods(job: NullJob, scaling: str) -> list[tuple[range, list[str]]]:
    """Consecutive ranges of draw numbers, each with the methods that cluster all draws in it."""
    draws_by_method = {m: job.fewer.get(scaled_method(m, scaling), job.draws) for m in job.methods}
    ends = sorted({0, *draws_by_method.values()})
    return [
        (range(first, end), [method for method, draws in draws_by_method.items() if draws >= end])
        for first, end in pairwise(ends)
    ]


def stacked_draws(
    layers: Sequence[ScaledLayer], job: NullJob, drawn: Iterator[KeyedTables]
) -> KeyedTables:
    """Stack the tables that `drawn_one_by_one` yields into those of `block_redrawn_tables`."""
    tables: KeyedTables = {}
    for scaled in layers:
        draws = sum(len(numbers) for numbers, _ in _draws_by_methods(job, scaled.scaling))
        if draws:
            networks = [stack_by_key(list(islice(drawn, draws))) for _ in scaled.networks.seeds]
            tables |= scaled.renamed(stack_by_key(networks))
    return tables


def redrawn_tables(
    model: RandomModel,
    weights: Mapping[str, np.ndarray],
    layer: str,
    name: StreamName,
    numbers: Sequence[int],
    k_values: Sequence[int],
    methods: Sequence[str],
    restarts: int,
    threads: int = 1,
    ranked: bool = False,
) -> Iterator[KeyedTables]:
    """Yield the tables of each draw of a null.

    Draw i of the whole network consists of draw i of every layer.

    Args:
        model: the null model.
        weights: one network: [m, n] by layer, from the input on.
        layer: name of a layer, or "network".
        name: condition and seed.
        numbers: draw numbers.
        k_values, methods, restarts: as for the network itself.
        threads: number of draws computed at a time.
        ranked: whether to apply `two_way_ranks` to each draw.
    """
    whole = layer == NETWORK
    keeps_entries = model.permutes and not ranked
    entries = entry_information(layer_matrices(weights, layer)) if keeps_entries else None
    bounds = class_bounds(weights[layer]) if keeps_entries and not whole else None
    weights = weights if whole else {layer: weights[layer]}
    if model.permutes:
        # Clustering ignores signs; dropping them once avoids a copy per draw.
        weights = {part: np.abs(matrix) for part, matrix in weights.items()}
    draw = (
        _network_draw(model, weights, name, ranked)
        if whole
        else layer_draw(model, weights, layer, name, ranked)
    )

    def tables(number: int) -> KeyedTables:
        matrix = draw(number)
        arguments = (
            matrix[None],
            [(*name, layer, model.name, number)],
            k_values,
            methods,
            restarts,
        )
        partitions = cluster(*arguments)
        held_out = (
            {} if whole or not model.held_out_clusters else model.held_out_clusters(*arguments)
        )
        information = weights_information(matrix, entries)
        return partition_tables(matrix, partitions, held_out, 0, information, bounds)

    yield from in_threads(tables, numbers, threads)


def layer_draw(
    model: RandomModel,
    weights: Mapping[str, np.ndarray],
    layer: str,
    name: StreamName,
    ranked: bool,
) -> Draw:
    """Draws of one layer by number: abs(W) or signed weights, as the null gives them.

    All entries are NaN if the layer has non-finite weights, as one that cannot be balanced does.
    """
    matrix = weights[layer]
    if not np.isfinite(matrix).all():
        return lambda number: np.full(matrix.shape, np.nan)
    draw = model.redraw(matrix, (*name, layer))
    if ranked:
        return lambda number: _ranked(draw(number), (*name, layer, model.name, number))
    return draw


def _ranked(matrix: np.ndarray, name: StreamName) -> np.ndarray:
    return np.abs(two_way_ranks(matrix, name))


def _network_draw(
    model: RandomModel, weights: Mapping[str, np.ndarray], name: StreamName, ranked: bool
) -> Draw:
    """Draws of all layers, as matrices of the whole network."""
    if model.redraw_network and all(np.isfinite(matrix).all() for matrix in weights.values()):
        draw_network = model.redraw_network(weights, name)

        def draw_layers(number: int) -> list[np.ndarray]:
            layers = draw_network(number)
            names = [(*name, layer, model.name, number) for layer in weights]
            return list(map(_ranked, layers, names)) if ranked else layers

        return lambda number: network_matrices(draw_layers(number))
    draws = [layer_draw(model, weights, layer, name, ranked) for layer in weights]
    return lambda number: network_matrices([draw(number) for draw in draws])
