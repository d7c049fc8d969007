"""Sections and numbers of a config, as YAML gives them."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.functional_validators import AfterValidator


class Section(BaseModel):
    """A part of the config: unknown keys are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _number(value: Any) -> Any:
    """Numbers as YAML gives them: `1e-3` arrives as text, `true` is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number")
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise ValueError("a number") from None
    return value


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


Flag = Annotated[bool, BeforeValidator(_flag)]
Number = Annotated[float, BeforeValidator(_number), AfterValidator(_finite)]
Whole = Annotated[int, BeforeValidator(_whole)]
