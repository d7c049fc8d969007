"""Leases of GPUs, by real processes on devices that need not exist: none of this starts CUDA."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clusterability.leases import (
    gpus_to_ask_for,
    leased_gpu,
    named_gpus,
    under_scheduler,
    visible_gpus,
)

SCRIPTS = Path(__file__).parents[1] / "scripts"
JOB = """
import json, logging, os, sys, time
from pathlib import Path
from clusterability.leases import leased_gpu
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
device, folder, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
with leased_gpu(device, folder=folder) as gpu:
    started = time.time()
    print(json.dumps({"gpu": gpu, "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}), flush=True)
    time.sleep(seconds)
    ended = time.time()
print(json.dumps({"started": started, "ended": ended}), flush=True)
"""


def start(
    folder: Path, device: str = "auto", seconds: float = 0.3, **variables
) -> subprocess.Popen:
    command = [sys.executable, "-c", JOB, device, str(folder), str(seconds)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "CUDA"))}
    environment |= {"PYTHONPATH": str(SCRIPTS)} | variables
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def results(process: subprocess.Popen[str]) -> dict[str, object]:
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    first, second = map(json.loads, said.splitlines())
    return first | second | {"log": errors}


def test_jobs_take_turns_and_never_share_a_gpu(tmp_path):
    jobs = [start(tmp_path, CUDA_VISIBLE_DEVICES="3,GPU-8932f937") for _ in range(7)]
    found = [results(job) for job in jobs]
    by_gpu: dict[str, list[dict]] = {}
    for job in found:
        assert job["visible"] == job["gpu"]
        by_gpu.setdefault(job["gpu"], []).append(job)
    assert set(by_gpu) == {"3", "GPU-8932f937"}
    for jobs_of_one in by_gpu.values():
        turns = sorted(jobs_of_one, key=lambda job: job["started"])
        for first, second in itertools.pairwise(turns):
            assert first["ended"] <= second["started"]
    waiting = [job["log"] for job in found if "waits for a GPU" in job["log"]]
    assert len(waiting) >= 5
    assert all(log.count("waits for a GPU") == 1 for log in waiting)


def test_a_job_that_is_killed_holds_nothing(tmp_path):
    holder = start(tmp_path, seconds=60, CUDA_VISIBLE_DEVICES="0")
    assert json.loads(holder.stdout.readline())["gpu"] == "0"
    other = start(tmp_path, CUDA_VISIBLE_DEVICES="0")
    time.sleep(1.0)
    assert other.poll() is None
    holder.kill()
    found = results(other)
    holder.communicate()
    assert found["gpu"] == "0"
    assert f"0 is held by process {holder.pid}" in found["log"]


def test_the_schedulers_assignment_stands(tmp_path):
    holder = start(tmp_path, seconds=60, CUDA_VISIBLE_DEVICES="2")
    holder.stdout.readline()
    found = results(start(tmp_path, CUDA_VISIBLE_DEVICES="2", SLURM_JOB_ID="17"))
    holder.kill()
    holder.communicate()
    assert (found["gpu"], found["visible"]) == (None, "2")


@pytest.mark.parametrize("device", ["cpu", "cuda:1", "mps"])
def test_a_device_that_the_user_names_is_not_leased(tmp_path, monkeypatch, device):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with leased_gpu(device, folder=tmp_path) as gpu:
        assert gpu is None
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert not list(tmp_path.iterdir())


def test_without_a_gpu_nothing_is_leased(tmp_path, monkeypatch):
    for value in ("", "-1", "none"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        with leased_gpu("auto", folder=tmp_path) as gpu:
            assert gpu is None
    assert not list(tmp_path.iterdir())


def test_what_was_visible_before_is_visible_after(tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    with leased_gpu("cuda", folder=tmp_path) as gpu:
        assert os.environ["CUDA_VISIBLE_DEVICES"] == gpu == "4"
        with leased_gpu("cuda", visible=["4", "5"], folder=tmp_path) as second:
            assert second == "5"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,5"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with leased_gpu("cuda", visible=["0"], folder=tmp_path):
        pass
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_names_of_gpus_as_cuda_reads_them():
    assert named_gpus("0,1,2") == ["0", "1", "2"]
    assert named_gpus("GPU-1f, MIG-2e") == ["GPU-1f", "MIG-2e"]
    assert named_gpus("1,1") == ["1"]
    assert named_gpus("1,../x,2") == ["1"]
    assert named_gpus("NoDevFiles") == []


def test_schedulers_are_known_by_what_they_tell_a_job():
    assert under_scheduler({"SLURM_JOB_ID": "1"})
    assert under_scheduler({"LSB_JOBID": "1"})
    assert not under_scheduler({"SLURM_CONF": "/etc/slurm/slurm.conf"})


def test_counting_gpus_does_not_start_cuda(monkeypatch):
    import torch

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = visible_gpus()
    assert found == [str(number) for number in range(len(found))]
    assert not torch.cuda.is_initialized()


def test_a_job_asks_for_a_gpu_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr("clusterability.leases._DRIVER", tmp_path / "none")
    found = [gpus_to_ask_for(device) for device in ("cpu", "mps", "auto", "cuda", "cuda:1")]
    assert found == [0, 0, 0, 1, 1]
    monkeypatch.setattr("clusterability.leases._DRIVER", tmp_path)
    assert gpus_to_ask_for("auto") == 1
    assert gpus_to_ask_for("cpu") == 0
