"""Named random streams: no global state, no clock, no dependence on blocks.

Every random number of a study comes from a `numpy.random.SeedSequence` whose spawn key encodes the
purpose of the number, such as ("order", seed 3, epoch 1). Two purposes never share a stream, and a
stream does not depend on which other streams a job uses.
"""

from __future__ import annotations

import hashlib

import numpy as np

ENTROPY = 0x636C7573746572
"""Root of all streams. A change of it changes every result of every study."""


StreamName = tuple[str | int, ...]
"""Name of a stream without its purpose, such as ("trained", 3, "fc1", "shuffle", 17)."""


def seed_sequence(purpose: str, *keys: str | int) -> np.random.SeedSequence:
    """Seed sequence named by `purpose` and `keys`.

    Args:
        purpose: what the numbers are for, such as "initialisation".
        keys: names or integers that distinguish streams of the same purpose.

    >>> a, b = seed_sequence("order", 3, 0), seed_sequence("order", 3, 1)
    >>> bool(a.generate_state(1)[0] == b.generate_state(1)[0])
    False
    """
    words = [word for key in (purpose, *keys) for word in _words(key)]
    return np.random.SeedSequence(entropy=ENTROPY, spawn_key=words)


def generator(purpose: str, *keys: str | int) -> np.random.Generator:
    """NumPy generator (PCG64) of the stream named by `purpose` and `keys`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(purpose, *keys)))


def integer_seed(purpose: str, *keys: str | int) -> int:
    """63-bit seed for generators of other libraries, such as `torch.Generator`."""
    return int(seed_sequence(purpose, *keys).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _words(key: str | int) -> list[int]:
    """Encode one key as 32-bit words: a tag that separates 3, -3 and "3", then the value."""
    if isinstance(key, str):
        digest = hashlib.sha256(key.encode()).digest()
        return [1, *(int.from_bytes(digest[i : i + 4], "big") for i in (0, 4))]
    size = abs(key)
    return [0 if key >= 0 else 2, size & 0xFFFFFFFF, size >> 32]
