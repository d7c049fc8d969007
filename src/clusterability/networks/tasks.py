"""Tasks that networks are trained on, and the modules of the task.

A task of two digits has known modules of input units and output units. Separate from recipes, and
without NumPy, because the config and jobs that do not train read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SIDE = 28
"""Height and width of an image of the data set, in pixels."""
MNIST_PIXELS = SIDE**2
MNIST_CLASSES = 10


@dataclass(frozen=True)
class Task:
    """A classification task on images.

    Attributes:
        images: number of images shown side by side.
        heads: groups of output units; each head predicts one of ten classes.
    """

    images: int = 1
    heads: int = 1

    @property
    def ends(self) -> tuple[int, int]:
        """Numbers of input units and of output units."""
        return self.images * MNIST_PIXELS, self.heads * MNIST_CLASSES

    @property
    def has_modules(self) -> bool:
        """Whether the task assigns input units and output units to modules."""
        return self.images > 1

    @property
    def input_modules(self) -> list[int]:
        """Image of each input unit; images are side by side, row by row.

        >>> TASKS["two_digits_joint"].input_modules[26:30]
        [0, 0, 1, 1]
        """
        return [pixel // SIDE % self.images for pixel in range(self.ends[0])]

    @property
    def output_modules(self) -> list[int]:
        """Head of each output unit.

        >>> TASKS["two_digits_joint"].output_modules[8:12]
        [0, 0, 1, 1]
        """
        return [output // MNIST_CLASSES for output in range(self.ends[1])]


def side_by_side(numbers: Sequence[float], images: int) -> list[float]:
    """Repeat numbers per pixel for images side by side, row by row.

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
"""Tasks by the key `task` of a recipe."""

ENDS = tuple(dict.fromkeys(task.ends for task in TASKS.values()))
"""Possible numbers of input units and output units of an architecture."""
