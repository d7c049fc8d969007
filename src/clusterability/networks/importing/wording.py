"""Formatting of messages about the arrays of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from clusterability.errors import UserError, one_line

Arrays = Mapping[str, np.ndarray]
"""Arrays by name: a dict, or `lazy_arrays.LazyArrays`."""


def ending(path: Path) -> str:
    """Extension of a file in lower case; `.gz` and `.tar` include the one before.

    >>> ending(Path("w.CSV")), ending(Path("w.v2.csv.gz")), ending(Path("best.pth.tar"))
    ('.csv', '.csv.gz', '.pth.tar')
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    return "".join(suffixes) if suffixes[1:] in ([".gz"], [".tar"]) else path.suffix.lower()


def stem(path: Path) -> str:
    """Name of a file without its extension.

    >>> stem(Path("data/w.v2.csv.gz"))
    'w.v2'
    """
    return path.name[: len(path.name) - len(ending(path))] or path.stem


def shape(array: np.ndarray) -> str:
    """Shape of an array, for messages."""
    return str(list(array.shape))


def quoted(name: str) -> str:
    """Name in quotes, at most 80 characters, for messages."""
    return one_line(repr(name), 80)


def listed(names: Iterable[str], most: int = 20) -> str:
    """Join names with commas, and replace those beyond `most` by their number."""
    shown = list(map(one_line, names))
    more = f", and {len(shown) - most} more" if len(shown) > most else ""
    return one_line(", ".join(shown[:most]) or "nothing", 300) + more


def type_error(where: str, found: str) -> UserError:
    """Error for an array of an unsupported type."""
    return UserError(
        f"{where}: found {found}, expected booleans, integers, or floats of 8 to 64 bits"
    )
