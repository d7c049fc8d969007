"""Config files as text: what a YAML reader lets pass, and a study must not.

A key that stands twice would hide one of its values, and references within references can stand for
more than any memory holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from clusterability.errors import UserError

LARGEST = 100_000
"""Values in a config at most, with what references stand for."""


class _UniqueKeys(yaml.SafeLoader):
    """PyYAML's safe reader, which refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"found the key {key.value!r} twice, expected it once",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def check_config_file(path: Path) -> None:
    """Refuses a config file that is not what it looks like.

    Raises:
        UserError: where the file cannot be read, is no YAML with keys at its top level, has a key
            twice, or stands for too many values.
    """
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # a safe one
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        raise UserError(f"{path}{_place(error)}: {_problem(error)}") from None
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"{path}: found no YAML ({said}), expected a config") from None
    except RecursionError:
        raise UserError(f"{path}: found lists or keys too deep in each other") from None
    if not isinstance(config, dict):
        found = "nothing" if config is None else f"a {type(config).__name__}"
        raise UserError(f"{path}: found {found}, expected keys with values, such as seeds: [0]")
    if _number_of_values(config, {}) > LARGEST:
        raise UserError(f"{path}: found more than {LARGEST} values, expected fewer")


def _place(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _problem(error: yaml.MarkedYAMLError) -> str:
    said = str(error.problem or error.context)
    return said if "expected" in said else f"{said}, expected YAML"


def _number_of_values(value: Any, known: dict[int, int]) -> int:
    """How many values there are with what references stand for; each is counted once only.

    A value that holds itself counts as too many.
    """
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = LARGEST + 1  # while it is being counted
        inner = [*value, *value.values()] if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_number_of_values(item, known) for item in inner)
    return known[id(value)]
