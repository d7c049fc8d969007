"""Null `untrained`: networks of the same architecture, freshly initialised and never trained.

They are clustered and scored as the study's own networks are; `results.untrained` compares.
"""

from __future__ import annotations

from dataclasses import asdict

from clusterability.jobs.training_job import FreshJob
from clusterability.networks.stacked import Networks
from clusterability.training.perceptron import initial_weights
from clusterability.training.recipe import Recipe


def fresh_networks(condition: str, job: FreshJob, numbers: list[int]) -> Networks:
    """Initial networks of these numbers; their random streams are not those of the study's seeds.

    Args:
        condition: name for the networks' file.
        job: architecture and initialisation, as a recipe's.
        numbers: which networks; they stand where a study's networks have their seeds.
    """
    recipe = Recipe.model_validate({**asdict(job), "epochs": 0})
    stacks = initial_weights(
        recipe.sizes, numbers, recipe.initialisation, purpose="fresh initialisation"
    )
    weights = {layer: stack.numpy() for layer, stack in zip(recipe.layers, stacks, strict=True)}
    return Networks(condition, tuple(numbers), recipe.model_dump(), weights)
