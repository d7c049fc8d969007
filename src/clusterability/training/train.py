"""Seeds to networks: stacked training, one batched product a layer.

A network's bits depend on its recipe and its seed (and those of the network that it goes on from):
not on its block, its neighbours or the number of threads. Each network has its own initialisation,
data order and dropout, all by name from its seed; data orders and dropout restart by epoch. Nor do
the bits depend on interruptions: a checkpoint holds all that the rest of training depends on.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from clusterability.errors import UserError
from clusterability.networks.stacked import Networks, join_networks, load_networks
from clusterability.networks.tasks import MNIST_CLASSES
from clusterability.numerics import keep_freed_memory
from clusterability.randomness import integer_seed
from clusterability.training.checkpoints import Checkpoints
from clusterability.training.devices import (
    choose_device,
    deterministic,
    first_sentence,
    is_out_of_memory,
)
from clusterability.training.dropout import DropoutMasks
from clusterability.training.examples import Examples, Part
from clusterability.training.history import HistoryRow, NetworkRow, TrainingResult
from clusterability.training.images import Mnist
from clusterability.training.loss_watch import LossWatch
from clusterability.training.optimisers import OPTIMISERS
from clusterability.training.padding import aligned
from clusterability.training.penalty import Penalty
from clusterability.training.perceptron import evaluate, forward, initial_biases, initial_weights
from clusterability.training.pruning import Pruning
from clusterability.training.recipe import Recipe
from clusterability.training.resume import Resumable
from clusterability.training.stacked_parameters import Layers, Parameters

logger = logging.getLogger(__name__)

# cuBLAS is deterministic only with a fixed workspace, which it reads when CUDA starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
# MKL on Intel's processors shares a product among threads along the summed dimension, too, but for
# this; it reads the setting at its first product.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


Progress = Callable[[int, int, float], None]
"""Called with (step, steps in all, mean loss over networks)."""


@dataclass(frozen=True)
class _Images:
    """Images on the device, as the networks see them.

    Labels are [networks, images, heads]: permuted ones and those of teachers are each network's
    own.
    `left_out` is [pixels], True for pixels that no network sees.
    """

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor
    left_out: torch.Tensor


@dataclass(frozen=True)
class Origin:
    """Networks that training goes on from, of the same seeds, and the epochs they were trained."""

    networks: Networks
    epochs: int

    @classmethod
    def of_file(cls, path: str | None, epochs: int) -> Origin | None:
        """The networks of a file, if there is one."""
        return cls(load_networks(Path(path)), epochs) if path else None


def train(
    condition: str,
    recipe: Recipe,
    seeds: Sequence[int],
    mnist: Mnist,
    *,
    device: str = "auto",
    threads: int = 1,
    history_every: int = 400,
    progress: Progress | None = None,
    checkpoints: Checkpoints | None = None,
    origin: Origin | None = None,
) -> TrainingResult:
    """Trains a block of networks together, in halves where the device has no memory for all.

    Args:
        condition: name of the recipe, for messages and for the networks' file.
        recipe: what to train, and how.
        seeds: one a network.
        mnist: the images, as bytes.
        device: `auto`, or a name that PyTorch knows.
        threads: CPU threads.
        history_every: steps between two rows of the history, counted in each epoch.
        progress: called after every step that adds to the history, and after the last.
        checkpoints: where an interrupted job goes on from; they stay until they are removed.
        origin: networks to go on from, instead of initial ones.

    Raises:
        UserError: where a loss is not finite; names condition, seed and step. Where the device
            has not enough memory for one network, and where a signal stopped the training.
    """
    job = _Job(
        condition=condition,
        recipe=recipe,
        mnist=mnist,
        device=choose_device(device),
        history_every=history_every,
        progress=progress or _no_progress,
        checkpoints=checkpoints,
        origin=origin,
    )
    logger.info("condition %s: %d networks together, on %s", condition, len(seeds), job.device)
    keep_freed_memory()
    with deterministic(threads):
        return _train_what_fits(job, seeds)


@dataclass(frozen=True)
class _Job:
    """What is trained, and how: the same for all parts of a block."""

    condition: str
    recipe: Recipe
    mnist: Mnist
    device: torch.device
    history_every: int
    progress: Progress
    checkpoints: Checkpoints | None
    origin: Origin | None

    @property
    def epochs_before(self) -> int:
        """Epochs that the networks were trained before."""
        return self.origin.epochs if self.origin else 0


def _train_what_fits(job: _Job, seeds: Sequence[int], part: bool = False) -> TrainingResult:
    """Trains the block, or one half after the other: the bits are the same."""
    try:
        return _train_block(job, seeds, part)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        cause = first_sentence(error)
        if len(seeds) == 1:
            larger = "more of it" if job.device.type == "cpu" else "a larger device, or cpu"
            raise UserError(
                f"training.device: {job.device} has not enough memory for one network of"
                f" {job.recipe.architecture}, expected {larger} ({cause})"
            ) from None
    # Outside of the exception, whose traceback holds on to the block's tensors.
    gc.collect()
    if job.device.type == "cuda":
        torch.cuda.empty_cache()
    middle = len(seeds) // 2
    logger.warning(
        "%s: %s has not enough memory for %d networks at once; training %d, then %d (%s)",
        job.condition, job.device, len(seeds), middle, len(seeds) - middle, cause,
    )  # fmt: skip
    first, second = (
        _train_what_fits(job, half, part=True) for half in (seeds[:middle], seeds[middle:])
    )
    networks = join_networks([first.networks, second.networks])
    history = sorted(first.history + second.history, key=lambda row: row.step)
    return TrainingResult(networks, history, first.rows + second.rows)


def _train_block(job: _Job, seeds: Sequence[int], part: bool) -> TrainingResult:
    recipe, started = job.recipe, time.perf_counter()
    images = _to_device(recipe, seeds, job.mnist, job.device)
    layers = _start(job, seeds)
    layers.weights[0][:, :, images.left_out] = 0
    history: list[HistoryRow] = []
    if recipe.trains:
        layers, history, earlier = _optimise(job, seeds, images, layers, started, part)
        started -= earlier
    seconds = (time.perf_counter() - started) / len(seeds)
    rows = _evaluated(seeds, layers, images, seconds)
    weights, biases = (
        {layer: stack.cpu().numpy() for layer, stack in zip(recipe.layers, stacks, strict=False)}
        for stacks in (layers.weights, layers.biases)
    )
    networks = Networks(job.condition, tuple(seeds), recipe.model_dump(), weights, biases)
    return TrainingResult(networks, history, rows)


def _start(job: _Job, seeds: Sequence[int]) -> Layers:
    """What training starts from: initial weights, or networks of these seeds to go on from."""
    recipe = job.recipe
    if job.origin is None:
        kind = recipe.initialisation
        weights = initial_weights(recipe.sizes, seeds, kind)
        biases = initial_biases(recipe.sizes, seeds, kind) if recipe.biases else []
    else:
        networks = job.origin.networks
        own = [networks.seeds.index(seed) for seed in seeds]
        weights, biases = (
            [torch.from_numpy(stack[own]) for stack in stacks.values()]
            for stacks in (networks.weights, networks.biases)
        )
    return Layers(*([stack.to(job.device) for stack in stacks] for stacks in (weights, biases)))


def _optimise(
    job: _Job,
    seeds: Sequence[int],
    images: _Images,
    start: Layers,
    started: float,
    part: bool,
) -> tuple[Layers, list[HistoryRow], float]:
    """Trains networks from `start` on. A part of a block is kept when it is done, too.

    Returns what they became, the history, and the seconds that interrupted jobs had spent on it
    before.
    """
    recipe = job.recipe
    parameters = Parameters(start)
    layers = parameters.layers
    batches = math.ceil(len(images.train) / recipe.batch_size)
    steps, steps_before = recipe.steps_of(batches), job.epochs_before * batches
    watch = LossWatch(job.condition, seeds, job.device)
    penalty = Penalty(recipe, layers.weights)
    shapes = [parameter.shape for parameter in parameters.weights]
    pruning = Pruning(recipe, batches, shapes, job.device) if recipe.sparsity else None
    history: list[HistoryRow] = []
    optimizer = _optimizer(recipe, parameters.all)
    resumable = Resumable(
        job.checkpoints, job.device, seeds, parameters.all, optimizer, watch, pruning, history
    )
    done, earlier = resumable.resume()
    for epoch in range(done // batches, math.ceil(steps / batches)):
        epoch_of_all = job.epochs_before + epoch
        order = _data_order(recipe, seeds, epoch_of_all, len(images.train)).to(job.device)
        masks = DropoutMasks(recipe, seeds, epoch_of_all)
        first = done - epoch * batches if done > epoch * batches else 0
        if first:
            masks.restore(resumable.dropout)
        for batch in range(first, min(batches, steps - epoch * batches)):
            step = epoch * batches + batch + 1
            chosen = order[:, batch * recipe.batch_size : (batch + 1) * recipe.batch_size]
            if pruning:
                pruning.before(step - 1, parameters.weights)
            loss = _losses(layers, images, chosen, masks)
            optimizer.zero_grad(set_to_none=True)
            (loss.sum() + penalty.of(layers.weights)).backward()
            optimizer.step()
            if pruning:
                pruning.after(parameters.weights)
            watch.see(steps_before + step, loss)
            if batch % job.history_every == 0 or step == steps:
                watch.check()
                place = (steps_before + step, epoch_of_all + 1)
                history += _history_rows(seeds, place, loss, parameters.trained(), images)
                job.progress(step, steps, float(loss.detach().mean()))
            if job.checkpoints and (job.checkpoints.due() or (part and step == steps)):
                resumable.keep(step, masks, earlier + time.perf_counter() - started)
    return parameters.trained(), history, earlier


def _losses(
    layers: Layers,
    images: _Images,
    chosen: torch.Tensor,
    masks: DropoutMasks,
) -> torch.Tensor:
    """Cross-entropy [networks] of each network on its own images `chosen` [networks, batch].

    The sum over heads, where there are several.
    """
    count, heads = chosen.shape[1], images.train_labels.shape[2]
    # Padded to an aligned number of images; nobody looks at the logits of those, nor at those of
    # padded classes.
    padded = torch.nn.functional.pad(chosen, (0, aligned(count) - count))
    batch = images.train.index_select(0, padded.reshape(-1)).view(*padded.shape, -1)
    logits = forward(layers.weights, layers.biases, batch, masks.draw(chosen))
    by_head = logits[:, :count, : heads * MNIST_CLASSES].unflatten(2, (heads, MNIST_CLASSES))
    log_probabilities = torch.log_softmax(by_head, dim=3)
    targets = images.train_labels.gather(1, chosen.unsqueeze(2).expand(-1, -1, heads))
    own = log_probabilities.gather(3, targets.unsqueeze(3)).squeeze(3)
    return -own.sum(dim=2).mean(dim=1)


def _optimizer(recipe: Recipe, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    entry = OPTIMISERS[recipe.optimizer]
    arguments = {name: getattr(recipe, key) for name, key in entry.arguments.items()}
    optimizer: Callable[..., torch.optim.Optimizer] = getattr(torch.optim, entry.torch_name)
    return optimizer(parameters, **arguments, fused=True)


def _data_order(recipe: Recipe, seeds: Sequence[int], epoch: int, images: int) -> torch.Tensor:
    """A permutation of the training images for each network, [networks, images]."""
    other = (recipe.data_order,) if recipe.data_order else ()
    orders = []
    for seed in seeds:
        source = torch.Generator().manual_seed(integer_seed("order", seed, epoch, *other))
        orders.append(torch.randperm(images, generator=source))
    return torch.stack(orders)


def _history_rows(
    seeds: Sequence[int],
    place: tuple[int, int],
    loss: torch.Tensor,
    layers: Layers,
    images: _Images,
) -> list[HistoryRow]:
    """Rows of a place in training, (step, epoch)."""
    accuracy, _ = evaluate(layers.weights, layers.biases, images.test, images.test_labels)
    values = zip(seeds, loss.tolist(), accuracy.mean(axis=1).tolist(), strict=True)
    return [HistoryRow(seed, *place, value, hits) for seed, value, hits in values]


def _evaluated(
    seeds: Sequence[int], layers: Layers, images: _Images, seconds: float
) -> list[NetworkRow]:
    stacks = (layers.weights, layers.biases)
    train_accuracy, train_loss = evaluate(*stacks, images.train, images.train_labels)
    test_accuracy, test_loss = evaluate(*stacks, images.test, images.test_labels)
    return [
        NetworkRow(
            seed=seed,
            train_accuracy=float(train_accuracy[number].mean()),
            train_loss=float(train_loss[number]),
            test_accuracy=float(test_accuracy[number].mean()),
            test_loss=float(test_loss[number]),
            seconds=seconds,
            device=str(layers.weights[0].device),
            head_accuracies=tuple(test_accuracy[number].tolist()),
        )
        for number, seed in enumerate(seeds)
    ]


def _to_device(recipe: Recipe, seeds: Sequence[int], mnist: Mnist, device: torch.device) -> _Images:
    examples = Examples(recipe, mnist)

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    def labels(part: Part) -> torch.Tensor:
        found = examples.labels(part, seeds)
        return tensor(found.reshape(*found.shape[:2], recipe.heads))

    return _Images(
        train=tensor(examples.train),
        train_labels=labels("train"),
        test=tensor(examples.test),
        test_labels=labels("test"),
        left_out=tensor(examples.left_out),
    )


def _no_progress(step: int, steps: int, loss: float) -> None:
    """Tells nobody."""
