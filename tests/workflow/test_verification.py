"""Results against their records, and against results that are made again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clusterability_workflow.planning import PlannedJob
from clusterability_workflow.records import Record, record_path
from clusterability_workflow.verification import (
    State,
    blocks,
    check_records,
    compare_accuracy,
    compare_results,
    compare_weights,
    trained_on,
)

from clusterability.errors import UserError
from clusterability.networks.stacked import Networks, save_networks

STUDY = Path("results")


@pytest.fixture
def job(tmp_path, monkeypatch) -> PlannedJob:
    """A job that has run, with two files."""
    monkeypatch.chdir(tmp_path)
    files = [STUDY / "networks/trained" / name for name in ("0-1.csv", "0-1.safetensors")]
    files[0].parent.mkdir(parents=True)
    for number, file in enumerate(files):
        file.write_bytes(bytes([number] * 100))
    log = STUDY / "logs/train/trained/0-1.log"
    Record.of_files("train", {}, {}, list(map(str, files))).write(record_path(log))
    benchmark = STUDY / "benchmarks/train/trained/0-1.tsv"
    return PlannedJob("train", tuple(map(str, files)), benchmark)


def states(job: PlannedJob) -> list[State]:
    return [item.state for item in check_records([job])]


def test_files_as_they_were_written_are_sound(job):
    assert states(job) == [State.SOUND, State.SOUND]


def test_each_kind_of_damage_is_told_apart_and_names_the_file(job):
    first, second = map(Path, job.outputs)
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1])
    missing, damaged = check_records([job])
    assert (missing.state, damaged.state) == (State.MISSING, State.DAMAGED)
    assert missing.problem.startswith(f"{first}: found no file")
    assert damaged.problem.startswith(f"{second}: found SHA-256")


def test_files_without_a_whole_record_cannot_be_vouched_for(job):
    record = STUDY / "records/train/trained/0-1.json"
    content = record.read_text()
    fewer = json.loads(content)
    del fewer["files"][job.outputs[0]]
    for broken in ("", content[:-20], "[]", '{"files": 1}', json.dumps({"files": {}})):
        record.write_text(broken)
        assert states(job) == [State.UNRECORDED, State.UNRECORDED]
    record.write_text(json.dumps(fewer))
    assert states(job) == [State.UNRECORDED, State.SOUND]
    record.unlink()
    assert states(job) == [State.UNRECORDED, State.UNRECORDED]


def test_a_job_that_never_ran_is_left_out(job):
    for file in job.outputs:
        Path(file).unlink()
    assert states(job) == [State.MISSING, State.MISSING]
    (STUDY / "records/train/trained/0-1.json").unlink()
    assert states(job) == []


def test_files_that_go_once_they_are_read_are_not_missed_but_checked_while_they_are_there(job):
    passing = replace(job, passing=(job.outputs[0],))
    assert states(passing) == [State.SOUND, State.SOUND]
    Path(job.outputs[0]).write_bytes(b"something else")
    assert states(passing) == [State.DAMAGED, State.SOUND]
    Path(job.outputs[0]).unlink()
    assert states(passing) == [State.SOUND]


def test_mnist_is_known_by_its_checksums(job):
    name = "results/data/mnist/t10k-labels-idx1-ubyte"
    Path(name).parent.mkdir(parents=True)
    Path(name).write_bytes(b"something else")
    mnist = PlannedJob("mnist", (name,), STUDY / "benchmarks/mnist.tsv")
    (found,) = check_records([mnist])
    assert found.state == State.DAMAGED
    assert ", expected ff7bcfd416de3373" in found.problem


def test_another_data_set_is_known_by_its_own_checksums(job):
    folder = STUDY / "data/kmnist"
    folder.mkdir(parents=True)
    names = [str(folder / f"{name}-ubyte") for name in ("train-images-idx3", "t10k-labels-idx1")]
    for name in names:
        Path(name).write_bytes(b"something else")
    images, labels = check_records([PlannedJob("mnist", names, STUDY / "benchmarks/kmnist.tsv")])
    assert ": found MD5 " in images.problem
    assert ", expected 92be26ec9822e900" in images.problem
    assert ": found SHA-256 " in labels.problem
    assert ", expected a11dc742be8e781a" in labels.problem


def test_a_block_is_its_networks_with_all_that_is_told_of_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def made(rule: str, benchmark: str, *files: str) -> PlannedJob:
        for file in files:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).touch()
        return PlannedJob(rule, files, STUDY / "benchmarks" / benchmark)

    place = "trained/0-1/fc1/2-3"
    jobs = [
        made("train", "train/trained/0-1.tsv", "results/networks/trained/0-1.safetensors"),
        made("train", "train/trained/0-10.tsv", "results/networks/trained/0-10.safetensors"),
        made("cluster", f"cluster/{place}.tsv", f"results/clusters/{place}.npz"),
        made("score", f"score/{place}.tsv", f"results/scores/{place}.structure.parquet"),
        made("score", "score/trained/0-10/fc1/2.tsv", "results/scores/trained/0-10/fc1/2.parquet"),
        made("agree", "agree/trained/0-1.tsv", "results/scores/trained/0-1.agreement.parquet"),
        PlannedJob("train", ("results/networks/l1/0-1.safetensors",), STUDY / "benchmarks/x.tsv"),
    ]
    first, second = blocks(jobs)
    assert (first.name, second.name) == ("trained 0-1", "trained 0-10")
    assert [file.parts[1] for file in first.results] == ["clusters", "scores"]
    assert len(second.results) == 1


# --- made again --------------------------------------------------------------------------------


def save(path: Path, scale: float = 1.0, seeds=(0, 1), **changes) -> Path:
    stack = np.random.default_rng(0).standard_normal((2, 4, 4)).astype(np.float32)
    other = stack.copy()
    other[1] *= np.float32(scale)
    weights = {"fc1": stack, "fc2": other} | changes
    save_networks(path, Networks("trained", seeds, {"epochs": 5}, weights))
    return path


def test_weights_are_equal_to_the_bit_or_not(tmp_path):
    ours, same = save(tmp_path / "a.safetensors"), save(tmp_path / "b.safetensors")
    near = save(tmp_path / "c.safetensors", scale=1.0 + 1e-3)
    assert compare_weights(ours, same) is None
    assert "fc2: found weights at a relative distance of 0.001" in compare_weights(ours, near)


def test_other_networks_are_not_compared_number_by_number(tmp_path):
    ours = save(tmp_path / "a.safetensors")
    other = save(tmp_path / "b.safetensors", seeds=(0, 2))
    shape = save(tmp_path / "c.safetensors", fc2=np.ones((2, 5, 4), dtype=np.float32))
    for file in (other, shape):
        assert "other networks" in compare_weights(ours, file)


def test_a_recipe_of_an_earlier_version_is_compared_by_what_it_says(tmp_path):
    weights = {"fc1": np.ones((1, 4, 4), dtype=np.float32)}

    def file(name: str, **recipe) -> Path:
        path = tmp_path / name
        save_networks(
            path, Networks("random_labels", (0,), {"architecture": "4-4"} | recipe, weights)
        )
        return path

    ours = file("a.safetensors", permute_labels=True)
    same = file("b.safetensors", labels="permuted", centre_pixels=False, images="real")
    assert compare_weights(ours, same) is None
    for changes in ({"labels": "true"}, {"labels": "permuted", "centre_pixels": True}):
        assert "other networks" in compare_weights(ours, file("c.safetensors", **changes))


def test_networks_of_another_device_are_as_accurate(tmp_path):
    for name, accuracy, device in (("a", 0.97, "cpu"), ("b", 0.955, "cuda:1"), ("c", 0.9, "cuda")):
        rows = {"seed": [0, 1], "test_accuracy": [0.97, accuracy], "device": [device, device]}
        pd.DataFrame(rows).to_csv(tmp_path / f"{name}.networks.csv", index=False)
    ours, near, far = (tmp_path / f"{name}.safetensors" for name in "abc")
    assert trained_on(ours) == {"cpu"}
    assert trained_on(near) == trained_on(far) == {"cuda"}
    assert trained_on(tmp_path / "imported.safetensors") == set()
    assert compare_accuracy(ours, near) is None
    problem = compare_accuracy(ours, far)
    assert "found a test accuracy of 0.970 for seed 1, expected" in problem
    assert "0.900, within 0.02" in problem


def test_labels_and_scores_are_compared_by_value_and_exactly(tmp_path):
    labels = {"matched/2/rows": np.array([[0, 1, 1]]), "matched/2/held": np.array([[np.nan, 1.0]])}
    np.savez(tmp_path / "a.npz", **labels)
    # The same values in other bytes, as another release might write them.
    np.savez_compressed(tmp_path / "b.npz", **labels)
    np.savez(tmp_path / "c.npz", **(labels | {"matched/2/rows": np.array([[0, 1, 0]])}))
    np.savez(tmp_path / "d.npz", **{"matched/2/rows": labels["matched/2/rows"]})
    assert compare_results(tmp_path / "a.npz", tmp_path / "b.npz") is None
    for other in ("c.npz", "d.npz"):
        assert "found other values" in compare_results(tmp_path / "a.npz", tmp_path / other)

    rows = pd.DataFrame({"measure": ["mi", "ncut"], "value": [0.25, np.nan]})
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_parquet(tmp_path / "b.parquet", compression="gzip")
    rows.assign(value=[0.25 + 1e-15, np.nan]).to_parquet(tmp_path / "c.parquet")
    assert compare_results(tmp_path / "a.parquet", tmp_path / "b.parquet") is None
    assert "found other values" in compare_results(tmp_path / "a.parquet", tmp_path / "c.parquet")
    assert "was not made again" in compare_results(tmp_path / "a.parquet", tmp_path / "none")


def test_a_record_says_no_time_and_no_host_and_reads_back(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1\n")
    record = Record.of_files("train", {"seeds": "0-1"}, {"job": {"epochs": 5}}, [str(file)])
    for name in ("first.json", "second.json"):
        record.write(tmp_path / name)
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    assert Record.read(tmp_path / "first.json") == record
    with pytest.raises(UserError, match=r"none\.json: found no record"):
        Record.read(tmp_path / "none.json")
