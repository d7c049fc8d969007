"""Random streams by name: every name its own, and always the same."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np

from clusterability.randomness import ENTROPY, generator, integer_seed, seed_sequence


def first_words(purpose: str, *keys) -> tuple[int, ...]:
    return tuple(seed_sequence(purpose, *keys).generate_state(4).tolist())


def test_different_names_have_different_streams():
    single = [0, 1, 3, -1, -3, 2**32, -(2**32), 2**32 + 3, "", "0", "3", "-3", "order"]
    names = [(), *((key,) for key in single), *itertools.product(single, repeat=2)]
    assert len({first_words("order", *name) for name in names}) == len(names)


def test_purposes_have_streams_of_their_own():
    purposes = ["order", "dropout", "initialisation", "fresh initialisation", "draw", "k-means"]
    assert len({first_words(purpose, 3) for purpose in purposes}) == len(purposes)
    assert first_words("order", "dropout") != first_words("dropout", "order")


def test_the_imported_networks_seed_is_no_other_networks():
    streams = {first_words("draw", "lenet", seed, "fc1", "shuffle", 0) for seed in range(-1, 50)}
    assert len(streams) == 51


def test_a_stream_is_spelled_out_in_the_seed_sequence():
    """So that a later release draws the same numbers, and another program can."""
    digest = hashlib.sha256(b"order").digest()
    purpose = [1, int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")]
    spelled = np.random.SeedSequence(ENTROPY, spawn_key=[*purpose, 0, 3, 0, 2, 1, 0])
    expected = np.random.Generator(np.random.PCG64(spelled)).random(5)
    assert np.array_equal(generator("order", 3, -1).random(5), expected)


def test_numbers_of_numpy_are_numbers():
    assert first_words("order", np.int64(3), np.int64(-1)) == first_words("order", 3, -1)


def test_seeds_for_other_libraries_have_63_bits():
    seeds = [integer_seed("order", seed) for seed in range(200)]
    assert len(set(seeds)) == 200
    assert 2**62 < max(seeds) < 2**63
    assert min(seeds) >= 0
