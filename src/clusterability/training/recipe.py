"""How a network is trained. Apart from `study`, so that an edit there trains nothing again."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic.functional_validators import AfterValidator

from clusterability.fields import MOST_WEIGHTS, Flag, Name, Number, Section, Whole, different
from clusterability.training.optimisers import OPTIMISERS

if TYPE_CHECKING:
    Optimiser: TypeAlias = str
else:
    Optimiser = Literal[tuple(OPTIMISERS)]

MNIST_PIXELS = 784
MNIST_CLASSES = 10

LAYER_PATTERN = r"^fc[1-9][0-9]{0,3}$"
LONGEST_ARCHITECTURE = 120
"""In characters: it becomes a part of file names."""


def _parse_architecture(value: Any) -> str:
    """Layer sizes from input to output, such as `784-128-128-10`."""
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(r"[1-9][0-9]{0,5}(-[1-9][0-9]{0,5})+", text):
        raise ValueError("layer sizes from input to output such as 784-128-128-10")
    if len(text) > LONGEST_ARCHITECTURE:
        raise ValueError(f"layer sizes of at most {LONGEST_ARCHITECTURE} characters")
    sizes = [int(size) for size in text.split("-")]
    if sizes[0] != MNIST_PIXELS or sizes[-1] != MNIST_CLASSES:
        raise ValueError(f"sizes that start with {MNIST_PIXELS} and end with {MNIST_CLASSES}")
    if any(out * in_ > MOST_WEIGHTS for in_, out in pairwise(sizes)):
        raise ValueError(f"layers of at most {MOST_WEIGHTS} weights")
    return text


def _parse_layer(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(LAYER_PATTERN, value):
        raise ValueError("a layer such as fc2")
    return value


Layer = Annotated[str, BeforeValidator(_parse_layer), Field(pattern=LAYER_PATTERN)]
Layers = Annotated[list[Layer], Field(min_length=1), AfterValidator(different)]


class Recipe(Section):
    origin: Annotated[Name | None, Field(alias="from")] = None
    """Only in a condition: the condition whose networks it goes on training, seed by seed. It takes
    that condition's recipe, and changes it by key."""
    architecture: Annotated[
        str, BeforeValidator(_parse_architecture), Field(pattern=r"^784(-[1-9][0-9]{0,5})*-10$")
    ] = "784-128-128-10"
    """Layer sizes from input to output; hidden layers are ReLU."""
    biases: Flag = False
    """Whether units have biases. They are trained, and have no place in the graph."""
    initialisation: Literal["pytorch", "glorot"] = "pytorch"
    """pytorch: weights and biases uniform within 1 / sqrt(inputs), as torch.nn.Linear. glorot:
    weights uniform within sqrt(6 / (inputs + outputs)), biases zero, as Keras."""
    optimizer: Optimiser = "sgd"
    """Plain stochastic gradient descent, or Adam with PyTorch's other defaults."""
    learning_rate: Annotated[Number, Field(gt=0)] = 0.001
    """Step size of the optimiser."""
    epsilon: Annotated[Number, Field(gt=0)] = 1e-8
    """Adam's: added to the root of the second moment. PyTorch's is 1e-8, that of Keras 1e-7, which
    decides how small the weights of units get that only l2 moves."""
    batch_size: Annotated[Whole, Field(ge=1)] = 64
    """Images a step."""
    epochs: Annotated[Whole, Field(ge=0)] = 5
    """Passes over the training images; 0 leaves the initial weights."""
    dropout: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Probability that a hidden unit is dropped in training."""
    l1: Annotated[Number, Field(ge=0)] = 0.0
    """Adds l1 x the sum of abs(W) to the loss."""
    l2: Annotated[Number, Field(ge=0)] = 0.0
    """Adds l2 x the sum of W squared to the loss: half of what PyTorch calls weight_decay."""
    l1_layers: Layers | None = None
    """Layers whose weights l1 is for; empty: all."""
    l2_layers: Layers | None = None
    """Layers whose weights l2 is for; empty: all."""
    sparsity: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Share of each layer's weights that is pruned in the end, those of least magnitude. They are
    zero from then on, exactly. 0 prunes nothing."""
    sparsity_start: Annotated[Number, Field(ge=0, lt=1)] = 0.5
    """Share that is pruned at once when pruning begins; from there it grows by polynomial decay
    of what is left to prune (Zhu & Gupta 2017)."""
    pruning_start: Annotated[Whole, Field(ge=0)] = 0
    """Epochs before pruning begins."""
    pruning_every: Annotated[Whole, Field(ge=1)] = 10
    """Steps between two choices of weights to prune."""
    data_order: Annotated[Whole, Field(ge=0)] = 0
    """Which order the images come in: conditions that differ in it alone start from the same
    weights, and their partitions are compared."""
    permute_labels: Flag = False
    """Training labels permuted, for each network by its seed: nothing can be learnt but by heart.
    Such networks are judged on their own training labels."""
    clusterability: Annotated[Number, Field(ge=0)] = 0.0
    """Subtracts this x the clusterability C of a planted partition from the loss (lambda of
    Golechha et al. 2025)."""
    planted_layer: Layer = "fc2"
    """The layer whose units are assigned to planted clusters."""
    planted_clusters: Annotated[Whole, Field(ge=1)] = 4
    """Clusters a side that are planted: consecutive units, of sizes that differ by one at most."""
    normalise: Flag = True
    """Pixels less their mean over their standard deviation, as the notebook's; else from 0 to 1."""
    pixel_deviation: Annotated[Number, Field(ge=0)] = 0.0
    """Leaves out pixels whose standard deviation over the training images (0 is paper, 1 is ink) is
    below it: they are dead units of fc1. 0 keeps all, 1e-6 leaves out those that are constant."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of units by layer, input first."""
        return tuple(int(size) for size in self.architecture.split("-"))

    @property
    def plants(self) -> bool:
        """Whether a partition is planted in a layer."""
        return self.clusterability > 0

    @property
    def start(self) -> tuple[str, bool, str, float]:
        """What decides the initial weights, beside the seed and the condition gone on from."""
        return (self.architecture, self.biases, self.initialisation, self.pixel_deviation)

    @property
    def without_planting(self) -> Recipe:
        """The same recipe with nothing planted."""
        nothing = ("clusterability", "planted_layer", "planted_clusters")
        return Recipe.model_validate(self.model_dump(exclude=set(nothing)))

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """Weight matrices from the input on: name to shape [out, in]."""
        pairs = zip(self.sizes[1:], self.sizes[:-1], strict=True)
        return {f"fc{number}": shape for number, shape in enumerate(pairs, start=1)}
