"""Draws of a whole network, and draws of weights that cannot be balanced."""

from __future__ import annotations

import itertools
from dataclasses import fields

import numpy as np
import pytest

from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.held_out import held_out_clusters
from clusterability.clustering.spectral import cluster
from clusterability.clustering.summing import held_out_information, tables_of
from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.graph import network_matrices
from clusterability.networks.partitions import labels_of
from clusterability.networks.scaled_layer import layers_of_methods, scaled_layers
from clusterability.networks.scaling import scale_weights
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.stacked import Networks
from clusterability.networks.two_way_ranks import two_way_ranks
from clusterability.nulls.clustered_again import block_redrawn_tables, drawn_one_by_one
from clusterability.nulls.labels import block_label_tables
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.structure_rows import observed_tables, score_rows
from null_draws import null_tables

NAME = ("trained", 3)
SIZES = (11, 8, 6, 4)
NULLS = pytest.mark.parametrize("null", ["shuffle", "shuffle_nonzero", "strength"])
FIELDS = ("weights", "squares", "mi_total", "row_sizes", "column_sizes")


def renamed(found, scaling):
    """Results by (method, k), each method renamed to say the scale."""
    return {(scaled_method(method, scaling), k): item for (method, k), item in found.items()}


def network(sizes=SIZES, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of which a tenth are zero."""
    source = np.random.default_rng(seed)
    return {
        f"fc{number}": source.standard_normal((out, in_)) * (source.random((out, in_)) < 0.9)
        for number, (in_, out) in enumerate(itertools.pairwise(sizes), start=1)
    }


def network_tables(null, weights, draws, k_values=(2, 4)) -> dict:
    return null_tables(null, weights, "network", NAME, draws, k_values, ["whole"], 2)


def even_by_odd(layers: dict[str, np.ndarray]) -> np.ndarray:
    """The block of four layers of units, written out."""
    first, second, third = layers.values()
    nothing = np.zeros((first.shape[1], third.shape[0]))
    return np.block([[first.T, nothing], [second, third.T]])


def same(one: Tables, other: Tables, at: slice = slice(None)) -> bool:
    return all(
        np.array_equal(getattr(one, field), getattr(other, field)[at], equal_nan=True)
        for field in FIELDS
    )


# --- the whole network -------------------------------------------------------------------------


def tables_by_hand(null, weights, number: int) -> dict:
    """Tables [1, ...] of one draw of the network."""
    redraw = RandomModel.named(null).redraw
    drawn = {layer: redraw(w, (*NAME, layer))(number) for layer, w in weights.items()}
    matrix, name = even_by_odd(drawn), (*NAME, "network", null, number)
    partitions = labels_of(cluster(matrix[None], [name], [2, 4], ["whole"], 2), 0)
    return stack_by_key([tables_of(matrix, partitions)])


@NULLS
def test_a_draw_of_the_network_is_made_of_its_layers_own_draws(null):
    weights = network()
    found = network_tables(null, weights, 4)
    for number in range(4):
        for key, tables in tables_by_hand(null, weights, number).items():
            assert same(tables, found[key], slice(number, number + 1))


def test_a_draw_does_not_depend_on_how_many_there_are_or_on_the_other_k():
    few = network_tables("shuffle", network(), 2, k_values=[4])
    many = network_tables("shuffle", network(), 103, k_values=[2, 3, 4, 5])
    assert same(few["whole", 4], many["whole", 4], slice(2))


@NULLS
def test_draws_in_threads_are_the_same_in_the_same_order(null):
    alone = network_tables(null, network(), 30)
    found = null_tables(null, network(), "network", NAME, 30, (2, 4), ["whole"], 2, threads=3)
    assert len({table.tobytes() for table in found["whole", 4].weights}) == 30
    assert all(same(alone[key], found[key]) for key in alone)


@NULLS
def test_a_draw_of_a_layer_is_the_same_alone_and_in_the_network(null):
    """Its weights, that is: I(P) of one layer tells, with all others dead."""
    weights = network()
    others = {layer: w if layer == "fc2" else 0 * w for layer, w in weights.items()}
    alone = null_tables(null, weights, "fc2", NAME, 3, [2], ["joint"], 2)
    within = network_tables(null, others, 3, k_values=[2])
    assert within["whole", 2].mi_total == pytest.approx(alone["joint", 2].mi_total, abs=1e-12)


# --- weights that cannot be balanced -----------------------------------------------------------

TRIANGULAR = np.triu(np.random.default_rng(5).uniform(0.5, 1, (6, 6)))
"""Equal sums of rows and columns would need zeros where it has none."""

K_VALUES, METHODS, DRAWS = [2, 3], ["matched", "joint"], 4


@pytest.fixture(scope="module")
def half_balanced():
    """Networks of which the second cannot be balanced; partitions at both scales."""
    weights = {"fc1": np.stack([np.random.default_rng(0).uniform(-1, 1, (6, 6)), TRIANGULAR])}
    networks = Networks("trained", (4, 9), {}, weights)
    names = [("trained", seed, "fc1", "network") for seed in networks.seeds]
    partitions, held_out, drawn = {}, {}, {}
    for scaling in ("none", "balanced"):
        scaled = scale_weights(weights, scaling)["fc1"]
        asked = K_VALUES, METHODS, 2
        partitions |= renamed(cluster(scaled, names, *asked), scaling)
        held_out |= renamed(held_out_clusters(scaled, names, *asked), scaling)
        tables = [
            null_tables("strength", {"fc1": w}, "fc1", ("trained", seed), DRAWS, *asked)
            for seed, w in zip(networks.seeds, scaled, strict=True)
        ]
        drawn |= renamed(stack_by_key(tables), scaling)
    layers = layers_of_methods(networks, "fc1", partitions)
    labels = block_label_tables(layers, DRAWS, partitions, held_out)
    observed = observed_tables(layers, partitions, held_out)
    nulls = {"strength": drawn, "labels": labels}
    return partitions, nulls, score_rows(networks, "fc1", partitions, observed, nulls)


def test_a_matrix_that_is_not_finite_has_no_partition_and_no_tables():
    matrices = np.stack([np.ones((3, 4)), np.full((3, 4), np.nan)])
    matrices[0, 0, 0] = np.nan
    found = cluster(matrices, [("any", number) for number in range(2)], [1, 2], METHODS, 2)
    for number, matrix in enumerate(matrices):
        labels = labels_of(found, number)
        assert all(
            (rows == -1).all() and (columns == -1).all() for rows, columns in labels.values()
        )
        for tables in tables_of(matrix, labels).values():
            assert np.isnan(tables.weights).all()
            assert np.isnan(tables.mi_total)
            assert not tables.row_sizes.any()
    assert not any(item.feasible.any() for item in found.values())


def test_tables_of_what_cannot_be_balanced_are_empty_and_of_the_others_not(half_balanced):
    partitions, nulls, _ = half_balanced
    for tables in nulls.values():
        for key in partitions:
            if "balanced" in key[0]:
                assert np.isfinite(tables[key].weights[0]).all()
                assert np.isnan(tables[key].weights[1]).all()
                assert np.isnan(tables[key].mi_total[1]).all()
                assert partitions[key].feasible.tolist() == [True, False]


def test_scores_of_what_cannot_be_balanced_say_so(half_balanced):
    scores = half_balanced[2]
    balanced = scores[scores.method.str.endswith("-balanced")]
    without = balanced[balanced.seed == 9]
    assert (without.status == "infeasible").all()
    assert (without.null_n == 0).all()
    assert without[["value", "z", "p", "p_two_sided"]].isna().all(axis=None)
    other = balanced[(balanced.seed == 4) & (balanced.measure != "held_out")]
    assert (other.status == "ok").all()
    assert (other.null_n == DRAWS).all()


def test_weights_that_cannot_be_balanced_are_compared_with_draws_of_their_strengths(half_balanced):
    scores = half_balanced[2].query("seed == 9 and method == 'joint' and measure == 'ncut'")
    by_null = scores.set_index(["null", "k"])
    for k in K_VALUES:
        assert by_null.null_n["strength", k] == DRAWS
        assert by_null.null_n["labels", k] == DRAWS
        assert by_null.value["strength", k] == by_null.value["labels", k]
    assert (scores.status == "ok").all()


def test_labels_see_the_weights_at_their_methods_scale():
    weights = {"fc1": np.random.default_rng(1).uniform(-1, 1, (1, 8, 9))}
    networks = Networks("trained", (2,), {}, weights)
    name, scaled = ("trained", 2, "fc1", "network"), scale_weights(weights, "balanced")["fc1"]
    partitions = renamed(cluster(scaled, [name], [2], ["joint"], 2), "balanced")
    held_out = renamed(held_out_clusters(scaled, [name], [2], ["joint"], 2), "balanced")
    layers = layers_of_methods(networks, "fc1", partitions)
    found = block_label_tables(layers, 3, partitions, held_out)["joint-balanced", 2]
    # All units have the same strength, so every cluster has the share of its size.
    assert found.weights.sum(axis=-1) == pytest.approx(found.row_sizes / 8, abs=1e-10)
    own = observed_tables(layers, partitions, held_out)["joint-balanced", 2]
    information = held_out_information(scaled[0], labels_of(held_out, 0))
    assert float(own.held_out[0]) == information["joint-balanced", 2]


@NULLS
def test_a_network_with_a_layer_that_cannot_be_balanced_has_no_draws(null):
    weights = network((6, 6, 5, 4)) | {"fc1": TRIANGULAR}
    scaled = scale_weights({layer: w[None] for layer, w in weights.items()}, "balanced")
    balanced = {layer: stack[0] for layer, stack in scaled.items()}
    assert np.isnan(balanced["fc1"]).all()
    assert np.isfinite(balanced["fc3"]).all()
    for tables in network_tables(null, balanced, 2).values():
        assert np.isnan(tables.weights).all()
        assert np.isnan(tables.mi_total).all()


# --- draws of ranks, and fewer draws -----------------------------------------------------------


@NULLS
@pytest.mark.parametrize("layer", ["fc1", "network"])
def test_draws_are_ranked_as_the_weights_are(null, layer):
    """A draw of the weights as they are, brought to ranks, and clustered."""
    weights = {name: w + np.sign(w + 0.5) for name, w in network().items()}  # no zeros
    networks = Networks("trained", (3,), {}, {name: w[None] for name, w in weights.items()})
    method = "whole" if layer == "network" else "matched"
    job = NullJob([method], 2, ["ranked"], 2)
    found = block_redrawn_tables(null, scaled_layers(networks, layer, ["ranked"]), [2], job)
    model = RandomModel.named(null)
    for number in range(2):
        parts = weights if layer == "network" else {"fc1": weights["fc1"]}
        if model.redraw_network and layer == "network":
            drawn = dict(zip(parts, model.redraw_network(parts, NAME)(number), strict=True))
        else:
            drawn = {name: model.redraw(w, (*NAME, name))(number) for name, w in parts.items()}
        ranked = [two_way_ranks(w, (*NAME, name, null, number)) for name, w in drawn.items()]
        matrix = np.abs(network_matrices(ranked) if layer == "network" else ranked[0])
        stream = [(*NAME, layer, null, number)]
        labels = labels_of(cluster(matrix[None], stream, [2], [method], 2), 0)
        expected = tables_of(matrix, labels)[method, 2]
        assert np.array_equal(found[f"{method}-ranked", 2].weights[0, number], expected.weights)


def test_methods_that_cluster_fewer_draws_have_the_first_ones():
    weights = {"fc1": np.random.default_rng(0).standard_normal((2, 12, 14))}
    networks = Networks("trained", (3, 8), {}, weights)
    layers = scaled_layers(networks, "fc1", ["none", "ranked"])
    methods, scalings = ["matched", "joint", "described"], ["none", "ranked"]
    fewer = {"joint": 2, "described": 0, "matched-ranked": 1, "joint-ranked": 1}
    fewer["described-ranked"] = 1
    every = block_redrawn_tables("shuffle", layers, [2, 3], NullJob(methods, 1, scalings, 4))
    job = NullJob(methods, 1, scalings, 4, fewer)
    some = block_redrawn_tables("shuffle", layers, [2, 3], job)
    counts = {"matched": 4, **fewer}
    assert list(some) == [key for key in every if counts[key[0]]]
    for (method, k), tables in some.items():
        for field in fields(tables):
            first = getattr(every[method, k], field.name)[:, : counts[method]]
            assert np.array_equal(getattr(tables, field.name), first, equal_nan=True)
    # A job that goes on after any number of draws draws the others.
    drawn = list(drawn_one_by_one(RandomModel.named("shuffle"), layers, [2], job))
    for done in (1, 3, 6, 8):
        rest = list(drawn_one_by_one(RandomModel.named("shuffle"), layers, [2], job, done=done))
        assert len(rest) == len(drawn) - done
        assert all(a.keys() == b.keys() for a, b in zip(rest, drawn[done:], strict=True))


def test_labels_are_permuted_as_often_as_is_asked():
    weights = {"fc1": np.random.default_rng(0).standard_normal((2, 12, 14))}
    networks = Networks("trained", (3, 8), {}, weights)
    layers = scaled_layers(networks, "fc1", ["none"])
    names = [("trained", seed, "fc1", "network") for seed in networks.seeds]
    asked = weights["fc1"], names, [2, 3], ["matched", "joint", "refined"], 1
    partitions, held_out = cluster(*asked), held_out_clusters(*asked)
    every = block_label_tables(layers, 4, partitions, held_out)
    fewer = {"joint": 2, "refined": 0}
    some = block_label_tables(layers, 4, partitions, held_out, fewer=fewer)
    assert [key for key in every if key[0] != "refined"] == list(some)
    for (method, k), tables in some.items():
        for field in fields(tables):
            first = getattr(every[method, k], field.name)[:, : fewer.get(method, 4)]
            assert np.array_equal(getattr(tables, field.name), first, equal_nan=True)
