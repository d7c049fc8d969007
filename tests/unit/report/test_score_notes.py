"""Lines below the scores of one network: sizes, small clusters, contradictions, signs."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import clusterability as cl
from clusterability.networks.weights import as_networks, as_weights
from clusterability.report.score_notes import FAR, score_notes
from clusterability.report.score_text import WIDTH
from clusterability.results.one_network import SIZES, evaluate
from clusterability.study.arguments import asked_of


def scored(matrix, k="2-4", methods=("matched",), nulls=None) -> tuple[pd.DataFrame, ...]:
    networks = as_networks(as_weights(matrix), "mine")
    asked = asked_of("mine", k.split(","), list(methods), ["none"], nulls or {}, 3)
    found = evaluate(networks, asked)
    return found.rows, found.sizes, networks


def notes(matrix, **asked) -> list[str]:
    return score_notes(*scored(matrix, **asked)).splitlines()


def blocks(sizes: list[tuple[int, int]]) -> np.ndarray:
    """Weights between units of the same number of these blocks, and little elsewhere."""
    rows, columns = (np.repeat(range(len(sizes)), side) for side in zip(*sizes, strict=True))
    noise = np.random.default_rng(0).random((len(rows), len(columns)))
    return (rows[:, None] == columns) + 0.01 * noise


def test_sizes_are_those_of_the_partition_at_the_k_of_most_bits():
    matrix = blocks([(12, 20), (9, 15), (6, 30)])
    lines = notes(matrix, k="2-5", methods=("matched", "joint"))
    assert lines[0] == "Sizes of clusters, U side / V side, at the k with the most bits:"
    for line, method in zip(lines[1:3], ("matched", "joint"), strict=True):
        start = f"  fc1, {method}, k = 3: "
        assert line.startswith(start)
        both = [side.split("+") for side in line.removeprefix(start).split(" / ")]
        pairs = {(int(u), int(v)) for u, v in zip(*both, strict=True)}
        assert pairs == {(12, 20), (9, 15), (6, 30)}
    assert len(lines) <= 5  # and perhaps a line on crumbs


def test_dead_units_have_no_cluster_and_all_k_have_sizes():
    matrix = blocks([(6, 8), (5, 7)])
    matrix[3] = 0
    both = {"a": matrix, "b": matrix[:4]}
    _, sizes, _ = scored(both, k="2-3,10")
    assert sizes.query("layer == 'b'")["k"].tolist() == [2, 3]  # 10 is infeasible
    sizes = sizes.query("layer == 'a'")
    assert list(sizes) == SIZES
    assert sizes["k"].tolist() == [2, 3, 10]  # ten of eleven rows live
    assert sizes["u_sizes"].map(sum).tolist() == [10] * 3
    assert sizes["v_sizes"].map(sum).tolist() == [15] * 3
    labels = cl.cluster(both, 3, name="mine")["a"].rows
    assert sizes["u_sizes"][1] == [(labels == label).sum() for label in range(3)]


def test_a_cluster_of_a_single_weight_is_called_so():
    matrix = 0.1 * np.random.default_rng(1).random((20, 30))
    matrix[0, 0] = 30
    lines = notes(matrix, k="2-3")
    assert lines[1] == "  fc1, matched, k = 2: 19+1 / 29+1"
    assert lines[2].startswith("A cluster of one or two units a side (fc1 by matched at k = 2-3):")
    assert not [line for line in notes(blocks([(9, 9), (9, 9)]), k="2") if "cluster of one" in line]


@pytest.mark.parametrize(
    ("u", "v", "told"), [(2, 2, True), (1, 3, False), (3, 1, False), (0, 1, False)]
)
def test_small_is_small_on_both_sides(u, v, told):
    scores, _, networks = scored(blocks([(9, 9), (9, 9)]), k="2")
    sizes = pd.DataFrame([("fc1", "matched", 2, [9, u], [9, v])], columns=SIZES)
    assert ("cluster of one" in score_notes(scores, sizes, networks)) is told


def with_z(scores: pd.DataFrame, mi: float, ncut: float) -> pd.DataFrame:
    z = scores["measure"].map({"mi": mi, "ncut": ncut})
    return scores.assign(z=z.where(scores["k"] == 2, 0.0))


@pytest.mark.parametrize(
    ("mi", "ncut", "told"),
    [(FAR, -FAR, True), (40, -9, True), (40, 9, False), (-40, -9, False), (3, -3, False)],
)
def test_measures_that_contradict_each_other_are_explained(mi, ncut, told):
    scores, sizes, networks = scored(blocks([(9, 9), (9, 9)]), k="2-3", nulls={"shuffle": 3})
    text = " ".join(score_notes(with_z(scores, mi, ncut), sizes, networks).split())
    expected = "z of mi far above 0, of ncut far below it (fc1 by matched at k = 2): the weight"
    assert (expected in text) is told


@pytest.mark.parametrize(
    ("share", "told"), [(0.05, None), (0.2, "20 %"), (0.5, "50 %"), (0.95, None)]
)
def test_signs_are_mentioned_where_there_are_both(share, told):
    matrix = np.ones((10, 20))
    matrix.ravel()[: round(share * 200)] = -1
    matrix = np.vstack([matrix, np.zeros((2, 20))])  # zeros have no sign
    matrix += np.random.default_rng(0).random(matrix.shape) * 0.01 * (matrix != 0)
    (line,) = [line for line in notes(matrix, k="2") if "negative" in line] or [None]
    expected = "of the weights are negative: their absolute values are clustered, without signs."
    assert line == (told and f"{told} {expected}")


def test_lines_of_many_clusters_and_layers_fit():
    source = np.random.default_rng(0)
    sizes = (60, 50, 40, 30)
    arrays = {
        f"layer_{n}": source.normal(size=pair) for n, pair in enumerate(itertools.pairwise(sizes))
    }
    arrays["layer_1"] = abs(arrays["layer_1"])
    networks = as_networks(as_weights(arrays), "mine")
    asked = asked_of("mine", ["25-28"], ["matched"], ["none"], {}, 1)
    found = evaluate(networks, asked)
    lines = score_notes(found.rows, found.sizes, networks).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "% of the weights of" in " ".join(lines)
