"""Evidence for the choice of k: gathered from blocks, it is that of all networks at once."""

from __future__ import annotations

import itertools
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from clusterability.analysis.choosing_k.best_k_rows import (
    best_k_network_rows,
    best_k_rows,
    rows_by_cell,
    rows_by_network,
)
from clusterability.analysis.choosing_k.choose_k import gather, join_judged, judge
from clusterability.analysis.choosing_k.largest_z import halves
from clusterability.clustering.block_sums import Tables, stack_by_key
from clusterability.clustering.spectral import cluster_with_starts
from clusterability.clustering.summing import tables_of
from clusterability.measures.structure import barber_q
from clusterability.networks.partitions import Partitions, Starts, labels_of, unassigned
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.scaling import scale_weights
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.stacked import Networks, join_networks
from clusterability.nulls import shuffle as shuffle
from clusterability.results.measured_draws import StoredMeasured, measured, save_measured
from clusterability.results.npz_files import StoredItems, load_joined, save_items
from null_draws import null_tables

K_BLOCKS = ([2, 3], [4, 5])
SEED_BLOCKS = ((0, 1), (2, 3))
METHODS = ["notebook", "matched"]
SCALINGS = ["none", "unit-norm"]
METHODS_AT_SCALES = ["matched", "matched-unit-norm"]
LAYER, MODULES, DRAWS = "fc2", 3, 39


def renamed(found, scaling):
    """Results by (method, k), each method renamed to say the scale."""
    return {(scaled_method(method, scaling), k): item for (method, k), item in found.items()}


def block_of_networks(seeds) -> Networks:
    """fc2 [18, 15] with three planted modules; fc1 gives its inputs different scales."""
    weights = []
    for seed in seeds:
        source = np.random.default_rng(seed)
        inside = np.arange(18)[:, None] % MODULES == np.arange(15) % MODULES
        first = source.uniform(-1, 1, (15, 8)) * np.exp(source.normal(size=(15, 1)))
        weights.append((first, source.uniform(-1, 1, (18, 15)) * np.where(inside, 1, 0.1)))
    first, second = (np.stack(layer) for layer in zip(*weights, strict=True))
    return Networks("trained", tuple(seeds), {}, {"fc1": first, LAYER: second})


def found_in(networks: Networks, k_values):
    """Partitions, starts and shuffles of a block at all scales, as the rules make them."""
    names = [("trained", seed, LAYER, "network") for seed in networks.seeds]
    asked = k_values, METHODS, 4
    partitions, starts, drawn = {}, {}, {}
    for scaling in SCALINGS:
        weights = scale_weights(networks.weights, scaling)
        found, found_starts = cluster_with_starts(weights[LAYER], names, *asked)
        partitions |= renamed(found, scaling)
        starts |= renamed(found_starts, scaling)
        tables = [
            null_tables(
                "shuffle",
                {layer: stack[number] for layer, stack in weights.items()},
                LAYER,
                ("trained", seed),
                DRAWS,
                *asked,
            )
            for number, seed in enumerate(networks.seeds)
        ]
        drawn |= renamed(stack_by_key(tables), scaling)
    return {Partitions: partitions, Starts: starts, Tables: drawn}


@pytest.fixture(scope="module")
def whole():
    """All networks and all k in one block."""
    networks = block_of_networks([0, 1, 2, 3])
    return networks, found_in(networks, [2, 3, 4, 5])


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """The same, block by block through files."""
    folder = tmp_path_factory.mktemp("blocks")
    blocks = [block_of_networks(seeds) for seeds in SEED_BLOCKS]
    paths: dict[type, list[str]] = {Partitions: [], Starts: [], Tables: []}
    for k_values, networks in itertools.product(K_BLOCKS, blocks):
        for kind, items in found_in(networks, k_values).items():
            path = folder / f"{networks.seeds[0]}.{k_values[0]}.{kind.__name__}.npz"
            save_items(path, items)
            paths[kind].append(str(path))
    together = {kind: load_joined(files, kind) for kind, files in paths.items()}
    return join_networks(blocks), together


@pytest.mark.slow
@pytest.mark.parametrize("seed_blocks", [SEED_BLOCKS, [[3], [0, 1], [2, 5, 4]]])
def test_judged_block_by_block_all_is_as_at_once(tmp_path, seed_blocks):
    """Both tables, with draws that stay in their files, in the order of the blocks."""
    networks = [block_of_networks(seeds) for seeds in seed_blocks]
    together = join_networks(networks)
    selection = [together.seeds[number] for number in halves(together.seeds)[0]]
    blocks = []
    for number, block in enumerate(networks):
        found: dict[type, list[str]] = {Partitions: [], Starts: [], Tables: []}
        for k_values in K_BLOCKS:
            for kind, items in found_in(block, k_values).items():
                found[kind].append(str(tmp_path / f"{number}.{k_values[0]}.{kind.__name__}.npz"))
                save_items(Path(found[kind][-1]), items)
        own, starts = (load_joined(found[kind], kind) for kind in (Partitions, Starts))
        drawn = tmp_path / f"{number}.draws.npz"
        save_measured(drawn, {"shuffle": measured(StoredItems(found[Tables], Tables))})
        nulls = {"shuffle": StoredMeasured([str(drawn)], "shuffle")}
        evidence = gather(layers_of_methods(block, LAYER, own), own, starts, nulls)
        blocks.append([judge(item, selection) for item in evidence])
    whole = evidence_of(together, found_in(together, [2, 3, 4, 5]))
    for scale, at_once in zip(zip(*blocks, strict=True), whole, strict=True):
        judged = join_judged(scale)
        pd.testing.assert_frame_equal(
            best_k_network_rows(judged), rows_by_network(at_once), check_exact=True
        )
        pd.testing.assert_frame_equal(best_k_rows(judged), rows_by_cell(at_once), check_exact=True)
        assert len(best_k_rows(judged)) == 2 * (10 + 1)  # measures with a z, and bits


def evidence_of(networks, found):
    nulls = {"shuffle": measured(found[Tables])}
    layers = layers_of_methods(networks, LAYER, found[Partitions])
    return list(gather(layers, found[Partitions], found[Starts], nulls))


@pytest.fixture(scope="module")
def evidence(joined):
    return evidence_of(*joined)


def test_blocks_are_the_same_as_all_at_once(whole, evidence):
    for one, other in zip(evidence, evidence_of(*whole), strict=True):
        assert tuple(one.seeds) == tuple(other.seeds) == (0, 1, 2, 3)
        assert np.array_equal(one.gap_k, other.gap_k)
        assert one.observed.keys() == other.observed.keys()
        assert one.stability.keys() == other.stability.keys()
        for (key, tables), field in itertools.product(one.observed.items(), fields(Tables)):
            expected = getattr(other.observed[key], field.name)
            assert np.array_equal(getattr(tables, field.name), expected, equal_nan=True)
        for key, measures in one.nulls["shuffle"].items():
            for measure, values in measures.items():
                expected = other.nulls["shuffle"][key][measure]
                assert np.array_equal(values, expected, equal_nan=True)
        for key, sides in one.stability.items():
            assert np.array_equal(sides, other.stability[key])


def test_every_scale_has_evidence_of_its_own(evidence):
    methods = [{method for method, _ in item.observed} for item in evidence]
    assert methods == [{"notebook", "matched"}, {"notebook-unit-norm", "matched-unit-norm"}]
    for item in evidence:
        assert (item.condition, item.layer) == ("trained", LAYER)
        assert item.observed.keys() <= item.nulls["shuffle"].keys()  # of all scales
        assert sorted({k for _, k in item.observed}) == [2, 3, 4, 5]


def test_tables_are_those_of_the_weights_at_the_methods_scale(joined, evidence):
    networks, found = joined
    for item, scaling in zip(evidence, SCALINGS, strict=True):
        matrices = scale_weights(networks.weights, scaling)[LAYER]
        for number, matrix in enumerate(matrices):
            own = {key: found[Partitions][key] for key in item.observed}
            for key, tables in tables_of(matrix, labels_of(own, number)).items():
                assert np.array_equal(tables.weights, item.observed[key].weights[number])
                assert tables.mi_total == item.observed[key].mi_total[number]


def gap_of(matrix: np.ndarray, largest: int) -> int:
    """k <= `largest` with the widest gap between singular values, by numpy."""
    weights = np.abs(matrix)
    strengths = np.outer(weights.sum(axis=1), weights.sum(axis=0))
    values = np.linalg.svd(weights / np.sqrt(strengths), compute_uv=False)
    return 1 + int(np.argmax(values[:largest] - values[1 : largest + 1]))


def test_the_gap_is_that_of_the_singular_values_at_the_scale():
    source = np.random.default_rng(3)
    first = source.normal(size=(6, 15, 8)) * np.exp(2 * source.normal(size=(6, 15, 1)))
    weights = {"fc1": first, LAYER: source.normal(size=(6, 18, 15)) ** 3}
    networks, k_values = Networks("trained", tuple(range(6)), {}, weights), [2, 3, 4, 5]
    labels = {(name, k): unassigned(6, 18, 15) for name in METHODS_AT_SCALES for k in k_values}
    layers = layers_of_methods(networks, LAYER, labels)
    found = [item.gap_k.tolist() for item in gather(layers, labels, {}, {})]
    for gaps, scaling in zip(found, SCALINGS, strict=True):
        matrices = scale_weights(weights, scaling)[LAYER]
        assert gaps == [gap_of(matrix, largest=5) for matrix in matrices]
    assert found[0] != found[1]


def mean_agreement(labellings) -> float:
    pairs = itertools.combinations(labellings, 2)
    return float(np.mean([adjusted_mutual_info_score(*pair) for pair in pairs]))


def test_stability_is_the_mean_agreement_of_pairs_of_starts(joined, evidence):
    _, found = joined
    for item in evidence:
        assert not any(method.startswith("notebook") for method, _ in item.stability)
        assert len(item.stability) == 4
        for key, sides in item.stability.items():
            starts = found[Starts][key]
            for values, labels in zip(sides, (starts.rows, starts.columns), strict=True):
                expected = [mean_agreement(each) for each in labels]
                assert values == pytest.approx(expected, abs=1e-9)


def test_planted_modules_are_chosen_at_every_scale(evidence):
    for item, suffix in zip(evidence, ("", "-unit-norm"), strict=True):
        networks, cells = rows_by_network(item), rows_by_cell(item)
        asked = f"method == 'matched{suffix}' and measure == 'barber_q' and null == 'shuffle'"
        assert networks.query(asked).seed.tolist() == [0, 1, 2, 3]
        assert networks.query(asked).k.tolist() == [MODULES] * 4
        assert networks.query(asked).p_max.tolist() == pytest.approx([1 / (DRAWS + 1)] * 4)
        (cell,) = cells.query(asked).itertuples()
        assert (cell.k, cell.n_select, cell.n_report) == (MODULES, 2, 2)
        reported = barber_q(item.observed[cell.method, MODULES])[[1, 3]]
        assert cell.value == pytest.approx(reported.mean(), abs=1e-12)
        without_starts = networks[networks.method.str.startswith("notebook")]
        assert without_starts[["stability_u", "stability_v"]].isna().all(axis=None)
