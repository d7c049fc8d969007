"""Checks of a config that involve several of its sections."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Iterator, Sequence

from clusterability.clustering.catalogue import METHODS
from clusterability.errors import shorten
from clusterability.fields import LONGEST_NAME
from clusterability.measures.asked import asked_of_method
from clusterability.names import NETWORK, OWN_FOLDERS
from clusterability.networks.tasks import TASKS
from clusterability.study.study import Study, snapshot_name


def _check_sources(study: Study) -> Iterator[str]:
    if not study.names:
        yield "conditions: found nothing, expected a condition, or one of synthetic or networks"
    for first, second in itertools.combinations(("conditions", "synthetic", "networks"), 2):
        for name in getattr(study, first):
            if name in getattr(study, second):
                yield (
                    f"{second}.{name}: found a name that {first} has too, expected different names"
                )


def _check_files(study: Study) -> Iterator[str]:
    for name, network in study.networks.items():
        for key in ("path", "covariate"):
            path = getattr(network, key)
            if path and os.path.relpath(path, study.results).split(os.sep)[0] in OWN_FOLDERS:
                yield (
                    f"networks.{name}.{key}: found {shorten(path)}, expected a file that is not"
                    f" one of the study's own results in {study.results}"
                )


def _check_published_files(study: Study) -> Iterator[str]:
    for key, path in study.published.values():
        parts = os.path.relpath(path, study.results).split(os.sep)
        if parts[0] in OWN_FOLDERS:
            yield (
                f"replication.{key}: found {shorten(path)}, expected a file that is not one of the"
                f" study's own results in {study.results}"
            )


def _check_k_grid(study: Study) -> Iterator[str]:
    if study.networks:
        return  # sizes of imported networks are in their files
    largest = max(_largest_k(study, name) for name in study.names) if study.names else math.inf
    for block in study.k_blocks:
        if block[-1] > largest:
            yield (
                f"k_grid: found {block.name!r}, expected k that some layer can hold"
                f" (at most {largest}, the smaller side of the largest layer)"
            )


def _largest_k(study: Study, name: str) -> int:
    """Largest feasible k for a layer of this condition, or for its whole network."""
    shapes = list(study.layers_of(name).values())
    sizes = [shapes[0][1], *(shape[0] for shape in shapes)]
    whole = [(sum(sizes[0::2]), sum(sizes[1::2]))] if study.clustering.methods_for(NETWORK) else []
    return max(min(shape) for shape in shapes + whole)


def _check_origins(study: Study) -> Iterator[str]:
    """Check the conditions that others continue from."""
    if study.recipe.origin is not None:
        yield f"recipe.from: found {study.recipe.origin!r}, expected it in a condition only"
    for name in study.own_conditions:
        origin = study.conditions[name].origin
        if origin is None:
            continue
        others = [other for other in study.own_conditions if name not in study.lineage_of(other)]
        if origin not in others:
            yield (
                f"conditions.{name}.from: found {origin!r}, expected a condition that does not go"
                f" on from it ({', '.join(others) or 'there is none'})"
            )
            continue
        recipe, before = study.recipe_of(name), study.recipe_of(origin)
        if before.steps is not None:
            yield (
                f"conditions.{name}.from: found {origin!r}, expected a condition that is trained"
                " for all of its epochs, without steps"
            )
        for key in ("architecture", "biases", "initialisation", "pixel_deviation"):
            if getattr(recipe, key) != getattr(before, key):
                yield (
                    f"conditions.{name}.{key}: found {getattr(recipe, key)!r}, expected"
                    f" {getattr(before, key)!r} as of {origin}, which it goes on from"
                )


def _check_tasks(study: Study) -> Iterator[str]:
    for name in study.own_conditions:
        recipe = study.recipe_of(name)
        inputs, outputs = TASKS[recipe.task].ends
        if (recipe.sizes[0], recipe.sizes[-1]) != (inputs, outputs):
            key = _recipe_key(name, "architecture", study.conditions[name].model_fields_set)
            yield (
                f"{key}: found {recipe.architecture!r}, expected sizes that start with {inputs} and"
                f" end with {outputs}, for the task {recipe.task} of {name}"
            )


def _check_recipes(study: Study) -> Iterator[str]:
    """Check keys of a recipe against each other."""
    for name in study.own_conditions:
        recipe = study.recipe_of(name)
        changed = study.conditions[name].model_fields_set
        for key in ("l1_layers", "l2_layers"):
            for layer in getattr(recipe, key) or []:
                if layer not in recipe.layers:
                    yield (
                        f"{_recipe_key(name, key, changed)}: found {layer!r},"
                        f" expected one of {', '.join(recipe.layers)}"
                    )
        if not recipe.sparsity:
            continue
        if recipe.sparsity_start > recipe.sparsity:
            yield (
                f"{_recipe_key(name, 'sparsity_start', changed)}: found {recipe.sparsity_start},"
                f" expected at most the sparsity in the end, {recipe.sparsity}"
            )
        if recipe.pruning_start >= recipe.epochs:
            yield (
                f"{_recipe_key(name, 'pruning_start', changed)}: found {recipe.pruning_start},"
                f" expected fewer epochs than all, {recipe.epochs}"
            )


def _check_snapshots(study: Study) -> Iterator[str]:
    for name, steps in study.snapshots.items():
        if name not in study.own_conditions:
            known = ", ".join(study.own_conditions) or "there is none"
            yield f"snapshots.{name}: found {name!r}, expected a condition ({known})"
            continue
        recipe, most = study.conditions[name], study.steps_of(name)
        for index, step in enumerate(steps):
            key, snapshot = f"snapshots.{name}[{index}]", snapshot_name(name, step)
            if step >= most:
                yield f"{key}: found {step}, expected fewer than the {most} steps of {name}"
            if study.conditions[snapshot] != recipe.model_copy(update={"steps": step}):
                yield (
                    f"{key}: found {step}, expected another step or another name of the condition"
                    f" {snapshot}, which snapshots are called as"
                )
            if len(snapshot) > LONGEST_NAME:
                yield (
                    f"{key}: found {step}, expected a condition with a shorter name, since"
                    f" {snapshot} has more than {LONGEST_NAME} characters"
                )


def _check_planting(study: Study) -> Iterator[str]:
    for name in study.own_conditions:
        recipe = study.recipe_of(name)
        changed = study.conditions[name].model_fields_set
        if not recipe.plants:
            continue
        layer, clusters = recipe.planted_layer, recipe.planted_clusters
        if layer not in recipe.layers:
            yield (
                f"{_recipe_key(name, 'planted_layer', changed)}: found {layer!r},"
                f" expected one of {', '.join(recipe.layers)}"
            )
        elif clusters > min(recipe.layers[layer]):
            yield (
                f"{_recipe_key(name, 'planted_clusters', changed)}: found {clusters}, expected at"
                f" most {min(recipe.layers[layer])}, the smaller side of {layer}"
            )


def _recipe_key(condition: str, key: str, changed: set[str]) -> str:
    """Key in the config that sets a key of a condition's recipe."""
    return f"conditions.{condition}.{key}" if key in changed else f"recipe.{key}"


def _check_probe(study: Study) -> Iterator[str]:
    grid = study.k_values
    for index, k in enumerate(study.probe.k or []):
        if k not in grid:
            yield f"probe.k[{index}]: found {k}, expected a k of k_grid ({', '.join(study.k_grid)})"
    for source, most in study.shown_images.items():
        if "images" in study.probe.model_fields_set and study.probe.images > most:
            yield (
                f"probe.images: found {study.probe.images}, expected at most {most},"
                f" the images of dataset.{source}"
            )


def _check_calibration(study: Study) -> Iterator[str]:
    for index, name in enumerate(study.calibration):
        if name not in study.names:
            yield (
                f"calibration[{index}]: found {name!r}, expected one of {', '.join(study.names)}"
            )


def _check_equal_size(study: Study) -> Iterator[str]:
    if study.networks or not study.equal_size.draws:
        return  # sizes of imported networks are in their files
    shapes = [list(study.layers_of(name).values()) for name in study.names]
    deep = [min(map(min, layers)) for layers in shapes if len(layers) > 1]
    if not deep:
        yield (
            f"equal_size.draws: found {study.equal_size.draws}, expected 0, as no network of the"
            " study has several layers"
        )
        return
    for index, k in enumerate(study.equal_size.k):
        if k > max(deep):
            yield (
                f"equal_size.k[{index}]: found {k}, expected at most {max(deep)}, the smallest side"
                " of a network's layers"
            )


def _check_figures(study: Study) -> Iterator[str]:
    grid = study.k_values
    choices = [("figures.k", study.figures.k)]
    choices += [(f"figures.pixel_k[{i}]", k) for i, k in enumerate(study.figures.pixel_k or [])]
    for key, k in choices:
        if k is not None and k not in grid:
            yield f"{key}: found {k}, expected a k of k_grid ({', '.join(study.k_grid)})"


def _check_figure_method(study: Study) -> Iterator[str]:
    methods = study.clustering.methods_for("fc1")
    if study.figures.method is not None and study.figures.method not in methods:
        yield (
            f"figures.method: found {study.figures.method!r}, expected one of"
            f" clustering.methods that cluster layers ({', '.join(methods) or 'there are none'})"
        )


def _check_figure_measures(study: Study) -> Iterator[str]:
    # Only measures that the config names must exist; defaults without a method are left out.
    named = study.figures.measures if "measures" in study.figures.model_fields_set else []
    for index, name in enumerate(named):
        if name not in study.drawn_measures:
            methods = [method for method in METHODS if name in asked_of_method(method)]
            needed = (
                f"a method of clustering.methods has (it is of {', '.join(methods)})"
                if methods
                else "`measures` names, too"
            )
            yield f"figures.measures[{index}]: found {name!r}, expected a measure that {needed}"


CROSS_CHECKS: Sequence[tuple[set[str], Callable[[Study], Iterator[str]]]] = (
    ({"conditions", "synthetic", "networks"}, _check_sources),
    ({"results", "networks"}, _check_files),
    ({"results", "replication"}, _check_published_files),
    ({"k_grid", "recipe", "conditions", "synthetic", "networks", "clustering"}, _check_k_grid),
    ({"recipe", "conditions"}, _check_origins),
    ({"recipe", "conditions"}, _check_tasks),
    ({"recipe", "conditions"}, _check_recipes),
    ({"recipe", "conditions"}, _check_planting),
    ({"dataset", "recipe", "conditions", "snapshots"}, _check_snapshots),
    ({"k_grid", "dataset", "recipe", "conditions", "probe"}, _check_probe),
    ({"conditions", "synthetic", "networks", "calibration"}, _check_calibration),
    ({"recipe", "conditions", "synthetic", "networks", "equal_size"}, _check_equal_size),
    ({"k_grid", "figures"}, _check_figures),
    ({"clustering", "figures"}, _check_figure_method),
    ({"clustering", "figures", "measures"}, _check_figure_measures),
)
"""Checks with the sections that they involve."""
