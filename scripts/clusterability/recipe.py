"""How a network is trained. Apart from `study`, so that an edit there trains nothing again."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from clusterability.values import Number, Section, Whole

MNIST_PIXELS = 784
MNIST_CLASSES = 10


def _parse_architecture(value: Any) -> str:
    """Layer sizes from input to output, such as `784-128-128-10`."""
    text = str(value)
    if not re.fullmatch(r"[1-9]\d{0,5}(-[1-9]\d{0,5})+", text):
        raise ValueError("layer sizes from input to output such as 784-128-128-10")
    sizes = [int(size) for size in text.split("-")]
    if sizes[0] != MNIST_PIXELS or sizes[-1] != MNIST_CLASSES:
        raise ValueError(f"sizes that start with {MNIST_PIXELS} and end with {MNIST_CLASSES}")
    return text


class Recipe(Section):
    architecture: Annotated[
        str, BeforeValidator(_parse_architecture), Field(pattern=r"^784(-[1-9]\d*)*-10$")
    ] = "784-128-128-10"
    """Layer sizes from input to output; hidden layers are ReLU, without biases."""
    optimizer: Literal["sgd", "adam"] = "sgd"
    """Plain stochastic gradient descent, or Adam with PyTorch's other defaults."""
    learning_rate: Annotated[Number, Field(gt=0)] = 0.001
    """Step size of the optimiser."""
    batch_size: Annotated[Whole, Field(ge=1)] = 64
    """Images a step."""
    epochs: Annotated[Whole, Field(ge=0)] = 5
    """Passes over the training images; 0 leaves the initial weights."""
    dropout: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Probability that a hidden unit is dropped in training."""
    l1: Annotated[Number, Field(ge=0)] = 0.0
    """Adds l1 x the sum of abs(W) to the loss."""
    l2: Annotated[Number, Field(ge=0)] = 0.0
    """Adds l2 x the sum of W squared to the loss."""
    data_order: Annotated[Whole, Field(ge=0)] = 0
    """Which order the images come in: conditions that differ in it alone start from the same
    weights, and their partitions are compared."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of units by layer, input first."""
        return tuple(int(size) for size in self.architecture.split("-"))

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """Weight matrices from the input on: name to shape [out, in]."""
        pairs = zip(self.sizes[1:], self.sizes[:-1], strict=True)
        return {f"fc{number}": shape for number, shape in enumerate(pairs, start=1)}
