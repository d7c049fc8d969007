"""The sheet of all figures: each is there, whole, and in its place."""

from __future__ import annotations

import numpy as np
from PIL import Image

from clusterability.report.contact_sheet import COLUMNS, WIDTH, contact_sheet

SIZES = [(2040, 741), (990, 742), (2040, 2640), (990, 471), (700, 210), (2040, 1665)]
COLOURS = [(200, 30 * number, 40) for number in range(len(SIZES))]


def test_every_figure_is_there_in_its_shape_row_by_row(tmp_path):
    files = []
    for number, (size, colour) in enumerate(zip(SIZES, COLOURS, strict=True)):
        files.append(tmp_path / f"figure.{number}.png")
        Image.new("RGB", size, colour).save(files[-1])
    sheet = np.asarray(contact_sheet(files))
    assert sheet.shape[1] == WIDTH
    corners, scales = [], []
    for size, colour in zip(SIZES, COLOURS, strict=True):
        y, x = np.nonzero((sheet == colour).all(axis=2))
        width, height = np.ptp(x) + 1, np.ptp(y) + 1
        assert abs(width / height - size[0] / size[1]) < 0.01 * size[0] / size[1] + 2 / height
        assert len(x) == width * height
        assert width <= WIDTH / COLUMNS
        corners.append((y.min(), x.min()))
        if size[1] < 2 * size[0] / 2.5:
            scales.append(width / size[0])
    assert corners == sorted(corners)
    assert len({y for y, _ in corners}) == 2
    # Figures of one column are half as wide as those of a page.
    assert max(scales) < 1.02 * min(scales)
