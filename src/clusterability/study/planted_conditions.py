"""Conditions of a study whose true clusters are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clusterability.jobs.comparison_jobs import JudgedCondition, PlantedPair
from clusterability.networks.synthetic_recipe import LAYER

if TYPE_CHECKING:
    from clusterability.study.study import Study


def planted_pairs(study: Study) -> list[PlantedPair]:
    """Conditions with planted clusters, each with its reference without them.

    Pairs are left out if the study has no reference, or if the number of clusters is not in its
    grid. `dose`, the strength of planting, is the recipe's `clusterability` or a matrix's contrast.
    """
    pairs = [*_trained_pairs(study), *_synthetic_pairs(study)]
    return [pair for pair in pairs if pair.k in study.k_values]


def _trained_pairs(study: Study) -> Iterator[PlantedPair]:
    recipes = {name: study.recipe_of(name) for name in study.conditions}
    for name, recipe in recipes.items():
        same = (
            other
            for other, start in recipes.items()
            if not start.plants and start.without_planting == recipe.without_planting
        )
        reference = next(same, None)
        if recipe.plants and reference:
            truth = (recipe.planted_clusters, recipe.planted_layer)
            yield PlantedPair(name, reference, recipe.clusterability, "trained", *truth)


def _synthetic_pairs(study: Study) -> Iterator[PlantedPair]:
    for name, recipe in study.synthetic.items():
        same = (
            other
            for other, start in study.synthetic.items()
            if not start.plants and start.noise == recipe.noise
        )
        reference = next(same, None)
        if recipe.plants and reference:
            yield PlantedPair(name, reference, recipe.contrast, "synthetic", recipe.distinct, LAYER)


def judged_conditions(study: Study) -> list[JudgedCondition]:
    """Conditions with known true clusters, at each k where they are judged.

    These are the conditions of `planted_pairs` and all random matrices; matrices without clusters
    are judged at every k that is planted in others. Empty if no layers are clustered.
    """
    if study.drawn_method is None:
        return []
    judged = [
        JudgedCondition(name, pair.family, pair.k, pair.layer, name == pair.condition)
        for pair in planted_pairs(study)
        for name in (pair.condition, pair.reference)
    ]
    planted = [recipe.distinct for recipe in study.synthetic.values() if recipe.plants]
    for name, recipe in study.synthetic.items():
        judged += [
            JudgedCondition(name, "synthetic", k, LAYER, recipe.plants)
            for k in ([recipe.distinct] if recipe.plants else planted)
            if k in study.k_values
        ]
    return list(dict.fromkeys(judged))


def answers(study: Study) -> bool:
    """Whether the study has evidence on which measure is right."""
    return bool(study.probed_conditions or planted_pairs(study))
