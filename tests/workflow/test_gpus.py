"""Leases of GPUs, by real processes on devices that need not exist: none of this starts CUDA."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from clusterability_workflow.gpus import (
    gpus_at_once,
    leased_gpu,
    named_gpus,
    scheduler_job,
    visible_gpus,
)

from clusterability.errors import UserError
from project import PATH

VARIABLES = ("SLURM", "PBS", "LSB", "CUDA")
"""Of schedulers and of CUDA: a run that tests may be part of has its own."""
NAMES = ["", "0,1,2", "2 , 0", "0,-1,2", "-1", "1,1", "3,5,3", "NoDevFiles", "all", "1,../x,2"]
NAMES += [
    "0,GPU-1f",
    "GPU-1f,0",
    "GPU-1f,GPU-2e",
    "GPU-1f,GPU-1f",
    "MIG-7a,MIG-8b",
    "MIG-GPU-1f/1/0",
]
JOB = """
import json, logging, os, signal, sys, time
from pathlib import Path
from clusterability_workflow.gpus import leased_gpu, visible_gpus
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
device, folder, seconds = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
there = visible_gpus(count=2)  # all else is as on a machine with two
asked_to_stop = []
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: asked_to_stop.append(number))
print("ready", flush=True)
while not (folder / "go").exists():
    time.sleep(0.01)
with leased_gpu(device, there, folder, lambda: bool(asked_to_stop)) as gpu:
    started = time.time()
    print(json.dumps({"gpu": gpu, "visible": os.environ.get("CUDA_VISIBLE_DEVICES")}), flush=True)
    time.sleep(seconds)
    ended = time.time()
print(json.dumps({"started": started, "ended": ended}), flush=True)
"""


@pytest.fixture
def outside(monkeypatch) -> None:
    """Outside of any scheduler's job."""
    for name in ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def own_folder(tmp_path, monkeypatch) -> Path:
    """Where locks lie if nobody says otherwise."""
    monkeypatch.setattr("clusterability_workflow.gpus._TEMPORARY", tmp_path)
    return tmp_path / f"clusterability-gpus-{os.getuid()}"


def start(
    folder: Path, device: str = "auto", seconds: float = 0.3, go: bool = True, **variables
) -> subprocess.Popen[str]:
    """Starts a job, and waits until it is about to ask for a GPU; it asks when it may go."""
    command = [sys.executable, "-c", JOB, device, str(folder), str(seconds)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(VARIABLES)}
    environment |= {"PYTHONPATH": PATH} | variables
    pipe = subprocess.PIPE
    job = subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)
    assert job.stdout.readline() == "ready\n"
    if go:
        (folder / "go").touch()
    return job


def started_and_holds(folder: Path, gpus: str) -> subprocess.Popen[str]:
    job = start(folder, seconds=60, CUDA_VISIBLE_DEVICES=gpus)
    assert json.loads(job.stdout.readline())["visible"] == gpus
    return job


def started_and_waits(folder: Path, device: str = "auto", **variables) -> subprocess.Popen[str]:
    job = start(folder, device, **variables)
    assert job.stderr.readline().startswith("waits for a GPU: ")
    return job


def kill(job: subprocess.Popen[str]) -> None:
    job.kill()
    job.communicate()


def results(job: subprocess.Popen[str]) -> dict[str, object]:
    # Not by `communicate`, which loses what `readline` has read ahead.
    said, errors = job.stdout.read(), job.stderr.read()
    assert job.wait(timeout=1200) == 0, errors
    first, second = map(json.loads, said.splitlines())
    return first | second | {"log": errors}


@pytest.mark.parametrize("names", ["3,5", "GPU-8932f937,GPU-1f"])
def test_jobs_take_turns_and_never_share_a_gpu(tmp_path, names):
    jobs = [start(tmp_path, go=False, CUDA_VISIBLE_DEVICES=names) for _ in range(7)]
    (tmp_path / "go").touch()
    found = [results(job) for job in jobs]
    by_gpu: dict[str, list[dict]] = {}
    for job in found:
        assert job["visible"] == job["gpu"]
        by_gpu.setdefault(job["gpu"], []).append(job)
    assert set(by_gpu) == set(names.split(","))
    for jobs_of_one in by_gpu.values():
        turns = sorted(jobs_of_one, key=lambda job: job["started"])
        for first, second in itertools.pairwise(turns):
            assert first["ended"] <= second["started"]
    waiting = [job["log"] for job in found if "waits for a GPU" in job["log"]]
    assert len(waiting) >= 5
    assert all(log.count("waits for a GPU") == 1 for log in waiting)


def test_a_job_that_is_killed_holds_nothing(tmp_path):
    holder = started_and_holds(tmp_path, "0")
    other = start(tmp_path, CUDA_VISIBLE_DEVICES="0")
    assert other.stderr.readline() == f"waits for a GPU: 0 is held by process {holder.pid}\n"
    kill(holder)
    assert results(other)["gpu"] == "0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_job_that_waits_ends_when_it_is_asked_to(tmp_path, number):
    holder = started_and_holds(tmp_path, "0")
    waiting = started_and_waits(tmp_path, CUDA_VISIBLE_DEVICES="0")
    waiting.send_signal(number)
    _, errors = waiting.communicate(timeout=1200)
    kill(holder)
    assert waiting.returncode == 1
    assert errors.splitlines()[-1].endswith(
        "UserError: training was stopped by a signal while it waited for a GPU"
    )


def test_the_schedulers_assignment_stands(tmp_path):
    holder = started_and_holds(tmp_path, "2")
    found = results(start(tmp_path, CUDA_VISIBLE_DEVICES="2", SLURM_JOB_ID="17"))
    kill(holder)
    assert (found["gpu"], found["visible"]) == (None, "2")


def test_processes_of_one_scheduled_job_share_the_gpus_that_it_was_given(own_folder, monkeypatch):
    """And those of another job, whose GPUs may have the same numbers, are no matter to them."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    with leased_gpu("auto", ["0", "1"]) as first, leased_gpu("auto", ["0", "1"]) as second:
        assert (first, second) == ("0", "1")
        monkeypatch.setenv("SLURM_JOB_ID", "18")
        with leased_gpu("auto", ["0", "1"]) as other:
            assert other == "0"
    assert {file.name for file in own_folder.iterdir()} == {"SLURM_JOB_ID-17", "SLURM_JOB_ID-18"}


@pytest.mark.parametrize("device", ["cpu", "mps"])
def test_a_device_that_is_no_gpu_of_cuda_takes_no_lease(tmp_path, monkeypatch, device):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with leased_gpu(device, ["0", "1"], tmp_path) as gpu:
        assert gpu is None
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0,1"
    assert not list(tmp_path.iterdir())


def test_a_gpu_that_the_user_names_is_not_leased_to_another(tmp_path, monkeypatch, outside):
    """`cuda:1` is the second of those that are visible, and stays it: the number still holds."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    with leased_gpu("cuda:1", ["4", "5"], tmp_path) as own:
        assert own == "5"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,5"
        waits = started_and_waits(tmp_path, "cuda:1", CUDA_VISIBLE_DEVICES="4,5")
        with leased_gpu("auto", ["4", "5"], tmp_path) as other:
            assert other == "4"
    found = results(waits)
    assert (found["gpu"], found["visible"]) == ("5", "4,5")
    with leased_gpu("cuda:2", ["4", "5"], tmp_path) as missing:
        assert missing is None  # training says that it is not there


def test_without_a_gpu_nothing_is_leased(tmp_path, monkeypatch):
    for value in ("", "-1", "none"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
        with leased_gpu("auto", folder=tmp_path) as gpu:
            assert gpu is None
    assert not list(tmp_path.iterdir())


def test_what_was_visible_before_is_visible_after(tmp_path, monkeypatch, outside):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    with leased_gpu("cuda", visible=["4", "5"], folder=tmp_path) as gpu:
        assert os.environ["CUDA_VISIBLE_DEVICES"] == gpu == "4"
        with leased_gpu("cuda", visible=["4", "5"], folder=tmp_path) as second:
            assert second == "5"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "4,5"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with leased_gpu("cuda", visible=["0"], folder=tmp_path):
        pass
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


@pytest.mark.parametrize("names", NAMES)
def test_names_of_gpus_are_read_as_pytorch_reads_them(names, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", names)
    assert named_gpus(names) == list(map(str, torch.cuda._parse_visible_devices()))


def test_only_gpus_that_are_there_are_leased(monkeypatch):
    """A name may be one of none: some shells set CUDA_VISIBLE_DEVICES=0 on every machine."""
    for names, count, expected in (
        ("0,1,7", 2, ["0", "1"]),
        ("0", 0, []),
        ("GPU-1f", 1, ["GPU-1f"]),
        ("MIG-7a,MIG-8b", 1, ["MIG-7a", "MIG-8b"]),
        ("", 2, []),
    ):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", names)
        assert visible_gpus(count) == expected
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert visible_gpus(3) == ["0", "1", "2"]


def test_schedulers_are_known_by_what_they_tell_a_job():
    assert scheduler_job({"SLURM_JOB_ID": "1"}) == "SLURM_JOB_ID-1"
    assert scheduler_job({"PBS_JOBID": "1[2].server/x"}) == "PBS_JOBID-1_2_.server_x"
    assert scheduler_job({"SLURM_CONF": "/etc/slurm/slurm.conf"}) is None
    assert scheduler_job({"SLURM_JOB_ID": "", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}) is None


def test_counting_gpus_does_not_start_cuda(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    found = visible_gpus()
    assert found == [str(number) for number in range(len(found))]
    assert not torch.cuda.is_initialized()


def test_as_many_jobs_as_gpus_train_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("clusterability_workflow.gpus._DEVICE_FILES", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    devices = ("cpu", "mps", "auto", "cuda", "cuda:1")
    assert [gpus_at_once(device) for device in devices] == [0] * 5
    for name in ("nvidiactl", "nvidia0", "nvidia1", "nvidia-uvm", "nvidia2"):
        (tmp_path / name).touch()
    assert [gpus_at_once(device) for device in devices] == [0, 0, 3, 3, 1]
    for names, count in (("4,5", 2), ("", 0), ("0,1,2,3", 3)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", names)
        assert gpus_at_once("auto") == count


def test_a_folder_of_locks_is_the_users_own(own_folder, tmp_path, monkeypatch, outside):
    """Whatever TMPDIR says; and what others could write to is not used."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    with leased_gpu("cuda", ["0"]):
        assert {file.name for file in own_folder.iterdir()} == {"0.lock", "0.holder"}
        assert own_folder.stat().st_mode & 0o777 == 0o700
    own_folder.chmod(0o777)
    with pytest.raises(UserError, match="found a folder that other users can write to"):
        leased_gpu("cuda", ["0"]).__enter__()
    own_folder.rename(tmp_path / "other")
    (tmp_path / "other").chmod(0o700)
    own_folder.symlink_to(tmp_path / "other")
    with pytest.raises(UserError, match="found a folder that other users can write to"):
        leased_gpu("cuda", ["0"]).__enter__()
    monkeypatch.setattr("clusterability_workflow.gpus._TEMPORARY", tmp_path / "none")
    with pytest.raises(UserError, match="No such file or directory"):
        leased_gpu("cuda", ["0"]).__enter__()
