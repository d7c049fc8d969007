"""Null `untrained`: networks of the same architecture, initialised and not trained.

They are clustered and scored like the networks of the study; `results.untrained` compares both.
"""

from __future__ import annotations

from dataclasses import asdict

from clusterability.jobs.training_job import FreshJob
from clusterability.networks.stacked import Networks
from clusterability.training.perceptron import initial_weights
from clusterability.training.recipe import Recipe


def fresh_networks(condition: str, job: FreshJob, numbers: list[int]) -> Networks:
    """Initialise networks from random streams separate from those of the study's seeds.

    Args:
        condition: name of the networks' condition.
        job: architecture and initialisation, as in a recipe.
        numbers: indices of the networks, used in place of seeds.
    """
    recipe = Recipe.model_validate({**asdict(job), "epochs": 0})
    stacks = initial_weights(
        recipe.sizes, numbers, recipe.initialisation, purpose="fresh initialisation"
    )
    weights = {layer: stack.numpy() for layer, stack in zip(recipe.layers, stacks, strict=True)}
    return Networks(condition, tuple(numbers), recipe.model_dump(), weights)
