"""The tables of a null that one job makes: the draws that it has kept, then all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.kept_draws import KeptDraws
from clusterability.results.npz_files import save_items
from clusterability.signals import told_to_stop


def write_draws(
    job: Any,
    layers: Sequence[ScaledLayer],
    asked: NullJob,
    model: RandomModel,
    others: Mapping[str, str] | None = None,
) -> None:
    """Draws, clusters each draw, and writes the job's output.

    Args:
        job: Snakemake's, with the input `networks`, the output `tables` and the parameter
            `k_values`.
        layers: the layer of the block at each scale.
        asked: draws, methods and restarts.
        model: what is drawn.
        others: what decides the draws beside the job's parameters.
    """
    output = Path(job.output.tables)
    machine = job.config.get("training") or {}
    kept = KeptDraws.of_job(
        output,
        Path(job.input.networks),
        {**dict(job.params.items()), **(others or {})},
        machine.get("checkpoint_every", 30),
    )
    done = kept.found()
    rest = drawn_one_by_one(model, layers, job.params.k_values, asked, job.threads, done=len(done))
    with told_to_stop(kept.stop):
        tables = stacked_draws(layers, asked, chain(done, kept.keeping(rest)))
    save_items(output, tables)
    kept.remove()
