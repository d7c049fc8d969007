"""Draws that end by the rule, beside those of a fixed number: the same draws, p by their places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import clusterability as cl
from clusterability.clustering.all_scales import ClusteredLayer, block_partitions
from clusterability.clustering.block_sums import KeyedTables, Tables
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.jobs.clustering_job import NullJob
from clusterability.measures.asked import asked_of_method
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.scaled_layer import ScaledLayer, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.clustered_again import block_redrawn_tables, drawn_one_by_one
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.adaptive_draws import NOT_MADE, adaptive_tables
from clusterability.results.npz_files import load_items, save_items
from clusterability.results.structure_rows import observed_tables, score_rows

MOST, ENOUGH, K_VALUES = 79, 10, [2, 3]
JOB = NullJob(["matched", "notebook"], 1, ["none", "ranked"], MOST, {"notebook": 25})


def block() -> Networks:
    """Three matrices [12, 16]: noise, two planted clusters, and one without any weight."""
    source = np.random.default_rng(1)
    weights = source.normal(size=(3, 12, 16)).astype(np.float32)
    weights[1] += 3 * np.kron(np.eye(2), np.ones((6, 8)))
    weights[2] = 0
    return Networks("trained", (4, 5, 6), {}, {"fc1": weights})


def layers() -> list[ScaledLayer]:
    return scaled_layers(block(), "fc1", JOB.scalings)


class Drawn:
    """Draws of shuffle, and how many were asked for by network and scale."""

    def __init__(self) -> None:
        self.taken: dict[tuple[int, str], int] = {}

    def __call__(self, scaled: ScaledLayer) -> Iterator[KeyedTables]:
        (seed,), model = scaled.networks.seeds, RandomModel.named("shuffle")
        for draw in drawn_one_by_one(model, [scaled], K_VALUES, JOB):
            self.taken[seed, scaled.scaling] = self.taken.get((seed, scaled.scaling), 0) + 1
            yield draw


@pytest.fixture(scope="module")
def found() -> ClusteredLayer:
    return block_partitions(layers(), K_VALUES, JOB)


@pytest.fixture(scope="module")
def observed(found) -> KeyedTables:
    return observed_tables(layers(), found.partitions, found.held_out)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return Drawn()


@pytest.fixture(scope="module")
def tables(found, observed, drawn) -> KeyedTables:
    return adaptive_tables(layers(), JOB, found.partitions, observed, drawn)


@pytest.fixture(scope="module")
def fixed() -> KeyedTables:
    return block_redrawn_tables("shuffle", layers(), K_VALUES, JOB)


def places(
    observed: KeyedTables, fixed: KeyedTables, number: int, scaling: str
) -> Iterator[list[bool]]:
    """Of each directed measure of a network at a scale: which of all draws are as good."""
    for key, drawn in fixed.items():
        if key[0].endswith("-ranked") != (scaling == "ranked"):
            continue
        for measure in asked_of_method(key[0]):
            direction = MEASURES[measure].direction
            value = float(FUNCTIONS[measure](observed[key].at(number)))
            every = FUNCTIONS[measure](drawn.at(number)).tolist()
            if direction and np.isfinite(value) and np.isfinite(every).all():
                yield [direction * (draw - value) >= -1e-12 for draw in every]


def expected_draws(good: list[list[bool]]) -> int:
    """The first look at which every value has ENOUGH draws as good, or has all its draws."""
    for look in (19, 39, 59, MOST):
        if all(sum(each[:look]) >= ENOUGH or look >= len(each) for each in good):
            return look
    return MOST


def test_draws_end_at_the_first_look_at_which_all_is_decided(observed, fixed, tables, drawn):
    assert set(drawn.taken) == {(seed, s) for seed in (4, 5, 6) for s in JOB.scalings}
    ends = set()
    for (seed, scaling), taken in drawn.taken.items():
        number = block().seeds.index(seed)
        assert taken == expected_draws(list(places(observed, fixed, number, scaling)))
        ends.add(taken)
    assert drawn.taken[5, "none"] == MOST  # planted clusters
    assert drawn.taken[6, "none"] == 19  # nothing to decide
    assert ends > {19, MOST}  # and one between them


def test_draws_are_those_of_a_fixed_number(fixed, tables, drawn):
    assert list(tables) == list(fixed)
    for key, own in tables.items():
        scaling = "ranked" if key[0].endswith("-ranked") else "none"
        most = 25 if key[0] == "notebook" else MOST
        for number, seed in enumerate(block().seeds):
            made = min(drawn.taken[seed, scaling], most)
            for field in vars(own):
                first = getattr(own, field)[number]
                np.testing.assert_array_equal(
                    first[:made], getattr(fixed[key], field)[number, :made]
                )
                fill = NOT_MADE if field.endswith("_sizes") else np.nan
                np.testing.assert_array_equal(first[made:], np.full_like(first[made:], fill))


def test_files_hold_different_numbers_of_draws(tables, tmp_path):
    save_items(tmp_path / "tables.npz", tables)
    read = load_items(tmp_path / "tables.npz", Tables)
    for key, own in tables.items():
        for field in vars(own):
            np.testing.assert_array_equal(getattr(read[key], field), getattr(own, field))


def test_each_row_has_the_p_of_its_own_decision(found, observed, fixed, tables):
    asked = {"shuffle": AdaptiveDraws(JOB.draws, JOB.fewer)}
    what = (block(), "fc1", found.partitions, observed)
    rows = score_rows(*what, {"shuffle": tables}, asked)
    plain = score_rows(*what, {"shuffle": fixed})
    seen = set()
    for row, other in zip(rows.itertuples(), plain.itertuples(), strict=True):
        number, direction = block().seeds.index(row.seed), MEASURES[row.measure].direction
        drawn = FUNCTIONS[row.measure](fixed[row.method, row.k].at(number))
        if not direction or not np.isfinite(drawn).all() or not np.isfinite(row.value):
            assert np.isnan(row.p)
            continue
        good = [direction * (draw - row.value) >= -1e-12 for draw in drawn.tolist()]
        at = np.flatnonzero(good)[ENOUGH - 1 : ENOUGH]
        assert row.p == (ENOUGH / (at[0] + 1) if len(at) else other.p)
        assert row.p_two_sided <= min(2 * row.p, 1)
        assert row.null_mean == pytest.approx(drawn[: row.null_n].mean())
        seen.add(len(at))
    assert seen == {0, 1}


def test_one_network_has_the_draws_that_it_takes_and_z_of_all_of_them():
    matrix = block().weights["fc1"][0]
    asked = {"k": "2", "restarts": 1, "name": "mine", "nulls": {"shuffle": 199, "labels": 9}}
    scores = cl.score(matrix, **asked, draws="adaptive")
    fixed = cl.score(matrix, **asked)
    of_shuffle = scores[scores["null"] == "shuffle"]
    made = int(of_shuffle["null_n"].max())
    assert made in range(39, 199, 20)
    first = cl.score(matrix, **{**asked, "nulls": {"shuffle": made}})
    same = ["null_mean", "null_sd", "null_n", "z", "z_error"]
    pd.testing.assert_frame_equal(
        of_shuffle[same].reset_index(drop=True), first[same].reset_index(drop=True)
    )
    of_labels = scores["null"] == "labels"
    pd.testing.assert_frame_equal(scores[of_labels], fixed[of_labels])
    # Of the draws that were made, ENOUGH at least were as good as each value.
    assert (of_shuffle["p"].dropna() >= ENOUGH / made).all()
    assert (first["p"].dropna() > ENOUGH / (made + 1)).all()


def test_nineteen_draws_are_as_a_fixed_number():
    matrix = block().weights["fc1"][1]
    asked = {"k": "2", "restarts": 1, "nulls": {"shuffle": 19}}
    pd.testing.assert_frame_equal(
        cl.score(matrix, **asked, draws="adaptive"), cl.score(matrix, **asked)
    )


def test_what_draws_may_be_is_told():
    with pytest.raises(cl.UserError, match="draws: found 'some', expected 'fixed' or 'adaptive'"):
        cl.score(np.eye(4) + 0.1, 2, draws="some")
