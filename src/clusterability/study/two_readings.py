"""Scalars of a config that YAML 1.1 and YAML 1.2 read as different values.

Snakemake reads configs by YAML 1.1: `010` is 8, `yes` is true, `12:30` is 750 and `1_000` is 1000.
By YAML 1.2, which editors and most other programs follow, they are 10 and texts. Such scalars are
ambiguous and therefore refused. Numbers such as `1e-3`, which YAML 1.1 reads as texts, are
accepted: the config converts such texts to numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import yaml

from clusterability.errors import one_line

Scalar = bool | int | float | str | None

_KINDS_11 = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float", "str", "null")}
"""Tags of scalars, without dates and merge keys, which have a single reading in configs."""

_WORDS_12: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS_12: list[tuple[str, Callable[[str], int | float]]] = [
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text[2:], 8)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text[2:], 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", lambda text: float(text.replace(".", ""))),
]


def read_12(text: str) -> Scalar:
    """Read a plain scalar by the core schema of YAML 1.2 (section 10.3.2).

    >>> read_12("010"), read_12("yes"), read_12("0o10"), read_12("TRUE"), read_12("1_000")
    (10, 'yes', 8, True, '1_000')
    """
    if text in _WORDS_12:
        return _WORDS_12[text]
    for pattern, value in _NUMBERS_12:
        if re.fullmatch(pattern, text, re.ASCII):
            return value(text)
    return text


def faults(node: yaml.Node, read_11: Callable[[yaml.ScalarNode], object]) -> Iterator[str]:
    """Yield a line for each plain scalar below `node` with two readings.

    Args:
        node: root node of the config.
        read_11: reads a scalar as the loader of YAML 1.1 does.
    """
    seen: set[int] = set()  # aliases repeat nodes and may form cycles
    for key, scalar in _scalars(node, "", seen):
        try:
            first, second = read_11(scalar), read_12(scalar.value)
        except (ValueError, OverflowError):
            continue  # the loader refuses numbers with too many digits
        if not _alike(first, second):
            yield (
                f"{one_line(key)}: found {one_line(scalar.value, 40)} in line"
                f" {scalar.start_mark.line + 1}, which YAML 1.1 reads as {_written(first)} and YAML"
                f" 1.2 as {_written(second)}, expected {_written(first)} or {_written(second)},"
                " whichever is meant"
            )


def _scalars(node: yaml.Node, key: str, seen: set[int]) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Plain scalars, including keys, each with its path, such as `conditions.a.epochs`."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.style is None and node.tag in _KINDS_11:
            yield key, node
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            inside = f"{key}.{name.value}".removeprefix(".")
            yield from _scalars(name, inside, seen)
            yield from _scalars(value, inside, seen)
    else:
        for index, value in enumerate(node.value):
            yield from _scalars(value, f"{key}[{index}]", seen)


def _alike(first: object, second: Scalar) -> bool:
    """Whether both readings are equal; the text of a decimal number equals that number."""
    if isinstance(first, str) and isinstance(second, int | float):
        try:
            return "_" not in first and float(first) == second
        except ValueError:
            return False
    return repr(first) == repr(second)  # unlike ==: NaN equals NaN, and 1 is not True


def _written(value: object) -> str:
    """Format a value as both versions of YAML write it."""
    return one_line(json.dumps(value), 40)
