"""Arguments for one network without a study, checked by the same sections as a config."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic.functional_validators import AfterValidator

from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.extensions import Extension
from clusterability.fields import Name, Section, Whole, different
from clusterability.nulls.catalogue import NULLS
from clusterability.numerics import Workers
from clusterability.study.extensions_asked import AddedMeasure, check_extensions, extensions_of
from clusterability.study.messages import fault_line
from clusterability.study.sections import (
    Clustering,
    Draws,
    KGrid,
    Methods,
    Null,
    Nulls,
    Scalings,
    adaptive_nulls,
)

USUAL_K = "2-12"
"""Default numbers of clusters, restricted to those that the matrix can hold."""

_OF_STUDIES = {
    "untrained": "which networks these weights were before training",
    "within": "which columns are alike",
}
"""Nulls that need more than weights, with what they need."""


class ScoringArguments(Section):
    """Arguments of `score` and `cluster`, under the names that these functions use."""

    name: Name
    k: KGrid
    methods: Methods
    scalings: Scalings
    restarts: Annotated[Whole, Field(ge=1)]
    nulls: Nulls
    draws: Draws = "fixed"
    measures: Annotated[list[AddedMeasure], AfterValidator(different)] = []

    @property
    def adaptive_nulls(self) -> dict[Null, int]:
        """Nulls whose draws end by a rule, with the largest number of draws of each."""
        return adaptive_nulls(self.draws, self.nulls)

    @property
    def extensions(self) -> list[Extension]:
        """Measures, methods and nulls of other packages."""
        return extensions_of(self.measures, self.methods, self.nulls)

    @property
    def k_blocks(self) -> list[Block]:
        return [Block.parse(name) for name in self.k]

    @property
    def k_values(self) -> list[int]:
        return sorted(k for block in self.k_blocks for k in block)

    @property
    def clustering(self) -> Clustering:
        """Clustering settings for all layers."""
        return Clustering(methods=self.methods, scalings=self.scalings, restarts=self.restarts)


def asked_of(
    name: str,
    k: Sequence[Any],
    methods: Sequence[Any],
    scalings: Sequence[Any],
    nulls: Mapping[Any, Any],
    restarts: Any,
    draws: Any = "fixed",
    measures: Sequence[Any] = (),
) -> ScoringArguments:
    """Check the arguments as those of a study's config are checked.

    Raises:
        UserError: one line, if a study could not be asked for the same.
    """
    given = {
        "name": name,
        "k": list(k),
        "methods": list(methods),
        "scalings": list(scalings),
        "restarts": whole_number(restarts),
        "nulls": {null: whole_number(count) for null, count in nulls.items()},
        "draws": draws,
        "measures": list(measures),
    }
    try:
        choices = ScoringArguments.model_validate(given)
    except ValidationError as error:
        faults = [fault_line(fault) for fault in error.errors()]
        raise UserError("; ".join(faults)) from None
    for null, unknown in _OF_STUDIES.items():
        if null in choices.nulls:
            others = [name for name in NULLS if name not in _OF_STUDIES]
            raise UserError(
                f"nulls: found {null!r}, expected of {', '.join(others)}: {unknown}, only a study"
                " knows"
            )
    check_extensions(choices.extensions)
    return choices


def workers_of(jobs: Any, memory: Any) -> Workers:
    """Number of draws at a time, and the memory they may use.

    Raises:
        UserError: if the arguments are not such numbers.
    """
    count = whole_number(jobs)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 1024:
        raise UserError(f"jobs: found {jobs!r}, expected a whole number from 1 to 1024")
    try:
        size = float(memory)
    except (TypeError, ValueError, OverflowError):
        size = math.nan
    if not 0 < size <= 1e6:
        raise UserError(f"memory: found {memory!r}, expected gigabytes, such as 3")
    return Workers(count, size)


def whole_number(item: Any) -> Any:
    """Convert integers of any library to Python's; other values pass, to be refused by checks."""
    try:
        return item if isinstance(item, bool) else operator.index(item)
    except TypeError:
        return item


def listed(names: str | Sequence[str]) -> list[str]:
    """A single name as a list, or the list of names."""
    return [names] if isinstance(names, str) else list(names)


def k_grid(k: int | str | Iterable[int | str]) -> list[int | str]:
    """Blocks of k; consecutive integers form one block, which is clustered at once.

    >>> k_grid([2, 3, 4, 8]), k_grid("2-12, 16"), k_grid(4)
    (['2-4', 8], ['2-12', '16'], [4])
    """
    if isinstance(k, str):
        return [part.strip() for part in k.split(",")]
    items: list[Any] = list(k) if isinstance(k, Iterable) else [k]
    blocks: list[list[Any]] = []
    for item in map(whole_number, items):
        if blocks and isinstance(item, int) and blocks[-1][-1] == item - 1:
            blocks[-1].append(item)
        else:
            blocks.append([item])
    return [f"{b[0]}-{b[-1]}" if len(b) > 1 else b[0] for b in blocks]
