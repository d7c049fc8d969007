"""Optional packages for some formats."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.wording import ending


@contextmanager
def taking(package: str, path: Path) -> Iterator[None]:
    """Context for the import of an optional package; the extra has the package's name.

    Raises:
        UserError: if the package is not installed.

    >>> with taking("onnx", Path("net.onnx")):
    ...     import no_such_package
    Traceback (most recent call last):
        ...
    clusterability.errors.UserError: net.onnx: found no package onnx, expected it to read a .onnx \
file: pip install "clusterability[onnx]"
    """
    try:
        yield
    except ImportError:
        raise UserError(
            f"{path}: found no package {package}, expected it to read a {ending(path)} file:"
            f' pip install "clusterability[{package}]"'
        ) from None
