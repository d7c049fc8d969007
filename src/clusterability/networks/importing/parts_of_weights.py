"""Recombination of weights that a checkpoint stores in parts: pruned, normalised or quantised.

| parts | weight | source |
| --- | --- | --- |
| `weight_orig`, `weight_mask` | orig · mask | torch.nn.utils.prune |
| `weight_g` [out, 1], `weight_v` | g · v / norm of each row of v | Salimans & Kingma 2016, eq. 2 |
| `parametrizations.weight.original0`, `original1` | the same | torch.nn.utils.parametrizations |
| `weight` of int8, `SCB` [out] | weight · SCB / 127 | Dettmers et al. 2022, LLM.int8() |
| `weight` of 8 bits, `weight_scale` or `weight.scale` | weight · scale | compressed-tensors |
| `weight` of float8, `weight_scale_inv` | weight · scale, blocks of 128 x 128 | DeepSeek-V3 |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from clusterability.errors import UserError
from clusterability.networks.importing.lazy_arrays import (
    Entry,
    Facts,
    LazyArrays,
    entries_of,
    notes_of,
)
from clusterability.networks.importing.wording import Arrays, quoted

_BLOCK = 128
"""Height and width of the blocks of weights that share a scale."""

_EIGHT_BITS = ("int8", "uint8", "float8_e4m3fn", "float8_e5m2")
_SCALES = ("_scale", ".scale", "_scale_inv")
"""Suffixes of the names of scales."""
_ZERO_POINTS = ("_zero_point", ".zero_point", "_offset")

Product = Callable[[np.ndarray, np.ndarray], np.ndarray]


class _Parts(NamedTuple):
    """A weight in two parts: its name, their names, and their product."""

    name: str
    first: str
    second: str
    product: Product


def put_together(source: str, arrays: Arrays) -> LazyArrays:
    """Replace each weight in parts by one array, at the position of its first part.

    Nothing is read. An 8-bit weight whose scales do not fit, or that has a zero point, raises a
    UserError on access, since its codes alone are not weights.

    >>> parts = {"0.weight_orig": np.ones((2, 2)), "0.weight_mask": np.eye(2)}
    >>> put_together("mine", parts)["0.weight"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    entries = entries_of(arrays)
    by_first = {parts.first: parts for parts in _all_parts(entries)}
    seconds = {parts.second for parts in by_first.values()}
    whole: dict[str, Entry] = {}
    for name, entry in entries.items():
        if name in by_first:
            whole[by_first[name].name] = _product(source, entries, by_first[name])
        elif name not in seconds:
            whole[name] = entry
    return LazyArrays(whole, notes_of(arrays))


def _product(source: str, entries: Mapping[str, Entry], parts: _Parts) -> Entry:
    first, second = entries[parts.first], entries[parts.second]
    kind = first.facts.type if first.facts.type in ("float16", "float64") else "float32"
    where = f"{source}: {quoted(parts.name)}"
    zero = next((end for end in _ZERO_POINTS if f"{parts.first}{end}" in entries), None)

    def read() -> np.ndarray:
        if zero:
            raise UserError(
                f"{where}: found 8-bit weights with a zero point, expected a scale alone; save them"
                " as floats"
            )
        try:
            return parts.product(first.read(), second.read())
        except ValueError:
            raise UserError(
                f"{where}: found {quoted(parts.second)} {list(second.facts.shape)}, which does not"
                f" fit {quoted(parts.first)} {list(first.facts.shape)}, expected a scale of all, of"
                " each row or of each block; save the weights as floats"
            ) from None

    return Entry(Facts(first.facts.shape, kind), read)


def _all_parts(entries: Mapping[str, Entry]) -> Iterator[_Parts]:
    for name, entry in entries.items():
        yield from _pruned(name, entries)
        yield from _normalised(name, entries)
        if entry.facts.type in _EIGHT_BITS and len(entry.facts.shape) == 2:
            yield from _quantised(name, entries)


def _pruned(name: str, entries: Mapping[str, Entry]) -> Iterator[_Parts]:
    base = name.removesuffix("_orig")
    mask = f"{base}_mask"
    fits = mask in entries and entries[mask].facts.shape == entries[name].facts.shape
    if base != name and base not in entries and fits:
        yield _Parts(base, name, mask, np.multiply)


def _normalised(name: str, entries: Mapping[str, Entry]) -> Iterator[_Parts]:
    for sizes, directions in (("_g", "_v"), (".original0", ".original1")):
        base = name.removesuffix(directions)
        lengths = f"{base}{sizes}"
        if base == name or lengths not in entries:
            continue
        shape, of_sizes = entries[name].facts.shape, entries[lengths].facts.shape
        whole = base.replace("parametrizations.", "")
        same = len(shape) == len(of_sizes)
        fits = not of_sizes or (
            same and all(one in (1, size) for one, size in zip(of_sizes, shape, strict=True))
        )
        if whole not in entries and fits:
            yield _Parts(whole, name, lengths, _weight_norm)


def _quantised(name: str, entries: Mapping[str, Entry]) -> Iterator[_Parts]:
    codes = f"{name.removesuffix('weight')}SCB"
    if name.endswith("weight") and codes in entries:
        yield _Parts(name, name, codes, partial(_scaled, divisor=127))
        return
    scale = next((f"{name}{end}" for end in _SCALES if f"{name}{end}" in entries), None)
    if scale:
        yield _Parts(name, name, scale, _scaled)


def _weight_norm(directions: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """sizes · directions / norm, with the norm over the axes on which sizes have length 1."""
    wide = directions.astype(np.float64)
    axes = tuple(axis for axis, size in enumerate(sizes.shape) if size == 1) or None
    if sizes.shape == directions.shape:
        axes = ()
    norms = np.sqrt(np.sum(wide**2, axis=axes, keepdims=True))
    return np.asarray(wide * (sizes / np.where(norms > 0, norms, 1)))


def _scaled(weights: np.ndarray, scale: np.ndarray, divisor: float = 1) -> np.ndarray:
    """weights [out, in] · scale / divisor, with one scale, one per row, or one per block."""
    wide, factors = weights.astype(np.float64), scale.astype(np.float64) / divisor
    rows, columns = weights.shape
    if factors.size == 1:
        return np.asarray(wide * factors.reshape(()))
    if factors.shape in ((rows,), (rows, 1)):
        return np.asarray(wide * factors.reshape(rows, 1))
    if factors.shape == (-(-rows // _BLOCK), -(-columns // _BLOCK)):
        each = np.repeat(np.repeat(factors, _BLOCK, axis=0), _BLOCK, axis=1)
        return np.asarray(wide * each[:rows, :columns])
    raise ValueError("scales of another shape")
