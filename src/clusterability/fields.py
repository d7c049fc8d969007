"""Base class and number types of a config read from YAML."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.functional_validators import AfterValidator


class Section(BaseModel):
    """A section of the config: unknown keys are errors, and instances are immutable.

    A key that is not an identifier in Python, such as `from`, is an alias.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    @classmethod
    def keys(cls) -> list[str]:
        """Names of the keys, as the config spells them."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def _number(value: Any) -> Any:
    """Validate a number as YAML gives it: `1e-3` arrives as text; `true` is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number")
    try:
        # `float` also accepts 1_0, and digits of other scripts.
        if isinstance(value, str) and ("_" in value or not value.isascii()):
            raise ValueError
        # Integers too large for a float raise OverflowError here.
        return float(value) if isinstance(value, str) or math.isfinite(value) else value
    except (ValueError, OverflowError):
        raise ValueError("a number") from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return value


def _whole(value: Any) -> Any:
    """Validate a whole number; `1e3` is one, `true` is not."""
    try:
        number = _number(value)
        integer = int(number)
    except (ValueError, OverflowError):
        raise ValueError("a whole number") from None
    if integer != number:
        raise ValueError("a whole number")
    return integer


def _flag(value: Any) -> Any:
    """Validate a boolean; YAML converts yes and no to one, and numbers and text are errors."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


MOST_WEIGHTS = 10**10
"""Maximal number of weights of a layer in a config. What can be computed depends on memory."""

LARGEST_WHOLE = 10**9
"""Bound on whole numbers in a config. It exceeds any number of steps, draws or units."""


def _small(value: int) -> int:
    if abs(value) > LARGEST_WHOLE:
        raise ValueError(f"a whole number of at most {LARGEST_WHOLE}")
    return value


def _path(value: Any) -> str:
    """Validate a path that the system, Snakemake and a one-line message can represent."""
    # Braces, angle brackets and prefixes before a colon are special in Snakemake.
    if not isinstance(value, str) or not value.isprintable() or set(value) & set("{}<>*?|"):
        raise ValueError("a path of printable characters without any of {}<>*?|")
    if not 0 < len(value.encode(errors="replace")) <= LONGEST_PATH:
        raise ValueError(f"a path of 1 to {LONGEST_PATH} bytes")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        raise ValueError("a path of this machine, not an address")
    return value


def different(values: list[Any]) -> list[Any]:
    """Validate that the items of a list are distinct."""
    if len(set(values)) < len(values):
        raise ValueError("a list without repetitions")
    return values


LONGEST_PATH = 1000
"""In bytes. Systems allow 1024 or 4096, and folders are prepended."""

Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, BeforeValidator(_number), AfterValidator(_finite)]
Whole = Annotated[int, BeforeValidator(_whole), AfterValidator(_small)]
FilePath = Annotated[str, BeforeValidator(_path)]
# Strict, like all strings: YAML's !!binary would be converted to one.
LONGEST_NAME = 40
Name = Annotated[str, Field(strict=True, pattern=rf"^[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}$")]
"""Name of a condition."""
