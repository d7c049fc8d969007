"""The page of one file: that of a study, of one network in memory and its known groups."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.verdict import VERDICT_COLUMNS
from clusterability.clustering.catalogue import METHODS
from clusterability.errors import UserError
from clusterability.jobs.report_jobs import PageJob
from clusterability.measures.catalogue import MEASURES
from clusterability.names import IMPORTED_SEED
from clusterability.networks.importing.unit_names import UnitNames
from clusterability.networks.known_groups import KnownGroups
from clusterability.networks.layer_names import tensor_name
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key, Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.stacked import Networks
from clusterability.networks.weights import Weights
from clusterability.report.named_clusters import k_of_most_bits
from clusterability.report.page.binning import MOST_CELLS, Detail
from clusterability.report.page.cluster_arrays import BITS_NUMBERS
from clusterability.report.page.grid import Grid
from clusterability.report.page.packing import Array
from clusterability.report.page.page import Room, data_of, page_of
from clusterability.report.page.page_data import (
    Network,
    grid_labels,
    layer_of_network,
    means_of,
)
from clusterability.report.verdict_text import without_verdict
from clusterability.results.display_names import span
from clusterability.results.one_network import Scored
from clusterability.results.single.group_rows import METHOD as GROUPS
from clusterability.results.structure_rows import bits_of_clusters
from clusterability.results.summary import cell_table, with_cell_q
from clusterability.study.arguments import ScoringArguments

CELLS = 3_500_000
"""Cells of all matrices together: 2.4 MB of a page, where no two are alike."""
EXACT = 250_000
"""Weights of all matrices together that are told exactly: 1.3 MB of a page."""
BESIDE = 1_000_000
"""Bytes of the shuffles of layers."""


@dataclass(frozen=True)
class Result:
    """Facts known of the network of one file.

    Attributes:
        weights: as loaded, with the names of units.
        networks: the same as a block of one.
        arguments: those of the call.
        scored: clusters and scores.
        known: known groups by layer name in files.
        verdicts: rows of the table `verdict`; None if none were asked for.
    """

    weights: Weights
    networks: Networks
    arguments: ScoringArguments
    scored: Scored
    known: Mapping[str, KnownGroups]
    verdicts: pd.DataFrame | None

    @property
    def layers(self) -> list[str]:
        """Names of the layers in tables."""
        return list(map(tensor_name, self.networks.weights))

    @property
    def rows(self) -> pd.DataFrame:
        """Scores of layers, without those of the whole network."""
        return self.scored.rows[self.scored.rows["layer"].isin(self.layers)]


def check_methods(methods: Sequence[str]) -> None:
    """Raise UserError if no method clusters layers, of which the page consists."""
    if all(METHODS[method].whole for method in methods):
        raise UserError(
            "methods: found 'whole' alone, expected one that clusters layers, too, such as"
            " matched, for the page"
        )


def page_of_file(result: Result, rows: Path | None = None, page: Path | None = None) -> bytes:
    """The page of the network of one file.

    Args:
        result: the network, its clusters and their scores.
        rows: the file with all rows, which the page reads nothing from, but names.
        page: where the page will be.
    """
    beside = None if rows is None or page is None else os.path.relpath(rows, page.parent)
    return page_of(file_data(result, beside and Path(beside).as_posix()))


def file_data(result: Result, rows: str | None = None) -> dict[str, Any]:
    """Data that the page holds; `rows` is the path of the file with all rows, from the page on.

    Besides what a study's page holds: `file` (`rows`), `found_k`, the numbers of clusters that
    methods were asked for, and of layers, the names of units, `u_names` and `v_names`, and of known
    groups, `groups`.
    """
    count = len(result.layers)
    cells = min(MOST_CELLS, CELLS // count)
    room = Room(math.inf, BESIDE, Detail(cells, cells, EXACT // count))
    verdicts = pd.DataFrame(columns=VERDICT_COLUMNS) if result.verdicts is None else result.verdicts
    job = _job(result)
    data = data_of(_Content(result), verdicts, job, room)
    (condition,) = data["conditions"]
    for stored, layer in zip(result.networks.weights, condition["layers"], strict=True):
        if stored in result.known:
            layer["groups"] = list(result.known[stored].names)
    data["verdict"]["sentence"] = _verdict_says(result, data["verdict"]["sentence"])
    return data | {
        "file": {"rows": rows},
        "found_k": list(job.k),
        "measures": data["measures"][: _last_measure(result)],
        # Whether columns are pixels of an image, is not known.
        "pixels": 0,
    }


def _last_measure(result: Result) -> int:
    """Number of measures up to the last one that has rows; arrays have them in this order."""
    measures = set(result.rows["measure"])
    return max(number for number, name in enumerate(MEASURES, 1) if name in measures)


def _job(result: Result) -> PageJob:
    choices = result.arguments
    plain = [method for method in choices.methods if not METHODS[method].whole]
    methods = [scaled_method(method, scaling) for scaling in choices.scalings for method in plain]
    first = result.rows[result.rows["layer"] == result.layers[0]]
    return PageJob(
        drawn_k=k_of_most_bits(first, methods[0]) or choices.k_values[0],
        drawn_method=methods[0],
        groups=0,
        k=choices.k_values,
        methods=methods,
        nulls={null: _draws(result, null) for null in sorted(choices.nulls)},
        probed_k=[],
        restarts=choices.restarts,
        whole=len(plain) < len(choices.methods),
    )


def _draws(result: Result, null: str) -> int | str:
    """Number of draws, or its range where draws end by a rule."""
    made = result.rows.loc[result.rows["null"] == null, "null_n"]
    return span(made) if null in result.arguments.adaptive_nulls else result.arguments.nulls[null]


def _bits_rows(result: Result, layer: str) -> pd.DataFrame:
    """Bits of each cluster that was found in a layer, as in the table `clusters`."""
    partitions, frames = result.scored.partitions[layer], []
    for scaled in layers_of_methods(result.networks, layer, partitions):
        (of_network,) = bits_of_clusters(scaled, partitions)
        for (method, k), bits in of_network.items():
            columns = {"method": method, "k": k, "cluster": np.arange(k)}
            frames.append(pd.DataFrame(columns | dict(zip(BITS_NUMBERS, bits, strict=True))))
    return pd.concat(frames, ignore_index=True)


def _verdict_says(result: Result, sentence: str) -> str:
    if result.verdicts is None:
        return "No verdict was asked for."
    parts = [sentence] if len(result.verdicts) else []
    return " ".join([*parts, without_verdict(result.verdicts, result.layers)]).strip()


@dataclass(frozen=True)
class _Content:
    """The network of one file as the content of a page; see `page_data.Content`."""

    result: Result

    @property
    def conditions(self) -> list[str]:
        return [self.result.networks.condition]

    def grid_of(self, job: PageJob) -> Grid:
        """Grid that was asked for, and known groups, of which there may be more."""
        keys = [key for layer in self.result.known for key in self._known(layer)]
        methods = dict.fromkeys([*job.methods, *(method for method, _ in keys)])
        k = sorted({*job.k, *(k for _, k in keys)})
        return Grid(list(methods), k, list(job.nulls), [])

    def seeds_of(self, condition: str) -> list[int]:
        return [IMPORTED_SEED]

    def shapes_of(self, condition: str) -> dict[str, tuple[int, int]]:
        return {
            name: (stack.shape[1], stack.shape[2])
            for name, stack in self.result.networks.weights.items()
        }

    def names_of(self, condition: str) -> Mapping[str, UnitNames]:
        """As loaded."""
        units = self.result.weights.units
        layers = self.result.networks.weights
        return {name: units[layer] for name in layers if (layer := tensor_name(name)) in units}

    def same_in_all_seeds(self, condition: str) -> list[str]:
        return []

    def means(self, grid: Grid) -> dict[tuple[str, str], dict[str, np.ndarray]]:
        """Values of the network, which is the only one."""
        return means_of(with_cell_q(cell_table(self.result.rows)), grid)

    def networks_of(self, condition: str, grid: Grid) -> Iterator[Network]:
        rows = dict(list(self.result.rows.groupby("layer", sort=False)))
        layers = {}
        for name, (matrix,) in self.result.networks.weights.items():
            partitions = self.result.scored.partitions[name] | self._known(name)
            (labels,) = grid_labels(partitions, range(1), grid, sum(matrix.shape))
            layer = tensor_name(name)
            bits = _bits_rows(self.result, name)
            layers[layer] = layer_of_network(matrix, labels, rows[layer], grid, bits)
        yield Network(IMPORTED_SEED, math.nan, layers)

    def draws_of(self, condition: str, layer: str) -> Sequence[Path]:
        return []

    def responses_of(self, condition: str, hidden: Sequence[str]) -> dict[str, list[Array]]:
        return {}

    def _known(self, layer: str) -> dict[Key, Partitions]:
        """Known groups of a layer at each scaling, as if a method had found them."""
        known, (matrix,) = self.result.known.get(layer), self.result.networks.weights[layer]
        if known is None:
            return {}
        partition = known.partition(matrix)
        # A side without groups is one cluster in the scores, and in no group to look at.
        rows, columns = (
            labels if side in known.sides else np.full_like(labels, DEAD)
            for side, labels in zip("UV", (partition.rows, partition.columns), strict=True)
        )
        shown = Partitions(rows, columns, partition.feasible)
        return {
            (scaled_method(GROUPS, scaling), len(known.names)): shown
            for scaling in self.result.arguments.scalings
        }
