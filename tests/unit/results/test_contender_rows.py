"""Rows of contenders, of draws that are those of the study's nulls, and of what was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clusterability.analysis.validity_inputs import detection_scores, planted_doses
from clusterability.jobs.comparison_jobs import ContenderJob, JudgedCondition
from clusterability.measures.contenders import held_out_entries, spectral
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.nulls import shuffle
from clusterability.results.columns import SCORES
from clusterability.results.contender_rows import CONTENDER_COLUMNS, contender_rows
from clusterability.training.recipe import Recipe
from clusterability.training.train import train

JOB = ContenderJob("matched", {"shuffle": 19, "strength": 9}, [("fc1", 2), ("fc1", 4)], False, 3)


def networks(seeds=(0, 3), **recipe):
    shape = {"rows": 40, "columns": 50, "clusters": 4} | recipe
    return synthesise("random", SyntheticRecipe(**shape), seeds)[0]


def test_rows_are_those_of_the_measures_and_of_the_nulls_draws():
    found = contender_rows(networks(contrast=0.4), JOB)
    assert list(found) == CONTENDER_COLUMNS
    assert len(found) == 2 * 2 * (1 + 2)
    matrix = networks().weights["fc1"][1]
    matrix = networks(contrast=0.4).weights["fc1"][1]
    row = found.query("seed == 3 and k == 4 and null == 'shuffle'").iloc[0]
    draw = shuffle.redraw(matrix, ("random", 3, "fc1"))
    drawn = np.array([spectral(draw(number), 4) for number in range(19)])
    value = spectral(matrix, 4)
    assert row["value"] == pytest.approx(value)
    assert row["z"] == pytest.approx((value - drawn.mean()) / drawn.std(ddof=1))
    assert (row["p"], row["null_n"]) == (1 / 20, 19)
    entries = found.query("seed == 3 and k == 4 and measure == 'held_out_entries'").iloc[0]
    stream = ("random", 3, "fc1", "network")
    assert entries["value"] == held_out_entries(matrix, stream, 4, "matched", 3)
    assert pd.isna(entries["null"])


def test_a_network_has_the_same_rows_whatever_the_block():
    both, alone = contender_rows(networks(), JOB), contender_rows(networks((3,)), JOB)
    own = both[both.seed == 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, alone)


def test_ranked_weights_are_ranked_in_draws_too():
    job = ContenderJob("matched-ranked", {"shuffle": 19}, [("fc1", 4)], False, 3)
    found = contender_rows(networks(heterogeneity=1.0, contrast=0), job)
    assert set(found.method) == {"matched-ranked"}
    assert found.z.abs().max() < 4


def test_conditions_that_nothing_was_planted_in_do_not_count(images, tmp_path):
    """The median p decides: of the initial weights, and of weights that are nine times as large."""
    recipe = Recipe(architecture="784-16-12-10", epochs=0, clusterability=1, batch_size=16)
    job = ContenderJob("matched", {}, [("fc2", 4)], True, 3)
    inside = (np.arange(12) * 4 // 12)[:, None] == np.arange(16) * 4 // 16
    files, shares = [tmp_path / "nothing.parquet", tmp_path / "planted.parquet"], []
    for file, factor in zip(files, (1, 9), strict=True):
        networks = train(file.stem, recipe, [0, 1, 2], images).networks
        for matrix in networks.weights["fc2"]:
            matrix[inside] *= factor
            shares.append(abs(matrix[inside]).sum() / abs(matrix).sum())
        contender_rows(networks, job).to_parquet(file)
    scores = tmp_path / "scores.parquet"
    types = {"k": "int64", "seed": "int64", "value": float}
    pd.DataFrame(columns=SCORES).astype(types).to_parquet(scores)
    judged = [JudgedCondition(f.stem, "trained", 4, "fc2", planted=True) for f in files]
    counted = detection_scores(scores, files, [], judged)
    assert set(counted.condition) == {"planted"}
    assert (counted[counted.measure == "planted_share"].p == 1 / 200).all()
    assert planted_doses(counted) == {"planted": pytest.approx(np.mean(shares[3:]))}
