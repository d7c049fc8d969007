"""Colours of the overview's cells: those of z in figures, and the same ramp for bits and shares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, to_hex

from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.report.figures import z_colour_scale

_PAYING = (VERDICT_BITS, 100, 1000, 10_000)
BITS_LEVELS = (*(-level for level in reversed(_PAYING)), *_PAYING)
"""Where the colour of saved bits changes: white is what does not pay."""

_SHARES = 7


def cell_colours() -> dict[str, Any]:
    """Levels and colours of cells, by what they show: `z`, `bits`, and `shares` for the others.

    Colour number i belongs to values from level i - 1 up to level i; the first and the last one
    have no such bound. `shares` rise in equal steps from the worst shown value to the best one.
    """
    bits = BoundaryNorm(BITS_LEVELS, 256, extend="both")
    ramp = matplotlib.colormaps["PuOr"].resampled(256)
    return {
        "z": _levels(z_colour_scale.LEVELS, z_colour_scale.z_scale()),
        "bits": _levels(BITS_LEVELS, ScalarMappable(bits, ramp)),
        "shares": [to_hex(colour) for colour in ramp(np.linspace(0.5, 0.9, _SHARES))],
    }


def _levels(levels: Sequence[float], scale: ScalarMappable) -> dict[str, Any]:
    inside = [(low + high) / 2 for low, high in pairwise(levels)]
    values = np.array([levels[0] - 1, *inside, levels[-1] + 1])
    return {"levels": list(levels), "colours": [to_hex(tuple(c)) for c in scale.to_rgba(values)]}
