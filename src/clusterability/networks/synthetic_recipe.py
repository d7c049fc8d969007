"""The config section for random matrices with planted clusters.

Separate from `synthetic`, so that the workflow reads a config without NumPy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from clusterability.fields import MOST_WEIGHTS, Number, Section, Whole

_ENTRIES = ("entries", "shapes", "rank", "rank_share")
LAYER = "fc1"
"""The only layer of a synthetic network."""

Pattern = Literal["assortative", "shifted", "checkerboard"]
Entries = Literal["uniform", "normal", "laplace", "t2", "cauchy", "ones"]


class SyntheticRecipe(Section):
    """Recipe of random matrices. Clusters are numbered from 0 on both sides."""

    rows: Annotated[Whole, Field(ge=1)] = 128
    """Output units: rows of the matrix."""
    columns: Annotated[Whole, Field(ge=1)] = 128
    """Input units: columns of the matrix."""
    clusters: Annotated[Whole, Field(ge=1)] = 1
    """Number of planted clusters per side. 1: no structure."""
    contrast: Annotated[Number, Field(ge=0, le=1)] = 1.0
    """Strength of the structure: 0 is none, 1 leaves no weight outside the heavy blocks. The share
    of weight in heavy blocks grows linearly in between."""
    pattern: Pattern = "assortative"
    """Blocks that are heavy, clusters being numbered from 0 on both sides:
    - `assortative`: U cluster a with V cluster a.
    - `shifted`: U cluster a with V cluster a + 1, the last one with V cluster 0.
    - `checkerboard`: U cluster a with every V cluster b for which a + b is even. Clusters two
      apart look alike, so that there are two a side to be found: the even and the odd ones."""
    # Beyond 5, weights would underflow float32 and units would be dead.
    heterogeneity: Annotated[Number, Field(ge=0, le=5)] = 0.0
    """Standard deviation of the logarithm of the units' strengths. 0: all units have the same
    strength."""
    unequal: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Inequality of cluster sizes. 0: equal sizes. Otherwise each cluster has one unit to begin
    with, and its share of the others is that of the cluster before times 1 - unequal."""
    density: Annotated[Number, Field(gt=0, le=1)] = 1.0
    """Probability that an entry is kept; all others are zero, so that units may be dead."""
    entries: Entries = "uniform"
    """Distribution of the entries: `uniform` as initial weights are, `normal`, `laplace`, `t2`
    (Student's, with two degrees of freedom), `cauchy`, or `ones`, of which strengths and clusters
    decide not how large but how frequent they are."""
    # Beyond 1, weights would overflow float32.
    shapes: Annotated[Number, Field(ge=0, le=1)] = 0.0
    """Standard deviation of the logarithm of the units' exponents: the size of an entry is raised
    to the product of its row's and its column's. 0: all are 1."""
    rank: Annotated[Whole, Field(ge=0)] = 0
    """Rank of a product of two random normal matrices that has a share of the entries, without any
    clusters. 0: no such share."""
    rank_share: Annotated[Number, Field(ge=0, le=1)] = 0.5
    """Share of the variance of the entries that this product has, where there is one. The others
    are standard normal then, whatever `entries` says."""

    @field_validator("columns")
    @classmethod
    def _weights_fit(cls, columns: int, info: ValidationInfo) -> int:
        rows = info.data.get("rows", 1)
        if rows * columns > MOST_WEIGHTS:
            raise ValueError(f"at most {MOST_WEIGHTS // rows}: {MOST_WEIGHTS} weights a matrix")
        return columns

    @field_validator("clusters", "rank")
    @classmethod
    def _fits(cls, number: int, info: ValidationInfo) -> int:
        # An invalid side is missing from `info.data` and has a separate message.
        sides = [info.data[side] for side in ("rows", "columns") if side in info.data]
        if number > min(sides, default=number):
            raise ValueError(f"at most {min(sides)}, the smaller of rows and columns")
        return number

    @property
    def plants(self) -> bool:
        """Whether clusters are planted."""
        return self.clusters > 1 and self.contrast > 0

    @property
    def distinct(self) -> int:
        """Number of identifiable clusters per side: two for a checkerboard."""
        return min(self.clusters, 2) if self.pattern == "checkerboard" else self.clusters

    @property
    def noise(self) -> tuple[float | str, ...]:
        """Keys that determine the matrix apart from its clusters."""
        names = ("rows", "columns", "heterogeneity", "density")
        return tuple(getattr(self, name) for name in (*names, *_ENTRIES))

    @property
    def layers(self) -> dict[str, tuple[int, int]]:
        """Shapes [rows, columns] of the weight matrices, by layer."""
        return {LAYER: (self.rows, self.columns)}
