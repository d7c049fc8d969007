"""Where a user's folder may hold a file of MNIST, or of a data set of its format.

The names are those of the mirrors, with gzip's ending or without, or with a dot as the original
site and Kaggle have them; the folders are those of `torchvision.datasets`, too. Checksums decide
which file is the right one.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDERS = ("", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw")
"""Below the folder that `dataset.path` names: itself, and those that torchvision makes."""


def dotted(name: str) -> str:
    """The name of a file with a dot before its kind.

    >>> dotted("t10k-labels-idx1-ubyte")
    't10k-labels.idx1-ubyte'
    """
    return re.sub(r"-(idx\d-ubyte)$", r".\1", name)


def given_files(path: Path, name: str) -> list[Path]:
    """The files below `path` that may be the data set's file `name`, in the order to try them.

    Args:
        path: the folder that the user names.
        name: of the file, such as train-images-idx3-ubyte.
    """
    names = dict.fromkeys((name, f"{name}.gz", dotted(name), f"{dotted(name)}.gz"))
    files = (path / folder / each for folder in FOLDERS for each in names)
    return [file for file in files if file.is_file()]
