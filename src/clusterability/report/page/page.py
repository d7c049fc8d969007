"""The page: as many networks as fit, packed, in the template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from clusterability.clustering.method_kinds import chooses
from clusterability.jobs.probing_job import ProbingJob
from clusterability.jobs.report_jobs import PageJob
from clusterability.measures.function_catalogue import GROUPS
from clusterability.networks.importing.unit_names import NO_NAMES, UnitNames
from clusterability.networks.layer_names import in_chain, tensor_name
from clusterability.networks.tasks import MNIST_CLASSES, MNIST_PIXELS
from clusterability.report.figures.inputs import Inputs, paths
from clusterability.report.figures.style import NO_VALUE, cluster_colours
from clusterability.report.figures.weights import CLIP
from clusterability.report.page.axis_words import measures_say, method_says, nulls_say
from clusterability.report.page.binning import Binning, Detail, cells_of
from clusterability.report.page.cell_colours import cell_colours
from clusterability.report.page.cluster_arrays import ABLATIONS, CLUSTER_NUMBERS, most_clusters
from clusterability.report.page.first_shuffle import NULL, NUMBER, shuffled_layers
from clusterability.report.page.grid import Grid
from clusterability.report.page.network_arrays import (
    colour_limit,
    label_array,
    network_arrays,
    picture,
)
from clusterability.report.page.packing import (
    LEVELS,
    NO_SHARE,
    SHARE_STEPS,
    Array,
    Kind,
    Layout,
    layout_of,
    packed,
    rounded,
)
from clusterability.report.page.page_data import (
    Content,
    Network,
    Sources,
    grid_labels,
    hidden_layers,
)
from clusterability.report.page.single_draws import STEPS, draws_of_network, stepped
from clusterability.report.page.template import page_template
from clusterability.report.page.unit_responses import GREYS, NEVER, STRONGEST
from clusterability.report.page.words import STATUSES_SAY
from clusterability.report.verdict_text import verdict_cells, verdict_line, verdict_sentence
from clusterability.results.display_names import chosen_nulls, ranges
from clusterability.results.reading import read_csv

BUDGET = 11_300_000
"""Bytes of the packed arrays of a page. With the rest, a page stays below 15 MB."""
BESIDE = 2_500_000
"""Bytes of what goes with first networks: shuffles, single draws, responses to images."""
LARGEST_MATRIX = 1_000_000
"""Weights of a matrix at most that is shown weight by weight: a larger one is binned."""
NAMES = 300_000
"""Characters of the names of one side of a layer: beyond them, units have numbers alone."""

MARKER = "/* data */"

NO_IMAGES: Mapping[str, ProbingJob] = MappingProxyType({})

# Bits of mantissas. A value is given with more digits than its comparison with a null.
_DRAW_END = 18
_MEAN = {"value": 15, "value_half": 11, "z": 11, "z_half": 9, "q": 8}


@dataclass
class _Condition:
    """Contents of the page for a condition.

    `stored` are the names of its layers in files, `names` those of their units, `same` is what
    means the same in all seeds, `beside` is what goes with its first network.
    """

    layers: dict[str, tuple[int, int]]
    probed: set[str]
    means: list[Array]
    networks: list[dict[str, Any]]
    layout: Layout
    stored: list[str]
    names: Mapping[str, UnitNames]
    same: list[str]
    beside: dict[str, list[Array]] = field(default_factory=dict)


def make_page(
    files: Inputs,
    job: PageJob,
    budget: int = BUDGET,
    beside: int = BESIDE,
    shown: Mapping[str, ProbingJob] = NO_IMAGES,
) -> bytes:
    """The page of a study.

    Args:
        files: `weights`, `partitions`, `draws`, and tables: `scores`, `summary`, `clusters`,
            `ablations`, `networks`, `verdict`; and `mnist`, if networks are shown its images.
        job: `methods`, `k`, `nulls` and `groups` (numbers of draws), `probed_k`, `drawn_method`,
            `drawn_k`, `restarts`, `whole`: whether the whole network is clustered, too.
        budget: bytes of the packed arrays. Networks are taken a seed of each condition at a time
            until the next one does not fit.
        beside: bytes of what goes with the first network of a condition, as far as it fits.
        shown: conditions whose networks are shown images, and how.
    """
    return page_of(make_data(files, job, budget, beside, shown))


def page_of(data: Mapping[str, Any]) -> bytes:
    """The page that holds this data."""
    # Names in a file need not be text.
    return filled(page_template(), data).encode(errors="replace")


def filled(template: str, data: Mapping[str, Any]) -> str:
    """The template with the data at its marker, as JSON that no text in it can end."""
    content = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    before, after = template.split(MARKER)
    return before + content.replace("<", "\\u003c") + after


def make_data(
    files: Inputs,
    job: PageJob,
    budget: int,
    beside: int = BESIDE,
    shown: Mapping[str, ProbingJob] = NO_IMAGES,
) -> dict[str, Any]:
    """Make the data that the page of a study holds."""
    verdict = read_csv(paths(files, "verdict")[0])
    room = Room(budget, beside, Detail(LARGEST_MATRIX))
    return data_of(Sources.of(files, shown), verdict, job, room)


class Room(NamedTuple):
    """Limits of a page: its size, as in `make_page`, and the resolution of its matrices."""

    networks: float
    beside: float
    detail: Detail


def data_of(content: Content, verdict: pd.DataFrame, job: PageJob, room: Room) -> dict[str, Any]:
    """Data that a page holds: axes, words, colours, and the packed arrays by condition."""
    grid = content.grid_of(job)
    conditions = _conditions(content, grid)
    means = {name: packed(condition.means) for name, condition in conditions.items()}
    budget = room.networks - sum(map(len, means.values()))
    maker = _Maker(content, grid, job, Binning(room.detail, _order(job, grid)))
    _add_networks(maker, conditions, budget)
    packed_beside = _packed_beside(conditions, room.beside)
    shown = [
        _condition(name, condition, means[name], content.seeds_of(name))
        | {"beside": packed_beside[name], "draws_kept": bool(condition.beside.get("draws"))}
        for name, condition in conditions.items()
    ]
    return {
        "verdict": _verdict(verdict),
        "start": _start(conditions, job, grid) | _start_of_grid(verdict, job),
        "methods": {method: method_says(method) for method in grid.methods},
        "k": list(grid.k),
        "probed_k": list(grid.probed_k),
        "most_clusters": most_clusters(grid),
        "nulls": list(grid.nulls),
        "nulls_say": nulls_say(grid.nulls),
        "draws": {**job.nulls, GROUPS: job.groups},
        "pairs": grid.pairs,
        "measures": measures_say(grid),
        "statuses": STATUSES_SAY,
        "ablations": ABLATIONS,
        "effects": CLUSTER_NUMBERS,
        "classes": MNIST_CLASSES,
        "shares": {"steps": SHARE_STEPS, "none": NO_SHARE},
        "pixels": MNIST_PIXELS,
        "levels": LEVELS,
        "clip": CLIP,
        "whole": job.whole,
        "shuffle": {"null": NULL, "number": NUMBER},
        "draw_steps": STEPS,
        "responses": {"strongest": STRONGEST, "never": NEVER, "greys": GREYS},
        "colours": _colours(grid),
        "conditions": shown,
    }


def _verdict(table: pd.DataFrame) -> dict[str, Any]:
    """Opening of the page: the answer in words, and what is said of each layer."""
    names, rows = verdict_cells(table)
    lines = [verdict_line(row) for _, row in table.iterrows()]
    return {
        "sentence": verdict_sentence(table),
        "names": names,
        "rows": [
            {"cells": cells, "method": method, "says": line}
            for cells, method, line in zip(rows, table["method"], lines, strict=True)
        ],
    }


def _conditions(content: Content, grid: Grid) -> dict[str, _Condition]:
    """Conditions without their networks."""
    means = content.means(grid)
    conditions = {}
    for condition in content.conditions:
        stored = content.shapes_of(condition)
        layers = {tensor_name(name): shape for name, shape in stored.items()}
        arrays = [
            array
            for layer in layers
            for array in _mean_arrays(layer, means.get((condition, layer), {}))
        ]
        hidden = set(hidden_layers(list(stored), grid))
        named = (content.names_of(condition), content.same_in_all_seeds(condition))
        conditions[condition] = _Condition(layers, hidden, arrays, [], [], list(stored), *named)
    return conditions


def _mean_arrays(layer: str, means: Mapping[str, np.ndarray]) -> Iterator[Array]:
    for name, array in means.items():
        counts = name == "n"
        kind: Kind = "uint16" if counts else "float32"
        yield Array(f"{layer}/{name}", kind, array if counts else rounded(array, _MEAN[name]))


class _Maker(NamedTuple):
    """Sources that the arrays of networks are made from."""

    content: Content
    grid: Grid
    job: PageJob
    binning: Binning


def _order(job: PageJob, grid: Grid) -> list[int]:
    """Partitions of the grid in the order in which bins respect them: the one shown first first."""
    keys = list(product(grid.methods, grid.k))
    first = (job.drawn_method, job.drawn_k)
    return sorted(range(len(keys)), key=lambda at: (keys[at] != first, keys[at][1]))


def _add_networks(maker: _Maker, conditions: Mapping[str, _Condition], budget: float) -> None:
    """Takes a network of each condition at a time; a condition ends with one that does not fit."""
    waiting = {name: maker.content.networks_of(name, maker.grid) for name in conditions}
    while waiting:
        for name in list(waiting):
            network = next(waiting[name], None)
            if network is None:
                del waiting[name]
                continue
            arrays = network_arrays(network, conditions[name].probed, maker.binning)
            text = packed(arrays)
            if len(text) > budget:
                del waiting[name]
                continue
            budget -= len(text)
            conditions[name].layout = layout_of(arrays)
            accuracy = None if np.isnan(network.accuracy) else network.accuracy
            entry = {"seed": network.seed, "accuracy": accuracy, "data": text}
            if not conditions[name].networks:
                conditions[name].beside = {
                    "shuffle": _shuffle_arrays(maker, name, network, conditions[name].stored),
                    "draws": _draw_arrays(maker, name, conditions[name].stored),
                    **maker.content.responses_of(name, sorted(conditions[name].probed)),
                }
            conditions[name].networks.append(entry)


def _shuffle_arrays(
    maker: _Maker, condition: str, network: Network, stored: Sequence[str]
) -> list[Array]:
    """A shuffle of each layer of a network, in the levels of its weights."""
    names = dict(zip(stored, network.layers, strict=True))
    weights = {name: network.layers[layer].weights for name, layer in names.items()}
    choices = (maker.job.methods, maker.job.k, maker.job.restarts)
    arrays: list[Array] = []
    for name, drawn in shuffled_layers(condition, network.seed, weights, *choices).items():
        layer, units = network.layers[names[name]], sum(drawn.weights.shape)
        (labels,) = grid_labels(drawn.partitions, range(1), maker.grid, units)
        limit = colour_limit(cells_of(layer.weights, layer.labels, maker.binning)[0])
        shuffled = [*picture(*cells_of(drawn.weights, labels, maker.binning), limit)]
        shuffled.append(label_array("labels", labels))
        arrays += [array._replace(name=f"{names[name]}/{array.name}") for array in shuffled]
    return arrays


def _draw_arrays(maker: _Maker, condition: str, stored: Sequence[str]) -> list[Array]:
    """Values of measures on the draws of the first network of a condition."""
    kinds: dict[str, Kind] = {"draws_n": "uint16", "draws_ends": "float32"}
    arrays: list[Array] = []
    for layer in stored:
        drawn = draws_of_network(maker.content.draws_of(condition, layer), 0, maker.grid)
        for name, numbers in stepped(drawn, maker.grid) if drawn else ():
            kind: Kind = kinds.get(name, "uint8")
            kept = rounded(numbers, _DRAW_END) if kind == "float32" else numbers
            arrays.append(Array(f"{tensor_name(layer)}/{name}", kind, kept))
    return arrays


def _packed_beside(
    conditions: Mapping[str, _Condition], budget: float
) -> dict[str, dict[str, Any]]:
    """Arrays that go with first networks, by condition and kind, as far as they fit.

    The same arrays, such as images, are kept once: `of` names the condition that has them.
    """
    packed_kinds: dict[str, dict[str, Any]] = {name: {} for name in conditions}
    for kind in dict.fromkeys(
        kind for condition in conditions.values() for kind in condition.beside
    ):
        owners: dict[str, str] = {}
        for name, condition in conditions.items():
            arrays = condition.beside.get(kind, [])
            text = packed(arrays)
            if text in owners:
                packed_kinds[name][kind] = {"of": owners[text], "layout": layout_of(arrays)}
            elif arrays and len(text) <= budget:
                budget -= len(text)
                owners[text] = name
                packed_kinds[name][kind] = {"data": text, "layout": layout_of(arrays)}
    return packed_kinds


def _condition(name: str, content: _Condition, means: str, seeds: Sequence[int]) -> dict[str, Any]:
    with_weights = {network["seed"] for network in content.networks}
    return {
        "name": name,
        "layers": [
            {"name": layer, "m": m, "n": n, "probed": layer in content.probed, "next": following}
            | _names(content.names.get(stored, NO_NAMES))
            for (layer, (m, n)), stored, following in zip(
                content.layers.items(), content.stored, _following(content), strict=True
            )
        ],
        "same": content.same,
        "means": means,
        "means_layout": layout_of(content.means),
        "layout": content.layout,
        "networks": content.networks,
        "seeds": len(seeds),
        "left_out": ranges([seed for seed in seeds if seed not in with_weights]),
    }


def _names(units: UnitNames) -> dict[str, list[str]]:
    """Names of units of both sides, where they have some, and not more than a page should hold."""
    sides = {"u_names": units.rows, "v_names": units.columns}
    return {
        side: list(names)
        for side, names in sides.items()
        if names is not None and sum(map(len, names)) <= NAMES
    }


def _following(content: _Condition) -> list[str]:
    """The layer that takes the outputs of each layer, if they are a chain; else empty texts."""
    if not all(map(in_chain, content.stored)):
        return [""] * len(content.layers)
    return [*list(content.layers)[1:], ""]


def _start(conditions: Mapping[str, _Condition], job: PageJob, grid: Grid) -> dict[str, Any]:
    """Condition shown first: the one whose first network is the most accurate."""
    shown = [name for name, condition in conditions.items() if condition.networks]
    best = max(shown, key=lambda name: conditions[name].networks[0]["accuracy"] or 0.0, default="")
    nulls = pd.DataFrame({"measure": "mi", "null": list(grid.nulls)})
    most = chosen_nulls(nulls, pd.Series(True, nulls.index)).get("mi", "")
    return {"condition": best, "method": job.drawn_method, "k": job.drawn_k, "null": most}


def _start_of_grid(verdict: pd.DataFrame, job: PageJob) -> dict[str, Any]:
    """First view of the overview: saved bits as in the verdict, or of the drawn method."""
    chosen = [method for method in verdict["method"] if method in job.methods]
    method = chosen[0] if chosen else job.drawn_method
    k = job.k[-1] if method is not None and chooses(method) else job.drawn_k
    return {"grid": "bits", "grid_method": method, "grid_k": k}


def _colours(grid: Grid) -> dict[str, Any]:
    levels = matplotlib.colormaps["RdBu_r"](np.linspace(0, 1, 2 * LEVELS + 1))
    return {
        "clusters": cluster_colours(max(grid.k)),
        "none": NO_VALUE,
        "weights": [to_hex(colour) for colour in levels],
        "cells": cell_colours(),
    }
