"""Draws of the null `within`, clustered again, which take a covariate beside the weights.

It is beside `clustered_again`, not in it: other nulls have no covariate, and are not drawn again
when this changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby, product

import numpy as np

from clusterability.clustering.block_sums import KeyedTables
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.networks.scaled_layer import ScaledLayer
from clusterability.networks.scaling import ranks_draws
from clusterability.networks.scaling_names import scaled_method
from clusterability.nulls.clustered_again import redrawn_tables
from clusterability.nulls.redrawing import RandomModel
from clusterability.nulls.within import redraw


def model_within(covariate: np.ndarray | None, strata: int) -> RandomModel:
    """The null for columns with this covariate.

    Args:
        covariate: finite numbers [n], one a column, or None: then no draw is defined.
        strata: how many.
    """
    known = covariate is not None
    return RandomModel("within", partial(redraw, covariate=covariate, count=strata), permutes=known)


def drawn_within(
    covariate: np.ndarray | None,
    layers: Sequence[ScaledLayer],
    k_values: Sequence[int],
    job: StratifiedJob,
    threads: int = 1,
    done: int = 0,
) -> Iterator[KeyedTables]:
    """Tables of each draw, as `clustered_again.drawn_one_by_one` gives them of other nulls.

    By scale, then by network, then by number, without the first `done`; `stacked_draws` puts them
    together.

    Args:
        covariate: of the columns of the layer, or None: then all draws are undefined.
        layers: the layer of the block at each scale.
        k_values: numbers of clusters.
        job: draws, methods, restarts and strata.
        threads: draws at a time.
        done: draws to leave out.
    """
    model = model_within(covariate, job.strata)
    for scaled in layers:
        parts = _draws_by_methods(job, scaled.scaling)
        for (number, seed), (methods, draws) in product(enumerate(scaled.networks.seeds), parts):
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


def _draws_by_methods(job: StratifiedJob, scaling: str) -> list[tuple[list[str], list[int]]]:
    """Methods, and the numbers of the draws that these cluster, in the order of the numbers."""
    most = {m: job.fewer.get(scaled_method(m, scaling), job.draws) for m in job.methods}
    groups = groupby(range(job.draws), lambda draw: [m for m in job.methods if most[m] > draw])
    return [(methods, list(draws)) for methods, draws in groups if methods]
