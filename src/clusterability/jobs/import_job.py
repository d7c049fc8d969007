"""Parameters for importing a network that was trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class ImportJob:
    """Parameters of an imported network, apart from the content of its files.

    Attributes:
        path: a file, the index of several files, or a folder.
        layers: names of arrays or patterns; None selects all arrays that look like layers.
        chain: whether the outputs of each layer are the inputs of the next; None infers it.
        transpose: whether arrays are [in, out]; None infers it from the file.
        convolutions: how kernels become matrices, "sum" or "norm"; None leaves them out.
        table: keyword arguments of `table_reading`.
    """

    path: str
    layers: Sequence[str] | None = None
    chain: bool | None = None
    transpose: bool | None = None
    convolutions: Literal["sum", "norm"] | None = None
    table: dict[str, Any] = field(default_factory=dict)
