"""What networks are trained to tell of images, and the modules that such a task has.

Of a task of two digits it is known which inputs and which outputs belong together. Apart from
recipes, and without NumPy: the config's model and jobs that train nothing read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SIDE = 28
"""Pixels along an edge of an image of the data set."""
MNIST_PIXELS = SIDE**2
MNIST_CLASSES = 10


@dataclass(frozen=True)
class Task:
    """What networks are trained to tell of images.

    Attributes:
        images: how many are shown side by side.
        heads: groups of outputs, each of which tells one of ten classes.
    """

    images: int = 1
    heads: int = 1

    @property
    def ends(self) -> tuple[int, int]:
        """Number of inputs and of outputs."""
        return self.images * MNIST_PIXELS, self.heads * MNIST_CLASSES

    @property
    def has_modules(self) -> bool:
        """Whether it is known which inputs, and which outputs, belong together."""
        return self.images > 1

    @property
    def input_modules(self) -> list[int]:
        """Which image each input unit is of; images lie side by side, row by row.

        >>> TASKS["two_digits_joint"].input_modules[26:30]
        [0, 0, 1, 1]
        """
        return [pixel // SIDE % self.images for pixel in range(self.ends[0])]

    @property
    def output_modules(self) -> list[int]:
        """Which head each output unit is of.

        >>> TASKS["two_digits_joint"].output_modules[8:12]
        [0, 0, 1, 1]
        """
        return [output // MNIST_CLASSES for output in range(self.ends[1])]


def side_by_side(numbers: Sequence[float], images: int) -> list[float]:
    """A number a pixel, row by row, of so many images side by side that have the same numbers.

    >>> side_by_side(range(784), 2)[26:30]
    [26, 27, 0, 1]
    """
    rows = [numbers[start : start + SIDE] for start in range(0, len(numbers), SIDE)]
    return [number for row in rows for number in list(row) * images]


TASKS = {
    "digits": Task(),
    "two_digits_separate": Task(images=2, heads=2),
    "two_digits_joint": Task(images=2, heads=2),
}
"""By `task` of a recipe."""

ENDS = tuple(dict.fromkeys(task.ends for task in TASKS.values()))
"""Numbers of inputs and outputs that an architecture may have."""
