"""Lines of a figure in groups, as the layers of each condition: their names and borders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from clusterability.report.figures.inputs import categories
from clusterability.report.figures.style import INK

Lines = Sequence[tuple[str, str]]
"""Group and name of each line, from above."""


def condition_layers(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Condition and layer of each line of the heat maps."""
    found = set(zip(table["condition"], table["layer"], strict=True))
    return [
        (condition, layer)
        for condition in categories(table["condition"])
        for layer in categories(table["layer"])
        if (condition, layer) in found
    ]


def separate_groups(axes: Axes, lines: Lines, linewidth: float = 0.5) -> None:
    """Draws a border wherever the next group starts."""
    for place in range(1, len(lines)):
        if lines[place][0] != lines[place - 1][0]:
            axes.axhline(place - 0.5, color=INK, linewidth=linewidth)


def name_groups(
    axes: Axes, lines: Lines, letter: float, names: Mapping[str, str], **text: Any
) -> None:
    """Names of the groups, left of those of their lines.

    Args:
        letter: width in points that a letter of a line's name takes.
        names: of groups in print, where they differ from their own; the parts of a name stand
            below each other where the group has lines enough.
        text: looks of the names, for matplotlib.
    """
    longest = max(len(name) for _, name in lines)
    for group in dict.fromkeys(group for group, _ in lines):
        places = [place for place, line in enumerate(lines) if line[0] == group]
        name = names.get(group, group)
        axes.annotate(
            name.replace(", ", "\n") if len(places) > 1 else name,
            (0, sum(places) / len(places)),
            xycoords=("axes fraction", "data"),
            xytext=(-6 - letter * longest, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            **text,
        )
