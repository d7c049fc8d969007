"""Features of networks with one meaning in all seeds of a condition, to compare clusters by."""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open

from clusterability.networks.stacked import stored_description


def same_in_all_seeds(file: Path) -> list[str]:
    """`pixels` if inputs are those of images, `classes` if outputs are the classes of images.

    Rows and columns of random matrices have no meaning, and permuted labels differ between seeds.

    Args:
        file: networks of a block.
    """
    with safe_open(file, framework="numpy") as content:
        recipe = stored_description(content).get("recipe") or {}
    if "architecture" not in recipe:
        return []
    return ["pixels", "classes"] if recipe.get("labels") == "true" else ["pixels"]
