"""What a study can ask for by name: that a line in a catalogue and a module is all it takes."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from importlib import import_module

import pytest
import torch

from clusterability.clustering.catalogue import METHODS
from clusterability.clustering.problem import partition_by
from clusterability.measures import structure
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.nulls.catalogue import NULLS
from clusterability.report.catalogue import CATEGORIES, FIGURES, TABLES
from clusterability.report.paper.catalogue import PAPER_TABLES
from clusterability.training.optimisers import OPTIMISERS
from clusterability.training.perceptron import initial_weights
from clusterability.training.recipe import Recipe
from clusterability.training.train import train
from project import ROOT


@pytest.mark.parametrize("entries", [MEASURES, FUNCTION_MEASURES, CONTENDERS])
def test_measures_say_what_they_say_in_a_sentence(entries):
    for name, entry in entries.items():
        assert entry.says[0].isupper(), name
        assert entry.says.endswith("."), name
        assert entry.direction in (-1, 0, 1), name


@pytest.mark.parametrize("entries", [METHODS, NULLS])
def test_methods_and_nulls_are_described_in_words_that_follow_their_names(entries):
    for name, entry in entries.items():
        assert entry.says[0].islower(), name
        assert not entry.says.endswith("."), name


def test_names_stand_for_functions():
    assert list(structure.FUNCTIONS) == list(MEASURES)
    assert all(callable(function) for function in structure.FUNCTIONS.values())
    assert all(callable(partition_by(name)) for name in METHODS)
    for name, entry in NULLS.items():
        if entry.redrawn:
            assert callable(import_module(f"clusterability.nulls.{name}").redraw)


def test_every_figure_has_a_module_with_a_caption_and_a_category():
    for name, entry in FIGURES.items():
        module = import_module(f"clusterability.report.figures.{name}")
        assert callable(module.make)
        assert module.CAPTION.strip().endswith("."), name
        assert entry.category in CATEGORIES
        assert set(entry.inputs) <= {*TABLES, "histories", "weights", "partitions"}


def test_tables_for_print_have_a_function_each():
    tables = import_module("clusterability.report.paper.tables")
    assert list(tables._MAKERS) == list(PAPER_TABLES)


def test_what_the_workflow_reads_at_every_start_loads_no_numerical_package():
    """Snakemake reads it at every start, and in every job on a cluster."""
    rooms = "clustering", "measures", "nulls", "report", "report.paper"
    modules = [f"{name}.catalogue" for name in rooms]
    modules += ["study.loading", "study.job_parameters", "study.published", "blocks"]
    code = "".join(f"import clusterability.{name};" for name in modules)
    code += "import sys; print(sorted({'numpy', 'pandas', 'scipy', 'torch'} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src"
    )
    assert found.stdout.strip() == "[]"


def test_optimisers_are_those_of_pytorch_and_take_keys_of_the_recipe():
    assert typing.get_args(Recipe.model_fields["optimizer"].annotation) == tuple(OPTIMISERS)
    for name, entry in OPTIMISERS.items():
        known = inspect.signature(getattr(torch.optim, entry.torch_name)).parameters
        assert {"fused", *entry.arguments} <= set(known), name
        assert set(entry.arguments.values()) <= set(Recipe.model_fields), name


def test_an_optimiser_that_is_not_in_the_catalogue_trains_nothing(images):
    unknown = Recipe(architecture="784-8-10", epochs=1).model_copy(update={"optimizer": "lion"})
    with pytest.raises(KeyError, match="lion"):
        train("lion", unknown, [0], images, device="cpu")


def test_every_initialisation_has_a_bound_of_its_own():
    (names,) = (typing.get_args(Recipe.model_fields[key].annotation) for key in ("initialisation",))
    bounds = {name: float(initial_weights((784, 10), [0], name)[0].abs().max()) for name in names}
    assert len(set(bounds.values())) == len(names)
    with pytest.raises(KeyError, match="other"):
        initial_weights((784, 10), [0], "other")
