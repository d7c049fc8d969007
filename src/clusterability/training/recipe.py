"""Recipe of training. Separate from `study`, so that an edit there does not retrain networks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field
from pydantic.functional_validators import AfterValidator

from clusterability.fields import MOST_WEIGHTS, Flag, Name, Number, Section, Whole, different
from clusterability.networks.tasks import ENDS, TASKS
from clusterability.training.optimisers import OPTIMISERS

if TYPE_CHECKING:
    Optimiser: TypeAlias = str
    TaskName: TypeAlias = str
else:
    Optimiser, TaskName = Literal[tuple(OPTIMISERS)], Literal[tuple(TASKS)]

LAYER_PATTERN = r"^fc[1-9][0-9]{0,3}$"
LONGEST_ARCHITECTURE = 120
"""In characters; an architecture is part of file names."""


def _parse_architecture(value: Any) -> str:
    """Validate layer sizes from input to output, such as `784-128-128-10`."""
    text = value if isinstance(value, str) else ""
    if not re.fullmatch(r"[1-9][0-9]{0,5}(-[1-9][0-9]{0,5})+", text):
        raise ValueError("layer sizes from input to output such as 784-128-128-10")
    if len(text) > LONGEST_ARCHITECTURE:
        raise ValueError(f"layer sizes of at most {LONGEST_ARCHITECTURE} characters")
    sizes = [int(size) for size in text.split("-")]
    if (sizes[0], sizes[-1]) not in ENDS:
        known = ", or ".join(f"start with {first} and end with {last}" for first, last in ENDS)
        raise ValueError(f"sizes that {known}")
    if any(out * in_ > MOST_WEIGHTS for in_, out in pairwise(sizes)):
        raise ValueError(f"layers of at most {MOST_WEIGHTS} weights")
    return text


def _parse_layer(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(LAYER_PATTERN, value):
        raise ValueError("a layer such as fc2")
    return value


def _parse_labels(value: Any) -> Any:
    """Accept the boolean that YAML makes of a bare `true`."""
    return "true" if value is True else value


# For editors, the schema also allows the boolean, since that is what `labels: true` is in YAML.
_LABELS_IN_YAML: Any = Literal[True, "true", "permuted", "teacher"]

LABELS_OF_PERMUTE_LABELS = {True: "permuted", False: "true"}
"""Value of `labels` by that of the former key `permute_labels`."""

Layer = Annotated[str, BeforeValidator(_parse_layer), Field(pattern=LAYER_PATTERN)]
Layers = Annotated[list[Layer], Field(min_length=1), AfterValidator(different)]


class Recipe(Section):
    origin: Annotated[Name | None, Field(alias="from")] = None
    """Only in a condition, as `from: trained`: the condition whose networks are trained further,
    seed by seed. Its recipe takes the place of the study's `recipe`, and the other keys of the new
    condition change it."""
    task: TaskName = "digits"
    """What networks are trained to tell. Two digits are two images of the data set side by side,
    28 x 56 pixels, and two heads of ten outputs; the loss is the sum of the heads' cross-entropies:
    - `digits`: the class of an image.
    - `two_digits_separate`: the classes a of the left and b of the right image, a head each.
    - `two_digits_joint`: (a + b) mod 10 and (a - b) mod 10, a head each: both heads need both
      images."""
    architecture: Annotated[
        str,
        BeforeValidator(_parse_architecture),
        Field(pattern=r"^(784(-[1-9][0-9]{0,5})*-10|1568(-[1-9][0-9]{0,5})*-20)$"),
    ] = "784-128-128-10"
    """Layer sizes from input to output: 784 first and 10 last; for a task of two digits, 1568
    first and 20 last. Hidden layers are ReLU."""
    biases: Flag = False
    """Give units biases. Biases are trained, but have no place in the graph."""
    initialisation: Literal["pytorch", "glorot"] = "pytorch"
    """Distribution of the initial weights:
    - `pytorch`: weights and biases uniform within 1 / sqrt(inputs) of zero, as torch.nn.Linear.
    - `glorot`: weights uniform within sqrt(6 / (inputs + outputs)) of zero, biases zero, as
      Keras."""
    optimizer: Optimiser = "sgd"
    """Optimiser. Arguments that no key of the recipe sets have PyTorch's defaults."""
    learning_rate: Annotated[Number, Field(gt=0)] = 0.001
    """Step size of the optimiser."""
    epsilon: Annotated[Number, Field(gt=0)] = 1e-8
    """Constant that Adam adds to the root of the second moment: 1e-8 in PyTorch, 1e-7 in Keras. It
    decides how small the weights of units become that only `l2` moves."""
    batch_size: Annotated[Whole, Field(ge=1)] = 64
    """Images per training step."""
    epochs: Annotated[Whole, Field(ge=0)] = 5
    """Passes over the training images. 0 leaves the initial weights."""
    steps: Annotated[Whole, Field(ge=0)] | None = None
    """Training steps after which training ends, as if it were stopped: networks are those that the
    same recipe has on its way. Empty: those of all `epochs`. `snapshots` sets it."""
    dropout: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Probability that a hidden unit is dropped during training."""
    l1: Annotated[Number, Field(ge=0)] = 0.0
    """Factor of the L1 penalty: l1 x sum of abs(W) is added to the loss."""
    l2: Annotated[Number, Field(ge=0)] = 0.0
    """Factor of the L2 penalty: l2 x sum of W squared is added to the loss. PyTorch's weight_decay
    is twice this number."""
    l1_layers: Layers | None = None
    """Layers whose weights `l1` penalises, such as `[fc1]`. Empty: all."""
    l2_layers: Layers | None = None
    """Layers whose weights `l2` penalises, such as `[fc1]`. Empty: all."""
    sparsity: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Magnitude pruning: the share of each layer's weights that is pruned in the end, smallest
    magnitudes first. Pruned weights are exactly zero from then on. 0: no pruning."""
    sparsity_start: Annotated[Number, Field(ge=0, lt=1)] = 0.5
    """Share of the weights that is pruned at once when pruning begins. From there the share grows
    to `sparsity` by polynomial decay of what is left to prune (Zhu & Gupta 2017)."""
    pruning_start: Annotated[Whole, Field(ge=0)] = 0
    """Epochs before pruning begins."""
    pruning_every: Annotated[Whole, Field(ge=1)] = 10
    """Training steps between two choices of the weights to prune."""
    data_order: Annotated[Whole, Field(ge=0)] = 0
    """Number of the order in which training images are shown. Conditions that differ only in this
    key start from the same weights, and the agreement of their partitions is measured."""
    images: Literal["real", "gaussian", "independent_pixels"] = "real"
    """Images that networks are trained and tested on:
    - `real`: those of the data set.
    - `gaussian`: as many drawn from a normal distribution with the pixel means and the covariance
      of the training images: correlations of pixels, but no strokes.
    - `independent_pixels`: the values of each pixel shuffled over the images, pixel by pixel: how
      dark each pixel is, but no correlations."""
    labels: Annotated[
        Literal["true", "permuted", "teacher"],
        BeforeValidator(_parse_labels, json_schema_input_type=_LABELS_IN_YAML),
    ] = "true"
    """Classes that networks are trained to tell:
    - `true`: those of the data set.
    - `permuted`: the training labels permuted, for each network by its seed, so that images tell
      nothing of them. Networks are shown training images with these labels when it is asked what
      units do, and tested on the true ones.
    - `teacher`: what a random network of the same architecture says of the images, one teacher a
      seed: a task that a network can learn, on images of any kind. Classes are about equally
      frequent."""
    clusterability: Annotated[Number, Field(ge=0)] = 0.0
    """Factor of a planted partition's clusterability C, which is subtracted from the loss (lambda
    of Golechha et al. 2025). C is the share of W squared inside clusters. 0: nothing is planted."""
    planted_layer: Layer = "fc2"
    """Layer whose units are assigned to planted clusters."""
    planted_clusters: Annotated[Whole, Field(ge=1)] = 4
    """Number of planted clusters per side: groups of consecutive units, whose sizes differ by at
    most one."""
    normalise: Flag = True
    """Standardise pixels, (x - mean) / SD, as in the notebook; if false, scale them to [0, 1].
    MNIST has the mean 0.1307 and the SD 0.3081; other data sets have their own."""
    centre_pixels: Flag = False
    """Subtract from each pixel its mean over the training images, after `normalise`, in test images
    too. Without it, pixels that are always paper act on a network as a bias does."""
    pixel_deviation: Annotated[Number, Field(ge=0)] = 0.0
    """Least standard deviation over the training images, from 0 (paper) to 1 (ink), that a pixel
    must have. Pixels below it are left out and become dead units of fc1. 0 keeps all pixels; 1e-6
    leaves out the constant ones, 67 of MNIST. The images of the data set decide, whatever `images`
    are drawn from them."""

    @classmethod
    def of_file(cls, recipe: Mapping[str, Any]) -> Recipe:
        """Recipe in the metadata of a file of networks, which may have former keys.

        >>> Recipe.of_file({"permute_labels": True}).labels
        'permuted'
        """
        return cls.model_validate(cls.keys_of_file(recipe))

    @classmethod
    def keys_of_file(cls, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """Unvalidated keys of such a recipe, with former keys converted and defaults added.

        >>> Recipe.keys_of_file({"epochs": 3})["centre_pixels"]
        False
        """
        keys = cls().model_dump() | dict(recipe)
        if "permute_labels" in keys:
            keys["labels"] = LABELS_OF_PERMUTE_LABELS[keys.pop("permute_labels") is True]
        return keys

    @property
    def examples(self) -> dict[str, Any]:
        """Keys, sorted, that determine images and labels."""
        names = ("architecture", "centre_pixels", "images", "labels", "normalise")
        return self.model_dump(include={*names, "pixel_deviation", "task"})

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of units per layer, input first."""
        return tuple(int(size) for size in self.architecture.split("-"))

    @property
    def heads(self) -> int:
        """Number of heads, groups of output units that each predict a class."""
        return TASKS[self.task].heads

    @property
    def trains(self) -> bool:
        """Whether networks are trained at all."""
        return self.epochs > 0 and self.steps != 0

    def steps_of(self, epoch_steps: int) -> int:
        """Total number of training steps for a given number of steps per epoch.

        >>> Recipe(epochs=2).steps_of(10), Recipe(epochs=2, steps=13).steps_of(10)
        (20, 13)
        """
        total = self.epochs * epoch_steps
        return total if self.steps is None else min(self.steps, total)

    @property
    def plants(self) -> bool:
        """Whether a partition is planted in a layer."""
        return self.clusterability > 0

    @property
    def start(self) -> tuple[str, bool, str, float]:
        """Keys that determine the initial weights, apart from the seed and the parent condition."""
        return (self.architecture, self.biases, self.initialisation, self.pixel_deviation)

    @property
    def without_planting(self) -> Recipe:
        """The same recipe without planting."""
        planting = ("clusterability", "planted_layer", "planted_clusters")
        return Recipe.model_validate(self.model_dump(exclude=set(planting)))

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """Shapes [out, in] of the weight matrices by layer, from the input on."""
        pairs = zip(self.sizes[1:], self.sizes[:-1], strict=True)
        return {f"fc{number}": shape for number, shape in enumerate(pairs, start=1)}
