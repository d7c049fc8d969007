"""Small matrices that one job takes together: fewer jobs, and nothing else is different."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from clusterability_workflow.drawing import draw_layers
from clusterability_workflow.layers import layers_of
from clusterability_workflow.together import (
    SMALLEST,
    JobsOfLayers,
    LayerBlock,
    Wildcards,
    jobs_of_layers,
    other_layers,
    rule_of,
)

from clusterability.jobs.clustering_job import NullJob
from clusterability.names import IMPORTED_SEED
from clusterability.networks.stacked import Networks, save_networks
from clusterability.nulls import shuffle
from clusterability.nulls.redrawing import RandomModel
from workflows import Workflow, copy_workflow

STUDY = {
    "networks": {
        "first": {"path": "first.npz", "layers": ["*"]},
        "aged": {"path": "aged.csv", "covariate": "ages.csv"},
        "second": {"path": "second.npz", "layers": ["*"]},
    },
    "k_grid": ["2-3"],
    "clustering": {
        "methods": ["matched", "joint"],
        "scalings": ["none", "ranked"],
        "restarts": 2,
        "networks_together": True,
    },
    "nulls": {"shuffle": 3, "within": 2, "labels": 3},
    "strata": {"number": 2},
    "agreement": {"draws": 3},
    "figures": {"measures": ["mi"]},
}
"""Two files of several matrices each, and a matrix with a covariate of its columns."""
GRID = ("clusters", "nulls", "scores", "tables", "networks")


def places(shapes: Sequence[int], condition: str = "mine") -> dict[LayerBlock, int]:
    """Layers with so many weights."""
    return {LayerBlock(condition, "imported", f"w{n}"): size for n, size in enumerate(shapes)}


def groups(
    weights: dict[LayerBlock, int], most: int, alone=(), across=True
) -> list[tuple[str, ...]]:
    jobs = jobs_of_layers(weights, weights, most, alone=list(alone), across=across)
    return [tuple(place.layer for place in each.blocks) for each in jobs]


# --- which layers ------------------------------------------------------------------------------


def test_layers_follow_each_other_up_to_the_weights_of_a_job():
    weights = places([100_000, 200_000, 300_000, 100_000, 900_000, 100_000])
    assert groups(weights, 600_000) == [(), ("w0", "w1", "w2"), ("w3",), ("w4",), ("w5",)]


def test_matrices_however_small_count_as_the_smallest():
    found = groups(places([6] * 10), 4 * SMALLEST)
    assert list(map(len, found)) == [0, 4, 4, 2]


@pytest.mark.parametrize("most", [0, SMALLEST, 2 * SMALLEST - 1])
def test_where_no_two_fit_all_is_left_to_wildcards(most):
    (only,) = jobs_of_layers(places([6] * 5), places([6] * 5), most)
    assert only == JobsOfLayers()
    assert only.condition("[a-z]+") == "[a-z]+"


@pytest.mark.parametrize("across", [False, True])
def test_every_layer_has_one_job_whatever_the_weights(across):
    source = np.random.default_rng(0)
    for _ in range(50):
        sizes = source.integers(1, 400_000, source.integers(1, 40)).tolist()
        weights = places(sizes[::2], "one") | places(sizes[1::2], "two")
        alone = [place for place in weights if source.random() < 0.1]
        by_wildcards, *jobs = jobs_of_layers(weights, weights, 600_000, alone=alone, across=across)
        taken = [place for each in jobs for place in each.blocks]
        assert len(taken) == len(set(taken))
        left = [place for place in weights if place.condition not in by_wildcards.others]
        assert set(taken) | set(left) == set(weights)
        assert not set(taken) & set(left)
        for each in (each for each in jobs if len(each.blocks) > 1):
            assert sum(max(weights[place], SMALLEST) for place in each.blocks) <= 600_000
            assert not set(each.blocks) & set(alone)
            assert across or len({place.condition for place in each.blocks}) == 1


def test_what_comes_behind_changes_the_last_job_alone():
    sizes = np.random.default_rng(1).integers(1, 300_000, 30).tolist()
    before = groups(places(sizes), 600_000)
    after = groups(places([*sizes, 5, 200_000, 7]), 600_000)
    assert after[: len(before) - 1] == before[:-1]


def test_a_layer_alone_stays_with_the_jobs_of_its_network():
    weights = places([6, 6, 6])
    first, *_ = weights
    assert groups(weights, 10 * SMALLEST, [first]) == [(), ("w1", "w2"), ("w0",)]


# --- what a rule says of them ------------------------------------------------------------------


PATTERN = "scores/{condition}/{seeds}/{layer}/{k}.npz"


def test_files_of_layers_are_those_that_wildcards_would_name():
    together = JobsOfLayers(tuple(places([1, 1, 1])), 2)
    assert together.files(PATTERN) == [f"scores/mine/imported/w{n}/{{k}}.npz" for n in range(3)]
    assert together.file(PATTERN) == "scores/mine/imported/w0+2/{k}.npz"
    assert JobsOfLayers().files(PATTERN) == JobsOfLayers().file(PATTERN) == PATTERN
    assert rule_of(together.rule("null_labels")) == JobsOfLayers().rule("null_labels")


def test_functions_of_wildcards_are_asked_for_each_layer():
    together = JobsOfLayers(tuple(places([1, 1, 1])), 2)
    wildcards = Wildcards(k="12")

    def size(asked, threads=1):
        assert (asked.condition, asked.seeds, asked.k) == ("mine", "imported", "12")
        return threads * int(asked.layer[1:])

    assert together.largest(size)(wildcards, 10) == 20
    assert together.merged(lambda asked: {asked.layer: 1})(wildcards) == {"w0": 1, "w1": 1, "w2": 1}
    assert together.total(size)(wildcards) == 3
    assert together.any(size)(wildcards) == 0
    assert together.each(lambda asked: [asked.layer, "x"])(wildcards) == [
        "w0", "x", "w1", "x", "w2", "x",
    ]  # fmt: skip
    assert JobsOfLayers().total(size) is size


def test_each_layer_of_a_job_has_its_share_of_the_files():
    together = JobsOfLayers(tuple(places([1, 1, 1])), 2)
    job = SimpleNamespace(
        input=Wildcards(networks=["n"] * 3, nulls=list("abcdef"), none=[]),
        output=Wildcards(scores=together.files(PATTERN)),
        params=Wildcards(**together.params),
        wildcards=Wildcards(k="2"),
    )
    found = list(layers_of(job))
    assert [layer.name for layer in found] == ["w0", "w1", "w2"]
    assert [layer.inputs["nulls"] for layer in found] == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert [str(layer.output("scores")) for layer in found] == together.files(PATTERN)
    assert [layer.inputs["none"] for layer in found] == [[], [], []]


def test_the_plan_says_how_many_layers_more_or_fewer():
    old, new = list(places([1, 1])), list(places([1, 1, 1, 1]))
    assert other_layers(old, new) == "layers taken together: 2 more"
    assert other_layers(old, new[1:]) == "layers taken together: 2 more, 1 fewer"
    assert other_layers(old, old[::-1]) == "layers taken together: in another order"


# --- draws ---


class BrokenError(Exception):
    """What ends a job in the middle."""


def null_job(folder: Path) -> SimpleNamespace:
    """A job that draws three layers of a network."""
    source = np.random.default_rng(0)
    weights = {f"w{n}": source.random((1, 6, 5), dtype=np.float32) for n in range(3)}
    file = folder / "results" / "networks" / "mine" / "imported.safetensors"
    save_networks(file, Networks("mine", (IMPORTED_SEED,), {}, weights, chain=False))
    together = JobsOfLayers(tuple(places([1, 1, 1])), 1)
    pattern = f"{folder}/results/nulls/{{condition}}/{{seeds}}/{{layer}}/2-3.shuffle.npz"
    return SimpleNamespace(
        input=Wildcards(networks=[str(file)] * 3),
        output=Wildcards(tables=together.files(pattern)),
        params=Wildcards(**together.params, k_values=[2, 3]),
        wildcards=Wildcards(k="2-3"),
        config={},
        threads=1,
    )


def counting(most: int) -> tuple[RandomModel, list[int]]:
    """Shuffles, the numbers of those that were made, and an end after so many."""
    made: list[int] = []

    def redraw(matrix, name):
        draw = shuffle.redraw(matrix, name)

        def counted(number):
            if len(made) == most:
                raise BrokenError
            made.append(number)
            return draw(number)

        return counted

    return RandomModel("shuffle", redraw), made


def test_an_interrupted_job_of_a_null_goes_on_behind_the_layers_that_it_has_done(tmp_path):
    asked = NullJob(["matched"], 1, ["none"], 4)
    whole, made = counting(99)
    draw_layers(null_job(tmp_path / "whole"), asked, whole)
    assert made == [0, 1, 2, 3] * 3
    job = null_job(tmp_path / "broken")
    with pytest.raises(BrokenError):
        draw_layers(job, asked, counting(9)[0])
    for file in job.output.tables:  # as Snakemake does
        Path(file).unlink(missing_ok=True)
    rest, made = counting(99)
    draw_layers(job, asked, rest)
    assert made == [0, 1, 2, 3]
    first, second = (
        sorted((tmp_path / name).rglob("*.shuffle.npz")) for name in ("whole", "broken")
    )
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert len(first) == 3
    assert not (tmp_path / "broken" / "results" / "checkpoints").exists()


# --- studies -----------------------------------------------------------------------------------


def study(folder: Path, **changes) -> Workflow:
    workflow = copy_workflow(folder)
    source = np.random.default_rng(0)
    for name, count in {"first": 3, "second": 2}.items():
        np.savez(
            folder / f"{name}.npz",
            **{f"{name}.w{n}": source.standard_normal((7 + n, 9)) for n in range(count)},
        )
    np.savetxt(folder / "aged.csv", source.standard_normal((8, 6)), delimiter=",", fmt="%.5f")
    (folder / "ages.csv").write_text("age\n" + "\n".join("123456"))
    configure(workflow, **changes)
    return workflow


def configure(workflow: Workflow, **changes) -> None:
    text = yaml.safe_dump(STUDY | changes, sort_keys=False)
    (workflow.folder / "config.yaml").write_text(text)


def run(workflow: Workflow) -> None:
    done = workflow.snakemake("tables")
    assert done.returncode == 0, done.stdout[-3000:]


def contents(workflow: Workflow) -> dict[str, bytes]:
    top = workflow.folder / "results"
    files = sorted(file for name in GRID for file in (top / name).rglob("*") if file.is_file())
    return {file.relative_to(top).as_posix(): file.read_bytes() for file in files}


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> Workflow:
    """The tables of the study, whose matrices are all taken together but the one with ages."""
    workflow = study(tmp_path_factory.mktemp("together"))
    run(workflow)
    return workflow


@pytest.mark.slow
def test_the_36_matrices_of_a_small_transformer_take_60_jobs(tmp_path):
    workflow = copy_workflow(tmp_path)
    attention, up, down = (384, 384), (1536, 384), (384, 1536)
    shapes = [attention] * 4 + [up, down]
    arrays = {
        f"encoder.layer.{block}.{number}": np.broadcast_to(np.float32(1), shape)
        for block in range(6)
        for number, shape in enumerate(shapes)
    }
    np.savez_compressed(tmp_path / "minilm.npz", **arrays)
    config = {
        "networks": {"minilm": {"path": "minilm.npz", "layers": "*", "transpose": False}},
        "k_grid": ["2-8"],
        "nulls": {"shuffle": 19},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    rules = workflow.planned_rules()
    assert sum(rules.values()) <= 60
    weights = 6 * sum(map(math.prod, shapes))
    for rule in ("cluster", "null", "score", "choose_k"):
        assert weights / 4_000_000 <= rules[rule] <= 4


@pytest.mark.slow
@pytest.mark.release
@pytest.mark.parametrize(
    ("asked", "jobs"),
    [({"weights_per_job": 0}, 6), ({"networks_together": False}, 3)],
)
def test_every_file_is_the_same_to_the_bit_as_with_other_jobs(together, tmp_path, asked, jobs):
    other = study(tmp_path, clustering=STUDY["clustering"] | asked)
    rules = other.planned_rules()
    assert (rules["cluster"], rules["null_within"], rules["score"]) == (jobs, jobs, jobs)
    run(other)
    found, expected = contents(together), contents(other)
    assert list(found) == list(expected)
    assert len(found) > 6 * 10
    assert not [name for name in found if found[name] != expected[name]]
    # A network more has jobs of its own.
    np.savez(tmp_path / "third.npz", v=np.ones((6, 5)), w=np.ones((7, 5)))
    more = STUDY["networks"] | {"third": {"path": "third.npz", "layers": ["*"]}}
    configure(other, clustering=STUDY["clustering"] | asked, networks=more)
    rules = other.planned_rules()
    expected = 1 if asked.get("weights_per_job") is None else 2
    assert (rules["import_network"], rules["cluster"], rules["choose_k"]) == (1, expected, expected)


@pytest.mark.slow
@pytest.mark.release
def test_nothing_runs_twice_and_all_is_as_recorded(together):
    tables = together.snakemake("tables", "--dry-run")
    assert "Nothing to be done" in tables.stdout
    checked = together.command("verify.py", "--blocks", "0", "tables")
    assert " as recorded" in checked.stdout, checked.stdout
    assert not [word for word in ("damaged", "missing", "without") if word in checked.stdout]


@pytest.mark.slow
@pytest.mark.release
def test_a_network_behind_the_others_goes_into_the_last_job(together, tmp_path):
    shutil.copytree(together.folder, tmp_path / "copy", symlinks=True)
    workflow = Workflow(tmp_path / "copy")
    np.savez(workflow.folder / "third.npz", v=np.random.default_rng(5).random((6, 5)))
    clustering = STUDY["clustering"] | {"weights_per_job": 4 * SMALLEST}
    configure(workflow, clustering=clustering)
    run(workflow)
    before = contents(workflow)
    more = STUDY["networks"] | {"third": {"path": "third.npz", "layers": ["*"]}}
    configure(workflow, clustering=clustering, networks=more)
    rules = workflow.planned_rules()
    assert {rules[rule] for rule in ("import_network", "agree")} == {1}
    said = workflow.command("plan.py").stdout
    assert "layers taken together: 1 more" in said
    run(workflow)
    after = contents(workflow)
    kept = [name for name in before if not name.startswith("tables/")]
    assert all(after[name] == before[name] for name in kept)


@pytest.mark.slow
@pytest.mark.release
def test_an_appended_block_of_k_leaves_the_others_alone(together, tmp_path):
    shutil.copytree(together.folder, tmp_path / "copy", symlinks=True)
    workflow = Workflow(tmp_path / "copy")
    configure(workflow, k_grid=["2-3", "4"])
    jobs = [job for job in workflow.planned() if "k" in job]
    assert {job["k"] for job in jobs} == {"4"}
    assert len([job for job in jobs if job["rule"] == "cluster"]) == 2
