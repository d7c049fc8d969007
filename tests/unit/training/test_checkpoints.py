"""Training that is interrupted, and training that does not fit: the bits of an undisturbed one."""

from __future__ import annotations

import itertools
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from clusterability.errors import UserError
from clusterability.networks.stacked import load_networks, network_digest
from clusterability.training.checkpoints import Checkpoints
from clusterability.training.history import TrainingResult, history_table
from clusterability.training.recipe import Recipe
from clusterability.training.train import train
from project import ROOT, TESTS

SEEDS = range(3)
RECIPES = {
    "sgd": {},
    "adam with dropout": {"optimizer": "adam", "dropout": 0.5},
    "l1 and l2": {"optimizer": "adam", "l1": 1e-4, "l2": 1e-4},
    "planted": {"optimizer": "adam", "clusterability": 20, "planted_layer": "fc2"},
    "biases and pruning": {
        "optimizer": "adam",
        "biases": True,
        "sparsity": 0.8,
        "pruning_every": 3,
    },
    "permuted labels, odd sizes": {"labels": "permuted", "architecture": "784-13-7-10"},
    "teacher, Gaussian images": {"labels": "teacher", "images": "gaussian"},
    "teacher, independent pixels": {
        "labels": "teacher",
        "images": "independent_pixels",
        "centre_pixels": True,
    },
}


class InterruptedTrainingError(Exception):
    """Raised in the middle of training, as a kill would come."""


def recipe(**changes) -> Recipe:
    return Recipe(**({"architecture": "784-16-12-10", "epochs": 3, "batch_size": 32} | changes))


def run(folder: Path | None, images, asked: Recipe, key: str = "key", **changes) -> TrainingResult:
    """Trains with a checkpoint at every step, if there is a folder for them."""
    checkpoints = Checkpoints(folder, key, seconds_between=0) if folder else None
    values = {"history_every": 1, "checkpoints": checkpoints} | changes
    return train("trained", asked, values.pop("seeds", SEEDS), images, device="cpu", **values)


def interrupt_at(step: int):
    def progress(now: int, steps: int, loss: float) -> None:
        if now == step:
            raise InterruptedTrainingError

    return progress


def assert_same(found: TrainingResult, expected: TrainingResult) -> None:
    for number in range(len(expected.rows)):
        ours, theirs = (network_digest(r.networks, number) for r in (found, expected))
        assert ours == theirs
    assert found.networks.seeds == expected.networks.seeds
    assert history_table(found).equals(history_table(expected))
    for ours, theirs in zip(found.rows, expected.rows, strict=True):
        assert (ours.seed, ours.train_loss, ours.test_accuracy) == (
            theirs.seed,
            theirs.train_loss,
            theirs.test_accuracy,
        )


# --- interrupted -------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", RECIPES.values(), ids=RECIPES.keys())
def test_training_that_is_killed_twice_gives_the_same_bits(tmp_path, images, caplog, changes):
    """Once in the middle of an epoch, once at its end; 300 images are ten steps an epoch."""
    asked = recipe(**changes)
    whole = run(None, images, asked)
    caplog.set_level("INFO")
    for step in (5, 21):
        with pytest.raises(InterruptedTrainingError):
            run(tmp_path, images, asked, progress=interrupt_at(step))
    # Raised before the checkpoint of its own step: the one before is the last.
    again = run(tmp_path, images, asked, threads=2)
    assert [r.message.split(",")[0] for r in caplog.records if "going on" in r.message] == [
        "going on from step 4",
        "going on from step 20",
    ]
    assert_same(again, whole)


def test_a_signal_keeps_the_very_step_and_says_so(tmp_path, images):
    asked, checkpoints = recipe(), Checkpoints(tmp_path, "key", seconds_between=1e9)

    def stop(now: int, steps: int, loss: float) -> None:
        checkpoints.stopped = now == 7

    with pytest.raises(UserError, match="stopped by a signal; goes on from step 7 "):
        run(None, images, asked, checkpoints=checkpoints, progress=stop)
    assert_same(run(tmp_path, images, asked), run(None, images, asked))


def test_a_whole_block_leaves_no_checkpoint_of_its_end(tmp_path, images):
    run(None, images, recipe(), checkpoints=Checkpoints(tmp_path, "key", seconds_between=1e9))
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_is_of_one_training_alone(tmp_path, images, caplog):
    with pytest.raises(InterruptedTrainingError):
        run(tmp_path, images, recipe(), progress=interrupt_at(12))
    caplog.set_level("INFO")
    other = recipe(learning_rate=0.01)
    assert_same(run(tmp_path, images, other, key="another"), run(None, images, other))
    assert "of another recipe, code or device; training anew" in caplog.text


def test_a_checkpoint_of_another_kind_of_device_is_not_used(tmp_path, images, caplog):
    """Which rounds differently: the rest would be neither the one's bits nor the other's."""
    with pytest.raises(InterruptedTrainingError):
        run(tmp_path, images, recipe(), progress=interrupt_at(12))
    caplog.set_level("INFO")
    left = Checkpoints(tmp_path, "key")
    assert left.find(SEEDS, torch.device("cpu")).step == 11
    assert left.find(SEEDS, torch.device("cuda:1")) is None
    assert "of another recipe, code or device; training anew" in caplog.text


def test_a_damaged_checkpoint_is_not_used(tmp_path, images, caplog):
    asked = recipe(architecture="784-8-10", epochs=1)
    whole = run(None, images, asked)
    with pytest.raises(InterruptedTrainingError):
        run(tmp_path, images, asked, progress=interrupt_at(6))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    for damaged in (b"", content[:4], content[:200], content[:-1], b"\xff" * 100, content[1:]):
        file.write_bytes(damaged)
        caplog.clear()
        assert_same(run(tmp_path, images, asked), whole)
        assert "no whole checkpoint" in caplog.text


def test_a_full_disk_does_not_end_the_training(images, tmp_path, caplog):
    file = tmp_path / "a file where the folder should be"
    file.touch()
    asked = recipe(epochs=1)
    assert_same(run(file, images, asked), run(None, images, asked))
    assert "no checkpoint could be written" in caplog.text


def test_checkpoints_go_with_all_their_folders_but_leave_others(tmp_path):
    networks = tmp_path / "results" / "networks" / "trained" / "0-2.safetensors"
    checkpoints = Checkpoints.of_job(networks, {"epochs": 5}, 30)
    assert checkpoints.folder == tmp_path / "results/checkpoints/trained/0-2"
    other = tmp_path / "results/checkpoints/l1/0-2/0-2.safetensors"
    for file in (checkpoints.folder / "0-1.checkpoint", other):
        file.parent.mkdir(parents=True)
        file.touch()
    checkpoints.remove()
    assert not checkpoints.folder.parent.exists()
    assert other.exists()
    assert Checkpoints.of_job(networks, {"epochs": 6}, 30).key != checkpoints.key


# --- out of memory -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("fits", [1, 2, 3])
def test_a_block_that_does_not_fit_is_halved_to_the_same_bits(
    images, monkeypatch, caplog, tmp_path, fits
):
    asked, seeds = recipe(optimizer="adam", dropout=0.5), range(5)
    whole = run(None, images, asked, seeds=seeds)
    zero_grad, tried, held = torch.optim.Adam.zero_grad, [], []

    def on_a_small_device(self, *args, **kwargs):
        """Runs out of memory in the middle of a step of any block of more networks.

        Whatever a larger block held must be free by then.
        """
        parameters = self.param_groups[0]["params"]
        tried.append(len(parameters[0]))
        if held and held[-1][0] != tried[-1]:
            assert not any(tensor() is not None for _, tensor in held)
            held.clear()
        if tried[-1] > fits:
            held.extend((tried[-1], weakref.ref(parameter)) for parameter in parameters)
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return zero_grad(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "zero_grad", on_a_small_device)
    assert_same(run(None, images, asked, seeds=seeds), whole)
    assert max(tried) == 5
    assert (
        "cpu has not enough memory for 5 networks at once; training 2, then 3 (CUDA out of memory)"
    ) in caplog.text
    # A job that is killed in the second part does not train the first again.
    ended = itertools.count()

    def late(now: int, steps: int, loss: float) -> None:
        if now == steps and next(ended) == 1:
            raise InterruptedTrainingError

    with pytest.raises(InterruptedTrainingError):
        run(tmp_path, images, asked, seeds=seeds, progress=late)
    caplog.set_level("INFO")
    assert_same(run(tmp_path, images, asked, seeds=seeds), whole)
    assert "going on from step 30" in caplog.text


def raising(error: Exception):
    def progress(now: int, steps: int, loss: float) -> None:
        raise error

    return progress


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: out of memory\nCompile with `TORCH_USE_CUDA_DSA`"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"),
        MemoryError("Unable to allocate 3.00 TiB for an array"),
        MemoryError(),
    ],
    ids=lambda error: str(error)[:40],
)
def test_one_network_that_does_not_fit_is_one_line_with_the_cause(images, error):
    with pytest.raises(UserError) as found:
        run(None, images, recipe(epochs=1), progress=raising(error))
    text = str(found.value)
    assert text.startswith(
        "training.device: cpu has not enough memory for one network of 784-16-12-10"
    )
    assert "\n" not in text
    assert (str(error).splitlines() or ["MemoryError"])[0] in text


def test_other_errors_are_not_taken_for_a_lack_of_memory(images):
    for error in (RuntimeError("size mismatch"), torch.AcceleratorError("CUDA error: launch")):
        with pytest.raises(RuntimeError, match=str(error)):
            run(None, images, recipe(epochs=1), progress=raising(error))


MEMORY = """
import sys; sys.path[:0] = [{src!r}, {helpers!r}]
import logging, resource
logging.basicConfig(level=logging.WARNING, format="%(message)s")
from builders import make_images
from pathlib import Path
from clusterability.networks.stacked import save_networks
from clusterability.training.recipe import Recipe
from clusterability.training.train import train
asked = Recipe(architecture="784-8-10", epochs=3, batch_size=300)  # large batches, small networks
images = make_images()
train("warm", asked, [0], images, device="cpu")
if sys.argv[2] != "all":
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = used + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
found = train("trained", asked, range(256), images, device="cpu")
save_networks(Path(sys.argv[1]), found.networks)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="sets Linux's limit of address space")
def test_memory_that_really_runs_out_gives_the_same_bits(tmp_path):
    script = MEMORY.format(src=str(ROOT / "src"), helpers=str(TESTS / "helpers"))
    said = {}
    for name, limit in (("whole", "all"), ("little", str(100 << 20))):
        command = [sys.executable, "-c", script, str(tmp_path / name), limit]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=1200)
        assert ran.returncode == 0, ran.stderr
        said[name] = ran.stderr
    assert "not enough memory" not in said["whole"]
    assert "cpu has not enough memory for 256 networks at once; training 128" in said["little"]
    whole, little = (load_networks(tmp_path / name) for name in ("whole", "little"))
    for layer, stack in whole.weights.items():
        assert np.array_equal(stack, little.weights[layer])
