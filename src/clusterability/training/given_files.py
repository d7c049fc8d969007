"""Search for the files of a data set in MNIST's format below a user's folder.

Names are those of the mirrors, with or without `.gz`, or with a dot as on the original site and
Kaggle; folders include those of `torchvision.datasets`. Checksums decide which file is right.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDERS = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw")
"""Folders below `dataset.path`: itself, and those that torchvision creates."""


def dotted(name: str) -> str:
    """File name with a dot before its format.

    >>> dotted("t10k-labels-idx1-ubyte")
    't10k-labels.idx1-ubyte'
    """
    return re.sub(r"-(idx\d-ubyte)$", r".\1", name)


def given_files(path: Path, name: str) -> list[Path]:
    """Existing candidates for a file of the data set, in order of preference.

    Args:
        path: the user's folder.
        name: name of the file, such as train-images-idx3-ubyte.
    """
    names = dict.fromkeys((name, f"{name}.gz", dotted(name), f"{dotted(name)}.gz"))
    files = (path / folder / each for folder in FOLDERS for each in names)
    return [file for file in files if file.is_file()]
