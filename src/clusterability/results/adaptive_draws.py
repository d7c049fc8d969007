"""Draws of a null that go on until every value is decided, as `stopping` has the rule.

A value is what a directed measure says of a partition. Draws of one network at one scale of the
weights serve all its methods, all k of a block and all measures; they end together.
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
"""Size of every cluster in a draw that a network of the block does not have."""

DrawsOfNetwork = Callable[[ScaledLayer], Iterator[KeyedTables]]
"""From a layer of one network at one scale to its draws, as many as there are at most."""


def adaptive_tables(
    layers: Sequence[ScaledLayer],
    job: NullJob,
    partitions: Mapping[Key, Partitions],
    observed: Mapping[Key, Tables],
    draws_of: DrawsOfNetwork,
) -> KeyedTables:
    """Tables [networks, draws, ...] of a null for a block, by (method, k), at all scales.

    There are as many draws as the network that needs most has; the tables of others end with draws
    that are undefined, with sizes of NOT_MADE.

    Args:
        layers: the layer of the block at each scale.
        job: methods, and the most draws of each.
        partitions: of the networks themselves, [networks, ...] by (method, k).
        observed: their tables.
        draws_of: gives the draws of one network, one by one; no more are taken than are needed.
    """
    asked = AdaptiveDraws(job.draws, job.fewer)
    tables: KeyedTables = {}
    for scaled in layers:
        most = max(asked.most(scaled_method(method, scaled.scaling)) for method in job.methods)
        own = scaled.own(partitions)
        networks = []
        for number in range(len(scaled.networks.seeds)) if most else ():
            values = {key: (own[key], observed[key]) for key in own}
            undecided = Undecided.of_network(values, number, asked)
            with closing(_closable(draws_of(one_network(scaled, number)))) as drawn:
                networks.append(scaled.renamed(_until_decided(drawn, undecided, scaled, most)))
        tables |= _stacked(networks)
    return tables


def one_network(scaled: ScaledLayer, number: int) -> ScaledLayer:
    """The layer of one network of a block, as of a block of one."""
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
    """A generator: what makes draws on threads is told when no more are taken."""
    yield from draws


def _until_decided(
    drawn: Iterator[KeyedTables], undecided: Undecided, scaled: ScaledLayer, most: int
) -> KeyedTables:
    """Tables [draws, ...] of one network."""
    found: list[KeyedTables] = []
    for end in looks(most):
        some = list(islice(drawn, end - len(found)))
        found += some
        undecided.see(scaled.renamed(stack_by_key(some)))
        if not undecided.left(end):
            break
    return stack_by_key(found)


@dataclass
class Undecided:
    """The values of one network, and how many draws were as good as each.

    Attributes:
        values: those that are defined, by (method, k) and measure.
        asked: the most draws of each method.
    """

    values: Mapping[tuple[Key, str], float]
    asked: AdaptiveDraws

    def __post_init__(self) -> None:
        self._good: dict[tuple[Key, str], int] = {}

    @classmethod
    def of_network(
        cls,
        found: Mapping[Key, tuple[Partitions, Tables]],
        number: int,
        asked: AdaptiveDraws,
    ) -> Undecided:
        """Of what directed measures say of the partitions of a network of a block."""
        values = {}
        for key, (partition, tables) in found.items():
            for measure in asked_of_method(key[0]) if partition.feasible[number] else ():
                value = float(FUNCTIONS[measure](tables.at(number)))
                if MEASURES[measure].direction and np.isfinite(value):
                    values[key, measure] = value
        return cls(values, asked)

    def see(self, draws: Mapping[Key, Tables]) -> None:
        """Counts some draws, [draws, ...] by (method, k)."""
        for (key, measure), value in self.values.items():
            good = self._good.get((key, measure), 0)
            if key not in draws or good >= ENOUGH:
                continue
            drawn = FUNCTIONS[measure](draws[key])
            # A measure that draws do not have, as held-out information, decides nothing.
            if (key, measure) in self._good or np.isfinite(drawn).any():
                more = as_good(np.array(value), drawn, MEASURES[measure].direction).sum()
                self._good[key, measure] = good + int(more)

    def left(self, draws: int) -> bool:
        """Whether a value is undecided after so many draws, of those whose method has more."""
        return any(
            good < ENOUGH and draws < self.asked.most(method)
            for ((method, _), _), good in self._good.items()
        )


def _stacked(networks: Sequence[KeyedTables]) -> KeyedTables:
    """Tables [draws, ...] of networks with different numbers of draws along a new first axis."""
    tables: KeyedTables = {}
    for key in networks[0] if networks else ():
        width = max(len(each[key].mi_total) for each in networks)
        tables |= stack_by_key([{key: _padded(each[key], width)} for each in networks])
    return tables


def _padded(tables: Tables, width: int) -> Tables:
    """Tables [draws, ...] with undefined draws at their end, so many in all."""
    return Tables(
        **{field.name: _lengthened(getattr(tables, field.name), width) for field in fields(Tables)}
    )


def _lengthened(array: np.ndarray, width: int) -> np.ndarray:
    fill = NOT_MADE if array.dtype.kind == "i" else np.nan
    longer = np.full((width, *array.shape[1:]), fill, array.dtype)
    longer[: len(array)] = array
    return longer
