"""Names of methods at a scaling of the weights: `matched` without scaling, `matched-balanced`, …"""

from __future__ import annotations

from typing import Literal, get_args

Scaling = Literal["none", "unit-norm", "balanced", "ranked"]
SCALINGS: tuple[Scaling, ...] = get_args(Scaling)
"""Scalings of the weights; see `clusterability.networks.scaling`."""
SCALINGS_SAY: dict[str, str] = {
    "none": "as they are",
    "unit-norm": "every hidden unit's input weights scaled to norm 1",
    "balanced": "scaled so that all units of a side have the same strength",
    "ranked": "replaced by scores of their ranks within rows and columns",
}
"""Effect of each scaling, in words that follow "weights"."""


def scaled_method(method: str, scaling: str) -> str:
    """Name of a method applied to weights at this scaling.

    >>> scaled_method("joint", "none"), scaled_method("joint", "unit-norm")
    ('joint', 'joint-unit-norm')
    """
    return method if scaling == "none" else f"{method}-{scaling}"


def plain_method(method: str) -> str:
    """Name of a method without its scaling.

    >>> plain_method("joint"), plain_method("joint-unit-norm")
    ('joint', 'joint')
    """
    return method.partition("-")[0]


def scaling_of(method: str) -> str:
    """Scaling in the name of a method.

    >>> scaling_of("joint"), scaling_of("joint-unit-norm")
    ('none', 'unit-norm')
    """
    _, _, scaling = method.partition("-")
    return scaling or "none"
