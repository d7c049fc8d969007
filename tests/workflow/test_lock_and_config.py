"""The lock of a folder of results, and the config that a run freezes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from clusterability_workflow import lock_and_config as runs
from clusterability_workflow.lock_and_config import (
    LOCK,
    Holder,
    freeze,
    frozen,
    hold,
    living_holder,
)

from clusterability.errors import UserError
from project import PATH

HOLD = """
import os, sys, time
from pathlib import Path
from clusterability.errors import UserError
from clusterability_workflow.lock_and_config import hold
try:
    print(hold(Path(sys.argv[1])) or "held", flush=True)
except UserError as error:
    print(error, flush=True)
    sys.exit(3)
time.sleep(float(sys.argv[2]))
if sys.argv[3] == "die":
    os._exit(0)
os.chdir("/")
"""


def holding(folder: Path, seconds: float = 0, end: str = "well") -> subprocess.Popen[str]:
    """A process that takes the lock, waits, and ends well or dies on the spot."""
    # By a relative path, from a process that is in another folder at its end.
    command = [sys.executable, "-c", HOLD, folder.name, str(seconds), end]
    environment = os.environ | {"PYTHONPATH": PATH}
    options = {"env": environment, "cwd": folder.parent}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def write_lock(folder: Path, holder: Holder) -> Path:
    lock = folder / LOCK
    lock.write_text(json.dumps(asdict(holder)))
    return lock


def test_a_lock_goes_with_its_process(tmp_path):
    first = holding(tmp_path)
    assert first.communicate()[0] == "held\n"
    assert not (tmp_path / LOCK).exists()


def test_of_many_at_once_one_gets_it(tmp_path):
    processes = [holding(tmp_path, seconds=3) for _ in range(6)]
    said = [process.communicate()[0] for process in processes]
    assert sorted(process.returncode for process in processes) == [0, 3, 3, 3, 3, 3]
    (winner,) = (process for process in processes if process.returncode == 0)
    others = [text for text in said if text != "held\n"]
    assert all(f"held by process {winner.pid} on" in text for text in others)


def test_the_lock_of_a_dead_process_is_taken_over_and_told_of(tmp_path):
    dead = holding(tmp_path, end="die")
    dead.communicate()
    assert (tmp_path / LOCK).exists()
    assert living_holder(tmp_path) is None
    again = holding(tmp_path)
    text = again.communicate()[0]
    assert again.returncode == 0
    assert f"process {dead.pid} on" in text
    assert "ended without a word" in text


def test_a_process_number_used_again_does_not_hold(tmp_path):
    me = Holder.this_process()
    write_lock(tmp_path, replace(me, started=me.started - 1000))
    assert living_holder(tmp_path) is None
    assert holding(tmp_path).wait() == 0


def test_another_host_cannot_be_seen(tmp_path):
    lock = write_lock(tmp_path, Holder("elsewhere", 1, time.time(), "snakemake"))
    with pytest.raises(UserError, match=r"process 1 on elsewhere, since .*remove .*\.run\.lock"):
        hold(tmp_path)
    assert lock.exists()


@pytest.mark.parametrize("content", ["", "{", '{"host": "here"}', "[]"])
def test_a_lock_that_was_never_written_whole_is_taken_after_a_while(tmp_path, content):
    lock = tmp_path / LOCK
    lock.write_text(content)
    os.utime(lock, (time.time() - 60, time.time() - 60))
    assert holding(tmp_path).wait() == 0


def test_one_process_may_ask_twice(tmp_path):
    assert hold(tmp_path) is None
    assert hold(tmp_path) is None
    runs._release(tmp_path / LOCK, os.getpid())
    assert not (tmp_path / LOCK).exists()


def test_a_frozen_config_is_the_config_and_is_named_by_its_content(tmp_path, monkeypatch):
    monkeypatch.setenv(runs.CONFIG_VARIABLE, "none yet")
    assert frozen() is None
    config = {"seeds": ["0-9"], "recipe": {"learning_rate": 1e-3}, "dataset": None}
    freeze(config, tmp_path)
    assert frozen() == config
    first = os.environ[runs.CONFIG_VARIABLE]
    freeze(config | {"seeds": ["0-19"]}, tmp_path)
    assert os.environ[runs.CONFIG_VARIABLE] != first
    freeze(config, tmp_path)
    assert os.environ[runs.CONFIG_VARIABLE] == first
    assert len(list((tmp_path / "configs").iterdir())) == 2
