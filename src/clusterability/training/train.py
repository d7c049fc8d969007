"""Stacked training of networks from seeds, with one batched product per layer.

The bits of a network depend on its recipe and its seed (and those of its parent network), not on
its block, its neighbours or the number of threads. Each network has separate streams for
initialisation, data order and dropout, derived from its seed by name; data order and dropout have a
stream per epoch. Nor do the bits depend on interruptions, since a checkpoint contains everything
that the rest of training depends on.
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

# cuBLAS is deterministic only with a fixed workspace; it reads the setting when CUDA starts.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
# Prevents MKL from splitting products among threads along the summed dimension on Intel's
# processors; it reads the setting at its first product.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


Progress = Callable[[int, int, float], None]
"""Callback with arguments step, total steps and mean loss over networks."""


@dataclass(frozen=True)
class _Images:
    """Network inputs and labels on the device.

    Attributes:
        train, test: [images, pixels].
        train_labels, test_labels: [networks, images, heads]; permuted and teacher's labels differ
            between networks.
        left_out: [pixels], True for pixels that are left out.
    """

    train: torch.Tensor
    train_labels: torch.Tensor
    test: torch.Tensor
    test_labels: torch.Tensor
    left_out: torch.Tensor


@dataclass(frozen=True)
class Origin:
    """Parent networks of the same seeds to continue training from, and their number of epochs."""

    networks: Networks
    epochs: int

    @classmethod
    def of_file(cls, path: str | None, epochs: int) -> Origin | None:
        """Load the parent networks from a file; None without a file."""
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
    """Train a block of networks together, in halves if the device runs out of memory.

    Args:
        condition: name of the condition, for messages and for the networks.
        recipe: recipe of training.
        seeds: one per network.
        mnist: images, as bytes.
        device: `auto`, or a device name of PyTorch.
        threads: number of CPU threads.
        history_every: steps between two rows of the history, counted in each epoch.
        progress: called after every step that adds to the history.
        checkpoints: checkpoints to resume from and to write; the caller removes them.
        origin: parent networks, instead of initial weights.

    Raises:
        UserError: if a loss is not finite, naming condition, seed and step; if the device has too
            little memory for one network; or if a signal stopped the training.
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
    """Arguments of training that are the same for all parts of a block."""

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
        """Number of epochs of the parent networks."""
        return self.origin.epochs if self.origin else 0


def _train_what_fits(job: _Job, seeds: Sequence[int], part: bool = False) -> TrainingResult:
    """Train the block, or its halves in turn, with the same bits."""
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
    # After the except clause, since the traceback keeps the block's tensors alive.
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
    """Parameters at the start: initial ones, or those of the parent networks."""
    recipe = job.recipe
    if job.origin is None:
        kind = recipe.initialisation
        weights = initial_weights(recipe.sizes, seeds, kind)
        biases = initial_biases(recipe.sizes, seeds, kind) if recipe.biases else []
    else:
        networks = job.origin.networks
        indices = [networks.seeds.index(seed) for seed in seeds]
        weights, biases = (
            [torch.from_numpy(stack[indices]) for stack in stacks.values()]
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
    """Train networks from `start`; a part of a block also writes a checkpoint at its end.

    Returns the trained parameters, the history, and the seconds spent by interrupted jobs.
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
                position = (steps_before + step, epoch_of_all + 1)
                history += _history_rows(seeds, position, loss, parameters.trained(), images)
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
    """Cross-entropy [networks] of each network on its batch, summed over heads.

    `chosen` has the indices [networks, batch] of the images.
    """
    count, heads = chosen.shape[1], images.train_labels.shape[2]
    # Padded to an aligned number of images; logits of padded images and classes are not used.
    padded = torch.nn.functional.pad(chosen, (0, aligned(count) - count))
    batch = images.train.index_select(0, padded.reshape(-1)).view(*padded.shape, -1)
    logits = forward(layers.weights, layers.biases, batch, masks.draw(chosen))
    by_head = logits[:, :count, : heads * MNIST_CLASSES].unflatten(2, (heads, MNIST_CLASSES))
    log_probabilities = torch.log_softmax(by_head, dim=3)
    targets = images.train_labels.gather(1, chosen.unsqueeze(2).expand(-1, -1, heads))
    target_log_probabilities = log_probabilities.gather(3, targets.unsqueeze(3)).squeeze(3)
    return -target_log_probabilities.sum(dim=2).mean(dim=1)


def _optimizer(recipe: Recipe, parameters: list[torch.Tensor]) -> torch.optim.Optimizer:
    entry = OPTIMISERS[recipe.optimizer]
    arguments = {name: getattr(recipe, key) for name, key in entry.arguments.items()}
    optimizer: Callable[..., torch.optim.Optimizer] = getattr(torch.optim, entry.torch_name)
    return optimizer(parameters, **arguments, fused=True)


def _data_order(recipe: Recipe, seeds: Sequence[int], epoch: int, images: int) -> torch.Tensor:
    """Permutation of the training images for each network, [networks, images]."""
    other = (recipe.data_order,) if recipe.data_order else ()
    orders = []
    for seed in seeds:
        source = torch.Generator().manual_seed(integer_seed("order", seed, epoch, *other))
        orders.append(torch.randperm(images, generator=source))
    return torch.stack(orders)


def _history_rows(
    seeds: Sequence[int],
    position: tuple[int, int],
    loss: torch.Tensor,
    layers: Layers,
    images: _Images,
) -> list[HistoryRow]:
    """Rows of the history at a position (step, epoch) of training."""
    accuracy, _ = evaluate(layers.weights, layers.biases, images.test, images.test_labels)
    values = zip(seeds, loss.tolist(), accuracy.mean(axis=1).tolist(), strict=True)
    return [
        HistoryRow(seed, *position, value, test_accuracy) for seed, value, test_accuracy in values
    ]


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
        classes = examples.labels(part, seeds)
        return tensor(classes.reshape(*classes.shape[:2], recipe.heads))

    return _Images(
        train=tensor(examples.train),
        train_labels=labels("train"),
        test=tensor(examples.test),
        test_labels=labels("test"),
        left_out=tensor(examples.left_out),
    )


def _no_progress(step: int, steps: int, loss: float) -> None:
    """Default callback that does nothing."""
