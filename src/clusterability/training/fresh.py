"""Null `untrained`: networks of the same architecture, freshly initialised and never trained.

They are clustered and scored as the study's own networks are; `results.untrained` compares.
"""

from __future__ import annotations

from clusterability.networks.stacked import Networks
from clusterability.training.perceptron import initial_weights
from clusterability.training.recipe import Recipe


def fresh_networks(
    condition: str, architecture: str, initialisation: str, numbers: list[int]
) -> Networks:
    """Initial networks of these numbers; their random streams are not those of the study's seeds.

    Args:
        condition: name for the networks' file.
        architecture: layer sizes such as "784-128-128-10".
        initialisation: as a recipe's.
        numbers: which networks; they stand where a study's networks have their seeds.
    """
    keys = {"architecture": architecture, "epochs": 0, "initialisation": initialisation}
    recipe = Recipe.model_validate(keys)
    stacks = initial_weights(
        recipe.sizes, numbers, recipe.initialisation, purpose="fresh initialisation"
    )
    weights = {layer: stack.numpy() for layer, stack in zip(recipe.layers, stacks, strict=True)}
    return Networks(condition, tuple(numbers), recipe.model_dump(), weights)
