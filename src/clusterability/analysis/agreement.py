"""Agreement of labellings of the same units, compared with permuted labels.

Two partitions can be compared only if they label the same units. The U side of a layer is the V
side of the next; restarts share all units; networks with one initialisation share theirs; and all
networks share input units (pixels) and output units (classes). Hidden units of networks with
different initialisations are exchangeable and never compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd

from clusterability.comparison import COMPARED, compare
from clusterability.measures.label_agreement import AGREEMENT_MEASURES, agreement, live_labels
from clusterability.networks.layer_names import in_chain, tensor_name
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Partitions
from clusterability.networks.tasks import TASKS, Task
from clusterability.numerics import keep_freed_memory
from clusterability.randomness import StreamName, generator
from clusterability.results.block_paths import BlockPartitions
from clusterability.statistics import compared_means, share_significant

Item = TypeVar("Item")


# --- agreement and its null --------------------------------------------------------------------


@dataclass(frozen=True)
class AgreementValues:
    """Agreement of labellings, in the order of AGREEMENT_MEASURES.

    Attributes:
        values: [measures]; NaN if no unit has a cluster in all labellings.
        draws: values with permuted labels, [measures, draws].
    """

    values: np.ndarray
    draws: np.ndarray


def mean_agreement(labellings: np.ndarray, name: StreamName, draws: int) -> AgreementValues:
    """Mean agreement over all pairs of labellings of the same units.

    AMI and NMI are normalised by the arithmetic mean of entropies (Vinh, Epps & Bailey 2010); ARI
    is that of Hubert & Arabie 1985 (doi:10.1007/BF01908075). The null permutes the labels of each
    labelling, with fixed cluster sizes.

    Args:
        labellings: labels [labellings, units], at least two; a unit labelled -1 in any of them is
            left out of all.
        name: name of the random stream.
        draws: number of draws of the null; the first ones do not depend on this number.
    """
    arranged = _with_permutations(live_labels(labellings), name, draws)
    pairs = [agreement(first, second) for first, second in combinations(arranged, 2)]
    means = np.mean([[pair[measure] for measure in AGREEMENT_MEASURES] for pair in pairs], axis=0)
    return AgreementValues(values=means[:, 0], draws=means[:, 1:])


def _with_permutations(labellings: np.ndarray, name: StreamName, draws: int) -> np.ndarray:
    """Original and permuted labellings, [labellings, 1 + draws, units].

    The first labelling is not permuted: only the order of the others relative to it matters.
    """
    others = np.broadcast_to(labellings[1:], (draws, *labellings[1:].shape))
    permuted = generator("agreement", *name).permuted(others, axis=-1)
    result = np.empty((len(labellings), 1 + draws, labellings.shape[1]), labellings.dtype)
    result[:] = labellings[:, None]
    result[1:, 1:] = permuted.swapaxes(0, 1)
    return result


# --- what is compared with what ----------------------------------------------------------------


class NetworkPair(NamedTuple):
    """Two networks whose partitions are compared; equal for comparisons within a network."""

    condition: str
    seed: int
    other_condition: str
    other_seed: int


class Cell(NamedTuple):
    """Partitions of a pair of networks that are compared.

    `side` is "U" or "V", or "UV" for U of `layer` with V of `other_layer`.
    """

    layer: str
    other_layer: str
    side: str
    method: str
    k: int
    comparison: str


Labellings = Iterator[tuple[Cell, np.ndarray]]
"""Labels to compare, [network pairs, labellings, units], by cell."""


def _between_layers(block: BlockPartitions) -> Labellings:
    """U of each layer and V of the next layer, which are the same units."""
    for layer, following in pairwise(filter(in_chain, block.layers)):
        below, above = block.partitions[layer], block.partitions[following]
        for key in _common(below, above):
            labels = np.stack([below[key].rows, above[key].columns], axis=1)
            yield Cell(layer, following, "UV", *key, "layers"), labels


def _between_restarts(block: BlockPartitions) -> Labellings:
    """Restarts of k-means on one network, whose agreement says only how well it is optimised."""
    for layer, by_key in block.starts.items():
        for key, starts in by_key.items():
            for side, labels in (("U", starts.rows), ("V", starts.columns)):
                if labels.shape[1] > 1:
                    yield Cell(layer, layer, side, *key, "restarts"), labels


def _with_planted(block: BlockPartitions) -> Labellings:
    """Partitions found and partitions planted."""
    for layer in _common(block.partitions, block.planted):
        for key, partitions in block.partitions[layer].items():
            for side, labels in _same_sides(partitions, block.planted[layer]):
                yield Cell(layer, layer, side, *key, "planted"), labels


def _with_task(block: BlockPartitions, task: Task) -> Labellings:
    """Input and output units, compared with the modules that the task defines: images and heads.

    Hidden units have no true module: the network determines what they should do.
    """
    if not (task.has_modules and block.layers):
        return
    first, last = block.layers[0], block.layers[-1]
    ends = [("V", first, task.input_modules), ("U", last, task.output_modules)]
    for side, layer, modules in ends:
        for key, partitions in block.partitions[layer].items():
            labels = partitions.columns if side == "V" else partitions.rows
            true = np.broadcast_to(np.array(modules, labels.dtype), labels.shape)
            yield Cell(layer, layer, side, *key, "task"), np.stack([labels, true], axis=1)


def _between_data_orders(block: BlockPartitions, partner: BlockPartitions) -> Labellings:
    """Networks with one initialisation that were trained on the images in different orders."""
    seeds = _common(block.seeds, partner.seeds)
    rows, partner_rows = (
        [networks.seeds.index(seed) for seed in seeds] for networks in (block, partner)
    )
    for layer in _common(block.partitions, partner.partitions):
        ours, theirs = block.partitions[layer], partner.partitions[layer]
        for key in _common(ours, theirs):
            for side, labels in _same_sides(
                _taken(ours[key], rows), _taken(theirs[key], partner_rows)
            ):
                yield Cell(layer, layer, side, *key, "data_order"), labels


def _between_seeds(block: BlockPartitions) -> Labellings:
    """Pixels and classes: the only units shared by networks with different initialisations.

    Seed 0 is paired with 1, 2 with 3, and so on. No network is in two pairs, so pairs are
    independent and an interval over them is valid. Both seeds of a pair must be in one block.
    """
    pairs = _seed_pairs(block.seeds)
    ends = (("V", block.layers[0]), ("U", block.layers[-1])) if block.layers else ()
    for side, layer in ends:
        for key, partitions in block.partitions[layer].items():
            labels = partitions.columns if side == "V" else partitions.rows
            yield Cell(layer, layer, side, *key, "seeds"), labels[pairs]


def _seed_pairs(seeds: Sequence[int]) -> np.ndarray:
    """Indices [pairs, 2] of the networks with seeds 2i and 2i + 1."""
    index_of = {seed: index for index, seed in enumerate(seeds)}
    pairs = [(index_of[s], index_of[s + 1]) for s in seeds if s % 2 == 0 and s + 1 in index_of]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _same_sides(first: Partitions, second: Partitions) -> Iterator[tuple[str, np.ndarray]]:
    """Labels [networks, 2, units] of the U side, then of the V side."""
    yield "U", np.stack([first.rows, second.rows], axis=1)
    yield "V", np.stack([first.columns, second.columns], axis=1)


def _taken(partitions: Partitions, networks: Sequence[int]) -> Partitions:
    """Select networks from partitions."""
    return Partitions(
        rows=partitions.rows[networks],
        columns=partitions.columns[networks],
        feasible=partitions.feasible[networks],
    )


def _common(first: Iterable[Item], second: Iterable[Item]) -> list[Item]:
    """Items in both, in the order of the first."""
    others = set(second)
    return [item for item in first if item in others]


# --- rows --------------------------------------------------------------------------------------

AGREEMENT_COLUMNS = [
    *NetworkPair._fields,
    *Cell._fields,
    "measure",
    "value",
    *COMPARED,
    "status",
]

AGREEMENT_CELL = ["condition", "other_condition", *Cell._fields, "measure"]
"""Columns that identify a cell; networks, or pairs of networks, are its replicates."""


def agreement_rows(
    block: BlockPartitions,
    draws: int,
    partners: Sequence[BlockPartitions] = (),
    *,
    shared_ends: bool = True,
    task: Task = TASKS["digits"],
) -> pd.DataFrame:
    """Agreement of the partitions of a block, compared with permuted labels.

    Args:
        block: partitions of the block's networks.
        draws: number of draws of the null.
        partners: networks of other conditions with the same initial weights, seed by seed, and
            another order of the images; seeds that a partner lacks are left out.
        shared_ends: whether all networks have the same input and output units, such as pixels and
            classes; rows and columns of random matrices are not shared.
        task: task of the networks.

    Returns:
        Rows with AGREEMENT_COLUMNS, one per pair of networks, cell and measure. `comparison` is
        `layers` (U of a layer with V of the next), `restarts` (mean over all pairs of restarts),
        `planted`, `task` (modules of the task, V of the first and U of the last layer only),
        `data_order` or `seeds` (same sides of two networks). `status` is `infeasible` if one of
        the partitions is, `undefined` if no unit is live in all of them.
    """
    keep_freed_memory()
    subjects: list[tuple[str | int, ...]] = []
    labellings: list[np.ndarray] = []
    for networks, cells in _sources(block, partners, shared_ends, task):
        for cell, labels in cells:
            subjects += [(*pair, *cell) for pair in networks]
            labellings += list(labels)
    agreements = [
        mean_agreement(labels, subject, draws)
        for subject, labels in zip(subjects, labellings, strict=True)
    ]
    feasible = [(labels != DEAD).any(axis=1).all() for labels in labellings]
    return _rows(subjects, agreements, np.array(feasible, bool), draws)


def _sources(
    block: BlockPartitions, partners: Sequence[BlockPartitions], shared_ends: bool, task: Task
) -> Iterator[tuple[list[NetworkPair], Labellings]]:
    """Pairs of networks, with the labels to compare in each of them."""
    condition, seeds = block.condition, block.seeds
    same = [NetworkPair(condition, seed, condition, seed) for seed in seeds]
    yield same, _between_layers(block)
    yield same, _between_restarts(block)
    yield same, _with_planted(block)
    yield same, _with_task(block, task)
    for partner in partners:
        shared = _common(seeds, partner.seeds)
        pairs = [NetworkPair(condition, seed, partner.condition, seed) for seed in shared]
        yield pairs, _between_data_orders(block, partner)
    if shared_ends:
        by_two = [(seeds[first], seeds[second]) for first, second in _seed_pairs(seeds)]
        yield (
            [NetworkPair(condition, first, condition, second) for first, second in by_two],
            _between_seeds(block),
        )


def _rows(
    subjects: Sequence[tuple[str | int, ...]],
    agreements: Sequence[AgreementValues],
    feasible: np.ndarray,
    draws: int,
) -> pd.DataFrame:
    """One row per subject and measure; `feasible` is [subjects]."""
    measures = len(AGREEMENT_MEASURES)
    values = np.array([each.values for each in agreements]).reshape(-1)
    drawn = np.array([each.draws for each in agreements]).reshape(len(values), draws)
    compared = compare(values, drawn, direction=1)
    rows = pd.DataFrame(subjects, columns=[*NetworkPair._fields, *Cell._fields])
    rows = rows.loc[np.repeat(np.arange(len(subjects)), measures)].reset_index(drop=True)
    status = np.where(np.isfinite(values), "ok", "undefined")
    return rows.assign(
        layer=rows["layer"].map(tensor_name),
        other_layer=rows["other_layer"].map(tensor_name),
        measure=np.tile(list(AGREEMENT_MEASURES), len(subjects)),
        value=values,
        **compared.columns(),
        status=np.where(np.repeat(feasible, measures), status, "infeasible"),
    )[AGREEMENT_COLUMNS]


def summarise_agreement(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean over networks, or pairs of networks, by cell, with 95 % t intervals.

    Args:
        rows: rows of all blocks, with AGREEMENT_COLUMNS.

    Returns:
        AGREEMENT_CELL; `n`, networks or pairs with a value; `null_mean`; `value`, `excess` (value -
        null mean) and `z`, each with `_low` and `_high`; `significant`, the share with p <= 0.05.
    """
    groups = rows.groupby(AGREEMENT_CELL, sort=False, observed=True)
    table = [
        dict(zip(AGREEMENT_CELL, cell, strict=True)) | _summary(group) for cell, group in groups
    ]
    return pd.DataFrame(table, columns=None if table else AGREEMENT_CELL)


def _summary(group: pd.DataFrame) -> dict[str, float]:
    value, null_mean, z, p = (
        group[name].to_numpy(float) for name in ("value", "null_mean", "z", "p")
    )
    return {
        "n": int(np.isfinite(value).sum()),
        "null_mean": float(group["null_mean"].mean()),
        **compared_means(value, null_mean, z),
        "significant": share_significant(p),
    }
