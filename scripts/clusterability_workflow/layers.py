"""Iterate over the layers of a job: the one that its wildcards name, or those taken together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from clusterability_workflow.together import TOGETHER

from clusterability.networks.stacked import Networks, load_networks


@dataclass(frozen=True)
class Layer:
    """A layer of a job, with its own files.

    Attributes:
        condition: condition of its networks; empty if neither wildcards nor parameters name it.
        name: name in files.
        inputs, outputs: files by their names in the rule.
    """

    condition: str
    name: str
    inputs: Mapping[str, Sequence[str]]
    outputs: Mapping[str, Sequence[str]]

    def input(self, name: str) -> Path:
        """Single input of a name."""
        (file,) = self.inputs[name]
        return Path(file)

    def output(self, name: str) -> Path:
        """Single output of a name."""
        (file,) = self.outputs[name]
        return Path(file)

    def networks(self) -> Networks:
        """Networks that have this layer."""
        return networks_in(self.input("networks"))


networks_in = lru_cache(maxsize=1)(load_networks)
"""`load_networks` that reads a file once for consecutive layers."""


def layers_of(job: Any) -> Iterator[Layer]:
    """Yield the layers of a job, in their order.

    Args:
        job: the object `snakemake` of a rule's script. If it takes layers together, each layer has
            an equal share of the files of each name.
    """
    inputs, outputs = _by_name(job.input), _by_name(job.output)
    layers = dict(job.params.items()).get("layers")
    if layers is None:
        wildcards = dict(job.wildcards.items())
        yield Layer(wildcards.get("condition", ""), wildcards.get("layer", ""), inputs, outputs)
        return
    together = layers[TOGETHER]
    for number, (condition, _, layer) in enumerate(together):
        shares = [_share(files, number, len(together)) for files in (inputs, outputs)]
        yield Layer(condition, layer, *shares)


def _by_name(files: Any) -> dict[str, list[str]]:
    return {
        name: [paths] if isinstance(paths, str) else list(paths) for name, paths in files.items()
    }


def _share(files: Mapping[str, list[str]], number: int, count: int) -> dict[str, list[str]]:
    return {
        name: paths[number * len(paths) // count : (number + 1) * len(paths) // count]
        for name, paths in files.items()
    }
