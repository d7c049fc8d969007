"""One line for each fault found by pydantic: the key, what was found, what was expected."""

from __future__ import annotations

import difflib
from typing import Any

from clusterability.errors import one_line, shorten
from clusterability.fields import Section
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.study.sections import ImportedNetwork
from clusterability.study.study import Study
from clusterability.training.recipe import LABELS_OF_PERMUTE_LABELS, Recipe


def fault_line(fault: Any) -> str:
    """Format one error of pydantic as `key: found value, expected what`."""
    loc = [part for part in fault["loc"] if part != "[key]"]
    if fault["type"] == "extra_forbidden":
        return _unknown_key_line(loc, fault["input"])
    key = _key(loc)
    value = shorten(None if fault["type"] == "missing" else fault["input"])
    return f"{key}: found {value}, expected {_expected(fault)}"


def _key(loc: list[Any]) -> str:
    """Path of a key in the config, such as `conditions.dropout.epochs` or `seeds[1]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{one_line(part, 60)}" for part in loc)
    return "".join(parts).removeprefix(".")


def _unknown_key_line(loc: list[Any], found: Any) -> str:
    if loc[0] in ("recipe", "conditions") and loc[-1] == "permute_labels":
        labels = LABELS_OF_PERMUTE_LABELS[found is True]
        return f"{_key(loc)}: found a former key, expected labels: {labels} in its place"
    known = _known_keys(loc[:-1])
    name = one_line(str(loc[-1]), 40)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"{_key(loc)}: unknown key, expected one of {', '.join(known)}{hint}"


_NAMED_SECTIONS: dict[str, type[Section]] = {
    "conditions": Recipe,
    "networks": ImportedNetwork,
    "synthetic": SyntheticRecipe,
}
"""Sections that hold any number of named sections."""


def _known_keys(loc: list[Any]) -> list[str]:
    """Keys that the section at `loc` allows."""
    if not loc:
        return Study.keys()
    if loc[0] in _NAMED_SECTIONS:
        return _NAMED_SECTIONS[loc[0]].keys()
    section = Study.model_fields[str(loc[0])].annotation
    assert isinstance(section, type)
    assert issubclass(section, Section)
    return section.keys()


_EXPECTED: dict[str, str] = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "missing": "a value",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "too_short": "at least {min_length} item",
    "string_pattern_mismatch": "a name of lower-case letters, digits and _, starting with a letter",
    "value_error": "{error}",
}


def _expected(fault: Any) -> str:
    template = _EXPECTED.get(fault["type"])
    return template.format(**fault.get("ctx", {})) if template else fault["msg"]
