"""Files of blocks: parse their paths and read several files together.

Paths end in `{condition}/{seeds}/{layer}/{k}.npz`, as the workflow names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clusterability.blocks import Block
from clusterability.names import IMPORTED, IMPORTED_SEED, NETWORK
from clusterability.networks.partitions import Key, Partitions, Starts
from clusterability.results.npz_files import Item, load_items

BlockKey = tuple[str, tuple[int, ...], str]
"""Condition, seeds and layer."""


def block_key_of(file: Path) -> BlockKey:
    """Condition, seeds and layer in the path of a block's file.

    >>> block_key_of(Path("results/clusters/trained/0-2/fc1/2-12.npz"))
    ('trained', (0, 1, 2), 'fc1')
    """
    condition, seeds, layer = file.parts[-4:-1]
    return condition, seeds_of(seeds), layer


def seeds_of(name: str) -> tuple[int, ...]:
    """Seeds in the name of a block of seeds."""
    return (IMPORTED_SEED,) if name == IMPORTED else tuple(Block.parse(name))


def by_seeds(files: Iterable[str]) -> dict[str, list[str]]:
    """Group files `…/{seeds}/{layer}/{k}…` by block of seeds, in the order of the files."""
    groups: dict[str, list[str]] = {}
    for file in files:
        groups.setdefault(Path(file).parts[-3], []).append(file)
    return groups


def read_blocks(
    partitions: Iterable[str], starts: Iterable[str] = (), planted: Sequence[str] = ()
) -> list[BlockPartitions]:
    """Read the partitions of blocks of networks, by layer, with all k together.

    Args:
        partitions: files of any number of blocks, with the layers in order.
        starts: files `…/{condition}/{seeds}/{layer}/{k}.starts.npz` of the same blocks.
        planted: files of the planted partitions, for a single block; they are keyed by layer where
            other files are keyed by method.
    """
    partitions_of = _by_block(partitions, Partitions)
    starts_of = _by_block(starts, Starts)
    hidden = {
        layer: item
        for file in planted
        for (layer, _), item in load_items(Path(file), Partitions).items()
    }
    return [
        BlockPartitions(condition, seeds, layers, starts_of.get((condition, seeds), {}), hidden)
        for (condition, seeds), layers in partitions_of.items()
    ]


def _by_block(
    files: Iterable[str], kind: type[Item]
) -> dict[tuple[str, tuple[int, ...]], dict[str, dict[Key, Item]]]:
    blocks: dict[tuple[str, tuple[int, ...]], dict[str, dict[Key, Item]]] = {}
    for file in map(Path, files):
        condition, seeds, layer = block_key_of(file)
        block = blocks.setdefault((condition, seeds), {})
        block.setdefault(layer, {}).update(load_items(file, kind))
    return blocks


@dataclass(frozen=True)
class BlockPartitions:
    """Partitions of a block of networks of one condition.

    Attributes:
        condition: name of the training recipe.
        seeds: one seed per network.
        partitions: [networks, ...] by layer, from the input on, then by (method, k).
        starts: partitions of every k-means restart; methods without restarts have none.
        planted: partition that a layer was trained or built to have, by layer.
    """

    condition: str
    seeds: tuple[int, ...]
    partitions: Mapping[str, Mapping[Key, Partitions]]
    starts: Mapping[str, Mapping[Key, Starts]] = field(default_factory=dict)
    planted: Mapping[str, Partitions] = field(default_factory=dict)

    @property
    def layers(self) -> list[str]:
        """Layers from the input on, without the whole network."""
        return [layer for layer in self.partitions if layer != NETWORK]
