"""Convolution kernels as matrices: the size of the connection between each two channels.

For a kernel w of shape [out, in, t₁, …, t_d] with d = 1, 2 or 3 dimensions of taps t:

    sum:   W[o, i] = Σ_t |w[o, i, t]|
    norm:  W[o, i] = √(Σ_t w[o, i, t]²)

Filan et al. 2021 (Clusterability in Neural Networks, arXiv:2103.03386) take the L1 norm of a slice,
`sum`. With a single tap both are |w|. Kernels of Keras are [t₁, …, t_d, in, out]: `transpose` says
so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from clusterability.networks.importing.lazy_arrays import (
    Entry,
    Facts,
    LazyArrays,
    entries_of,
    notes_of,
)
from clusterability.networks.importing.parts_of_weights import put_together
from clusterability.networks.importing.selection import (
    Convolutions,
    Reading,
    is_kernel,
    looks_embedded,
)
from clusterability.networks.importing.wording import Arrays


def prepared(source: str, arrays: Arrays, reading: Reading) -> LazyArrays:
    """The arrays of a file as `selection.select` takes them: weights in parts put together and,
    where they are asked for, kernels as matrices. Nothing is read.

    A kernel with one channel on a side stays what it is: it has no clusters there. So do names of
    embeddings, and what the file says is no convolution.

    >>> kernel = np.array([[[1.0, -2.0]] * 3, [[0.0, 3.0]] * 3])
    >>> arrays = prepared("mine", {"conv": kernel}, Reading(convolutions="sum"))
    >>> arrays["conv"].tolist()
    [[3.0, 3.0, 3.0], [3.0, 3.0, 3.0]]
    """
    whole = put_together(source, arrays)
    if reading.convolutions is None:
        return whole
    entries = {
        name: _as_matrix(entry, reading.convolutions, bool(reading.transpose))
        if is_kernel(entry.facts) and not looks_embedded(name)
        else entry
        for name, entry in entries_of(whole).items()
    }
    return LazyArrays(entries, notes_of(whole))


def _as_matrix(entry: Entry, how: Convolutions, channels_last: bool) -> Entry:
    shape, facts = entry.facts.shape, entry.facts
    size = shape[-2:] if channels_last else shape[:2]
    if 1 in size:
        return entry
    taps = tuple(range(len(shape) - 2)) if channels_last else tuple(range(2, len(shape)))
    kind = facts.type if facts.type == "float64" else "float32"
    read = partial(_over_taps, entry.read, how, taps)
    return Entry(Facts(size, kind, facts.axes, kernel=shape), read)


def _over_taps(
    read: Callable[[], np.ndarray], how: Convolutions, taps: tuple[int, ...]
) -> np.ndarray:
    """The kernel's matrix; float64 sums, so that no small tap is lost beside large ones."""
    kernel = read()
    if how == "sum":
        return np.asarray(np.abs(kernel).sum(axis=taps, dtype=np.float64))
    largest = np.abs(kernel).max(initial=0).astype(np.float64)
    # Squares of the smallest float64 would be zero.
    scaled = kernel.astype(np.float64) / (largest if 0 < largest < np.inf else 1)
    return np.asarray(largest * np.sqrt((scaled**2).sum(axis=taps)))
