"""Names and borders of groups of lines in a figure, such as the layers of each condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from clusterability.report.figures.inputs import categories
from clusterability.report.figures.style import INK

Lines = Sequence[tuple[str, str]]
"""Group and name of each line, from the top."""


def condition_layers(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Condition and layer of each line of the heat maps."""
    occurring = set(zip(table["condition"], table["layer"], strict=True))
    return [
        (condition, layer)
        for condition in categories(table["condition"])
        for layer in categories(table["layer"])
        if (condition, layer) in occurring
    ]


def separate_groups(axes: Axes, lines: Lines, linewidth: float = 0.5) -> None:
    """Draw a border wherever another group starts."""
    for number in range(1, len(lines)):
        if lines[number][0] != lines[number - 1][0]:
            axes.axhline(number - 0.5, color=INK, linewidth=linewidth)


def name_groups(
    axes: Axes, lines: Lines, letter: float, names: Mapping[str, str], **text: Any
) -> None:
    """Write the names of groups to the left of the names of their lines.

    Args:
        axes: axes of the figure.
        lines: group and name of each line.
        letter: width of a letter of a line's name in points.
        names: display names of groups, where they differ from the group; parts separated by commas
            are placed below each other if the group has several lines.
        text: text properties, for matplotlib.
    """
    longest = max(len(name) for _, name in lines)
    for group in dict.fromkeys(group for group, _ in lines):
        numbers = [number for number, line in enumerate(lines) if line[0] == group]
        name = names.get(group, group)
        axes.annotate(
            name.replace(", ", "\n") if len(numbers) > 1 else name,
            (0, sum(numbers) / len(numbers)),
            xycoords=("axes fraction", "data"),
            xytext=(-6 - letter * longest, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            **text,
        )
