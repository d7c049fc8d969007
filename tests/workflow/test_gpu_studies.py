"""Studies on a machine with GPUs, as far as a machine without one can show them."""

from __future__ import annotations

import re

import pytest

from workflows import MICRO, RULE, Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.release]


@pytest.fixture
def two_gpus(tmp_path, mnist) -> Workflow:
    """A study of three training jobs where the driver shows two GPUs, and PyTorch none."""
    workflow = copy_workflow(tmp_path, edited=True)
    devices = tmp_path / "dev"
    devices.mkdir()
    for name in ("nvidiactl", "nvidia0", "nvidia1"):
        (devices / name).touch()
    module = workflow.folder / "scripts/clusterability_workflow/gpus.py"
    text = module.read_text()
    assert text.count('Path("/dev")') == 1
    module.write_text(text.replace('Path("/dev")', f"Path({str(devices)!r})"))
    dataset = MICRO["dataset"] | {"path": str(mnist)}
    workflow.configure(seeds=[0, 1, 2], conditions={"baseline": {}}, dataset=dataset)
    return workflow


def test_no_more_jobs_train_at_once_than_there_are_gpus(two_gpus, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    ran = two_gpus.snakemake("networks", "--cores", "6")
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"Provided resources: gpu=\D*2\D", ran.stdout)
    # Three are ready when MNIST is there, and there are cores for all of them.
    assert max(map(int, re.findall(r"Execute (\d+) jobs", ran.stdout))) == 2


def test_what_the_user_says_of_gpus_goes_before(two_gpus, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    ran = two_gpus.snakemake("results/data/mnist/train-labels-idx1-ubyte", "--resources", "gpu=5")
    assert ran.returncode == 0, ran.stdout
    assert re.search(r"Provided resources: gpu=\D*5\D", ran.stdout)


def gpus_of_training(workflow: Workflow, *arguments: str) -> set[bool]:
    """Whether training jobs ask for a GPU in a dry run."""
    found = workflow.snakemake("networks", "--dry-run", *arguments)
    assert found.returncode == 0, found.stdout
    return {"gpu=1" in body for name, body in RULE.findall(found.stdout) if name == "train"}


def test_a_training_job_asks_for_a_gpu_where_it_can_have_one(two_gpus, monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus_of_training(two_gpus) == {True}
    # A cluster's nodes may differ from the machine that submits: there the profile asks.
    assert gpus_of_training(two_gpus, "--jobs", "10") == {False}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert gpus_of_training(two_gpus) == {False}
    two_gpus.configure(seeds=[0], training={"device": "cuda"})
    assert gpus_of_training(two_gpus, "--jobs", "10") == {True}
    for file in (tmp_path / "dev").iterdir():
        file.unlink()
    two_gpus.configure(seeds=[0])
    assert gpus_of_training(two_gpus) == {False}
