"""A small study for the page's tests, and how they read what the page shows."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.image import imread

from clusterability.analysis.verdict import CLUSTERS, NONE, VERDICT_COLUMNS
from clusterability.blocks import Block
from clusterability.jobs.report_jobs import PageJob
from clusterability.measures.catalogue import DIRECTED
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks, save_networks
from clusterability.results.aggregation import BlockScores, write_clusters, write_rows
from clusterability.results.function_columns import ABLATION_COLUMNS
from clusterability.results.measured_draws import save_measured
from clusterability.results.npz_files import save_items
from clusterability.results.summary import summary_of
from study_blocks import StudyBlocks

SIZES = (784, 12, 6)
SHAPES = {"fc1": (12, 784), "fc2": (6, 12)}
METHODS = ["matched", "joint-balanced"]
JOB = PageJob(
    drawn_k=3,
    drawn_method="matched",
    groups=99,
    k=[2, 3, 5],
    methods=METHODS,
    nulls={"labels": 99, "shuffle": 99},
    probed_k=[2],
    restarts=2,
    whole=True,
)
DEAD_PIXELS = 20


def write_study(folder: Path) -> dict[str, Any]:
    """Two conditions of three networks in two blocks; fc2 of `untrained` cannot hold k = 5."""
    blocks = StudyBlocks(
        folder,
        ["untrained", "trained"],
        ["0-1", "2"],
        ["2-3", "5"],
        layers=list(SHAPES),
        methods=METHODS,
        probed=[2],
    )
    return {
        "weights": [str(write_weights(folder, *place)) for place in places(blocks)],
        "partitions": [
            str(write_partitions(folder, place, layer, k))
            for place in places(blocks)
            for layer in SHAPES
            for k in blocks.k_grid
        ],
        "draws": [
            str(write_draws(folder, place, layer, k))
            for place in places(blocks)
            for layer in SHAPES
            for k in blocks.k_grid
            if place[0] == "trained"
        ],
        **write_tables(blocks),
    }


DRAWS = 99


def write_draws(folder: Path, place: tuple[str, str], layer: str, k_block: str) -> Path:
    """As rule `score` does, of `shuffle`; some have no value, and `joint` has fewer."""
    condition, seeds = place
    source, count = source_of(*place, layer, k_block, "draws"), len(Block.parse(seeds))
    found = {
        (method, k): {
            name: source.normal(0.5, 0.1, (count, DRAWS if method == "matched" else 19))
            for name in DIRECTED
        }
        for method in METHODS
        for k in Block.parse(k_block)
    }
    for measures in found.values():
        measures["ncut"][:, 3::4] = np.nan
        measures["held_out"][:] = np.nan
        measures["barber_q"][:] = -2.5
    path = folder / "scores" / condition / seeds / layer / f"{k_block}.draws.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_measured(path, {"shuffle": found})
    return path


def places(blocks: StudyBlocks) -> list[tuple[str, str]]:
    return [(condition, seeds) for condition in blocks.conditions for seeds in blocks.seeds]


def source_of(*place: str) -> np.random.Generator:
    return np.random.default_rng(list("/".join(place).encode()))


def write_weights(folder: Path, condition: str, seeds: str) -> Path:
    block = tuple(Block.parse(seeds))
    source = source_of(condition, seeds)
    weights = {
        layer: source.standard_t(3, (len(block), *shape)).astype(np.float32)
        for layer, shape in SHAPES.items()
    }
    weights["fc1"][:, :, :DEAD_PIXELS] = 0
    path = folder / "networks" / condition / f"{seeds}.safetensors"
    biases = {layer: stack[:, :, 0] for layer, stack in weights.items()}
    save_networks(path, Networks(condition, block, {}, weights, biases))
    return path


def write_partitions(folder: Path, place: tuple[str, str], layer: str, k_block: str) -> Path:
    condition, seeds = place
    source, count = source_of(*place, layer, k_block), len(Block.parse(seeds))
    items = {}
    for method in METHODS:
        for k in Block.parse(k_block):
            u, v = (source.integers(0, k, (count, size), np.int16) for size in SHAPES[layer])
            if layer == "fc1":
                v[:, :DEAD_PIXELS] = -1
            feasible = np.full(count, not infeasible(condition, layer, k))
            u[~feasible] = v[~feasible] = -1
            items[method, k] = Partitions(u, v, feasible)
    path = folder / "clusters" / condition / seeds / layer / f"{k_block}.npz"
    save_items(path, items)
    return path


def infeasible(condition: str, layer: str, k: int) -> bool:
    return condition == "untrained" and layer == "fc2" and k == 5


def write_tables(blocks: StudyBlocks) -> dict[str, str]:
    """As rule `aggregate` does."""
    structure, function = blocks.structure(), blocks.function()
    for file in structure:
        rows = pd.read_parquet(file)
        # A value does not depend on what it is compared with.
        for name in ("value", "status"):
            rows[name] = rows.groupby(["seed", "method", "k", "measure"])[name].transform(
                lambda values: values.iloc[0]
            )
        rows.to_parquet(file, index=False)
        if re.search("untrained.*fc2/5", file):
            numbers = ["value", "null_mean", "null_sd", "z", "p", "p_two_sided"]
            rows[numbers], rows["status"] = np.nan, "infeasible"
            rows.to_parquet(file, index=False)
    tables = blocks.folder / "tables"
    named = {
        name: str(tables / f"{name}.{ending}")
        for name, ending in (
            ("scores", "parquet"),
            ("summary", "csv"),
            ("clusters", "parquet"),
            ("ablations", "parquet"),
            ("networks", "csv"),
            ("verdict", "csv"),
        )
    }
    tables.mkdir()
    networks = blocks.networks()
    scores = BlockScores(structure, function=function)
    cells = scores.cells()
    scores.write(cells, Path(named["scores"]), tables / "scores.csv")
    summary_of(cells, networks).to_csv(named["summary"], index=False)
    write_clusters(Path(named["clusters"]), blocks.clusters(), blocks.function_clusters())
    write_rows(Path(named["ablations"]), blocks.ablations(), ABLATION_COLUMNS)
    networks.to_csv(named["networks"], index=False)
    verdicts().to_csv(named["verdict"], index=False)
    return named


def verdicts() -> pd.DataFrame:
    """One layer with clusters, one without; the second one's method is not on the page."""
    found = {"n": 3, "bits": 300.0, "bits_low": 200.0, "bits_high": 400.0, "k_u": 3.0, "k_v": 2.0}
    found |= {"beyond_strength": 250.0, "beyond_rotated_u": 90.0, "same_bits_ami": 0.95}
    found |= {"strongest_u": 4.0, "strongest_v": 99.0, "strongest_bits": 70.0}
    rows = [
        {"condition": "trained", "layer": "fc1", "method": METHODS[1], "verdict": CLUSTERS.name},
        {"condition": "untrained", "layer": "fc2", "method": "described", "verdict": NONE.name},
    ]
    rest = [found, {"n": 3, "paying": 0, "bits": 4.0, "k_u": 1.0, "k_v": 1.0, "contrast": 1.7}]
    both = [row | more for row, more in zip(rows, rest, strict=True)]
    return pd.DataFrame(both, columns=VERDICT_COLUMNS)


def wait(page) -> None:
    page.wait_for_selector("#main[aria-busy=false]")


def number_in(text: str) -> float:
    text = text.replace("\u2212", "-").replace(" e", "e").replace("†", "").replace("%", "")
    return float("nan") if text.strip() == "\u2013" else float(text)


def picture(page, canvas: str) -> np.ndarray:
    """Colours of a canvas, [height, width, 3] from 0 to 255."""
    address = page.evaluate("id => document.getElementById(id).toDataURL()", canvas)
    image = imread(io.BytesIO(base64.b64decode(address.split(",")[1])))
    return np.rint(255 * image[..., :3]).astype(np.uint8)
