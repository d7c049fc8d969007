"""Configs: what is accepted, and that every fault is told at once, in one clear line each."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
import yaml

from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.jobs.training_job import FreshJob, TrainingJob
from clusterability.measures.catalogue import DIRECTED
from clusterability.networks.importing.tables.table_reading import TableReading, table_reading
from clusterability.report.catalogue import drawn_k, drawn_pixel_k, figure_items
from clusterability.study.config_page import config_page
from clusterability.study.job_parameters import (
    adaptive_draws,
    fresh_job,
    import_job,
    probing_job,
    training_job,
)
from clusterability.study.json_schema import described_schema, json_schema
from clusterability.study.loading import load_study
from clusterability.study.planted_conditions import planted_pairs
from clusterability.study.study import Study
from project import ROOT, committed

CONFIGS = ["config.yaml", *sorted(f"studies/{file.name}" for file in ROOT.glob("studies/*.yaml"))]


def faults(config=None, **sections) -> list[str]:
    config = sections if config is None else config
    with pytest.raises(UserError) as error:
        load_study(config, "config.yaml")
    return str(error.value).splitlines()


# --- blocks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers", "name"),
    [("0-9", range(10), "0-9"), (16, [16], "16"), ("5", [5], "5"), ("3-3", [3], "3")],
)
def test_blocks(text, numbers, name):
    block = Block.parse(text)
    assert list(block) == list(numbers)
    assert block.name == name
    assert Block.parse(block.name) == block


@pytest.mark.parametrize(
    "text", ["", "a", "9-0", "-1", "1-2-3", "1.5", True, None, "0 - 9", "0-99999999"]
)
def test_what_is_no_block(text):
    with pytest.raises(ValueError, match="block"):
        Block.parse(text)


# --- good configs ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", CONFIGS)
def test_configs_of_the_repository(path):
    config = yaml.safe_load(committed(path))
    load_study(config, path)
    jsonschema.validate(config, json.loads(json_schema()))


def test_a_null_is_drawn_for_the_methods_that_it_is_asked_for():
    """By method, scale or both; what is drawn less often anyway stays so."""
    text: dict = {"methods": ["matched", "joint", "described"], "scalings": ["none", "ranked"]}
    text |= {"draws_at_most": {"described-ranked": 9}}
    text |= {"null_methods": {"strength": ["matched", "described-ranked"], "shuffle": ["ranked"]}}
    clustering = Study(clustering=text).clustering
    nothing = dict.fromkeys(("joint", "described", "joint-ranked"), 0)
    assert clustering.fewer_draws("strength", "fc1", 19) == nothing | {"described-ranked": 9}
    unranked = dict.fromkeys(("matched", "joint", "described"), 0)
    assert clustering.fewer_draws("shuffle", "fc1", 19) == unranked | {"described-ranked": 9}
    assert clustering.fewer_draws("labels", "fc1", 19) == {"described-ranked": 9}


@pytest.mark.parametrize(
    "names",
    [
        {"strength": ["best"]},
        {"strength": []},
        {"noise": ["joint"]},
        {"untrained": ["joint"]},
        {"strength": ["described"]},
    ],
)
def test_methods_of_nulls_are_names_of_both(names):
    with pytest.raises(UserError, match="null_methods"):
        load_study({"clustering": {"null_methods": names}}, "config.yaml")


def test_default_study_is_the_one_that_was_asked_for():
    study = load_study(yaml.safe_load(committed("config.yaml")))
    assert study.seeds == ["0-9"]
    assert study.k_values == list(range(2, 13))
    assert set(study.conditions) >= {"untrained", "baseline", "trained"}
    assert study.clustering.methods == ["notebook", "matched", "joint", "refined", "described"]
    assert study.clustering.scalings == ["none", "ranked"]
    fewer = dict.fromkeys(("notebook", "matched", "joint", "refined"), 19)
    fewer = {f"{method}-ranked": draws for method, draws in fewer.items()}
    expected = {**fewer, "described": 0, "described-ranked": 19}
    assert study.clustering.fewer_draws("shuffle", "fc1", 99) == expected
    assert study.nulls == {"shuffle": 99, "strength": 19, "rotated_u": 19, "labels": 99}
    for null in ("strength", "rotated_u"):
        fewer = study.clustering.fewer_draws(null, "fc1", 19)
        assert [name for name in study.variants() if fewer.get(name, 19)] == [
            "matched",
            "described-ranked",
        ]
    assert study.clustering.restarts == 3
    notebook = study.recipe_of("baseline")
    assert (notebook.optimizer, notebook.learning_rate) == ("sgd", 0.001)
    assert (notebook.batch_size, notebook.epochs) == (64, 5)
    assert notebook.layers == {"fc1": (128, 784), "fc2": (128, 128), "fc3": (10, 128)}


def test_every_key_of_the_default_config_is_there():
    config = yaml.safe_load(committed("config.yaml"))
    assert list(config) == list(Study.model_fields)
    sections = ("dataset", "recipe", "training", "clustering", "agreement", "equal_size", "probe")
    for section in (*sections, "validity", "replication", "figures"):
        assert list(config[section]) == Study.model_fields[section].annotation.keys()


def test_comments_of_the_default_config_are_one_short_line_a_key():
    *_, keys = committed("config.yaml").split("\n\n", maxsplit=2)  # below the schema and the head
    for before, line in pairwise(["", *keys.splitlines()]):
        key, _, comment = line.partition("#")
        assert len(comment) < 80, line
        if key and not key[0].isspace():
            assert before.startswith("#"), f"no comment: {line}"
        if before.strip().startswith("#"):
            assert key.strip(), f"a second line of comment: {line}"
            assert not comment, f"a second comment: {line}"


@pytest.mark.parametrize(
    ("file", "written"), [("studies/schema.json", json_schema), ("docs/config.md", config_page)]
)
def test_schema_and_page_on_disk_are_those_of_the_model(file, written):
    assert (ROOT / file).read_text(encoding="utf-8") == written(), "run: make schema"


def test_every_key_is_described():
    schema = described_schema()
    for name, part in {"Study": schema, **schema["$defs"]}.items():
        assert all(key.get("description") for key in part["properties"].values()), name
    for key in Study.model_fields:
        assert re.search(rf"^(## |\| )`{key}`", config_page(), re.MULTILINE), key


def test_a_row_of_the_page_has_default_range_and_text():
    # Of a key that several sections have, the first one's row.
    lines = reversed(config_page().splitlines())
    rows = {row.split("`")[1]: row for row in lines if row[:3] == "| `"}
    assert rows["checkpoint_every"].startswith(
        "| `checkpoint_every` | `30` | whole number ≥ 1, ≤ 60 |"
    )
    assert rows["train_images"].startswith("| `train_images` | empty | whole number ≥ 1, ≤ 60000 |")
    assert "<br>- `joint`: one k-means over the units of both sides" in rows["methods"]
    assert rows["measures"].startswith("| `measures` | `[]` | list, each a text | ")
    assert "\n| `measures` | all | non-empty list from `mi`, " in config_page()


def test_a_condition_overrides_the_recipe_by_key():
    study = load_study({"recipe": {"l1": 0.5}, "conditions": {"a": {"epochs": 7}, "b": None}})
    assert (study.recipe_of("a").epochs, study.recipe_of("a").l1) == (7, 0.5)
    assert study.recipe_of("b") == study.recipe


def test_numbers_that_yaml_reads_as_text():
    config = yaml.safe_load("recipe: {learning_rate: 1e-3}")
    assert config["recipe"]["learning_rate"] == "1e-3"
    assert load_study(config).recipe.learning_rate == 0.001


def test_jobs_say_all_that_matters_with_sorted_keys_of_the_recipe():
    study = load_study({"conditions": {"a": {"epochs": 7}}, "dataset": {"train_images": 10}})
    found = training_job(study, "a")
    assert list(found.recipe) == sorted(found.recipe)
    assert found.recipe["epochs"] == 7
    assert found.train_images == 10
    assert TrainingJob(**json.loads(json.dumps(asdict(found)))) == found


def test_the_data_set_decides_networks_and_what_they_are_shown():
    mnist, fashion, kmnist = (
        load_study({"conditions": {"a": {}}, "dataset": {"name": name}})
        for name in ("mnist", "fashion_mnist", "kmnist")
    )
    for job in (
        lambda study: training_job(study, "a"),
        lambda study: probing_job(study, "a", "2-12"),
    ):
        found = [job(study) for study in (mnist, fashion, kmnist)]
        assert [each.dataset for each in found] == ["mnist", "fashion_mnist", "kmnist"]
        assert found[0] == replace(found[1], dataset="mnist") == replace(found[2], dataset="mnist")
    assert job(load_study({"conditions": {"a": {}}})) == job(mnist)
    assert fashion.data_folder == "results/data/fashion_mnist"
    assert load_study({}).data_folder == "results/data/mnist"


@pytest.mark.parametrize("written", ["true", '"true"', "permuted", "teacher"])
def test_labels_are_words_though_yaml_reads_one_as_a_boolean(written):
    config = yaml.safe_load(f"conditions: {{a: {{labels: {written}}}}}")
    jsonschema.validate(config, json.loads(json_schema()))
    assert load_study(config).recipe_of("a").labels == written.strip('"')


def test_networks_are_probed_on_images_and_labels_of_their_kind():
    control = {"images": "gaussian", "labels": "teacher", "centre_pixels": True}
    study = load_study(
        {
            "recipe": {"architecture": "784-30-10", "pixel_deviation": 0.1},
            "conditions": {"control": control, "trained": {"normalise": False}},
            "networks": {"mine": {"path": "mine.pt", "normalise": False}},
        }
    )
    examples = {name: probing_job(study, name, "2-12").examples for name in study.names}
    shared = {"architecture": "784-30-10", "pixel_deviation": 0.1, "task": "digits"}
    real = {"images": "real", "labels": "true", "centre_pixels": False, "normalise": False}
    assert examples["control"] == shared | control | {"normalise": True}
    assert examples["trained"] == shared | real
    assert real.items() <= examples["mine"].items()
    assert examples["mine"]["pixel_deviation"] == 0


# --- snapshots ---------------------------------------------------------------------------------


def test_snapshots_are_conditions_before_the_one_that_they_are_of():
    study = load_study(
        {
            "recipe": {"epochs": 2, "optimizer": "adam"},
            "dataset": {"train_images": 1000},
            "conditions": {"untrained": {"epochs": 0}, "trained": {"dropout": 0.5}},
            "snapshots": {"trained": [20, 0, 3]},
        }
    )
    way = ["trained_at_0", "trained_at_3", "trained_at_20"]
    assert list(study.conditions) == ["untrained", *way, "trained"]
    assert study.own_conditions == ["untrained", "trained"]
    steps = dict(zip([*way, "trained"], [0, 3, 20, 32], strict=True))
    assert list(study.trajectory_of("trained").items()) == list(steps.items())
    whole = study.recipe_of("trained").model_dump()
    for name in way:
        assert study.recipe_of(name).model_dump() == whole | {"steps": steps[name]}
    assert study.initial_of("trained") == "untrained"
    assert study.initial_of("trained_at_0") is None
    assert load_study(study.model_dump(exclude_unset=True)) == study


def test_a_condition_at_step_0_is_the_initial_one():
    study = load_study({"conditions": {"trained": None}, "snapshots": {"trained": [0, 5]}})
    assert study.initial_of("trained") == study.initial_of("trained_at_5") == "trained_at_0"


# --- bad configs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"seeds": ["0-9", "5-12"]}, "seeds: found ['0-9', '5-12'], expected blocks that do not"),
        ({"seeds": []}, "seeds: found [], expected a list of blocks"),
        ({"seeds": "0-9"}, "seeds: found '0-9', expected a list of blocks"),
        ({"k_grid": [0]}, "k_grid: found [0], expected numbers that are at least 1"),
        ({"k_grid": ["2-200"]}, "k_grid: found '2-200', expected k that some layer can hold"),
        ({"typo": 3}, "typo: unknown key, expected one of results, seeds"),
        ({"seed": ["0-9"]}, "(did you mean seeds?)"),
        ({"recipe": {"epochs": -1}}, "recipe.epochs: found -1, expected a number of at least 0"),
        ({"recipe": {"epochs": True}}, "recipe.epochs: found True, expected a whole number"),
        ({"recipe": {"epochs": 2.5}}, "recipe.epochs: found 2.5, expected a whole number"),
        ({"recipe": {"learning_rate": "fast"}}, "recipe.learning_rate: found 'fast', expected a"),
        ({"recipe": {"l1": float("nan")}}, "recipe.l1: found nan, expected a finite number"),
        ({"recipe": {"optimizer": "lion"}}, "recipe.optimizer: found 'lion', expected 'sgd' or"),
        ({"recipe": {"architecture": "784-10-9"}}, "recipe.architecture: found '784-10-9'"),
        ({"recipe": None}, "recipe: found nothing, expected keys with values"),
        ({"conditions": {}}, "conditions: found nothing, expected a condition, or one of"),
        ({"conditions": {"A b": {}}}, "conditions.A b: found 'A b', expected a name of lower-"),
        ({"conditions": {"a": {"epocs": 1}}}, "conditions.a.epocs: unknown key, expected one of"),
        ({"conditions": {"a": {"dropout": 1}}}, "conditions.a.dropout: found 1, expected a num"),
        (
            {"nulls": {"shufle": 9}},
            "nulls.shufle: found 'shufle', expected 'shuffle', 'shuffle_nonzero',",
        ),
        ({"draws": "some"}, "draws: found 'some', expected 'fixed' or 'adaptive'"),
        ({"nulls": {"shuffle": 0}}, "nulls.shuffle: found 0, expected a number of at least 1"),
        ({"clustering": {"methods": ["best"]}}, "clustering.methods[0]: found 'best', expected"),
        (
            {"figures": {"method": "joint"}, "clustering": {"methods": ["matched"]}},
            "figures.method",
        ),
        ({"clustering": {"methods": ["joint", "joint"]}}, "expected a list without repetitions"),
        ({"recipe": {"epochs": float("inf")}}, "recipe.epochs: found inf, expected a whole number"),
        ({1: ["0-9"]}, "1: unknown key, expected one of results, seeds"),
        (
            {"figures": {"measures": ["mi", "bits_u"]}, "clustering": {"methods": ["joint"]}},
            "figures.measures[1]: found 'bits_u', expected a measure that a method of"
            " clustering.methods has (it is of described)",
        ),
        ({"figures": {"k": 40}}, "figures.k: found 40, expected a k of k_grid (2-12)"),
        ({"results": "../elsewhere"}, "results: found '../elsewhere', expected results, or a"),
        ({"training": {"device": "tpu"}}, "training.device: found 'tpu', expected auto, cpu, cuda"),
        (
            {"dataset": {"name": "cifar10"}},
            "dataset.name: found 'cifar10', expected 'mnist', 'fashion_mnist' or 'kmnist'",
        ),
        ({"dataset": {"train_images": 70_000}}, "dataset.train_images: found 70000, expected a"),
        (
            {"figures": {"method": "whole"}, "clustering": {"methods": ["joint", "whole"]}},
            "figures.method: found 'whole', expected one of clustering.methods that cluster layers",
        ),
        (
            {"clustering": {"scalings": ["unit"]}},
            "clustering.scalings[0]: found 'unit', expected 'none', 'unit-norm', 'balanced' or"
            " 'ranked'",
        ),
        ({"synthetic": {"a": {"cluster": 3}}}, "synthetic.a.cluster: unknown key, expected one of"),
        ({"synthetic": {"a": {"rows": 3, "clusters": 4}}}, "synthetic.a.clusters: found 4, expect"),
        ({"networks": {"a": {}}}, "networks.a.path: found nothing, expected a value"),
        ({"networks": {"a": {"path": "a.npz", "layer": []}}}, "networks.a.layer: unknown key"),
        ({"networks": {"a": {"path": "a.npz", "layers": []}}}, "networks.a.layers: found []"),
        (
            {"conditions": {"a": None}, "synthetic": {"a": {}}},
            "synthetic.a: found a name that conditions has too, expected different names",
        ),
        (
            {"equal_size": {"draws": 19, "k": [4, 11]}},
            "equal_size.k[1]: found 11, expected at most 10, the smallest side",
        ),
        (
            {"synthetic": {"a": {}}, "equal_size": {"draws": 19}},
            "equal_size.draws: found 19, expected 0, as no network of the study has several layers",
        ),
        ({"equal_size": {"methods": ["whole"]}}, "equal_size.methods[0]: found 'whole', expected"),
        (
            {"conditions": {"a": None}, "calibration": ["b"]},
            "calibration[0]: found 'b', expected one of a",
        ),
        ({"recipe": {"normalise": 1}}, "recipe.normalise: found 1, expected true or false"),
        ({"probe": {"k": [2, 13]}}, "probe.k[1]: found 13, expected a k of k_grid (2-12)"),
        (
            {"probe": {"images": 1001}, "dataset": {"test_images": 1000}},
            "probe.images: found 1001, expected at most 1000, the images of dataset.test_images",
        ),
        (
            {
                "conditions": {"a": {"labels": "permuted"}},
                "dataset": {"train_images": 1999},
                "probe": {"images": 2000},
            },
            "probe.images: found 2000, expected at most 1999, the images of dataset.train_images",
        ),
        (
            {"conditions": {"a": {"clusterability": 1, "planted_clusters": 129}}},
            "conditions.a.planted_clusters: found 129, expected at most 128, the smaller side of",
        ),
        (
            {"conditions": {"a": {"clusterability": 1}}, "recipe": {"planted_layer": "fc4"}},
            "recipe.planted_layer: found 'fc4', expected one of fc1, fc2, fc3",
        ),
        (
            {"conditions": {"a": {"planted_layer": "hidden"}}},
            "conditions.a.planted_layer: found 'hidden', expected a layer such as fc2",
        ),
        ({"recipe": {"from": "a"}}, "recipe.from: found 'a', expected it in a condition only"),
        (
            {"conditions": {"a": {"from": "c"}, "b": None}},
            "conditions.a.from: found 'c', expected a condition that does not go on from it (b)",
        ),
        (
            {"conditions": {"a": {"from": "a"}}},
            "conditions.a.from: found 'a', expected a condition that does not go on from it (there",
        ),
        (
            {"conditions": {"a": None, "b": {"from": "a", "biases": True}}},
            "conditions.b.biases: found True, expected False as of a, which it goes on from",
        ),
        (
            {"conditions": {"a": {"steps": 7}, "b": {"from": "a"}}},
            "conditions.b.from: found 'a', expected a condition that is trained for all of its",
        ),
        (
            {"conditions": {"a": None, "b": {"from": "a_at_7"}}, "snapshots": {"a": [7]}},
            "conditions.b.from: found 'a_at_7', expected a condition that does not go on from it",
        ),
        (
            {"conditions": {"a": {"dropout": 0.5}}, "snapshots": {"b": [3]}},
            "snapshots.b: found 'b', expected a condition (a)",
        ),
        (
            {"conditions": {"a": {"epochs": 1}}, "snapshots": {"a": [3, 938]}},
            "snapshots.a[1]: found 938, expected fewer than the 938 steps of a",
        ),
        (
            {"conditions": {"a": None, "a_at_3": {"dropout": 0.5}}, "snapshots": {"a": [3]}},
            "snapshots.a[0]: found 3, expected another step or another name of the condition a_at_",
        ),
        (
            {"conditions": {"a" * 38: None}, "snapshots": {"a" * 38: [3]}},
            "expected a condition with a shorter name, since",
        ),
        ({"snapshots": {"baseline": []}}, "snapshots.baseline: found [], expected at least 1 item"),
        ({"snapshots": {"baseline": [-1]}}, "snapshots.baseline[0]: found -1, expected a number"),
        (
            {"conditions": {"a": {"task": "two_digits_joint"}}},
            "recipe.architecture: found '784-128-128-10', expected sizes that start with 1568 and"
            " end with 20, for the task two_digits_joint of a",
        ),
        (
            {"conditions": {"a": {"architecture": "1568-20"}}},
            "conditions.a.architecture: found '1568-20', expected sizes that start with 784 and",
        ),
        (
            {"conditions": {"a": None, "b": {"from": "a", "architecture": "784-9-10"}}},
            "conditions.b.architecture: found '784-9-10', expected '784-128-128-10' as of a",
        ),
        (
            {"conditions": {"a": {"sparsity": 0.4}}},
            "recipe.sparsity_start: found 0.5, expected at most the sparsity in the end, 0.4",
        ),
        (
            {"conditions": {"a": {"sparsity": 0.9, "pruning_start": 5}}},
            "conditions.a.pruning_start: found 5, expected fewer epochs than all, 5",
        ),
        ({"recipe": {"sparsity": 1}}, "recipe.sparsity: found 1, expected a number below 1"),
        (
            {"conditions": {"a": {"l1_layers": ["fc1", "fc4"]}}},
            "conditions.a.l1_layers: found 'fc4', expected one of fc1, fc2, fc3",
        ),
        (
            {"recipe": {"l2_layers": ["fc1", "fc1"]}},
            "recipe.l2_layers: found ['fc1', 'fc1'], expected a list without repetitions",
        ),
        ({"recipe": {"form": "a"}}, "unknown key, expected one of from, task, architecture"),
        (
            {"recipe": {"initialisation": "keras"}},
            "recipe.initialisation: found 'keras', expected 'pytorch' or 'glorot'",
        ),
        ({"recipe": {"labels": False}}, "recipe.labels: found False, expected 'true', 'permuted'"),
        ({"recipe": {"images": "noise"}}, "recipe.images: found 'noise', expected 'real', 'gauss"),
        (
            {"recipe": {"centre_pixels": "a"}},
            "recipe.centre_pixels: found 'a', expected true or false",
        ),
        (
            {"recipe": {"permute_labels": True}},
            "recipe.permute_labels: found a former key, expected labels: permuted in its place",
        ),
        (
            {"conditions": {"a": {"permute_labels": False}}},
            "conditions.a.permute_labels: found a former key, expected labels: true in its place",
        ),
        ({"agreement": {"draws": 0}}, "agreement.draws: found 0, expected a number of at least 1"),
    ],
)
def test_a_fault_names_key_value_and_what_is_expected(config, line):
    found = faults(config)
    assert len(found) == 1
    assert found[0].startswith("config.yaml: ")
    assert line in found[0]


def test_all_faults_are_told_at_once_with_cross_checks_where_they_can_be_made():
    found = faults(
        seeds=["0-9", 3],
        k_grid=["2-12", 300],
        recipe={"epochs": "many"},
        figures={"k": 13},
        typo=1,
    )
    keys = [line.split(": ")[1] for line in found]
    assert keys == ["seeds", "recipe.epochs", "typo", "figures.k"]
    # k_grid cannot be checked against a recipe that is itself wrong.
    found = faults(k_grid=["2-12", 300], figures={"k": 13})
    assert [line.split(": ")[1] for line in found] == ["k_grid", "figures.k"]


def test_figures_choose_from_the_grid_where_the_config_does_not():
    study = load_study({"k_grid": [5, 7], "clustering": {"methods": ["joint"]}})
    assert (study.drawn_method, drawn_k(study), drawn_pixel_k(study)) == ("joint", 5, [5])
    study = load_study({})
    assert (study.drawn_method, drawn_k(study), drawn_pixel_k(study)) == ("matched", 4, [2, 4, 8])


def test_what_is_clustered_and_drawn_of_whole_networks():
    study = load_study({"clustering": {"methods": ["joint", "whole"]}})
    assert study.clustering.clustered_layers(["fc1", "fc2"]) == ["fc1", "fc2", "network"]
    assert study.clustering.methods_for("fc1") == ["joint"]
    assert study.clustering.methods_for("network") == ["whole"]
    alone = load_study({"clustering": {"methods": ["whole"]}})
    assert alone.clustering.clustered_layers(["fc1", "fc2"]) == ["network"]
    assert figure_items(alone)["weights"] == figure_items(alone)["pixels"] == []


def test_scalings_are_methods_of_their_own():
    study = load_study({"clustering": {"methods": ["joint"], "scalings": ["unit-norm", "none"]}})
    assert figure_items(study)["z_scores"] == ["joint-unit-norm", "joint"]
    assert study.drawn_method == "joint-unit-norm"


def test_k_may_be_as_large_as_the_whole_network_allows():
    recipe = {"architecture": "784-20-30-10"}
    whole = {"methods": ["whole"]}
    load_study({"recipe": recipe, "clustering": whole, "k_grid": [30]})
    assert "at most 20" in faults(recipe=recipe, k_grid=[30])[0]
    # Imported networks have sizes that only their files know.
    load_study({"networks": {"a": {"path": "a.npz"}}, "k_grid": [3000]})


def test_which_conditions_are_compared_with_which():
    study = load_study(
        {
            "conditions": {
                "start": {"epochs": 0},
                "one": None,
                "two": {"data_order": 1},
                "longer": {"epochs": 9},
                "permuted": {"labels": "permuted"},
                "small": {"architecture": "784-16-10"},
            },
            "networks": {"theirs": {"path": "theirs.npz"}},
            "nulls": {"untrained": 20, "shuffle": 9},
        }
    )
    assert study.initial_of("one") == "start"
    assert study.initial_of("start") is None
    assert study.initial_of("small") is None
    assert study.reordered_of("one") == ["two"]
    assert study.reordered_of("two") == study.reordered_of("theirs") == []
    assert study.permuted_of("one") == "permuted"
    assert [study.permuted_of(name) for name in ("permuted", "two", "small")] == [None] * 3
    assert study.fresh_of("one") == "fresh-784-128-128-10"
    assert study.fresh_of("small") == "fresh-784-16-10"
    assert study.fresh_of("theirs") is None
    assert study.seed_blocks_of("fresh-784-16-10") == ["0-19"]
    assert study.seed_blocks_of("theirs") == ["imported"]
    assert study.block_nulls == ["shuffle"]


def test_draws_end_by_a_rule_where_each_is_clustered_and_there_are_many():
    nulls = {"shuffle": 999, "strength": 99, "rotated_u": 19, "within": 99, "labels": 199}
    config = {"nulls": nulls, "clustering": {"draws_at_most": {"notebook": 25}}}
    study = load_study(config | {"draws": "adaptive"})
    assert study.adaptive_nulls == {"shuffle": 999, "strength": 99, "within": 99}
    several = "19 to 99"
    ranges = {"shuffle": "19 to 999", "strength": several, "within": several}
    assert study.shown_draws == nulls | ranges
    found = adaptive_draws(study.clustering, study.adaptive_nulls, "fc1")
    assert found["strength"] == AdaptiveDraws(99, {"notebook": 25})
    assert (found["shuffle"].most("notebook"), found["shuffle"].most("matched")) == (25, 999)
    fixed = load_study(config)
    assert (fixed.draws, fixed.adaptive_nulls, fixed.shown_draws) == ("fixed", {}, nulls)


def test_planted_conditions_and_what_they_are_compared_with():
    planted = {"clusters": 3, "contrast": 0.2, "rows": 64}
    study = load_study(
        {
            "k_grid": ["2-4"],
            "conditions": {
                "plain": {"l1": 1e-5},
                "trained": None,
                "strong": {"clusterability": 20},
                "weak": {"clusterability": 1, "planted_layer": "fc1", "planted_clusters": 2},
                "alone": {"clusterability": 1, "epochs": 9},
                "many": {"clusterability": 1, "planted_clusters": 5},
            },
            "synthetic": {
                "none": planted | {"contrast": 0},
                "clear": planted,
                "shifted": planted | {"pattern": "shifted", "unequal": 0.5},
                "noisy": planted | {"heterogeneity": 0.5},
            },
        }
    )
    found = [
        (pair.condition, pair.reference, pair.layer, pair.k, pair.dose)
        for pair in planted_pairs(study)
    ]
    assert found == [
        ("strong", "trained", "fc2", 4, 20),
        ("weak", "trained", "fc1", 2, 1),
        ("clear", "none", "fc1", 3, 0.2),
        ("shifted", "none", "fc1", 3, 0.2),
    ]
    assert [study.plants(name) for name in ("strong", "trained", "none")] == [True, False, True]


def test_what_is_probed():
    study = load_study({"clustering": {"methods": ["joint", "whole"]}, "k_grid": ["2-4", "5-9"]})
    assert study.probed_layers(["fc1", "fc2", "fc3"]) == ["fc1", "fc2", "network"]
    assert study.probed_layers(["fc1"]) == []
    assert (study.probed_k_of("2-4"), study.probed_k_of("5-9")) == ([2, 4], [8])
    few = load_study({"dataset": {"test_images": 300}})
    assert probing_job(few, "baseline", "2-12").images == 300
    nothing = load_study({"probe": {"k": []}})
    assert nothing.probed_layers(["fc1", "fc2"]) == []
    assert figure_items(nothing)["ablations"] == figure_items(nothing)["function"] == []


def test_fresh_networks_see_all_pixels():
    study = load_study(
        {
            "conditions": {
                "start": {"epochs": 0},
                "few": {"pixel_deviation": 0.05},
                "few_start": {"pixel_deviation": 0.05, "epochs": 0},
            },
            "nulls": {"untrained": 20},
        }
    )
    assert study.fresh_of("few") is None
    assert study.initial_of("few") == "few_start"


def test_methods_and_blocks_twice():
    assert "blocks that do not overlap" in faults(k_grid=[2, "2"])[0]


# --- conditions that go on from others -----------------------------------------------------------


def chain() -> dict[str, Any]:
    conditions = {
        "untrained": {"epochs": 0},
        "control": {"epochs": 3, "optimizer": "adam"},
        "pruned": {"from": "control", "sparsity": 0.9, "epochs": 2},
        "tuned": {"from": "pruned", "l1": 0.1},
    }
    return {"conditions": conditions, "recipe": {"biases": True, "dropout": 0.5}}


def test_a_condition_takes_the_recipe_of_the_one_it_goes_on_from_and_changes_it():
    study = load_study(chain())
    tuned = study.recipe_of("tuned")
    assert (tuned.optimizer, tuned.epochs, tuned.sparsity, tuned.l1) == ("adam", 2, 0.9, 0.1)
    assert (tuned.origin, study.recipe_of("pruned").origin) == ("pruned", "control")
    assert study.recipe_of("control").origin is None
    before = [study.epochs_before(name) for name in study.conditions]
    assert before == [0, 0, 3, 5]
    assert study.lineage_of("tuned") == ["tuned", "pruned", "control"]
    assert study.initial_of("tuned") == "untrained"


def test_a_changed_recipe_changes_the_jobs_of_those_that_go_on_from_it():
    first, second = chain(), chain()
    second["conditions"]["control"]["learning_rate"] = 0.1
    before, after = (load_study(config) for config in (first, second))
    changed = {
        name
        for name in before.conditions
        if training_job(before, name) != training_job(after, name)
    }
    assert changed == {"control", "pruned", "tuned"}


def test_going_round_in_a_circle_is_told_of_each_condition():
    circle = {"a": {"from": "b"}, "b": {"from": "c"}, "c": {"from": "a"}, "d": None}
    found = faults(conditions=circle)
    assert len(found) == 3
    assert (
        "conditions.a.from: found 'b', expected a condition that does not go on from it (d)"
        in (found[0])
    )


def test_fresh_networks_begin_as_those_they_are_compared_with():
    recipe = {"initialisation": "glorot", "architecture": "784-20-10"}
    study = load_study({"recipe": recipe, "nulls": {"untrained": 99}})
    (fresh,) = study.fresh_conditions
    assert fresh_job(fresh) == FreshJob("784-20-10", "glorot")
    assert study.layers_of(fresh) == study.layers_of("baseline")
    (usual,) = load_study({"nulls": {"untrained": 99}}).fresh_conditions
    assert fresh_job(usual).initialisation == "pytorch"
    assert usual == "fresh-784-128-128-10"


def test_measures_of_no_method_of_the_study_are_not_drawn():
    every, few = (
        Study.model_validate({"clustering": {"methods": methods}}).drawn_measures
        for methods in (["matched", "described"], ["matched"])
    )
    assert set(every) - set(few) == {"bits_u", "bits_v", "bits_joint"}
    assert every == list(DIRECTED)


def test_calibration_is_drawn_where_there_is_a_p():
    config = {"conditions": {"a": None}, "calibration": ["a"]}
    with_nulls, without = (
        figure_items(Study.model_validate(config | more))["calibration"]
        for more in ({}, {"nulls": {}})
    )
    assert with_nulls == ["a"]
    assert without == []


# --- tables from elsewhere -----------------------------------------------------------------------


def test_what_a_config_says_of_a_table_is_what_its_job_is_asked():
    said = {"path": "e.csv", "header": True, "edges": ["user", "item"]}
    study = load_study({"networks": {"mine": said, "other": {"path": "w.npz"}}})
    job = import_job(study, "mine")
    assert job.table == {"header": True, "index": None, "edges": ["user", "item"]}
    assert table_reading(**job.table) == TableReading(True, None, ("user", "item"))
    assert table_reading(**import_job(study, "other").table) == TableReading()


@pytest.mark.parametrize(
    "edges", [True, "user", ["user"], ["a", "a"], ["a", ""], [1, 2], ["a", "b", "c", "d"], {}]
)
def test_edges_that_are_no_columns_are_one_line(edges):
    with pytest.raises(UserError) as error:
        load_study({"networks": {"mine": {"path": "e.csv", "edges": edges}}})
    text = str(error.value)
    assert text.startswith("config: networks.mine.edges: found ")
    assert text.endswith(
        'expected two or three names of columns (or numbers as texts: "1"), or false'
    )


@pytest.mark.parametrize("key", ["header", "index"])
def test_header_and_index_are_true_or_false(key):
    with pytest.raises(UserError, match=f"networks.mine.{key}: found 1, expected true or false"):
        load_study({"networks": {"mine": {"path": "e.csv", key: 1}}})
