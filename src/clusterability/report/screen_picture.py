"""A figure in the size of a screen, for a report that holds all figures in one file."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

SHRINK = 2
"""Pixels of the figure's PNG for one pixel of the picture, by side: 150 dots an inch are left."""
COLOURS = 256
"""As many as a PNG with a palette can have, which stores a pixel in one byte instead of three."""


def screen_picture(file: Path) -> Image.Image:
    """A figure's PNG at half its width and height, in at most 256 colours.

    A report embeds pictures as base64. As they are for print, those of the default study would take
    four times as much.

    Args:
        file: the figure, PNG.
    """
    with Image.open(file) as figure:
        colours = figure.convert("RGB")
    size = colours.width // SHRINK, colours.height // SHRINK
    return colours.resize(size, Image.Resampling.LANCZOS).quantize(COLOURS)
