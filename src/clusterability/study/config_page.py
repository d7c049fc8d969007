"""Page of all keys of a config, docs/config.md, written by `make schema` and used by no job."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from clusterability.study.json_schema import described_schema

Part = Mapping[str, Any]
"""Part of the schema."""

HEAD = """# Keys of a config

This page lists every key of a config such as [config.yaml](../config.yaml). A key that is left out
has its default, unless it is required. A key whose default is *empty* may also be written without a
value.

`make schema` writes this page from the model of the config, `src/clusterability/study/study.py`.
"""

BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}

TYPES = {
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "number": "number",
    "string": "text",
}


def config_page() -> str:
    """The page in Markdown: keys without a section, then the sections in the model's order."""
    schema = described_schema()
    keys: dict[str, Part] = schema["properties"]
    models = {key: model for key, part in keys.items() if (model := _model_of(part))}
    single = {key: part for key, part in keys.items() if key not in models}
    chapters = ["## Keys outside sections", _table(single)]
    for key, model in models.items():
        chapters += [f"## `{key}`", _markdown(keys[key]["description"])]
        chapters += [_keys_of(model, schema["$defs"])]
    return "\n\n".join([HEAD.strip(), *chapters]) + "\n"


def _model_of(part: Part) -> str | None:
    """Name of the model of a key's value, or of its named values; None without a model."""
    match = re.search(r'"#/\$defs/(\w+)"', json.dumps(part))
    return match[1] if match else None


def _keys_of(model: str, models: Mapping[str, Part]) -> str:
    """Table of the keys of a section, or of each entry in a section of named entries."""
    if model == "Overrides":
        return "Keys of each condition: those of [`recipe`](#recipe)."
    return _table(models[model]["properties"])


def _table(keys: Mapping[str, Part]) -> str:
    rows = [("Key", "Default", "Values", "Description"), ("---",) * 4]
    for key, part in keys.items():
        values, text = _cell(_values(part)), _cell(_markdown(part["description"]))
        rows.append((f"`{key}`", _cell(_default(part)), values, text))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", "<br>")


def _markdown(text: str) -> str:
    """A description with one line per list item, and with links to documents."""
    text = re.sub(r"\n(?!- ) *", " ", text)
    return re.sub(r"\bdocs/([\w-]+\.md)\b", r"[\1](\1)", text)


def _default(part: Part) -> str:
    if "default" not in part:
        return "required"
    value = part["default"]
    if value is None:
        return "empty"
    if value == part.get("items", {}).get("enum"):
        return "all"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _values(part: Part) -> str:
    """Values that a key takes, according to the schema."""
    if "anyOf" in part:
        return " or ".join(_values(some) for some in part["anyOf"] if some != {"type": "null"})
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if "enum" in part:
        # A word and YAML's reading of it, such as "true" and true, look the same.
        words = [word if isinstance(word, str) else json.dumps(word) for word in part["enum"]]
        return ", ".join(f"`{word}`" for word in dict.fromkeys(words))
    if part["type"] == "array":
        return _list_values(part["items"], empty="minItems" not in part)
    if "patternProperties" in part:
        (value,) = part["patternProperties"].values()
        return f"keys that are names; each a {_values(value)}"
    if part["type"] == "object":
        names = _values(part["propertyNames"]) if "propertyNames" in part else "as below"
        return f"keys {names}; each a {_values(part['additionalProperties'])}"
    pattern = f" matching `{part['pattern']}`" if "pattern" in part else ""
    limits = ", ".join(f"{sign} {part[key]}" for key, sign in BOUNDS.items() if key in part)
    return f"{TYPES[part['type']]}{pattern} {limits}".strip()


def _list_values(items: Part, empty: bool) -> str:
    joint = " from " if "enum" in items else ", each a "
    return ("list" if empty else "non-empty list") + joint + _values(items)
