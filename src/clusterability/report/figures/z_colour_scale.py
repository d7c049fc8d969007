"""Colour scale of the directed z, the same in every figure."""

from __future__ import annotations

import matplotlib
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure

LEVELS = (-16, -8, -4, -2, -1, 1, 2, 4, 8, 16)
"""Boundaries of the colours. They are fixed, so that a colour means the same in every figure, and
double at each step, since z ranges from chance (white) to more than 100 for planted modules."""

DARK = 0.5
"""Luma below which cells have white marks."""


def z_scale() -> ScalarMappable:
    """Colour scale of z: white for chance, orange to brown for worse, purple for better."""
    colours = matplotlib.colormaps["PuOr"].resampled(256)
    return ScalarMappable(BoundaryNorm(LEVELS, colours.N, extend="both"), colours)


def draw_z_bar(figure: Figure, scale: ScalarMappable, label: str, narrow: bool = False) -> None:
    """Draw the colour bar below all panels; `narrow` for figures of one column of a page."""
    bar = figure.colorbar(
        scale,
        ax=figure.axes,
        location="bottom",
        extend="both",
        ticks=LEVELS,
        spacing="uniform",
        aspect=35 if narrow else 60,
        shrink=1.0 if narrow else 0.7,
        pad=0.02,
    )
    bar.set_label(label)
    bar.ax.tick_params(length=0)
    bar.outline.set_linewidth(0.4)
