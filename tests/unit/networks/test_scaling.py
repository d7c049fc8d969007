"""Scaling to given sums against closed forms, and measures that do not see a unit rescaled."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from clusterability.clustering.summing import tables_of
from clusterability.errors import UserError
from clusterability.measures.asked import asked_of_method
from clusterability.measures.structure import FUNCTIONS
from clusterability.networks.scaled_layer import layers_of_methods, scaled_layers
from clusterability.networks.scaling import scale_weights
from clusterability.networks.sinkhorn import balance, scale_to
from clusterability.networks.stacked import Networks

SIZES = (9, 8, 7, 5)


def positive(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.05, 1, shape)


def random_networks(networks: int = 3) -> dict[str, np.ndarray]:
    source = np.random.default_rng(1)
    return {
        f"fc{number + 1}": source.standard_normal((networks, SIZES[number + 1], SIZES[number]))
        for number in range(len(SIZES) - 1)
    }


def with_units_rescaled(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every hidden unit's input weights times a factor of its own, output weights divided by it."""
    source = np.random.default_rng(2)
    result = {layer: stack.copy() for layer, stack in weights.items()}
    for layer, following in itertools.pairwise(result):
        factors = np.exp(source.normal(size=result[layer].shape[:2]))
        result[layer] *= factors[:, :, None]
        result[following] /= factors[:, None, :]
    return result


def structural_measures(matrix: np.ndarray) -> dict[str, float]:
    labels = np.arange(matrix.shape[0]) % 3, np.arange(matrix.shape[1]) % 3
    tables = tables_of(matrix, {("any", 3): labels})["any", 3]
    # Held-out information is not a function of the weights alone: it needs clusters of its own.
    asked = [name for name in asked_of_method("any") if name != "held_out"]
    return {name: float(FUNCTIONS[name](tables)) for name in asked}


def logits(weights: dict[str, np.ndarray], number: int, images: np.ndarray) -> np.ndarray:
    *hidden, last = [stack[number] for stack in weights.values()]
    for matrix in hidden:
        images = np.maximum(images @ matrix.T, 0)
    return images @ last.T


def test_balanced_two_by_two_has_its_closed_form():
    """Scaling keeps ad / bc, and one such matrix has equal sums."""
    (a, b), (c, d) = matrix = np.array([[0.3, 2.0], [5.0, 0.7]])
    diagonal = np.sqrt(a * d) / (np.sqrt(a * d) + np.sqrt(b * c)) / 2
    expected = [[diagonal, 0.5 - diagonal], [0.5 - diagonal, diagonal]]
    assert balance(matrix) == pytest.approx(np.array(expected), rel=1e-10)


def test_scaled_matrix_has_the_sums_and_the_cross_ratios():
    """Together these name one matrix: equal cross-ratios are what D_1 A D_2 means."""
    matrix, target = positive(6, 11), positive(6, 11, seed=3)
    scaled = scale_to(matrix, target.sum(axis=1), target.sum(axis=0))
    assert scaled.sum(axis=1) == pytest.approx(target.sum(axis=1), rel=1e-10)
    assert scaled.sum(axis=0) == pytest.approx(target.sum(axis=0), rel=1e-10)
    ratio = scaled / matrix
    assert ratio * ratio[0, 0] == pytest.approx(np.outer(ratio[:, 0], ratio[0]), rel=1e-12)


def test_dead_units_stay_zero_and_do_not_count():
    matrix = positive(6, 5)
    matrix[2], matrix[:, [0, 4]] = 0, 0
    balanced = balance(matrix)
    assert balanced.sum(axis=1) == pytest.approx([0.2, 0.2, 0, 0.2, 0.2, 0.2], rel=1e-10)
    assert balanced.sum(axis=0) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0], rel=1e-10)
    assert np.array_equal(balanced == 0, matrix == 0)
    assert not balance(np.zeros((3, 4))).any()


@pytest.mark.parametrize("shape", [(7, 13), (16, 16), (40, 3)])
def test_bits_are_the_same_alone_and_in_a_batch(shape):
    batch = positive(9, *shape) ** np.arange(1, 10)[:, None, None]
    batch[4] = 0
    batch[5, 1:, 0] = 0
    together = balance(batch)
    assert not np.array_equal(together[0], batch[0])
    for number, matrix in enumerate(batch):
        assert together[number].tobytes() == balance(matrix).tobytes()
        assert together[number].tobytes() == balance(np.asfortranarray(matrix)).tobytes()
    assert together[3:5].tobytes() == balance(batch[3:5]).tobytes()
    assert balance(batch.reshape(3, 3, *shape)).tobytes() == together.tobytes()


@pytest.mark.parametrize(
    "matrix", [[[1, 1], [0, 1]], [[1, 0], [1, 0], [1, 1]], [[np.nan, 1], [1, 1]]]
)
def test_what_cannot_be_balanced_is_nan_throughout(matrix):
    assert np.isnan(balance(np.array(matrix, float))).all()


def test_sums_that_the_zeros_do_not_allow_give_nan():
    ones = np.ones(2)
    assert np.isnan(scale_to(np.array([[1.0, 1.0], [0.0, 0.0]]), ones, ones)).all()
    assert np.isnan(scale_to(np.ones((2, 2)), np.array([2.0, 0.0]), ones)).all()


def test_balanced_does_not_see_rows_and_columns_rescaled():
    matrix = positive(8, 6)
    rescaled = matrix * np.geomspace(1e-3, 1e3, 8)[:, None] * np.geomspace(20, 0.1, 6)
    assert balance(rescaled) == pytest.approx(balance(matrix), rel=1e-9)


@pytest.mark.parametrize("scaling", ["unit-norm", "balanced"])
def test_measures_do_not_see_units_rescaled(scaling):
    weights = random_networks()
    first = scale_weights(weights, scaling)
    second = scale_weights(with_units_rescaled(weights), scaling)
    for layer in weights:
        for number in range(3):
            expected = structural_measures(first[layer][number])
            found = structural_measures(second[layer][number])
            assert found == pytest.approx(expected, abs=1e-9)


def test_measures_of_the_weights_as_they_are_see_units_rescaled():
    weights = random_networks()
    rescaled = scale_weights(with_units_rescaled(weights), "none")
    for layer in weights:
        expected = structural_measures(weights[layer][0])
        for name, value in structural_measures(rescaled[layer][0]).items():
            assert abs(value - expected[name]) > 1e-4


def test_unit_norm_keeps_the_function_and_normalises_hidden_units():
    weights = random_networks()
    scaled = scale_weights(weights, "unit-norm")
    images = np.random.default_rng(4).standard_normal((20, SIZES[0]))
    for number in range(3):
        expected = logits(weights, number, images)
        assert logits(scaled, number, images) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for layer in ("fc1", "fc2"):
        assert (scaled[layer] ** 2).sum(axis=-1) == pytest.approx(
            np.ones_like(scaled[layer][..., 0])
        )
    last_norms = (scaled["fc3"] ** 2).sum(axis=-1)
    assert (np.abs(last_norms - 1) > 1e-3).all()


def test_unit_norm_takes_the_outputs_of_a_unit_without_inputs():
    weights = random_networks()
    weights["fc1"][1, 4] = 0
    scaled = scale_weights(weights, "unit-norm")
    assert not scaled["fc1"][1, 4].any()
    assert not scaled["fc2"][1, :, 4].any()
    assert scaled["fc2"][0, :, 4].all()


def test_unit_norm_of_one_layer_changes_nothing_but_the_precision():
    stack = random_networks()["fc2"].astype(np.float32)
    scaled = scale_weights({"fc2": stack}, "unit-norm")["fc2"]
    assert scaled.dtype == np.float64
    assert np.array_equal(scaled, stack)


def test_balanced_keeps_signs_and_has_equal_sums():
    weights = {layer: stack.astype(np.float32) for layer, stack in random_networks().items()}
    for layer, stack in scale_weights(weights, "balanced").items():
        networks, m, n = stack.shape
        sums = np.abs(stack).sum(axis=-1), np.abs(stack).sum(axis=-2)
        assert sums[0] == pytest.approx(np.full((networks, m), 1 / m), rel=1e-9)
        assert sums[1] == pytest.approx(np.full((networks, n), 1 / n), rel=1e-9)
        assert np.array_equal(np.sign(stack), np.sign(weights[layer]))


def test_a_layer_that_cannot_be_balanced_is_nan_in_its_network_alone():
    weights = random_networks()
    # Six of seven rows have one input only: more than its equal share of the sum.
    weights["fc2"][1, :6, 1:] = 0
    scaled = scale_weights(weights, "balanced")
    assert np.isnan(scaled["fc2"][1]).all()
    others = scale_weights({"fc2": weights["fc2"][[0, 2]]}, "balanced")["fc2"]
    assert scaled["fc2"][[0, 2]].tobytes() == others.tobytes()
    assert np.isfinite(others).all()
    assert np.isfinite(scaled["fc1"]).all()


@pytest.mark.parametrize("scaling", ["unit-norm", "balanced"])
def test_bits_of_a_network_do_not_depend_on_its_block(scaling):
    weights = random_networks()
    together = scale_weights(weights, scaling)
    alone = scale_weights({layer: stack[2:] for layer, stack in weights.items()}, scaling)
    for layer in weights:
        assert together[layer][2].tobytes() == alone[layer][0].tobytes()


def test_none_gives_the_weights_and_no_scaling_changes_its_argument():
    weights = random_networks()
    before = {layer: stack.copy() for layer, stack in weights.items()}
    as_they_are = scale_weights(weights, "none")
    assert all(as_they_are[layer] is weights[layer] for layer in weights)
    for scaling in ("unit-norm", "balanced"):
        scale_weights(weights, scaling)
        assert all(np.array_equal(weights[layer], before[layer]) for layer in weights)


def test_layers_come_at_the_scale_that_their_methods_name():
    weights = random_networks()
    keys = [("matched", 2), ("matched-balanced", 2), ("joint", 3), ("matched-balanced", 3)]
    seeds = tuple(range(len(weights["fc2"])))
    plain, balanced = layers_of_methods(Networks("any", seeds, {}, weights), "fc2", keys)
    found = dict.fromkeys(keys)
    assert [list(plain.of_scaling(found)), list(balanced.of_scaling(found))] == [
        keys[::2],
        keys[1::2],
    ]
    assert plain.matrices is weights["fc2"]
    assert np.array_equal(balanced.matrices, scale_weights(weights, "balanced")["fc2"])


@pytest.mark.parametrize("scaling", ["none", "unit-norm", "balanced", "ranked"])
def test_one_layer_is_scaled_as_with_the_others_and_these_only_where_it_depends_on_them(scaling):
    weights = random_networks()
    seeds = tuple(range(len(weights["fc2"])))
    networks = Networks("any", seeds, {}, weights)
    (layer,) = scaled_layers(networks, "fc2", [scaling])
    expected = scale_weights(weights, scaling, [("any", seed) for seed in seeds])["fc2"]
    assert np.array_equal(layer.matrices, expected)
    assert list(layer.weights) == (list(weights) if scaling == "unit-norm" else ["fc2"])


def test_errors_name_what_was_found_and_expected():
    weights = random_networks()
    with pytest.raises(UserError, match=r"^scaling: found 'unit', expected one of none, "):
        scale_weights(weights, "unit")
    del weights["fc2"]
    with pytest.raises(UserError, match=r"8 output units of fc1 and 7 input units of fc3"):
        scale_weights(weights, "unit-norm")
