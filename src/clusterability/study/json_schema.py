"""The JSON schema of the config, for editors: written by `make schema`, used by no job."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import textwrap
from collections.abc import Iterator

from clusterability.fields import Section
from clusterability.study.study import Study
from clusterability.training.recipe import Recipe


def json_schema() -> str:
    """The schema, each key described by the text below its attribute in the model."""
    schema = Study.model_json_schema()
    schema["title"] = "Config of a study"
    models = {model.__name__: model for model in _models(Section)}
    models["Overrides"] = Recipe  # made of its fields, and written nowhere
    for name, part in {"Study": schema, **schema["$defs"]}.items():
        for attribute, text in _descriptions(models[name]).items() if name in models else ():
            key = models[name].model_fields[attribute].alias or attribute
            keys = part["properties"][key] | {"description": text}
            part["properties"][key] = dict(sorted(keys.items()))
    return json.dumps(schema, indent=2) + "\n"


def _models(base: type[Section]) -> Iterator[type[Section]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _descriptions(model: type[Section]) -> dict[str, str]:
    """The text below each attribute of a class and of those that it inherits from.

    Pydantic reads them too (`use_attribute_docstrings`), but at each start of Snakemake, for 0.2 s.
    """
    found = {}
    for parent in reversed(model.__mro__):
        if issubclass(parent, Section):
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(parent))).body
            assert isinstance(tree, ast.ClassDef)
            for first, second in itertools.pairwise(tree.body):
                if isinstance(first, ast.AnnAssign) and isinstance(second, ast.Expr):
                    text = inspect.cleandoc(ast.literal_eval(second.value))
                    found[ast.unparse(first.target)] = text
    return found
