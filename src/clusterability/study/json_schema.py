"""JSON schema of the config for editors, written by `make schema` and used by no job."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from clusterability.clustering.catalogue import METHODS
from clusterability.fields import Section
from clusterability.networks.scaling_names import SCALINGS_SAY
from clusterability.nulls.catalogue import NULLS
from clusterability.study.study import Study
from clusterability.training.optimisers import OPTIMISERS
from clusterability.training.recipe import Recipe

CATALOGUES: dict[tuple[str, str], Mapping[str, str]] = {
    ("Clustering", "methods"): {name: entry.says for name, entry in METHODS.items()},
    ("Clustering", "scalings"): SCALINGS_SAY,
    ("Recipe", "optimizer"): {name: entry.says for name, entry in OPTIMISERS.items()},
    ("Study", "nulls"): {
        name: ", ".join(filter(None, (entry.says, entry.caveat))) for name, entry in NULLS.items()
    },
}
"""Catalogues that describe the values of a key, by model and attribute."""


def json_schema() -> str:
    """The schema as the text of its file."""
    return json.dumps(described_schema(), indent=2) + "\n"


def described_schema() -> dict[str, Any]:
    """The schema, with the docstring of each attribute in the model as the key's description."""
    schema = Study.model_json_schema()
    schema["title"] = "Config of a study"
    models = {model.__name__: model for model in _models(Section)}
    models["Overrides"] = Recipe  # created from its fields at run time, without source
    for name, part in {"Study": schema, **schema["$defs"]}.items():
        for attribute, text in _descriptions(models[name]).items() if name in models else ():
            key = models[name].model_fields[attribute].alias or attribute
            keys = part["properties"][key] | {"description": text}
            part["properties"][key] = dict(sorted(keys.items()))
    return schema


def _models(base: type[Section]) -> Iterator[type[Section]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _descriptions(model: type[Section]) -> dict[str, str]:
    """Docstrings of a class's attributes, including inherited ones, by attribute.

    Pydantic could read them (`use_attribute_docstrings`), but would take 0.2 s at each start of
    Snakemake.
    """
    descriptions = {}
    for parent in reversed(model.__mro__):
        if issubclass(parent, Section):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(parent))).body
            assert isinstance(tree, ast.ClassDef)
            for first, second in itertools.pairwise(tree.body):
                if isinstance(first, ast.AnnAssign) and isinstance(second, ast.Expr):
                    attribute = ast.unparse(first.target)
                    text = inspect.cleandoc(ast.literal_eval(second.value))
                    descriptions[attribute] = text + _names(parent.__name__, attribute)
    return descriptions


def _names(model: str, attribute: str) -> str:
    """List of a key's values with their descriptions in a catalogue, one per line."""
    meanings = CATALOGUES.get((model, attribute), {})
    return "".join(f"\n- `{name}`: {text}." for name, text in meanings.items())
