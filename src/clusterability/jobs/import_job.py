"""What the job is asked that reads a network trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class ImportJob:
    """What decides an imported network, beside the content of its files.

    Attributes:
        path: of its file, of the index of several, or of a folder.
        layers: names of its arrays, or patterns; None for all that are layers.
        chain: whether the outputs of each layer are the inputs of the next; None: as it shows.
        transpose: whether arrays are [in, out]; None: as the file shows.
        convolutions: how kernels become matrices, "sum" or "norm"; None: they are left out.
        table: arguments of `table_reading`: what the config says of a table.
    """

    path: str
    layers: Sequence[str] | None = None
    chain: bool | None = None
    transpose: bool | None = None
    convolutions: Literal["sum", "norm"] | None = None
    table: dict[str, Any] = field(default_factory=dict)
