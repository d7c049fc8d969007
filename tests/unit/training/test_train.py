"""Stacked training against plain PyTorch, one network at a time, and against its promises."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from clusterability.errors import UserError
from clusterability.networks.stacked import network_digest
from clusterability.randomness import integer_seed
from clusterability.training.devices import choose_device, deterministic
from clusterability.training.dropout import DropoutMasks
from clusterability.training.examples import task_data
from clusterability.training.history import history_table, network_table
from clusterability.training.images import normalise, training_labels
from clusterability.training.perceptron import evaluate, initial_biases, initial_weights
from clusterability.training.planting import inside_planted
from clusterability.training.recipe import Recipe
from clusterability.training.train import Origin, train

SMALL = "784-16-12-10"
JOINT = {"task": "two_digits_joint", "architecture": "1568-16-12-20", "batch_size": 30}


def recipe(**changes) -> Recipe:
    return Recipe(**({"architecture": SMALL, "epochs": 2, "batch_size": 32} | changes))


def digests(result) -> list[str]:
    return [network_digest(result.networks, n) for n in range(len(result.rows))]


def live_masks(dropout: DropoutMasks, recipe: Recipe, count: int) -> list[torch.Tensor]:
    """The next step's masks [networks, images, units], without the units and images of padding."""
    hidden, networks = recipe.sizes[1:-1], len(dropout.sources)
    masks = dropout.draw(torch.zeros(networks, count, dtype=torch.int64))
    if masks is None:
        return [torch.ones(networks, count, units) for units in hidden]
    return [mask[:, :count, :units] for mask, units in zip(masks, hidden, strict=True)]


def pruned(recipe: Recipe, step: int, steps: int) -> float | None:
    """Share to prune before a step, counted from 0: the schedule by hand."""
    every, begin = recipe.pruning_every, recipe.pruning_start * (steps // recipe.epochs)
    choices = list(range(begin, steps, every))
    if not recipe.sparsity or step not in choices:
        return None
    left = 1 - choices.index(step) / max(len(choices) - 1, 1) if len(choices) > 1 else 0
    return recipe.sparsity - (recipe.sparsity - recipe.sparsity_start) * left**3


def prune(weight: torch.Tensor, share: float) -> torch.Tensor:
    """Sets the share of smallest magnitude to zero, and says which are left."""
    order = np.argsort(np.abs(weight.detach().numpy()).ravel(), kind="stable")
    keep = np.ones(weight.numel(), bool)
    keep[order[: round(share * weight.numel())]] = False
    return torch.from_numpy(keep.reshape(weight.shape))


def reference(recipe: Recipe, seed: int, images) -> list[np.ndarray]:
    """The same network by `torch.nn.Linear`, autograd and an unstacked loop: weights, then biases.

    With dropout it takes the masks of `train`, which have a test of their own; what is planted, and
    which labels are permuted how, it takes from the library, too.
    """
    sizes = recipe.sizes
    layers = [torch.nn.Linear(i, o, bias=recipe.biases) for i, o in itertools.pairwise(sizes)]
    with torch.no_grad():
        kind = recipe.initialisation
        for layer, stack in zip(layers, initial_weights(sizes, [seed], kind), strict=True):
            layer.weight.copy_(stack[0])
        for layer, stack in zip(layers, initial_biases(sizes, [seed], kind), strict=True):
            if recipe.biases:
                layer.bias.copy_(stack[0])
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=recipe.learning_rate)
    if recipe.optimizer == "adam":
        optimizer = torch.optim.Adam(parameters, lr=recipe.learning_rate, eps=recipe.epsilon)
    images = task_data(images, recipe.task)
    x = torch.from_numpy(normalise(images.train_images))
    if not recipe.normalise:
        x = torch.from_numpy(images.train_images) / 255
    y = torch.from_numpy(training_labels(images.train_labels, recipe.labels == "permuted", seed))
    y = y.reshape(len(x), -1)
    inside = torch.from_numpy(inside_planted(recipe)) if recipe.plants else None
    steps, step = recipe.epochs * -(-len(x) // recipe.batch_size), 0
    kept = [torch.ones_like(layer.weight) for layer in layers]
    for epoch in range(recipe.epochs):
        source = torch.Generator().manual_seed(integer_seed("order", seed, epoch))
        dropout = DropoutMasks(recipe, [seed], epoch)
        for chosen in torch.randperm(len(x), generator=source).split(recipe.batch_size):
            share = pruned(recipe, step, steps)
            with torch.no_grad():
                for number, layer in enumerate(layers):
                    if share is not None:
                        kept[number] = prune(layer.weight, share)
                    layer.weight.mul_(kept[number])
            activity, masks = x[chosen], live_masks(dropout, recipe, len(chosen))
            for layer, mask in zip(layers[:-1], masks, strict=True):
                activity = torch.relu(layer(activity)) * mask[0]
            heads = zip(layers[-1](activity).split(10, dim=1), y[chosen].T, strict=True)
            loss = sum(torch.nn.functional.cross_entropy(*head) for head in heads)
            for name, layer in zip(recipe.layers, layers, strict=True):
                if name in (recipe.l1_layers or recipe.layers):
                    loss = loss + recipe.l1 * layer.weight.abs().sum()
                if name in (recipe.l2_layers or recipe.layers):
                    loss = loss + recipe.l2 * layer.weight.square().sum()
            if inside is not None:
                squares = layers[int(recipe.planted_layer[2:]) - 1].weight.square()
                loss = loss - recipe.clusterability * squares[inside].sum() / squares.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    weights = [layer.weight.detach() * mask for layer, mask in zip(layers, kept, strict=True)]
    biases = [layer.bias.detach() for layer in layers if recipe.biases]
    return [parameter.numpy() for parameter in weights + biases]


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.05},
        {"optimizer": "adam"},
        {"optimizer": "adam", "l1": 1e-3, "l2": 1e-3},
        {"learning_rate": 0.05, "l2": 1e-2},
        {"optimizer": "adam", "architecture": "784-17-13-10", "batch_size": 30, "l1": 1e-3},
        {"dropout": 0.2, "learning_rate": 0.05},
        {"dropout": 0.2, "learning_rate": 0.05, "architecture": "784-17-13-10", "batch_size": 30},
        {"optimizer": "adam", "labels": "permuted", "normalise": False},
        {"optimizer": "adam", "l2": 1e-3, "epsilon": 1e-3},
        {"learning_rate": 0.05, "clusterability": 5.0, "architecture": "784-17-13-10"},
        {"optimizer": "adam", "clusterability": 1.0, "planted_layer": "fc1", "planted_clusters": 3},
        {"learning_rate": 0.05, "biases": True},
        {"optimizer": "adam", "biases": True, "initialisation": "glorot", "dropout": 0.3},
        {"optimizer": "adam", "architecture": "784-17-13-11-10", "batch_size": 30, "biases": True},
        {"learning_rate": 0.05, "l1": 1e-3, "l1_layers": ["fc1"], "l2": 1e-2, "l2_layers": ["fc3"]},
        {"learning_rate": 0.05, "sparsity": 0.9, "pruning_every": 3},
        {"learning_rate": 0.05, "sparsity": 0.8, "pruning_start": 1, "biases": True},
        {"learning_rate": 0.05, "sparsity": 0.3, "sparsity_start": 0.1, "pruning_every": 99},
        {"optimizer": "adam", "task": "two_digits_separate", "architecture": "1568-17-13-20"},
        {"learning_rate": 0.05, "labels": "permuted"} | JOINT,
    ],
)
def test_stacked_training_is_plain_training(images, changes):
    chosen = recipe(**changes)
    trained = train("any", chosen, [4, 9], images).networks
    stacked = [*trained.weights.values(), *trained.biases.values()]
    for number, seed in enumerate([4, 9]):
        for stack, plain in zip(stacked, reference(chosen, seed, images), strict=True):
            assert stack[number] == pytest.approx(plain, abs=2e-5)


def test_a_pruned_layer_keeps_exactly_what_is_to_be_kept(images):
    chosen = recipe(sparsity=0.9, optimizer="adam", biases=True)
    result = train("any", chosen, [0, 3], images)
    for stack in result.networks.weights.values():
        for weights in stack:
            assert np.count_nonzero(weights == 0) == round(0.9 * weights.size)
    weights = [784 * 16, 16 * 12, 12 * 10]
    assert network_table(result)["zeros"].tolist() == [sum(round(0.9 * n) for n in weights)] * 2
    assert network_table(result)["parameters"].tolist() == [sum(weights) + 16 + 12 + 10] * 2


# --- networks on their way -------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "epochs"), [(10, 1), (20, 2)])
def test_networks_at_the_end_of_an_epoch_are_those_of_fewer_epochs(images, steps, epochs):
    """300 images are ten steps an epoch."""
    changes = {"optimizer": "adam", "dropout": 0.2, "biases": True}
    on_the_way = train("any", recipe(epochs=3, steps=steps, **changes), [4, 9], images)
    expected = train("any", recipe(epochs=epochs, **changes), [4, 9], images)
    assert digests(on_the_way) == digests(expected)
    assert history_table(on_the_way).equals(history_table(expected))


def test_networks_within_an_epoch_are_those_of_the_history(images):
    chosen = recipe(learning_rate=0.05, steps=6)
    found = train("any", chosen, [4], images, history_every=1)
    assert history_table(found)["step"].tolist() == [1, 2, 3, 4, 5, 6]
    whole = history_table(train("any", recipe(learning_rate=0.05), [4], images, history_every=1))
    assert history_table(found).equals(whole[:6])
    assert network_table(found)["test_accuracy"].tolist() == [whole["test_accuracy"][5]]


def test_networks_at_step_0_are_the_initial_ones(images):
    none = train("any", recipe(steps=0), [4, 9], images)
    assert digests(none) == digests(train("any", recipe(epochs=0), [4, 9], images))
    assert history_table(none).empty


def test_pruned_networks_on_their_way_are_pruned_as_far_as_they_are(images):
    changes = {"sparsity": 0.9, "pruning_every": 3, "epochs": 2}
    for steps in (1, 4, 13):
        found = train("any", recipe(steps=steps, **changes), [4], images).networks
        choices = [pruned(recipe(**changes), step, 20) for step in range(steps)]
        share = [choice for choice in choices if choice is not None][-1]
        for weights in found.weights.values():
            assert np.count_nonzero(weights == 0) == round(share * weights.size)


# --- going on from other networks ------------------------------------------------------------


def test_going_on_goes_on_with_the_weights_and_with_the_order_of_the_images(images):
    """Plain SGD has no state, so that two halves are the whole."""
    changes = {"learning_rate": 0.05, "biases": True, "dropout": 0.2}
    whole = train("any", recipe(epochs=4, **changes), [4, 9], images)
    half = train("any", recipe(epochs=1, **changes), [9, 4], images)
    origin = Origin(half.networks, 1)
    rest = train("any", recipe(epochs=3, **changes), [4, 9], images, origin=origin)
    assert digests(rest) == digests(whole)
    history, rows = history_table(whole), history_table(rest)
    expected = history[history["epoch"] > 1].reset_index(drop=True)
    assert rows.equals(expected)
    assert rows["step"].min() == 11


def test_what_was_pruned_before_stays_pruned(images):
    first = train("any", recipe(sparsity=0.9), [4, 9], images)
    chosen = recipe(sparsity=0.9, learning_rate=0.05)
    second = train("any", chosen, [9], images, origin=Origin(first.networks, 2))
    for layer, stack in second.networks.weights.items():
        before = first.networks.weights[layer][1]
        assert np.array_equal(stack[0] == 0, before == 0)
        assert not np.array_equal(stack[0], before)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "adam", "dropout": 0.5, "l1": 1e-4},
        {"clusterability": 20, "planted_clusters": 3, "labels": "permuted"},
        {"optimizer": "adam", "biases": True, "sparsity": 0.8, "pruning_every": 4, "dropout": 0.5},
    ],
)
@pytest.mark.parametrize(
    ("architecture", "batch_size"),
    [(SMALL, 32), ("784-128-128-10", 64), ("784-17-13-10", 30), ("784-50-33-9-10", 7)],
)
def test_bits_depend_on_neither_block_nor_neighbours_nor_threads(
    images, changes, architecture, batch_size
):
    chosen = recipe(architecture=architecture, batch_size=batch_size, **changes)
    block = digests(train("any", chosen, [0, 1, 2, 3, 4], images, threads=1))
    assert len(set(block)) == 5
    assert digests(train("any", chosen, [3], images, threads=1)) == [block[3]]
    assert digests(train("any", chosen, [4, 1], images, threads=2)) == [block[4], block[1]]


def test_counting_denormal_numbers_as_zero_leaves_the_bits_of_weights(images, monkeypatch):
    """Adam's first moments of a unit that is never active decay to such numbers."""
    chosen = recipe(batch_size=2, epochs=5, learning_rate=0.1, optimizer="adam")
    denormal = []

    def step_and_count(optimizer, *args, **kwargs):
        Adam.step(optimizer, *args, **kwargs)
        moments = [state["exp_avg"].abs() for state in optimizer.state.values()]
        denormal.append(sum(int(((m > 0) & (m < 2.0**-126)).sum()) for m in moments))

    flushed = digests(train("any", chosen, [0], images))
    monkeypatch.setattr(torch, "set_flush_denormal", lambda flush: True)
    Adam = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", type("Adam", (Adam,), {"step": step_and_count}))
    assert digests(train("any", chosen, [0], images)) == flushed
    assert max(denormal) > 100


@pytest.mark.parametrize("before", [False, True])
def test_denormal_numbers_count_as_zero_while_training_only(before):
    halved = []
    torch.set_flush_denormal(before)
    try:
        with deterministic(threads=1):
            halved.append(float(torch.tensor(2.0**-126) / 2))
        halved.append(float(torch.tensor(2.0**-126) / 2))
    finally:
        torch.set_flush_denormal(False)
    assert halved == [0, 0 if before else 2.0**-127]


def test_initial_weights_are_those_of_torch_linear():
    stacks = initial_weights([784, 128, 10], range(20))
    for stack, inputs in zip(stacks, (784, 128), strict=True):
        bound = 1 / np.sqrt(inputs)
        layer = torch.nn.Linear(inputs, stack.shape[1], bias=False).weight
        assert stack.abs().max() <= bound
        assert layer.detach().abs().max() <= bound
        assert float(stack.std()) == pytest.approx(bound / np.sqrt(3), rel=0.02)
        assert float(layer.detach().std()) == pytest.approx(bound / np.sqrt(3), rel=0.1)


def test_conditions_start_from_the_same_networks(images):
    untrained = train("untrained", recipe(epochs=0), [5], images)
    expected = initial_weights(recipe().sizes, [5])
    for stack, initial in zip(untrained.networks.weights.values(), expected, strict=True):
        assert np.array_equal(stack, initial.numpy())
    assert untrained.history == []


def test_history_has_the_notebooks_cadence_and_the_last_step(images):
    rows = history_table(train("any", recipe(), [0, 1], images, history_every=4))
    # 300 images in batches of 32 are 10 steps an epoch: batches 0, 4 and 8, and the end.
    assert rows[rows.seed == 0].step.tolist() == [1, 5, 9, 11, 15, 19, 20]
    assert rows[rows.seed == 1].epoch.tolist() == [1, 1, 1, 2, 2, 2, 2]
    assert rows.loss.between(1.0, 3.0).all()


def test_network_table_says_how_good_each_network_is(images):
    result = train("any", recipe(optimizer="adam", epochs=25), [0, 1], images)
    table = network_table(result)
    assert (table.test_accuracy > 0.9).all()  # the classes are easy
    assert table.parameters.unique().tolist() == [784 * 16 + 16 * 12 + 12 * 10]
    last = history_table(result).groupby("seed").test_accuracy.last()
    assert table.test_accuracy.tolist() == last.tolist()


def test_evaluation_by_hand():
    weights = [torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])]
    inputs = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]])
    accuracy, loss = evaluate(weights, [], inputs, torch.tensor([[[0], [1], [1]]]))
    assert accuracy.tolist() == [[pytest.approx(2 / 3)]]
    expected = np.mean([np.log1p(np.exp(-2)), np.log1p(np.exp(-1)), np.log1p(np.exp(3))])
    assert loss[0] == pytest.approx(expected, rel=1e-6)


def test_heads_are_evaluated_one_by_one():
    """Two outputs a head: of image (a, b), the logits are a, b and b, a."""
    weights = [torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]])]
    inputs = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    accuracy, loss = evaluate(weights, [], inputs, torch.tensor([[[0, 1], [1, 1]]]))
    assert accuracy.tolist() == [[1, 0.5]]
    wrong, right = np.log1p(np.exp(1)), [np.log1p(np.exp(-2))] * 2 + [np.log1p(np.exp(-1))]
    assert loss[0] == pytest.approx((wrong + sum(right)) / 2, rel=1e-6)


def test_networks_with_two_heads_depend_on_their_seed_alone(images):
    chosen = recipe(optimizer="adam", **JOINT)
    both, one = (train("any", chosen, seeds, images) for seeds in ([3, 8], [8]))
    assert digests(both)[1:] == digests(one)
    table = network_table(both)
    heads = table[["test_accuracy_head1", "test_accuracy_head2"]]
    assert table.test_accuracy.tolist() == pytest.approx(heads.mean(axis=1).tolist())
    assert table.parameters.unique().tolist() == [1568 * 16 + 16 * 12 + 12 * 20]


def test_dropout_masks_are_independent_and_keep_a_share_of_the_units():
    chosen, count, keep = recipe(dropout=0.2, architecture="784-17-13-10"), 1002, 0.8

    def draws(epoch: int) -> list[list[torch.Tensor]]:
        dropout = DropoutMasks(chosen, [4, 9], epoch)
        return [live_masks(dropout, chosen, count) for _ in range(2)]

    def share_is(expected: float, found: torch.Tensor) -> bool:
        error = np.sqrt(expected * (1 - expected) / found.numel())
        return abs(float(found.double().mean()) - expected) < 4 * error

    (first, second), (later, _) = draws(0), draws(1)
    for number, units in enumerate((17, 13)):
        mask = first[number]
        assert mask.shape == (2, count, units)
        assert mask.unique().tolist() == [0, 1 / keep]  # the mean activity stays the same
        assert share_is(keep, mask[0] > 0)
        assert share_is(keep, mask[1] > 0)
        # Two independent masks agree on a unit where both keep it or both drop it.
        others = {
            "seed": (mask[0], mask[1]),
            "epoch": (mask, later[number]),
            "step": (mask, second[number]),
            "image": (mask[:, ::2], mask[:, 1::2]),
            "unit": (mask[:, :, :12:2], mask[:, :, 1:12:2]),
        }
        for name, (one, other) in others.items():
            assert share_is(keep**2 + (1 - keep) ** 2, one == other), name
    layers = first[0][:, :, :13] == first[1]
    assert share_is(keep**2 + (1 - keep) ** 2, layers)


def test_dropout_changes_training_and_not_evaluation(images):
    with_dropout = train("any", recipe(dropout=0.5), [0], images)
    without = train("any", recipe(), [0], images)
    assert digests(with_dropout) != digests(without)
    again = train("any", recipe(dropout=0.5), [0], images)
    assert again.rows[0].test_loss == with_dropout.rows[0].test_loss


def test_a_loss_that_is_not_finite_names_condition_seed_and_step(images):
    wild = recipe(learning_rate=1e30)
    with pytest.raises(UserError) as error:
        train("wild", wild, [7, 8], images)
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith("condition wild, seed 7, step ")
    assert int(text.split("step ")[1].split(":")[0]) <= 5


def test_a_device_that_is_not_there_is_one_clear_line():
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(UserError, match=r"training\.device: found 'cuda'"):
        choose_device("cuda")
    assert choose_device("auto").type == "cpu"
