"""Packages that only some kinds of files take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.wording import ending


@contextmanager
def taking(package: str, path: Path) -> Iterator[None]:
    """Imports of a package that reads a kind of file; its extra has the package's name.

    Raises:
        UserError: where it is not installed.

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
