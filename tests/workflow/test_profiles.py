"""What a run on a cluster relies on and no cluster is needed to see; test_slurm.py has the rest."""

from __future__ import annotations

import re

import pytest
import yaml

from clusterability_workflow.slurm import check_accounting

from clusterability.errors import UserError
from project import ROOT


def profile(name: str) -> dict[str, object]:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


@pytest.fixture
def sacct(tmp_path, monkeypatch):
    """Makes the only program on the PATH: a `sacct` that does what it is told."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(script: str) -> None:
        file = tmp_path / "sacct"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return make


def test_the_profile_repeats_what_it_replaces():
    default = profile("default")
    del default["cores"]  # would count for the cluster
    del default["shared-fs-usage"]  # nodes of a cluster share a home that can be written
    assert default.items() <= profile("slurm").items()


@pytest.mark.parametrize("file", sorted(ROOT.glob("rules/*.smk")), ids=lambda file: file.stem)
def test_memory_and_time_of_every_rule_grow_with_its_tries(file):
    text = file.read_text()
    rules = len(re.findall(r"^ *rule\b.*:$", text, re.MULTILINE))
    for resource in ("mem_mb", "runtime"):
        assert len(re.findall(rf"^ +{resource}=", text, re.MULTILINE)) == rules
        assert (
            len(re.findall(rf"^ +{resource}=growing(_with_threads)?\(", text, re.MULTILINE))
            == rules
        )


def test_accounting_that_answers_is_accepted(sacct):
    sacct("exit 0")
    check_accounting("sacct")


def test_accounting_without_a_database_is_refused(sacct):
    sacct("echo Slurm accounting storage is disabled >&2; exit 1")
    with pytest.raises(UserError, match=r"storage is disabled.*--slurm-status-command squeue"):
        check_accounting("sacct")


@pytest.mark.parametrize("command", ["squeue", None])
def test_accounting_is_asked_only_by_those_who_use_it(sacct, command):
    sacct("exit 1")
    check_accounting(command)


def test_without_sacct_the_plugin_itself_asks_squeue(sacct):
    check_accounting("sacct")
