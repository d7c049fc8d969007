"""What several tests need: small images in the shape of MNIST."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clusterability.dataset import Mnist
from clusterability.sources import get_mnist


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: a long one at the end would leave other workers idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def make_images(train: int = 300, test: int = 100, seed: int = 0) -> Mnist:
    """Images of ten classes that a network can learn: a noisy pattern a class."""
    source = np.random.default_rng(seed)
    patterns = source.integers(0, 256, (10, 784))

    def part(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = source.integers(0, 10, count)
        noise = source.integers(0, 256, (count, 784))
        return ((patterns[labels] + noise) // 2).astype(np.uint8), labels.astype(np.int64)

    return Mnist(*part(train), *part(test))


@pytest.fixture(scope="session")
def images() -> Mnist:
    return make_images()


@pytest.fixture(scope="session")
def mnist(tmp_path_factory) -> Path:
    """A folder with the real MNIST, fetched as a study does."""
    folder = tmp_path_factory.mktemp("mnist")
    get_mnist(folder)
    return folder
