"""What measures say of draws: kept to the bit, read null by null, refused where it is damaged."""

from __future__ import annotations

import numpy as np
import pytest

from clusterability.clustering.block_sums import Tables
from clusterability.errors import UserError
from clusterability.measures.structure import barber_q
from clusterability.results.measured_draws import (
    DIRECTED,
    StoredMeasured,
    measured,
    save_measured,
)


def tables(seed: int, k: int) -> Tables:
    """Two networks with three draws each."""
    source = np.random.default_rng(seed)
    weights = source.random((2, 3, k, k))
    weights /= weights.sum(axis=(-2, -1), keepdims=True)
    sizes = source.integers(1, 9, (2, 2, 3, k))
    scalars = source.random((6, 2, 3))
    return Tables(weights, weights**2, scalars[0] + 3, *sizes, *scalars[1:])


@pytest.fixture
def drawn():
    """By null."""
    keys = [("matched", 2), ("joint", 2), ("matched", 3)]
    return {
        null: measured({key: tables(number * 10 + i, key[1]) for i, key in enumerate(keys)})
        for number, null in enumerate(("shuffle", "strength"))
    }


def test_each_directed_measure_is_that_of_the_tables():
    found = measured({("matched", 3): tables(0, 3)})["matched", 3]
    assert list(found) == list(DIRECTED)
    assert {"mi_total", "mi", "ncut"} & set(found) == {"mi", "ncut"}
    assert np.array_equal(found["barber_q"], barber_q(tables(0, 3)))


def test_what_is_read_is_what_was_written(tmp_path, drawn):
    files = [str(tmp_path / f"{k}.npz") for k in (2, 3)]
    for k in (2, 3):
        of_k = {
            null: {key: item for key, item in found.items() if key[1] == k}
            for null, found in drawn.items()
        }
        save_measured(tmp_path / f"{k}.npz", of_k)
    for null, found in drawn.items():
        stored = StoredMeasured(files, null)
        assert stored.keys() == found.keys()
        for key, measures in found.items():
            assert stored[key].keys() == measures.keys()
            for measure, values in measures.items():
                assert np.array_equal(stored[key][measure], values, equal_nan=True)


def test_the_same_content_gives_the_same_bytes_and_nothing_is_a_file_as_well(tmp_path, drawn):
    for name in "ab":
        save_measured(tmp_path / name, drawn)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    save_measured(tmp_path / "none.npz", {})
    with np.load(tmp_path / "none.npz") as stored:
        assert stored.files == []


def test_a_damaged_file_is_named(tmp_path, drawn):
    file = tmp_path / "2.draws.npz"
    save_measured(file, drawn)
    whole = file.read_bytes()
    stored = StoredMeasured([str(file)], "shuffle")
    with pytest.raises(UserError, match=r"2\.draws\.npz: expected measured draws .*strength2"):
        StoredMeasured([str(file)], "strength2")
    file.write_bytes(whole[: len(whole) // 2])
    for read in (lambda: StoredMeasured([str(file)], "shuffle"), lambda: stored["matched", 2]):
        with pytest.raises(
            UserError, match=r"2\.draws\.npz: expected measured draws of this study"
        ):
            read()
    arrays = {f"shuffle/matched/2/{name}": np.zeros((2, 3)) for name in DIRECTED}
    for changed in (
        {"shuffle/matched/2/mi": np.zeros((2, 4))},
        {"shuffle/matched/2/other": np.zeros((2, 3))},
    ):
        np.savez(file, **(arrays | changed))
        with pytest.raises(UserError, match="remove the file to have it made again"):
            StoredMeasured([str(file)], "shuffle")["matched", 2]
