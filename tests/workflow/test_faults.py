"""What long nights bring: kills, full disks, damage, two runs at once. Each fault is a real one."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from clusterability_workflow.lock_and_config import CONFIG_VARIABLE, LOCK, Holder, living_holder

from clusterability.files import file_digest
from clusterability.networks.stacked import load_networks, save_networks
from workflows import MICRO, Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.network]

WEIGHTS = "results/networks/trained/0-1.safetensors"
LOG = "results/logs/train/trained/0-1.log"
DRAWS = "results/nulls/theirs/imported/fc1/2-12.shuffle.npz"
DRAWS_LOG = "results/logs/null/theirs/imported/fc1/2-12.shuffle.log"
SCORES = "results/scores/trained/0-1/fc1/2-3.structure.parquet"
QUICK = MICRO | {
    "conditions": {"trained": {"optimizer": "adam", "dropout": 0.5}},
    "recipe": {"architecture": "784-16-10", "epochs": 1},
    "dataset": {"train_images": 6000, "test_images": 100},
    "training": {"threads": 1, "history_every": 1000, "checkpoint_every": 1},
}
LONG = QUICK | {"recipe": QUICK["recipe"] | {"epochs": 70}}
"""Trains for some seconds, long enough to be killed in the middle, several times."""


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.02)


def training_jobs(runner: subprocess.Popen[str]) -> list[psutil.Process]:
    return jobs_of(runner, "train.py")


def jobs_of(runner: subprocess.Popen[str], script: str) -> list[psutil.Process]:
    """Processes of a script below a running Snakemake."""
    return [
        child
        for child in psutil.Process(runner.pid).children(recursive=True)
        if any(word.endswith(script) for word in child.cmdline())
        and Path(child.cmdline()[0]).name.startswith("python")
    ]


def cluster_job(seeds: str) -> list[str]:
    """What Snakemake starts a training job with on another machine."""
    job = f"train:condition=trained,seeds={seeds}"
    return ["--mode", "remote", "--nolock", "--no-hooks", "--force", "--target-jobs", job]


def configure(workflow: Workflow, study: dict) -> None:
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(study))


def whole(folder: Path, study: dict, mnist: Path, *targets: str) -> Workflow:
    """A study as it comes out when nothing happens."""
    study["dataset"]["path"] = str(mnist)
    workflow = copy_workflow(folder)
    configure(workflow, study)
    ran = workflow.snakemake(*targets)
    assert ran.returncode == 0, ran.stdout
    return workflow


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, mnist) -> Workflow:
    """The quick study: weights, and scores of a layer."""
    return whole(tmp_path_factory.mktemp("quick"), QUICK, mnist, WEIGHTS, SCORES)


@pytest.fixture(scope="module")
def undisturbed_long(tmp_path_factory, mnist) -> Workflow:
    return whole(tmp_path_factory.mktemp("long"), LONG, mnist, WEIGHTS)


def before_anything_ran(finished: Workflow, folder: Path) -> Workflow:
    """The same study, with nothing but MNIST."""
    workflow = copy_workflow(folder)
    shutil.copy(finished.folder / "config.yaml", folder)
    shutil.copytree(finished.folder / "results/data", folder / "results/data")
    return workflow


@pytest.fixture
def study(undisturbed, tmp_path) -> Workflow:
    return before_anything_ran(undisturbed, tmp_path)


@pytest.fixture
def long_study(undisturbed_long, tmp_path) -> Workflow:
    return before_anything_ran(undisturbed_long, tmp_path)


def checkpoint(workflow: Workflow) -> list[Path]:
    return list(workflow.folder.glob("results/checkpoints/trained/0-1/*.checkpoint"))


def assert_same_bits(workflow: Workflow, undisturbed: Workflow) -> None:
    ours, theirs = (w.folder / WEIGHTS for w in (workflow, undisturbed))
    assert ours.read_bytes() == theirs.read_bytes()
    history = Path(WEIGHTS.replace("safetensors", "history.csv"))
    assert (workflow.folder / history).read_text() == (undisturbed.folder / history).read_text()


def assert_clean(workflow: Workflow) -> None:
    """No checkpoint, no lock and no part of a file is left."""
    results = workflow.folder / "results"
    assert not (results / "checkpoints").exists()
    assert not list(results.rglob(LOCK))
    assert not list(results.rglob(".partial-*"))


def resumed_from(workflow: Workflow) -> int:
    """The step that the training job went on from, as its log says."""
    found = re.search(r"going on from step (\d+)", (workflow.folder / LOG).read_text())
    return int(found[1]) if found else 0


# --- kills -------------------------------------------------------------------------------------


def started(workflow: Workflow, *, after: str) -> tuple[subprocess.Popen[str], psutil.Process]:
    """Starts training, and waits until its log has a text: the runner, and the training job."""
    log = workflow.folder / LOG
    log.unlink(missing_ok=True)
    runner = workflow.start(WEIGHTS)
    wait_until(lambda: log.exists() and after in log.read_text())
    (job,) = training_jobs(runner)
    return runner, job


def ended(runner: subprocess.Popen[str]) -> str:
    """What a run has said that had to fail, in lines and without a traceback."""
    said, _ = runner.communicate(timeout=1200)
    assert runner.returncode != 0
    assert "Traceback" not in said
    return said


@pytest.mark.release
def test_one_job_through_a_night_of_kills_gives_the_bits_of_an_undisturbed_one(
    long_study, undisturbed_long
):
    study, steps = long_study, [0]

    # Slurm's warning: a checkpoint at once, though none is due for a minute.
    configure(study, LONG | {"training": LONG["training"] | {"checkpoint_every": 60}})
    runner, job = started(study, after="step 1 of")
    time.sleep(0.3)
    assert not checkpoint(study)
    job.terminate()
    stopped = re.search(r"stopped by a signal; goes on from step (\d+)", ended(runner))
    steps.append(int(stopped[1]))
    assert checkpoint(study)

    # No time for a last word: what is lost is what came after the last checkpoint.
    configure(study, LONG)
    (file,) = checkpoint(study)
    runner, job = started(study, after="going on from step")
    steps.append(resumed_from(study))
    assert steps[-1] == steps[-2]
    before = file.stat().st_mtime_ns
    wait_until(lambda: file.stat().st_mtime_ns != before)
    job.kill()
    ended(runner)
    assert not (study.folder / WEIGHTS).exists()

    # Ctrl-C goes to Snakemake and to its jobs.
    runner, _ = started(study, after="going on from step")
    steps.append(resumed_from(study))
    time.sleep(0.3)
    os.killpg(runner.pid, signal.SIGINT)
    assert "stopped by a signal" in ended(runner)

    # Snakemake alone is killed, and started again while its job still runs.
    runner, orphan = started(study, after="going on from step")
    steps.append(resumed_from(study))
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    assert orphan.is_running()
    again = study.snakemake(WEIGHTS)
    assert again.returncode == 0, again.stdout
    assert f"process {runner.pid} on {platform.node()}" in again.stdout
    assert "ended without a word" in again.stdout
    psutil.wait_procs([orphan], timeout=1200)

    assert 0 < steps[1] == steps[2] < steps[3] < steps[4]
    assert_same_bits(study, undisturbed_long)
    assert_clean(study)
    assert "Nothing to be done" in study.snakemake(WEIGHTS).stdout


@pytest.mark.release
def test_a_null_through_kills_has_the_draws_of_an_undisturbed_one(tmp_path, mnist):
    matrix = tmp_path / "matrix.npy"
    np.save(matrix, np.random.default_rng(0).standard_normal((150, 400)).astype(np.float32))
    asked = QUICK | {
        "networks": {"theirs": {"path": str(matrix)}},
        "k_grid": ["2-12"],
        "clustering": {"methods": ["matched"], "restarts": 5},
        "nulls": {"shuffle": 250},
    }
    undisturbed = whole(tmp_path / "undisturbed", asked, mnist, DRAWS)
    study = before_anything_ran(undisturbed, tmp_path / "study")
    log, parts = study.folder / DRAWS_LOG, study.folder / "results/checkpoints/nulls"
    resumed = []

    def kept() -> int:
        """Files that are whole."""
        return sum(not file.name.startswith(".partial-") for file in parts.rglob("*.npz"))

    for way in ("kill", "terminate"):
        log.unlink(missing_ok=True)
        before = kept()
        runner = study.start(DRAWS)
        wait_until(lambda before=before: kept() > before)
        (job,) = jobs_of(runner, "null.py")
        getattr(job, way)()
        said = ended(runner)
        resumed.append(int((re.findall(r"going on from draw (\d+)", log.read_text()) or [0])[0]))
    assert "the null was stopped by a signal; what is drawn is kept" in said
    again = study.snakemake(DRAWS)
    assert again.returncode == 0, again.stdout
    resumed.append(int(re.search(r"going on from draw (\d+)", log.read_text())[1]))
    assert 0 == resumed[0] < resumed[1] < resumed[2] < 250
    assert (study.folder / DRAWS).read_bytes() == (undisturbed.folder / DRAWS).read_bytes()
    assert_clean(study)


def test_a_job_that_runs_twice_at_once_gives_what_one_gives(study, undisturbed):
    """Retried jobs of a cluster may; each is started as a cluster starts it."""
    both = [study.start(*cluster_job("0-1")) for _ in range(2)]
    for started in both:
        said, _ = started.communicate(timeout=1200)
        assert started.returncode == 0, said
    assert_same_bits(study, undisturbed)
    assert_clean(study)


# --- disks -------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(study) -> Iterator[Callable[[str], None]]:
    """The study's results on a disk of their own; the function changes the mount's options."""
    results = study.folder / "results"
    shutil.rmtree(results / "data")

    def mount(*options: str) -> None:
        ran = subprocess.run(["mount", *options, str(results)], capture_output=True, text=True)
        if ran.returncode:
            pytest.skip(f"no file system can be mounted here: {ran.stderr.strip()}")

    if sys.platform != "linux" or os.geteuid():
        pytest.skip("mounting a small disk needs Linux, and root")
    mount("-t", "tmpfs", "-o", "size=100k", "tmpfs")
    try:
        yield lambda options: mount("-o", f"remount,{options}")
    finally:
        subprocess.run(["umount", "-l", str(results)], check=False)


@pytest.mark.release
def test_a_disk_that_cannot_be_written_is_one_line_and_nothing_half_written(
    study, undisturbed, small_disk
):
    (study.folder / "results/data").symlink_to(undisturbed.folder / "results/data")
    small_disk("ro")
    read_only = study.snakemake(WEIGHTS)
    assert "results: found a read-only file system" in read_only.stdout
    assert study.snakemake("--dry-run", WEIGHTS).returncode == 0

    small_disk("rw")
    full = study.snakemake(WEIGHTS)
    assert f"{WEIGHTS}: found no space left on the disk" in full.stdout
    for failed in (read_only, full):
        assert failed.returncode != 0
        assert "Traceback" not in failed.stdout
    assert not (study.folder / WEIGHTS).exists()
    assert not list((study.folder / "results").rglob(".partial-*"))

    small_disk("size=50m")
    again = study.snakemake(WEIGHTS)
    assert again.returncode == 0, again.stdout
    assert_same_bits(study, undisturbed)


# --- damage ------------------------------------------------------------------------------------


def test_damage_is_found_named_and_made_again(undisturbed, tmp_path):
    study = Workflow(tmp_path / "copy")
    shutil.copytree(undisturbed.folder, study.folder)
    sound = study.command("verify.py", "--blocks", "0")
    assert sound.returncode == 0, sound.stdout
    weights, scores = study.folder / WEIGHTS, study.folder / SCORES
    weights.write_bytes(weights.read_bytes()[:-1000])
    content = bytearray(scores.read_bytes())
    content[len(content) // 2] ^= 1
    scores.write_bytes(content)
    found = study.command("verify.py", "--blocks", "0")
    assert found.returncode == 1
    for name in (WEIGHTS, SCORES):
        assert found.stdout.count(f"{name}: found SHA-256") == 1
        assert (study.folder / f"{name}.damaged").is_file()
    assert study.snakemake(WEIGHTS, SCORES).returncode == 0
    assert_same_bits(study, undisturbed)
    assert study.command("verify.py", "--blocks", "0").returncode == 0


@pytest.mark.release
def test_a_block_made_again_is_equal_and_a_forged_one_is_not(undisturbed, tmp_path):
    study = Workflow(tmp_path / "copy")
    shutil.copytree(undisturbed.folder, study.folder)
    equal = study.command("verify.py", "--blocks", "9")
    assert equal.returncode == 0, equal.stdout
    assert "networks equal to the bit" in equal.stdout
    counts = re.search(r"of (\d+) files of partitions, nulls and scores (\d+) equal", equal.stdout)
    assert counts[1] == counts[2] == "8"  # partitions, starts, held out; two nulls; three of scores
    # Weights and their record changed together: digests are sound, but nothing trains to them.
    forge(study.folder)
    forged = study.command("verify.py", "--blocks", "1")
    assert forged.returncode == 1
    assert "0 damaged" not in forged.stdout
    assert f"{WEIGHTS}: fc1: found weights at a relative distance of" in forged.stdout


def forge(folder: Path) -> None:
    networks = load_networks(folder / WEIGHTS)
    networks.weights["fc1"] = networks.weights["fc1"] * 1.01
    save_networks(folder / WEIGHTS, networks)
    record = folder / "results/records/train/trained/0-1.json"
    content = json.loads(record.read_text())
    content["files"][WEIGHTS] = file_digest(folder / WEIGHTS)
    record.write_text(json.dumps(content))


# --- two runs ----------------------------------------------------------------------------------


def test_a_second_run_says_who_holds_the_results(study):
    lock = study.folder / "results" / LOCK
    first = study.start(WEIGHTS)
    wait_until(lambda: living_holder(lock.parent))
    second = study.snakemake(WEIGHTS)
    assert second.returncode != 0
    lines = [line for line in second.stdout.splitlines() if "held by" in line]
    assert len(lines) == 1
    assert f"results: held by process {first.pid} on {platform.node()}, since " in lines[0]
    assert "Traceback" not in second.stdout
    first.communicate(timeout=1200)
    assert first.returncode == 0
    assert_clean(study)


def test_results_that_a_run_holds_are_planned_but_neither_verified_nor_cleaned(study):
    lock = study.folder / "results" / LOCK
    lock.write_text(json.dumps(asdict(Holder.this_process())))
    assert study.command("plan.py").returncode == 0
    for command in (["verify.py"], ["plan.py", "--clean-orphans"]):
        found = study.command(*command)
        assert found.returncode != 0
        assert f"results: held by process {os.getpid()} on" in found.stdout
    assert lock.exists()


def test_a_lock_of_another_host_is_left_and_said(study):
    holder = Holder("elsewhere", 4711, time.time() - 3600, "snakemake")
    lock = study.folder / "results" / LOCK
    lock.write_text(json.dumps(asdict(holder)))
    found = study.snakemake(WEIGHTS)
    assert found.returncode != 0
    assert "held by process 4711 on elsewhere" in found.stdout
    assert f"if it is dead, remove results/{LOCK}" in found.stdout


# --- a config that changes ---------------------------------------------------------------------


@pytest.mark.release
def test_an_edit_of_the_config_does_not_reach_the_jobs_of_a_run(long_study, monkeypatch):
    study, config = long_study, long_study.folder / "config.yaml"
    epochs = {"recipe": LONG["recipe"] | {"epochs": 15}}
    configure(study, LONG | epochs | {"seeds": ["0-1", "2-3"]})
    targets = [WEIGHTS, WEIGHTS.replace("0-1", "2-3")]
    runner = study.start("--cores", "1", *targets)
    wait_until(lambda: (study.folder / LOG).exists())
    configure(study, LONG | {"recipe": {"architecture": "784-4-10"}, "seeds": [7]})
    said, _ = runner.communicate(timeout=1200)
    assert runner.returncode == 0, said
    for target in targets:
        assert load_networks(study.folder / target).recipe["architecture"] == "784-16-10"

    # A cluster's job reads the config when it starts, as any Snakemake does; here it is broken.
    config.write_text("seeds: [[[")
    (frozen,) = (study.folder / "results/configs").iterdir()
    (study.folder / targets[1]).unlink()
    monkeypatch.setenv(CONFIG_VARIABLE, str(frozen))
    monkeypatch.setattr("workflows.OURS", ("SNAKEMAKE",))
    ran = study.snakemake(*cluster_job("2-3"))
    assert ran.returncode == 0, ran.stdout
    assert load_networks(study.folder / targets[1]).recipe["architecture"] == "784-16-10"
