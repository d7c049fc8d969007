"""A null's job whose draws end by the rule goes on where it was interrupted, to the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from clusterability_workflow.adaptive_drawing import draw_layers_until_decided

from clusterability.clustering.all_scales import block_partitions
from clusterability.errors import UserError
from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import Networks, save_networks
from clusterability.nulls.redrawing import Draw, RandomModel
from clusterability.results.npz_files import save_items

JOB = NullJob(["matched"], 1, ["none", "ranked"], 59)
SHUFFLE = RandomModel.named("shuffle")


class Named(dict):
    """Snakemake's inputs, outputs and parameters: by name, as keys and as attributes."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def job(tmp_path) -> SimpleNamespace:
    """Of two networks of noise, [12, 16]; every draw is kept as soon as it is made."""
    results = tmp_path / "results"
    weights = np.random.default_rng(2).normal(size=(2, 12, 16)).astype(np.float32)
    networks = Networks("noise", (0, 1), {}, {"fc1": weights})
    names = {"networks": "networks/noise/0-1.safetensors"}
    names |= {"partitions": "clusters/noise/0-1/fc1/2.npz"}
    names |= {"held_out": "clusters/noise/0-1/fc1/2.held_out.npz"}
    paths = Named({name: str(results / file) for name, file in names.items()})
    tables = results / "nulls/noise/0-1/fc1/2.shuffle.npz"
    for path in (*map(Path, paths.values()), tables):
        path.parent.mkdir(parents=True, exist_ok=True)
    save_networks(Path(paths.networks), networks)
    found = block_partitions(scaled_layers(networks, "fc1", JOB.scalings), [2], JOB)
    save_items(Path(paths.partitions), found.partitions)
    save_items(Path(paths.held_out), found.held_out)
    return SimpleNamespace(
        config={"training": {"checkpoint_every": 0}},
        input=paths,
        output=Named(tables=str(tables)),
        params=Named(job=asdict(JOB), k_values=[2]),
        wildcards=Named(condition="noise", seeds="0-1", layer="fc1", k="2", null="shuffle"),
        threads=1,
    )


def stopping_after(draws: int, made: list[int]) -> RandomModel:
    """The null, which fails behind so many draws."""

    def redraw(matrix: np.ndarray, name: tuple) -> Draw:
        draw: Callable[[int], np.ndarray] = SHUFFLE.redraw(matrix, name)

        def counted(number: int) -> np.ndarray:
            if len(made) == draws:
                raise UserError("killed")
            made.append(number)
            return draw(number)

        return counted

    return replace(SHUFFLE, redraw=redraw)


def test_it_goes_on_where_it_was_interrupted(job):
    every: list[int] = []
    draw_layers_until_decided(job, JOB, stopping_after(-1, every))
    tables = Path(job.output.tables)
    expected = tables.read_bytes()
    starts = [place for place, number in enumerate(every) if number == 0]
    assert len(starts) == 4  # two networks at two scales
    assert np.diff([*starts, len(every)]).tolist() == [39, 39, 59, 19]
    for draws in (5, starts[1], starts[2] + 3, len(every) - 1):
        tables.unlink()
        first: list[int] = []
        with pytest.raises(UserError, match="killed"):
            draw_layers_until_decided(job, JOB, stopping_after(draws, first))
        rest: list[int] = []
        draw_layers_until_decided(job, JOB, stopping_after(-1, rest))
        assert tables.read_bytes() == expected
        # A draw is kept once the next one is asked for.
        again = len(first) + len(rest) - len(every)
        assert 0 <= again <= 1
        assert not (tables.parents[4] / "checkpoints").exists()
