"""What the job is asked that reads a network trained elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ImportJob:
    """What decides an imported network, beside its file.

    Attributes:
        layers: names of its arrays, from the input on; None for all matrices.
        reading: arguments of `table_reading`: what the config says of a table.
    """

    layers: Sequence[str] | None
    reading: dict[str, Any]
