"""Contact sheet: all figures of a study as labelled thumbnails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

COLUMNS = 4
WIDTH = 2400
"""Pixels."""
HIGHEST = 700
"""Pixels; taller figures are made narrower."""

_MARGIN = 16
_NAME_HEIGHT = 34
_NAME_SIZE = 20
_PAPER = "white"
_INK = "#262626"


def contact_sheet(figures: Sequence[Path]) -> Image.Image:
    """Arrange the figures in rows, each as high as its highest figure, all at one scale.

    Args:
        figures: PNG files, in order.
    """
    width = WIDTH // COLUMNS - 2 * _MARGIN
    scale = width / max(_width(file) for file in figures)
    pictures = [_small(file, scale) for file in figures]
    rows = [pictures[start : start + COLUMNS] for start in range(0, len(pictures), COLUMNS)]
    heights = [max(picture.height for picture in row) + _NAME_HEIGHT + _MARGIN for row in rows]
    sheet = Image.new("RGB", (WIDTH, sum(heights) + _MARGIN), _PAPER)
    draw, font, top = ImageDraw.Draw(sheet), _font(), _MARGIN
    for number, picture in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        left = column * (WIDTH // COLUMNS) + _MARGIN
        draw.text((left, top), figures[number].stem, font=font, fill=_INK)
        sheet.paste(picture, (left, top + _NAME_HEIGHT))
        if column == COLUMNS - 1:
            top += heights[row]
    return sheet


def _width(file: Path) -> int:
    with Image.open(file) as picture:
        return picture.width


def _small(file: Path, scale: float) -> Image.Image:
    with Image.open(file) as picture:
        small = picture.convert("RGB")
    size = (round(scale * small.width), min(round(scale * small.height), HIGHEST))
    small.thumbnail(size, Image.Resampling.LANCZOS)
    return small


def _font() -> ImageFont.FreeTypeFont:
    """The font of the figures, which is part of matplotlib."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(file), _NAME_SIZE)
