"""Convolution kernels as matrices: the magnitude of the connection between two channels.

For a kernel w of shape [out, in, t₁, …, t_d] with d = 1, 2 or 3 dimensions of taps t:

    sum:   W[o, i] = Σ_t |w[o, i, t]|
    norm:  W[o, i] = √(Σ_t w[o, i, t]²)

Filan et al. 2021 (Clusterability in Neural Networks, arXiv:2103.03386) use the L1 norm, `sum`. For
a single tap both are |w|. Kernels of Keras are [t₁, …, t_d, in, out], which `transpose` indicates.
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
    """Recombine parts of weights and, if requested, convert kernels to matrices, for `select`.

    Nothing is read. Kernels with one channel on a side stay kernels, since that side has no
    clusters. So do arrays with names of embeddings, and arrays that the file says are not
    convolutions.

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
    """Matrix of a kernel; sums are float64, so that small taps are not lost beside large ones."""
    kernel = read()
    if how == "sum":
        return np.asarray(np.abs(kernel).sum(axis=taps, dtype=np.float64))
    largest = np.abs(kernel).max(initial=0).astype(np.float64)
    # Scaled, because squares of small float64 underflow.
    scaled = kernel.astype(np.float64) / (largest if 0 < largest < np.inf else 1)
    return np.asarray(largest * np.sqrt((scaled**2).sum(axis=taps)))
