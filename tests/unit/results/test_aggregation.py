"""Tables made a block at a time: byte for byte those of all rows at once, in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy import stats

from clusterability.measures.catalogue import MEASURES
from clusterability.results import writing as row_files
from clusterability.results.aggregation import BlockScores, write_clusters, write_rows
from clusterability.results.function_columns import ABLATION_COLUMNS
from clusterability.results.summary import summary_of
from clusterability.statistics import Replicates, intervals, replicate_ps, shares_significant
from plain_statistics import interval, replicate_p, share_significant
from plain_tables import plain_clusters, plain_paired, plain_scores, plain_summary
from project import PATH
from study_blocks import StudyBlocks

FRESH_OF = {"trained": "fresh-16", "l1": "fresh-16"}
INITIAL_OF = {"trained": "untrained", "l1": "untrained"}
WHOLE = 2 * 1024**3
"""Bytes that a study of 10 million rows may take."""


@pytest.fixture
def blocks(tmp_path, monkeypatch):
    """Two blocks of seeds, and of k, of which one is not probed; row groups of a few blocks."""
    monkeypatch.setattr(row_files, "ROW_GROUP", 1000)
    return StudyBlocks(
        tmp_path,
        ["untrained", "trained", "l1"],
        ["0-3", "4-6"],
        ["2-3", "5"],
        layers=["fc1", "fc2"],
        methods=["matched", "joint"],
    )


def fresh_files(blocks: StudyBlocks) -> list[str]:
    fresh = replace(blocks, conditions=["fresh-16"], seeds=["0-8"], nulls=())
    return fresh.structure()


def written(blocks: StudyBlocks, scores: BlockScores) -> tuple[bytes, bytes]:
    """scores.csv and summary.csv."""
    cells = scores.cells()
    csv = blocks.folder / "scores.csv"
    scores.write(cells, blocks.folder / "scores.parquet", csv)
    return csv.read_bytes(), as_csv(summary_of(cells, blocks.networks()))


def as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode()


@pytest.mark.slow
@pytest.mark.parametrize("nulls", [("shuffle", "labels"), ("labels",), ()])
@pytest.mark.parametrize("compared", [False, True])
def test_scores_and_summary_are_those_of_all_rows_at_once(blocks, nulls, compared):
    blocks.nulls = nulls
    structure, function = blocks.structure(), blocks.function()
    fresh = fresh_files(blocks) if compared else []
    fresh_of = FRESH_OF if compared else {}
    plain = plain_scores(structure, fresh, function, fresh_of)
    networks = blocks.networks()
    blocks.networks = lambda: networks
    csv, summary = written(blocks, BlockScores(structure, fresh, function, fresh_of))
    assert csv == as_csv(plain)
    assert summary == as_csv(plain_summary(plain, networks))
    at_once = blocks.folder / "at_once.parquet"
    # A study without nulls has a column of texts without any.
    plain.astype({"null": "str"}).to_parquet(at_once, index=False)
    parquet = blocks.folder / "scores.parquet"
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), pd.read_parquet(at_once))
    assert pq.read_metadata(parquet).num_row_groups > 1


@pytest.mark.slow
@pytest.mark.parametrize("nulls", [("shuffle",), ()])
def test_what_training_changed_is_that_of_all_rows_at_once(blocks, nulls):
    blocks.nulls = nulls
    structure, fresh = blocks.structure(), fresh_files(blocks)
    found = BlockScores(structure, fresh, (), FRESH_OF).paired(INITIAL_OF)
    expected = plain_paired(structure, fresh, FRESH_OF, INITIAL_OF)
    assert len(found) == 2 * 2 * 2 * 3 * len(MEASURES)
    assert as_csv(found) == as_csv(expected)
    assert as_csv(BlockScores(structure).paired({})).decode().count("\n") == 1


@pytest.mark.parametrize("whole", [False, True])
def test_clusters_are_those_of_all_rows_at_once(blocks, whole):
    clusters, functions = blocks.clusters(), blocks.function_clusters()
    if whole:
        # Clusters of the whole network are ablated in hidden layers, where they have no row.
        for file in functions[:2]:
            rows = pd.read_parquet(file)
            more = rows.head(5).assign(method="whole")
            pd.concat([rows, more], ignore_index=True).to_parquet(file, index=False)
    target = blocks.folder / "clusters.parquet"
    write_clusters(target, clusters, functions)
    at_once = blocks.folder / "at_once.parquet"
    plain_clusters(clusters, functions).to_parquet(at_once, index=False)
    found = pd.read_parquet(target)
    pd.testing.assert_frame_equal(found, pd.read_parquet(at_once))
    assert (found["method"] == "whole").sum() == (10 if whole else 0)


def test_rows_of_blocks_follow_each_other(blocks):
    files = blocks.ablations()
    target = blocks.folder / "ablations.parquet"
    write_rows(target, files, ABLATION_COLUMNS)
    expected = pd.concat(map(pd.read_parquet, files), ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(target), expected)
    write_rows(target, [], ABLATION_COLUMNS)
    assert list(pd.read_parquet(target)) == ABLATION_COLUMNS


def test_many_cells_at_once_have_the_bits_of_each_alone():
    """Cells of 0 to 300 values, across the lengths at which NumPy adds up in another order."""
    source = np.random.default_rng(0)
    sizes = np.concatenate([np.arange(301), source.integers(0, 40, 100)])
    cell = np.repeat(np.arange(len(sizes)), sizes)
    values = source.standard_normal(len(cell)) * 10.0 ** source.integers(-3, 3, len(cell))
    values[source.random(len(values)) < 0.1] = np.nan
    values[cell == 20] = 0.5  # without spread
    order = source.permutation(len(cell))
    order = order[np.argsort(order % 7, kind="stable")]  # cells mixed, values in any order
    values, cell = values[order], cell[order]
    each = [values[cell == number] for number in range(len(sizes))]
    replicates = Replicates.of(values, cell, len(sizes))
    expected = np.array([interval(part) for part in each]).T
    np.testing.assert_array_equal(intervals(replicates), expected)
    np.testing.assert_array_equal(
        shares_significant(replicates), [share_significant(part) for part in each]
    )
    draws = np.where(np.arange(len(sizes)) % 3 == 0, 99, 0)
    np.testing.assert_array_equal(
        replicate_ps(replicates, draws),
        [replicate_p(part, int(n) or None) for part, n in zip(each, draws, strict=True)],
    )
    # And by SciPy alone.
    part = each[250][np.isfinite(each[250])]
    low, high = stats.t.interval(0.95, len(part) - 1, part.mean(), stats.sem(part))
    assert intervals(replicates)[1:, 250] == pytest.approx((low, high))


MEASURED = """
import json, re, sys
from pathlib import Path
from clusterability.results.aggregation import BlockScores
def peak():
    # Not getrusage: its peak begins with that of the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
files, target = json.loads(sys.argv[1]), Path(sys.argv[2])
before = peak()
scores = BlockScores(files)
scores.write(scores.cells(), target / "scores.parquet", target / "scores.csv")
print(json.dumps([before, peak()]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_memory_does_not_grow_with_the_study(tmp_path):
    """Three times the conditions, and rows, take hardly more memory, far below the promise."""
    peaks = []
    for conditions in (["a", "b"], ["a", "b", "c", "d", "e", "f"]):
        blocks = StudyBlocks(tmp_path, conditions, ["0-24", "25-49"], ["2-12"])
        files = blocks.structure()
        ran = subprocess.run(
            [sys.executable, "-c", MEASURED, json.dumps(files), str(tmp_path)],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": PATH},
        )
        before, after = json.loads(ran.stdout)
        peaks.append(after - before)
        rows = pq.read_metadata(tmp_path / "scores.parquet").num_rows
        assert rows == len(conditions) * 50 * 3 * 33 * len(MEASURES) * 2
    assert peaks[1] < 1.25 * peaks[0]
    assert peaks[1] < WHOLE / 4
