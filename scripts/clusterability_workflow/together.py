"""Jobs that take several small matrices together, since a job takes longer to start than to run.

A layer's files are the same, bit for bit, whether a job takes it alone or with others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

SMALLEST = 1 << 16
"""Least number of weights that a matrix counts as: smaller ones take as long as 256 x 256."""

TOGETHER = "together"
"""Key of a job's layers in the parameter `layers`."""
_TOGETHER = f"_{TOGETHER}_"
"""Separator of a rule's name and the number of its copy that takes given layers."""


class Wildcards(SimpleNamespace):
    """Wildcards by name, like Snakemake's."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Pairs of names and values."""
        return vars(self).items()


class LayerBlock(NamedTuple):
    """Wildcards of a job that takes one layer, or one whole block of networks."""

    condition: str
    seeds: str
    layer: str = ""


def rule_of(name: str) -> str:
    """Strip the suffix that marks the copy of a rule for given layers.

    >>> rule_of("null_together_3"), rule_of("null_labels")
    ('null', 'null_labels')
    """
    return name.partition(_TOGETHER)[0]


def number_of_layers(name: str) -> int:
    """Number of layers that a job takes, parsed from the layer's part of its files' names.

    >>> number_of_layers("fc1"), number_of_layers("h.0.mlp.c_fc.weight+11")
    (1, 12)
    """
    match = re.search(r"\+(\d+)$", name)
    return 1 + int(match[1]) if match else 1


def other_layers(before: Collection[Sequence[str]], now: Collection[Sequence[str]]) -> str:
    """Describe how the layers that a job takes differ from those of an earlier job.

    >>> a, b = ["mine", "imported", "a"], ["mine", "imported", "b"]
    >>> other_layers([a], [a, b])
    'layers taken together: 1 more'
    """
    old, new = set(map(tuple, before)), set(map(tuple, now))
    counts = {"more": len(new - old), "fewer": len(old - new)}
    differences = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"layers taken together: {differences or 'in another order'}"


@dataclass(frozen=True)
class JobsOfLayers:
    """Jobs of one layer each, named by wildcards, or a job that takes given layers together.

    A rule defines files and functions of wildcards for one layer; the methods extend them to all
    layers of a job.

    Attributes:
        blocks: layers that are taken together; empty if wildcards name the layer.
        number: number that distinguishes the copies of a rule for given layers.
        others: conditions whose layers other jobs take.
    """

    blocks: tuple[LayerBlock, ...] = ()
    number: int = 0
    others: tuple[str, ...] = ()

    def rule(self, name: str) -> str:
        """Name of the rule for these layers."""
        return f"{name}{_TOGETHER}{self.number}" if self.blocks else name

    def condition(self, pattern: str) -> str:
        """Restrict a pattern to the conditions that wildcards may name."""
        return f"(?!(?:{'|'.join(self.others)})(?:/|$))(?:{pattern})" if self.others else pattern

    @property
    def params(self) -> dict[str, Any]:
        """Parameters that name the layers taken together; empty if wildcards name the layer."""
        layers = [list(layer) for layer in self.blocks]
        return {"layers": {TOGETHER: layers}} if layers else {}

    def files(self, pattern: str) -> str | list[str]:
        """File of the layer, or files of all layers."""
        paths = [_filled(pattern, layer) for layer in self.blocks]
        return paths if len(paths) > 1 else paths[0] if paths else pattern

    def file(self, pattern: str) -> str:
        """File of a whole job, such as its log.

        Its name has the first layer, and the number of further layers if there are any.
        """
        if not self.blocks:
            return pattern
        first, *others = self.blocks
        part = "layer" if first.layer else "condition"
        named = f"{getattr(first, part)}+{len(others)}" if others else getattr(first, part)
        return _filled(pattern, first._replace(**{part: named}))

    def any(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Extend a function of wildcards that has the same value for all layers."""
        return self._joined(function, lambda values: next(iter(values)))

    def largest(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Extend a function of wildcards to the maximum over layers."""
        return self._joined(function, max)

    def total(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Extend a function of wildcards to the sum over layers."""
        return self._joined(function, sum)

    def each(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Extend a function of wildcards that lists files to those of all layers, in order."""
        return self._joined(function, lambda lists: [file for files in lists for file in files])

    def merged(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Extend a function of wildcards that returns dicts to their union; keys must differ."""
        return self._joined(
            function, lambda dicts: {k: v for each in dicts for k, v in each.items()}
        )

    def _joined(
        self, function: Callable[..., Any], join: Callable[[Iterator[Any]], Any]
    ) -> Callable[..., Any]:
        if not self.blocks:
            return function
        if len(self.blocks) == 1:
            return lambda wildcards, *more: function(_wildcards(self.blocks[0], wildcards), *more)

        def of_all(wildcards: Any, *more: Any) -> Any:
            return join(function(_wildcards(layer, wildcards), *more) for layer in self.blocks)

        return of_all


def _filled(pattern: str, block: LayerBlock) -> str:
    for name, value in block._asdict().items():
        pattern = pattern.replace(f"{{{name}}}", value)
    return pattern


def _wildcards(block: LayerBlock, others: Any) -> Wildcards:
    """Wildcards of a job of this layer alone, including those that all layers share."""
    return Wildcards(**dict(others.items()), **block._asdict())


def jobs_of_layers(
    blocks: Iterable[LayerBlock],
    weights: Mapping[LayerBlock, int],
    most: int,
    *,
    alone: Collection[LayerBlock] = (),
    across: bool = False,
) -> list[JobsOfLayers]:
    """Divide layers among jobs; the first item takes, by wildcards, all that no other job takes.

    Jobs take consecutive layers, so that layers appended at the end change only the last job. A
    condition with layers taken together has no jobs by wildcards.

    Args:
        blocks: layers in their order.
        weights: number of matrix entries of each layer.
        most: maximum number of weights per job, with small matrices counted as `SMALLEST`. 0: each
            layer has its own job.
        alone: layers that are not taken with others.
        across: whether a job may take layers of several conditions.

    >>> layers = [LayerBlock("mine", "imported", name) for name in "abc"]
    >>> jobs = jobs_of_layers(layers, dict.fromkeys(layers, 100_000), 250_000)
    >>> [job.file("{layer}.log") for job in jobs]
    ['{layer}.log', 'a+1.log', 'c.log']
    """
    blocks = list(blocks)
    others = [layer for layer in blocks if layer not in alone]
    shared = list(_shared(others, weights, most, across))
    together = {layer.condition for group in shared if len(group) > 1 for layer in group}
    groups = [*shared, *((layer,) for layer in blocks if layer in alone)]
    joined_groups = [group for group in groups if group[0].condition in together]
    jobs = [JobsOfLayers(group, number) for number, group in enumerate(joined_groups, 1)]
    return [JobsOfLayers(others=tuple(sorted(together))), *jobs]


def _shared(
    blocks: Iterable[LayerBlock], weights: Mapping[LayerBlock, int], most: int, across: bool
) -> Iterator[tuple[LayerBlock, ...]]:
    """Groups of consecutive layers that have at most `most` weights together."""
    group: list[LayerBlock] = []
    total = 0
    for layer in blocks:
        counted = max(weights[layer], SMALLEST)
        joins = across or layer.condition == group[0].condition if group else True
        if group and (total + counted > most or not joins):
            yield tuple(group)
            group, total = [], 0
        group.append(layer)
        total += counted
    if group:
        yield tuple(group)
