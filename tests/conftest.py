"""What several tests need: small images in the shape of MNIST."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import make_images
from clusterability.training.download import get_mnist
from clusterability.training.images import Mnist


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: a long one at the end would leave other workers idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def images() -> Mnist:
    return make_images()


@pytest.fixture(scope="session")
def mnist(tmp_path_factory) -> Path:
    """A folder with the real MNIST, fetched as a study does."""
    folder = tmp_path_factory.mktemp("mnist")
    get_mnist(folder)
    return folder
