"""Small matrices that one job takes together, since starting a job takes longer than each of them.

A layer has the same files whether a job takes it alone or with others, and the same bits in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

SMALLEST = 1 << 16
"""Weights that a smaller matrix counts as: it takes no less time than one of 256 x 256."""

TOGETHER = "together"
"""What the parameter `layers` calls the layers of a job."""
_TOGETHER = f"_{TOGETHER}_"
"""Between the name of a rule and the number of layers' own one, whose jobs do the same."""


class Wildcards(SimpleNamespace):
    """Wildcards by name, as Snakemake's are."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""
        return vars(self).items()


class Place(NamedTuple):
    """The wildcards of a job that takes one layer, or one whole block of networks."""

    condition: str
    seeds: str
    layer: str = ""


def rule_of(name: str) -> str:
    """The rule whose work a rule of layers that are taken together does.

    >>> rule_of("null_together_3"), rule_of("null_labels")
    ('null', 'null_labels')
    """
    return name.partition(_TOGETHER)[0]


def number_of_layers(name: str) -> int:
    """How many layers a job takes, by the part of its files' names that stands for the layer.

    >>> number_of_layers("fc1"), number_of_layers("h.0.mlp.c_fc.weight+11")
    (1, 12)
    """
    found = re.search(r"\+(\d+)$", name)
    return 1 + int(found[1]) if found else 1


def other_layers(before: Collection[Sequence[str]], now: Collection[Sequence[str]]) -> str:
    """How the layers that a job takes differ from those of an earlier one, in words.

    >>> a, b = ["mine", "imported", "a"], ["mine", "imported", "b"]
    >>> other_layers([a], [a, b])
    'layers taken together: 1 more'
    """
    old, new = set(map(tuple, before)), set(map(tuple, now))
    counts = {"more": len(new - old), "fewer": len(old - new)}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"layers taken together: {said or 'in another order'}"


@dataclass(frozen=True)
class JobsOfLayers:
    """Jobs of one layer each, which wildcards name, or those that take given layers together.

    What a rule says of one layer is said here of all layers of a job: files, and functions of the
    wildcards.

    Attributes:
        places: the layers that are taken together; none where wildcards name one.
        number: tells the rules of such layers from each other.
        others: conditions whose layers other jobs take.
    """

    places: tuple[Place, ...] = ()
    number: int = 0
    others: tuple[str, ...] = ()

    def rule(self, name: str) -> str:
        """The name of the rule."""
        return f"{name}{_TOGETHER}{self.number}" if self.places else name

    def condition(self, pattern: str) -> str:
        """A pattern for the conditions that wildcards may name."""
        return f"(?!(?:{'|'.join(self.others)})(?:/|$))(?:{pattern})" if self.others else pattern

    @property
    def params(self) -> dict[str, Any]:
        """What a job that takes layers together has to be told, as parameters."""
        layers = [list(place) for place in self.places]
        return {"layers": {TOGETHER: layers}} if layers else {}

    def files(self, pattern: str) -> str | list[str]:
        """The file of one layer, or those of all."""
        found = [_filled(pattern, place) for place in self.places]
        return found if len(found) > 1 else found[0] if found else pattern

    def file(self, pattern: str) -> str:
        """One file of a job, such as its log; the first layer's name and a number stand for all."""
        if not self.places:
            return pattern
        first, *others = self.places
        part = "layer" if first.layer else "condition"
        named = f"{getattr(first, part)}+{len(others)}" if others else getattr(first, part)
        return _filled(pattern, first._replace(**{part: named}))

    def any(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of wildcards that says the same of all layers."""
        return self._joined(function, lambda values: next(iter(values)))

    def largest(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The largest of what a function of wildcards says of the layers."""
        return self._joined(function, max)

    def total(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The sum of it."""
        return self._joined(function, sum)

    def each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The files that a function of wildcards lists for the layers, in their order."""
        return self._joined(function, lambda lists: [file for files in lists for file in files])

    def merged(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The dictionary of all that a function of wildcards says, by keys that differ."""
        return self._joined(
            function, lambda dicts: {k: v for each in dicts for k, v in each.items()}
        )

    def _joined(
        self, function: Callable[..., Any], join: Callable[[Iterator[Any]], Any]
    ) -> Callable[..., Any]:
        if not self.places:
            return function
        if len(self.places) == 1:
            return lambda wildcards, *more: function(_wildcards(self.places[0], wildcards), *more)

        def of_all(wildcards: Any, *more: Any) -> Any:
            return join(function(_wildcards(place, wildcards), *more) for place in self.places)

        return of_all


def _filled(pattern: str, place: Place) -> str:
    for name, value in place._asdict().items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def _wildcards(place: Place, others: Any) -> Wildcards:
    """The wildcards of a job of this layer alone, with those that all layers share."""
    return Wildcards(**dict(others.items()), **place._asdict())


def jobs_of_layers(
    places: Iterable[Place],
    weights: Mapping[Place, int],
    most: int,
    *,
    alone: Collection[Place] = (),
    across: bool = False,
) -> list[JobsOfLayers]:
    """How jobs take layers: the first takes all that no other does, by wildcards.

    Layers that follow each other are taken together, so that layers that come behind all others
    change no more than the last job. A condition with such layers has no jobs by wildcards.

    Args:
        places: layers in their order.
        weights: entries of the matrix of each.
        most: weights that a job takes together, small matrices counted as `SMALLEST`; 0 to take
            each layer alone.
        alone: those that are not taken with others.
        across: whether a job takes layers of several conditions.

    >>> places = [Place("mine", "imported", name) for name in "abc"]
    >>> jobs = jobs_of_layers(places, dict.fromkeys(places, 100_000), 250_000)
    >>> [job.file("{layer}.log") for job in jobs]
    ['{layer}.log', 'a+1.log', 'c.log']
    """
    places = list(places)
    others = [place for place in places if place not in alone]
    shared = list(_shared(others, weights, most, across))
    together = {place.condition for group in shared if len(group) > 1 for place in group}
    groups = [*shared, *((place,) for place in places if place in alone)]
    own = [group for group in groups if group[0].condition in together]
    jobs = [JobsOfLayers(group, number) for number, group in enumerate(own, 1)]
    return [JobsOfLayers(others=tuple(sorted(together))), *jobs]


def _shared(
    places: Iterable[Place], weights: Mapping[Place, int], most: int, across: bool
) -> Iterator[tuple[Place, ...]]:
    """Layers that follow each other, while they have no more weights than that together."""
    group: list[Place] = []
    total = 0
    for place in places:
        counted = max(weights[place], SMALLEST)
        joins = across or place.condition == group[0].condition if group else True
        if group and (total + counted > most or not joins):
            yield tuple(group)
            group, total = [], 0
        group.append(place)
        total += counted
    if group:
        yield tuple(group)
