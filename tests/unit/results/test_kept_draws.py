"""Draws that a job keeps while it runs: another goes on from them, to the same tables."""

from __future__ import annotations

import json
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pytest

from clusterability.errors import UserError
from clusterability.files import file_digest
from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.nulls.clustered_again import (
    block_redrawn_tables,
    drawn_one_by_one,
    stacked_draws,
)
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.kept_draws import KeptDraws

JOB = NullJob(["matched"], 2, ["none", "balanced"], 5)
K_VALUES = [2, 3]
PARAMETERS = {"code": "one", "job": {"draws": 5}}


def layers():
    weights = {"fc1": np.random.default_rng(0).standard_normal((2, 9, 7)).astype(np.float32)}
    return scaled_layers(Networks("trained", (3, 8), {}, weights), "fc1", JOB.scalings)


def kept_in(folder: Path, parameters=PARAMETERS, seconds: float = 0.0) -> KeptDraws:
    """That of a job whose weights are the bytes of a file."""
    networks = folder / "networks.safetensors"
    networks.write_bytes(b"weights")
    tables = folder / "results/nulls/trained/3-8/fc1/2-3.shuffle.npz"
    return KeptDraws.of_job(tables, file_digest(networks), parameters, seconds)


def drawn(done: int = 0):
    return drawn_one_by_one(RandomModel.named("shuffle"), layers(), K_VALUES, JOB, done=done)


def same(one, other) -> bool:
    fields = ("weights", "squares", "mi_total", "row_sizes", "column_sizes")
    return all(
        np.array_equal(getattr(one[key], field), getattr(other[key], field))
        for key in one
        for field in fields
    )


@pytest.mark.parametrize("made", [0, 1, 4, 5, 11, 20])
def test_another_job_goes_on_where_one_was_killed(tmp_path, made):
    list(islice(kept_in(tmp_path).keeping(drawn()), made))
    kept = kept_in(tmp_path)
    done = kept.found()
    # The last draw was taken, and the job killed before it was kept.
    assert len(done) == max(made - 1, 0)
    rest = kept.keeping(drawn(len(done)))
    tables = stacked_draws(layers(), JOB, chain(done, rest))
    assert same(block_redrawn_tables("shuffle", layers(), K_VALUES, JOB), tables)
    kept.remove()
    assert not (tmp_path / "results/checkpoints").exists()


def test_a_signal_keeps_what_is_drawn_and_ends(tmp_path):
    kept = kept_in(tmp_path, seconds=1e9)
    draws = kept.keeping(drawn())
    list(islice(draws, 7))
    kept.stop()
    with pytest.raises(UserError, match="stopped by a signal; what is drawn is kept"):
        next(draws)
    assert len(kept_in(tmp_path).found()) == 7


def test_draws_of_other_weights_code_or_jobs_are_not_used(tmp_path):
    list(islice(kept_in(tmp_path).keeping(drawn()), 4))
    other = kept_in(tmp_path, json.loads(json.dumps(PARAMETERS)) | {"code": "two"})
    assert other.found() == []
    # And are gone: nobody would ever use them.
    assert kept_in(tmp_path).found() == []


def test_from_a_damaged_file_on_draws_are_made_again(tmp_path, caplog):
    list(islice(kept_in(tmp_path).keeping(drawn()), 9))
    files = sorted(kept_in(tmp_path).folder.iterdir())
    assert len(files) == 8
    files[5].write_bytes(files[5].read_bytes()[:-40])
    assert len(kept_in(tmp_path).found()) == 5
    assert "drawing anew from there" in caplog.text


def test_two_jobs_at_once_leave_what_either_would(tmp_path):
    """As Slurm may start a job again whose node comes back; files of both lie in one folder."""
    first, second = kept_in(tmp_path, seconds=1e9), kept_in(tmp_path, seconds=1e9)
    mine, other = first.keeping(drawn()), second.keeping(drawn())
    for draws, kept, count in ((mine, first, 4), (other, second, 3), (mine, first, 4)):
        list(islice(draws, count - 1))
        kept.seconds_between = 0
        list(islice(draws, 1))
        next(draws)  # the draws before this one are kept
        kept.seconds_between = 1e9
    kept = kept_in(tmp_path)
    done = kept.found()
    assert 0 < len(done) < 20
    tables = stacked_draws(layers(), JOB, chain(done, kept.keeping(drawn(len(done)))))
    assert same(block_redrawn_tables("shuffle", layers(), K_VALUES, JOB), tables)


def test_a_full_disk_does_not_end_the_job(tmp_path, caplog):
    kept = kept_in(tmp_path)
    kept.folder.parent.mkdir(parents=True)
    kept.folder.write_text("no folder")
    assert len(list(kept.keeping(drawn()))) == 20
    assert "no draws could be kept" in caplog.text
