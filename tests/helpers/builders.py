"""What several tests build: images in the shape of MNIST, and files of them."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np

from clusterability.training.images import (
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    Mnist,
)


def make_images(train: int = 300, test: int = 100, seed: int = 0) -> Mnist:
    """Images of ten classes that a network can learn: a noisy pattern a class."""
    source = np.random.default_rng(seed)
    patterns = source.integers(0, 256, (10, 784))

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = source.integers(0, 10, count)
        noise = source.integers(0, 256, (count, 784))
        return ((patterns[labels] + noise) // 2).astype(np.uint8), labels.astype(np.int64)

    return Mnist(*part(train), *part(test))


def idx(array: np.ndarray) -> bytes:
    """The IDX format, written independently of the module under test."""
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def small_arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        TRAIN_IMAGES: generator.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        TRAIN_LABELS: generator.integers(0, 10, 5, dtype=np.uint8),
        TEST_IMAGES: generator.integers(0, 256, (4, 28, 28), dtype=np.uint8),
        TEST_LABELS: generator.integers(0, 10, 4, dtype=np.uint8),
    }


ARRAYS = small_arrays()

CONTENTS = {name: idx(array) for name, array in ARRAYS.items()}

DIGESTS = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


def put(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


# Mean and standard deviation of the training images, as published with recipes for each.
MOMENTS = {
    "mnist": (0.1307, 0.3081),
    "fashion_mnist": (0.2860, 0.3530),
    "kmnist": (0.1918, 0.3483),
}

CLASSES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}
"""Of torchvision.datasets, by data set."""
