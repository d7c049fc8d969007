"""Networks' values in the study's files, as arrays of fixed shapes.

Networks come a few at a time, and of the files of their block only what belongs to them is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open

from clusterability.blocks import Block
from clusterability.errors import UserError, one_line
from clusterability.jobs.probing_job import ProbingJob
from clusterability.jobs.report_jobs import PageJob
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.names import IMPORTED, IMPORTED_SEED
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.layer_names import in_chain, tensor_name
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.stacked import stored_shapes
from clusterability.networks.stored_names import stored_names
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.page.across_seeds import same_in_all_seeds
from clusterability.report.page.cluster_arrays import (
    BITS_NUMBERS,
    CLASS_NUMBERS,
    CLUSTER,
    CLUSTER_NUMBERS,
    FALL_NUMBERS,
    ablation_arrays,
    bits_arrays,
    class_arrays,
    fall_arrays,
)
from clusterability.report.page.grid import Grid, laid_out, places
from clusterability.report.page.packing import Array
from clusterability.report.page.unit_responses import response_arrays
from clusterability.report.page.words import STATUSES_SAY
from clusterability.results.columns import CELL
from clusterability.results.npz_files import StoredItems
from clusterability.results.reading import read_csv, read_rows, where

ALL_MEASURES = [*MEASURES, *FUNCTION_MEASURES]
NO_ROW = 255
"""Code of the status where a table has no row."""

SCORE_NUMBERS = ("null_mean", "null_sd", "z", "p", "p_two_sided")
"""What a score has for each null that it is compared with."""
MEAN_NUMBERS = ("n", "value", "value_half")
"""What the networks of a condition have together, of each measure."""
MEAN_Z_NUMBERS = ("z", "z_half", "q")
"""What they have, of each measure and null."""

_BYTE = np.iinfo(np.int8).max
_AT_ONCE = 4
"""Networks that are read together: rows of more would take more memory."""


class Content(Protocol):
    """Contents of a page: conditions in order, each with its networks."""

    @property
    def conditions(self) -> list[str]: ...

    def grid_of(self, job: PageJob) -> Grid:
        """Axes of all arrays."""

    def seeds_of(self, condition: str) -> list[int]:
        """Seeds of all networks of a condition."""

    def shapes_of(self, condition: str) -> dict[str, tuple[int, int]]:
        """[out, in] of the layers of a condition, by their names in files."""

    def names_of(self, condition: str) -> Mapping[str, UnitNames]:
        """Names of units by layer name in files, of layers whose units have names."""

    def same_in_all_seeds(self, condition: str) -> list[str]:
        """See the function of this name."""

    def means(self, grid: Grid) -> dict[tuple[str, str], dict[str, np.ndarray]]:
        """Means over networks; see `means_of`."""

    def networks_of(self, condition: str, grid: Grid) -> Iterator[Network]:
        """All networks of a condition, in the order of the study; read as they are asked for."""

    def draws_of(self, condition: str, layer: str) -> Sequence[Path]:
        """Files of the single draws of a layer of the first network, if they are kept."""

    def responses_of(self, condition: str, hidden: Sequence[str]) -> dict[str, list[Array]]:
        """Responses of the first network to images; see `response_arrays`. Empty without images."""


@dataclass(frozen=True)
class Sources:
    """Files of a study, the content of its page.

    Attributes:
        networks: by condition and block of seeds, in the order of the study.
        partitions: by condition, block of seeds and layer.
        scores, summary, clusters, ablations: tables of these names.
        table: that of networks.
        draws: what measures say of single draws, as `partitions`; those that a study keeps.
        mnist: folder of the images that networks are shown, if any are.
        shown: how the networks of conditions are shown them.
    """

    networks: Mapping[tuple[str, str], Path]
    partitions: Mapping[tuple[str, str, str], Sequence[Path]]
    scores: Path
    summary: Path
    clusters: Path
    ablations: Path
    table: Path
    draws: Mapping[tuple[str, str, str], Sequence[Path]]
    mnist: Path | None
    shown: Mapping[str, ProbingJob]

    @classmethod
    def of(cls, files: Inputs, shown: Mapping[str, ProbingJob]) -> Sources:
        """From the inputs of the rule by name, and how conditions are shown images."""
        networks = {(p.parent.name, p.stem): p for p in paths(files, "weights")}
        tables = ("scores", "summary", "clusters", "ablations")
        named = {name: paths(files, name)[0] for name in tables}
        return cls(
            networks,
            _by_layer(paths(files, "partitions")),
            **named,
            table=paths(files, "networks")[0],
            draws=_by_layer(paths(files, "draws") if "draws" in files else []),
            mnist=paths(files, "mnist")[0].parent if files.get("mnist") else None,
            shown=shown,
        )

    @property
    def conditions(self) -> list[str]:
        """In the order of the study."""
        return list(dict.fromkeys(condition for condition, _ in self.networks))

    def responses_of(self, condition: str, hidden: Sequence[str]) -> dict[str, list[Array]]:
        """Responses of the first network of a condition that is shown images."""
        shown = self.shown.get(condition)
        if shown is None or self.mnist is None:
            return {}
        return response_arrays(self._first_file(condition), hidden, self.mnist, shown)

    def grid_of(self, job: PageJob) -> Grid:
        """Grid that the study asks for."""
        return Grid(job.methods, job.k, list(job.nulls), job.probed_k)

    def blocks_of(self, condition: str) -> list[str]:
        """Names of the blocks of seeds that a condition has."""
        return [block for name, block in self.networks if name == condition]

    def seeds_of(self, condition: str) -> list[int]:
        """Of all blocks of a condition."""
        return [seed for block in self.blocks_of(condition) for seed in seeds_of_block(block)]

    def shapes_of(self, condition: str) -> dict[str, tuple[int, int]]:
        """Of the layers of a condition, as its first file has them."""
        return stored_shapes(self._first_file(condition))

    def names_of(self, condition: str) -> Mapping[str, UnitNames]:
        """As the first file of a condition has them."""
        return stored_names(self._first_file(condition))

    def same_in_all_seeds(self, condition: str) -> list[str]:
        """As the recipe in the first file says."""
        return same_in_all_seeds(self._first_file(condition))

    def _first_file(self, condition: str) -> Path:
        return self.networks[condition, self.blocks_of(condition)[0]]

    def means(self, grid: Grid) -> dict[tuple[str, str], dict[str, np.ndarray]]:
        """Means of the table `summary`."""
        return means_of(read_csv(self.summary, usecols=[*CELL, "n", *_ENDS, "q"]), grid)

    def networks_of(self, condition: str, grid: Grid) -> Iterator[Network]:
        """Read a few at a time."""
        return read_networks(self, condition, grid)

    def draws_of(self, condition: str, layer: str) -> Sequence[Path]:
        """Draws of the first block."""
        return self.draws.get((condition, self.blocks_of(condition)[0], layer), [])


@dataclass(frozen=True)
class LayerOfNetwork:
    """One layer of one network. The axes of its arrays are those of the grid.

    Attributes:
        weights: float32 [m, n].
        labels: int8 [methods, k, m + n] (int16 where k is larger), the U side first; -1 for dead
            units.
        status: uint8 [measures, methods, k], codes in the order of `STATUSES_SAY`.
        value: [measures, methods, k].
        scores: `SCORE_NUMBERS` to [pairs, methods, k].
        bits: see `bits_arrays`.
        clusters: see `ablation_arrays`.
        falls: see `fall_arrays`.
        classes: see `class_arrays`.
    """

    weights: np.ndarray
    labels: np.ndarray
    status: np.ndarray
    value: np.ndarray
    scores: Mapping[str, np.ndarray]
    bits: Mapping[str, np.ndarray]
    clusters: Mapping[str, np.ndarray]
    falls: Mapping[str, np.ndarray]
    classes: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Network:
    """One network and all that the page tells of it."""

    seed: int
    accuracy: float
    layers: Mapping[str, LayerOfNetwork]


def _by_layer(files: Sequence[Path]) -> dict[tuple[str, str, str], list[Path]]:
    """Files `…/condition/seeds/layer/…` by these three."""
    paths: dict[tuple[str, str, str], list[Path]] = {}
    for path in files:
        condition, seeds, layer = path.parts[-4:-1]
        paths.setdefault((condition, seeds, layer), []).append(path)
    return paths


def seeds_of_block(name: str) -> list[int]:
    """Seeds of a block of networks by its name."""
    return [IMPORTED_SEED] if name == IMPORTED else list(Block.parse(name))


def hidden_layers(layers: Sequence[str], grid: Grid) -> list[str]:
    """Layers of a network whose units are probed: of a chain, all but the last."""
    return list(layers[:-1]) if grid.probed_k and all(map(in_chain, layers)) else []


def read_networks(sources: Sources, condition: str, grid: Grid) -> Iterator[Network]:
    """All networks of a condition, in the order of the study; read as they are asked for."""
    table = read_csv(sources.table)
    accuracy = table[table["condition"] == condition].set_index("seed")["test_accuracy"]
    for block in sources.blocks_of(condition):
        seeds = seeds_of_block(block)
        for start in range(0, len(seeds), _AT_ONCE):
            some = range(start, min(start + _AT_ONCE, len(seeds)))
            read = _read_some(sources, (condition, block), some, grid)
            for number, layers in zip(some, read, strict=True):
                seed = seeds[number]
                yield Network(seed, float(accuracy.get(seed, np.nan)), layers)


def _read_some(
    sources: Sources, files_of: tuple[str, str], some: range, grid: Grid
) -> list[dict[str, LayerOfNetwork]]:
    """Networks of these numbers in their block, by layer."""
    condition, block = files_of
    seeds = [seeds_of_block(block)[number] for number in some]
    file = sources.networks[files_of]
    rows = where(condition=[condition], seed=seeds, method=grid.methods)
    scores = _by_network(read_rows(sources.scores, _SCORES, rows))
    shapes = stored_shapes(file)
    bits = _by_network(read_rows(sources.clusters, [*CLUSTER, *BITS_NUMBERS], rows))
    clusters, falls = {}, {}
    # Of a study without hidden units these tables have no rows of it.
    if hidden_layers(list(shapes), grid):
        probed = rows & where(k=grid.probed_k)
        clusters = _by_network(read_rows(sources.clusters, [*CLUSTER, *CLUSTER_NUMBERS], probed))
        falls = _by_network(read_rows(sources.ablations, _FALLS, probed))
    layers: list[dict[str, LayerOfNetwork]] = [{} for _ in some]
    for layer, (m, n) in shapes.items():
        files = sources.partitions.get((*files_of, layer), [])
        labels = grid_labels(StoredItems(map(str, files), Partitions), some, grid, m + n)
        weights = _weights(file, layer, some)
        for number, seed in enumerate(seeds):
            key = (seed, tensor_name(layer))
            layers[number][key[1]] = layer_of_network(
                weights[number],
                labels[number],
                scores.get(key, _NO_SCORES),
                grid,
                bits.get(key, _NO_BITS),
                clusters.get(key, _NO_CLUSTERS),
                falls.get(key, _NO_FALLS),
            )
    return layers


_SCORES = ["seed", "layer", "method", "k", "measure", "value", "null", *SCORE_NUMBERS, "status"]
_FALLS = [*CLUSTER, "ablation", "class", *CLASS_NUMBERS, *FALL_NUMBERS]
_NO_SCORES, _NO_BITS, _NO_CLUSTERS, _NO_FALLS = (
    pd.DataFrame(columns=columns)
    for columns in (_SCORES, [*CLUSTER, *BITS_NUMBERS], [*CLUSTER, *CLUSTER_NUMBERS], _FALLS)
)


def layer_of_network(
    weights: np.ndarray,
    labels: np.ndarray,
    scores: pd.DataFrame,
    grid: Grid,
    bits: pd.DataFrame = _NO_BITS,
    clusters: pd.DataFrame = _NO_CLUSTERS,
    falls: pd.DataFrame = _NO_FALLS,
) -> LayerOfNetwork:
    """A layer from its weights, its labels and its rows of the tables."""
    return LayerOfNetwork(
        weights,
        labels,
        *_score_arrays(scores, grid),
        bits=bits_arrays(bits, grid),
        clusters=ablation_arrays(clusters, grid),
        falls=fall_arrays(falls, grid),
        classes=class_arrays(falls),
    )


def _by_network(rows: pd.DataFrame) -> dict[tuple[int, str], pd.DataFrame]:
    groups: Any = rows.groupby(["seed", "layer"], sort=False, observed=True)
    return {(int(seed), str(layer)): group for (seed, layer), group in groups}


def _opened(file: Path) -> Any:
    try:
        return safe_open(file, framework="numpy")
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{file}: found {one_line(str(error))}, expected weights of this study; remove the"
            " file to have it made again"
        ) from None


def _weights(file: Path, layer: str, some: range) -> np.ndarray:
    """Weights [networks, out, in] of some networks of a block; others are not read."""
    with _opened(file) as content:
        return content.get_slice(f"{layer}.weight")[some.start : some.stop]


def grid_labels(items: Mapping[Key, Partitions], some: range, grid: Grid, units: int) -> np.ndarray:
    """Labels [networks, methods, k, units] of some networks; -1 where there is no partition."""
    kind = np.int8 if max(grid.k) <= _BYTE else np.int16
    labels = np.full((len(some), len(grid.methods), len(grid.k), units), DEAD, kind)
    for (method, k), item in items.items():
        if method in grid.methods and k in grid.k:
            both = np.concatenate([item.rows, item.columns], axis=1)
            labels[:, grid.methods.index(method), grid.k.index(k)] = both[some.start : some.stop]
    return labels


def _score_arrays(
    rows: pd.DataFrame, grid: Grid
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Statuses, values, and what they are compared with, of a layer."""
    rows = rows[rows["measure"].isin(ALL_MEASURES)]  # not those of other packages
    measure = places(rows["measure"], ALL_MEASURES)
    at = (places(rows["method"], grid.methods), places(rows["k"], grid.k))
    shape = (len(ALL_MEASURES), len(grid.methods), len(grid.k))
    status = np.full(shape, NO_ROW, np.uint8)
    status[measure, *at] = places(rows["status"], list(STATUSES_SAY))
    value = np.full(shape, np.nan)
    value[measure, *at] = rows["value"]
    pairs = pd.MultiIndex.from_frame(rows[["measure", "null"]])
    pair = pd.MultiIndex.from_tuples(grid.pairs).get_indexer(pairs)
    known = pair >= 0  # a study may have no nulls
    scores = {}
    for name in SCORE_NUMBERS:
        scores[name] = np.full((len(grid.pairs), *shape[1:]), np.nan)
        scores[name][pair[known], at[0][known], at[1][known]] = rows[name][known]
    return status, value, scores


def means_of(table: pd.DataFrame, grid: Grid) -> dict[tuple[str, str], dict[str, np.ndarray]]:
    """Means over seeds by condition and layer, as `MEAN_NUMBERS` and `MEAN_Z_NUMBERS` name them.

    `n`, the number of networks with a value, `value`, the mean of a measure, and `value_half`, half
    the width of its 95 % t interval: [measures, methods, k]. `z`, the mean z, `z_half`, as before,
    and `q`: [pairs, methods, k]. NaN where there is none, and 0 for n.

    Args:
        table: rows with the columns of `summary.csv`.
        grid: axes of the arrays.
    """
    table = table[table["method"].isin(grid.methods) & table["measure"].isin(ALL_MEASURES)]
    for name in ("value", "z"):
        table[f"{name}_half"] = (table[f"{name}_high"] - table[f"{name}_low"]) / 2
    means = {}
    for (condition, layer), rows in table.groupby(["condition", "layer"], sort=False):
        means[str(condition), str(layer)] = _mean_arrays(rows, grid)
    return means


_ENDS = [f"{name}{end}" for name in ("value", "z") for end in ("", "_low", "_high")]


def _mean_arrays(rows: pd.DataFrame, grid: Grid) -> dict[str, np.ndarray]:
    """Means of a condition and layer."""
    at = (places(rows["method"], grid.methods), places(rows["k"], grid.k))
    measure = places(rows["measure"], ALL_MEASURES)
    shape = (len(ALL_MEASURES), len(grid.methods), len(grid.k))
    arrays = {name: laid_out(shape, (measure, *at), rows[name]) for name in MEAN_NUMBERS}
    pair = pd.MultiIndex.from_tuples(grid.pairs).get_indexer(
        pd.MultiIndex.from_frame(rows[["measure", "null"]])
    )
    known = pair >= 0  # a study may have no nulls
    in_pairs = (pair[known], at[0][known], at[1][known])
    for name in MEAN_Z_NUMBERS:
        arrays[name] = laid_out((len(grid.pairs), *shape[1:]), in_pairs, rows[name][known])
    return arrays | {"n": np.nan_to_num(arrays["n"])}
