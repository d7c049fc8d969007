"""A finished study as an RO-Crate: all that it names is there, and is what it is said to be."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clusterability_workflow.crate import METADATA, RanJob, RanStudy, write_crate

CITED = {"title": "A study", "version": "1.0.0", "license": "MIT", "date-released": "2026-01-01"}
AUTHOR = {"@id": "#author/1", "@type": "Person", "givenName": "Ada", "familyName": "Lovelace"}
CODE = {
    "Snakefile": "rule all:\n",
    "rules/train.smk": "rule train:\n",
    "scripts/train.py": "1\n",
    "src/clusterability/a module.py": "2\n",
    "envs/study.lock": "numpy==2\n",
    "CITATION.cff": "title: A study\n",
    "LICENSE": "MIT\n",
    "README.md": "no part of the crate\n",
}
VALIDATOR = os.environ.get("RO_CRATE_VALIDATOR", "")
"""The program rocrate-validator, which is in an environment of its own."""
CACHE = os.environ.get("RO_CRATE_CACHE", "")
"""Path that `rocrate-validator cache warm` filled; needed without a network."""


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def study(tmp_path, monkeypatch) -> RanStudy:
    """Two jobs, one of which wrote draws that are gone, from images that lie elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name, text in CODE.items():
        written(tmp_path / name, text)
    images = written(Path("results/data/mnist/images"), "images")
    networks = written(Path("results/small/networks/trained/0-1.safetensors"), "weights")
    answer = written(Path("results/small/answer.md"), "**Yes.**\n")
    train = RanJob(
        rule="train",
        name="train/trained/0-1",
        inputs=(str(images),),
        files={str(networks): sha256(networks)},
        code=("scripts/train.py", "src/clusterability/a module.py"),
        software={"numpy": "2.0"},
        started=1.0,
        ended=60.0,
    )
    answered = RanJob(
        rule="answer",
        name="answer",
        inputs=(str(networks),),
        files={str(answer): sha256(answer), "results/small/nulls/gone.npz": "0" * 64},
        started=60.0,
        ended=62.5,
    )
    return RanStudy(
        name="A study: small",
        description="What ran.",
        results=Path("results/small"),
        config={"seeds": ["0-1"]},
        jobs=[train, answered],
        versions={"Python": "3.11.7", "snakemake": "9.27.1"},
        devices=["cpu"],
        commit="0123",
        cited=CITED,
        authors=[],
    )


def entities(study: RanStudy, project: Path) -> dict[str, dict[str, Any]]:
    """The crate's entities by their names, of which there is one each."""
    graph = json.loads(write_crate(study, project).read_text())["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    assert len(found) == len(graph)
    return found


def references(value: object) -> Iterator[str]:
    """All names that an entity refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        yield from [value["@id"]] if set(value) == {"@id"} else []
        for item in value.values():
            yield from references(item)


def ids(links: object) -> list[str]:
    return list(references(links))


def test_whatever_is_referred_to_is_described(study, tmp_path):
    found = entities(study, tmp_path)
    named = {name for entity in found.values() for name in references(entity)}
    left = {name for name in named - set(found) if not name.startswith("https://")}
    assert left == set()
    assert "https://w3id.org/ro/wfrun/provenance/0.5" in ids(found["./"]["conformsTo"])


def test_files_of_the_crate_are_there_with_their_digests(study, tmp_path):
    found = entities(study, tmp_path)
    parts = ids(found["./"]["hasPart"])
    for name in parts:
        file = study.results / name.replace("%20", " ")
        assert found[name]["sha256"] == sha256(file)
        assert found[name]["contentSize"] == str(file.stat().st_size)
    own = {"networks/trained/0-1.safetensors", "answer.md", "configs/workflow/config.json"}
    code = {f"configs/workflow/{name.replace(' ', '%20')}" for name in CODE if name != "README.md"}
    assert set(parts) == own | code


def test_files_elsewhere_and_files_that_are_gone_are_no_part_of_it(study, tmp_path):
    found = entities(study, tmp_path)
    images, gone = "#results/data/mnist/images", "#results/small/nulls/gone.npz"
    assert found[images]["sha256"] == sha256(Path("results/data/mnist/images"))
    assert found[gone]["sha256"] == "0" * 64
    assert not {images, gone} & set(ids(found["./"]["hasPart"]))
    assert images in ids(found["#run"]["object"])
    assert str(tmp_path) not in (study.results / METADATA).read_text()


def test_each_job_is_an_action_with_what_it_read_and_wrote(study, tmp_path):
    found = entities(study, tmp_path)
    job = found["#job/train/trained/0-1"]
    assert (job["startTime"], job["endTime"]) == (
        "1970-01-01T00:00:01+00:00",
        "1970-01-01T00:01:00+00:00",
    )
    assert ids(job["object"]) == ["#results/data/mnist/images"]
    assert ids(job["result"]) == ["networks/trained/0-1.safetensors"]
    assert ids(found["#job/answer"]["object"]) == ids(job["result"])
    tool = found[job["instrument"]["@id"]]
    assert ids(tool["softwareRequirements"]) == ["#package/numpy"]
    assert tool["softwareVersion"] == study.commit
    assert found["#package/numpy"]["softwareVersion"] == "2.0"
    run = found["#run"]
    assert (run["startTime"], run["endTime"]) == (job["startTime"], "1970-01-01T00:01:02+00:00")
    assert found["#device/cpu"]["value"] == "cpu"


def test_files_say_what_they_are_and_which_parameter_they_stand_for(study, tmp_path):
    found = entities(study, tmp_path)
    standing = {name: ids(entity.get("exampleOfWork")) for name, entity in found.items()}
    assert {name: of for name, of in standing.items() if of} == {
        "configs/workflow/config.json": ["#parameter/config"],
        "#results/data/mnist/images": ["#parameter/source"],
        "answer.md": ["#parameter/answer"],
    }
    assert found["answer.md"]["encodingFormat"] == "text/markdown"
    network = found["networks/trained/0-1.safetensors"]
    assert network["encodingFormat"] == "application/octet-stream"


def test_one_reference_is_no_list_and_all_actions_are_mentioned(study, tmp_path):
    found = entities(study, tmp_path)
    assert found["#job/answer"]["object"] == {"@id": "networks/trained/0-1.safetensors"}
    actions = {name for name, entity in found.items() if entity["@type"] == "CreateAction"}
    assert actions < set(ids(found["./"]["mentions"]))


def test_code_of_an_earlier_description_does_not_stay(study, tmp_path):
    entities(study, tmp_path)
    old = study.results / "configs" / "workflow" / "scripts" / "train.py"
    assert old.exists()
    found = entities(replace(study, jobs=study.jobs[1:]), tmp_path)
    assert not old.exists()
    assert "configs/workflow/scripts/train.py" not in found


def test_authors_and_a_licence_are_those_that_are_given(study, tmp_path):
    root = entities(study, tmp_path)["./"]
    assert "author" not in root
    assert root["license"].startswith("No licence has been chosen")
    chosen = replace(study, authors=[AUTHOR], license="https://spdx.org/licenses/CC-BY-4.0")
    found = entities(chosen, tmp_path)
    assert ids(found["./"]["author"]) == ["#author/1"]
    assert found["#author/1"]["familyName"] == "Lovelace"
    assert found["./"]["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}


@pytest.mark.slow
@pytest.mark.release
@pytest.mark.network
@pytest.mark.skipif(not VALIDATOR, reason="RO_CRATE_VALIDATOR names no rocrate-validator")
def test_a_validator_finds_all_that_the_profile_requires(study, tmp_path):
    write_crate(study, tmp_path)
    asked = ["validate", "--profile-identifier", "provenance-run-crate", "--no-paging"]
    asked += ["--requirement-severity", "REQUIRED"]
    offline = ["--offline", "--cache-path", CACHE] if CACHE else []
    command = [VALIDATOR, *asked, *offline, str(study.results)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
