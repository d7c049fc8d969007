"""Draws of a null that continue until every value is decided, by the rule in `stopping`.

A value is a directed measure of a partition. Draws of one network at one scaling of the weights
serve all its methods, all k of a block and all measures, so that they end together.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from itertools import islice

import numpy as np

from clusterability.clustering.block_sums import KeyedTables, Tables, stack_by_key
from clusterability.jobs.adaptive_job import ENOUGH, AdaptiveDraws
from clusterability.jobs.clustering_job import NullJob
from clusterability.measures.asked import asked_of_method
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.networks.scaling_names import scaled_method
from clusterability.stopping import as_good, looks

NOT_MADE = -1
"""Cluster size that marks a draw that was not made for a network of the block."""

DrawsOfNetwork = Callable[[ScaledLayer], Iterator[KeyedTables]]
"""Function from a layer of one network at one scaling to its draws, up to the largest number."""


def adaptive_tables(
    layers: Sequence[ScaledLayer],
    job: NullJob,
    partitions: Mapping[Key, Partitions],
    observed: Mapping[Key, Tables],
    draws_of: DrawsOfNetwork,
    added: Sequence[str] = (),
) -> KeyedTables:
    """Tables [networks, draws, ...] of a null for a block, by (method, k), at all scalings.

    The number of draws is that of the network that needs most. For the others, the remaining draws
    are undefined, with cluster sizes of NOT_MADE.

    Args:
        layers: the layer of the block at each scaling.
        job: methods, and the largest number of draws of each.
        partitions: observed partitions, [networks, ...] by (method, k).
        observed: tables of these partitions.
        draws_of: yields the draws of one network; no more are taken than are needed.
        added: measures of other packages, whose values end draws, too.
    """
    limits = AdaptiveDraws(job.draws, job.fewer)
    tables: KeyedTables = {}
    for scaled in layers:
        most = max(limits.most(scaled_method(method, scaled.scaling)) for method in job.methods)
        clusters = scaled.of_scaling(partitions)
        networks = []
        for number in range(len(scaled.networks.seeds)) if most else ():
            values = {key: (clusters[key], observed[key]) for key in clusters}
            undecided = Undecided.of_network(values, number, limits)
            with closing(_closable(draws_of(one_network(scaled, number)))) as drawn:
                networks.append(scaled.renamed(_until_decided(drawn, undecided, scaled, most)))
        tables |= _stacked(networks)
    return tables


def one_network(scaled: ScaledLayer, number: int) -> ScaledLayer:
    """Reduce the layer of a block to one of its networks."""
    block = scaled.networks
    alone = replace(
        block,
        seeds=block.seeds[number : number + 1],
        weights={layer: stack[number : number + 1] for layer, stack in block.weights.items()},
        biases={layer: stack[number : number + 1] for layer, stack in block.biases.items()},
    )
    weights = {layer: stack[number : number + 1] for layer, stack in scaled.weights.items()}
    return replace(scaled, networks=alone, weights=weights)


def _closable(draws: Iterator[KeyedTables]) -> Generator[KeyedTables, None, None]:
    """Wrap draws in a generator: closing it ends the threads that make draws."""
    yield from draws


def _until_decided(
    drawn: Iterator[KeyedTables], undecided: Undecided, scaled: ScaledLayer, most: int
) -> KeyedTables:
    """Tables [draws, ...] of one network until all its values are decided."""
    draws: list[KeyedTables] = []
    for end in looks(most):
        some = list(islice(drawn, end - len(draws)))
        draws += some
        undecided.see(scaled.renamed(stack_by_key(some)))
        if not undecided.left(end):
            break
    return stack_by_key(draws)


@dataclass
class Undecided:
    """Values of one network, with counts of the draws that were as good.

    Attributes:
        values: defined values by (method, k) and measure.
        adaptive: largest number of draws by method.
    """

    values: Mapping[tuple[Key, str], float]
    adaptive: AdaptiveDraws

    def __post_init__(self) -> None:
        self._good: dict[tuple[Key, str], int] = {}

    @classmethod
    def of_network(
        cls,
        clustered: Mapping[Key, tuple[Partitions, Tables]],
        number: int,
        adaptive: AdaptiveDraws,
        added: Sequence[str] = (),
    ) -> Undecided:
        """Values of the directed measures of one network of a block."""
        values = {}
        for key, (partition, tables) in clustered.items():
            measures = asked_of_method(key[0], added) if partition.feasible[number] else []
            for measure in measures:
                value = float(FUNCTIONS[measure](tables.at(number)))
                if MEASURES[measure].direction and np.isfinite(value):
                    values[key, measure] = value
        return cls(values, adaptive)

    def see(self, draws: Mapping[Key, Tables]) -> None:
        """Count the draws [draws, ...] by (method, k) that are as good as the values."""
        for (key, measure), value in self.values.items():
            good = self._good.get((key, measure), 0)
            if key not in draws or good >= ENOUGH:
                continue
            drawn = FUNCTIONS[measure](draws[key])
            # A measure without values in draws, such as held-out information, decides nothing.
            if (key, measure) in self._good or np.isfinite(drawn).any():
                more = as_good(np.array(value), drawn, MEASURES[measure].direction).sum()
                self._good[key, measure] = good + int(more)

    def left(self, draws: int) -> bool:
        """Whether any value is undecided after `draws` draws, among methods that have more."""
        return any(
            good < ENOUGH and draws < self.adaptive.most(method)
            for ((method, _), _), good in self._good.items()
        )


def _stacked(networks: Sequence[KeyedTables]) -> KeyedTables:
    """Stack tables [draws, ...] of networks with different numbers of draws along a new axis."""
    tables: KeyedTables = {}
    for key in networks[0] if networks else ():
        width = max(len(tables_of_network[key].mi_total) for tables_of_network in networks)
        tables |= stack_by_key(
            [{key: _padded(tables_of_network[key], width)} for tables_of_network in networks]
        )
    return tables


def _padded(tables: Tables, width: int) -> Tables:
    """Pad tables [draws, ...] with undefined draws to `width` draws."""
    return Tables(
        **{field.name: _lengthened(getattr(tables, field.name), width) for field in fields(Tables)}
    )


def _lengthened(array: np.ndarray, width: int) -> np.ndarray:
    fill = NOT_MADE if array.dtype.kind == "i" else np.nan
    longer = np.full((width, *array.shape[1:]), fill, array.dtype)
    longer[: len(array)] = array
    return longer
