"""Sections and numbers of a config, as YAML gives them."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.functional_validators import AfterValidator


class Section(BaseModel):
    """A part of the config: unknown keys are refused, values do not change afterwards.

    A key that is no name in Python, such as `from`, is an alias.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    @classmethod
    def keys(cls) -> list[str]:
        """The keys that it knows."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def _number(value: Any) -> Any:
    """Numbers as YAML gives them: `1e-3` arrives as text, `true` is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number")
    try:
        # Python also takes 1_0 for ten, and the digits of all scripts.
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise ValueError
        # A whole number that is too large for a float is refused here.
        return float(value) if isinstance(value, str) or math.isfinite(value) else value
    except (ValueError, OverflowError):
        raise ValueError("a number") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _whole(value: Any) -> Any:
    """Whole numbers, `1e3` included; `true` is none."""
    try:
        number = _number(value)
        whole = int(number)
    except (ValueError, OverflowError):
        raise ValueError("a whole number") from None
    if whole != number:
        raise ValueError("a whole number")
    return whole


def _flag(value: Any) -> Any:
    """`true` and `false` only: YAML's yes and no arrive as these, numbers and texts are neither."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


MOST_WEIGHTS = 10**10
"""Of one layer that a config asks for. What can be computed goes by the memory of the machine."""

LARGEST_WHOLE = 10**9
"""No number of steps, draws or units is larger, and all libraries can hold it."""


def _small(value: int) -> int:
    if abs(value) > LARGEST_WHOLE:
        raise ValueError(f"a whole number of at most {LARGEST_WHOLE}")
    return value


def _path(value: Any) -> str:
    """A path that the system, Snakemake and a message of one line can hold."""
    # Snakemake gives a meaning to braces and angle brackets, and to what stands before a colon.
    if not isinstance(value, str) or not value.isprintable() or set(value) & set("{}<>*?|"):
        raise ValueError("a path of printable characters without any of {}<>*?|")
    if not 0 < len(value.encode(errors="replace")) <= LONGEST_PATH:
        raise ValueError(f"a path of 1 to {LONGEST_PATH} bytes")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        raise ValueError("a path of this machine, not an address")
    return value


def different(values: list[Any]) -> list[Any]:
    """A list whose items are all different."""
    if len(set(values)) < len(values):
        raise ValueError("a list without repetitions")
    return values


LONGEST_PATH = 1000
"""In bytes; systems end at 1024 or 4096, and folders are joined to it."""

Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, BeforeValidator(_number), AfterValidator(_finite)]
Whole = Annotated[int, BeforeValidator(_whole), AfterValidator(_small)]
FilePath = Annotated[str, BeforeValidator(_path)]
# Strict, as all texts: YAML's !!binary would become a text.
LONGEST_NAME = 40
Name = Annotated[str, Field(strict=True, pattern=rf"^[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}$")]
"""Of a condition."""
