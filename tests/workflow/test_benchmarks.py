"""What `make bench` compares and counts: peers that are right, ratios that are what they say."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.cluster import KMeans

from benchmarks import (
    check,
    clusterings,
    figure,
    files,
    growth,
    peers,
    scores,
    timing,
    training,
    workflow,
)
from benchmarks.record import CSV, PAGE, markdown, read_rows
from builders import idx
from clusterability.clustering.summing import tables_of
from clusterability.measures.ablation import ABLATIONS, AblatedLayer
from clusterability.measures.activations import hidden_activities
from clusterability.measures.structure import FUNCTIONS
from clusterability.study.sections import MNIST_FILES

# --- timing ------------------------------------------------------------------------------------


def test_both_of_a_round_are_timed_in_turn(monkeypatch):
    calls: list[str] = []
    clock = {"ours": [1.0, 1.0, 2.0], "theirs": [3.0, 2.0, 8.0]}

    def seconds(function):
        function()
        return clock[calls[-1]].pop(0)

    monkeypatch.setattr(timing, "seconds", seconds)
    found = timing.paired(lambda: calls.append("ours"), lambda: calls.append("theirs"), 3)
    # Once before, then by turns.
    assert "".join(call[0] for call in calls) == "ot" + "ot" + "to" + "ot"
    columns = found.columns(10, rate=True)
    # Ratios of the rounds are 3, 2 and 4; medians 1 and 3 seconds for ten things.
    assert (columns["ratio"], columns["ratio_low"], columns["ratio_high"]) == (3, 2, 4)
    assert (columns["ours"], columns["theirs"]) == (10, pytest.approx(10 / 3))
    assert found.columns(10, rate=False)["theirs"] == pytest.approx(0.3)


def test_arithmetic_of_training_is_that_of_autograd():
    """Products counted by PyTorch itself in one step of the notebook's network."""
    from torch.utils.flop_counter import FlopCounterMode

    sizes, images = (7, 5, 4, 3), 6
    layers = [torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes)]
    counter = FlopCounterMode(display=False)
    with counter:
        torch.nn.Sequential(*layers)(torch.rand(images, sizes[0])).sum().backward()
    assert training.operations(sizes, images) == counter.get_total_flops()


@pytest.mark.slow
def test_a_file_of_a_user_is_scored_in_a_process_whose_memory_is_its_own(tmp_path):
    held = np.ones(500_000_000, np.uint8)  # of this process, not of that one
    np.save(tmp_path / "weights.npy", np.random.default_rng(0).standard_normal((12, 20)))
    wall, cpu, peak = files.scored(tmp_path / "weights.npy", "--draws", "adaptive")
    assert wall > 0
    assert cpu > 0
    assert 30e6 < peak < held.nbytes
    assert len(pd.read_csv(tmp_path / "weights.csv")["k"].unique()) == 7
    with pytest.raises(RuntimeError, match=r"nothing\.npy"):
        files.scored(tmp_path / "nothing.npy")


# --- peers -------------------------------------------------------------------------------------


def test_the_grid_of_the_peer_is_that_of_scikit_learn():
    matrix = np.random.default_rng(0).uniform(-1, 1, (8, 12))
    left, _, right = np.linalg.svd(peers.normalised(matrix))
    found = peers.spectral_grid(matrix, [2, 3, 9], 5)
    for place, k in enumerate([2, 3]):  # 9 clusters of 8 rows are infeasible
        for side, vectors in enumerate((left, right.T)):
            best = KMeans(k, n_init=5, random_state=0).fit(vectors[:, :k]).inertia_
            assert found[2 * place + side] == pytest.approx(best, rel=1e-3)
    assert len(found) == 4


def test_leidenalg_finds_the_published_modularity_of_the_southern_women():
    graph = nx.davis_southern_women_graph()
    women = nx.bipartite.biadjacency_matrix(graph, graph.graph["top"]).toarray()
    rows, columns = peers.leiden_partition(women, 50)
    assert peers.barber_q(women, rows, columns) == pytest.approx(0.3455, abs=5e-5)
    assert len(set(rows)) == 4
    tables = tables_of(women.astype(float), {("any", 4): (rows, columns)})["any", 4]
    expected = peers.barber_q(women, rows, columns)
    assert FUNCTIONS["barber_q"](tables) == pytest.approx(expected, abs=1e-12)


def test_faiss_finds_points_that_lie_apart():
    source = np.random.default_rng(4)
    labels = np.arange(60) % 3
    points = np.eye(3)[labels] * 9 + source.standard_normal((60, 3))
    found = peers.faiss_kmeans(points, 3, 5)
    assert len(set(found)) == len({*zip(labels, found, strict=True)}) == 3


def test_coclusters_of_the_peer_are_planted_ones():
    planted = np.kron(np.eye(3) * 4 + 1, np.ones((20, 15)))
    weights = planted * np.random.default_rng(5).uniform(0.5, 1, planted.shape)
    rows, columns = peers.coclusters(weights, 3, 3)
    for labels, size in ((rows, 20), (columns, 15)):
        assert len(set(labels)) == 3
        assert len({*zip(labels, np.repeat(range(3), size), strict=True)}) == 3


def test_masked_tables_and_their_measures_are_ours():
    source = np.random.default_rng(1)
    matrix = source.standard_normal((9, 14))
    rows, columns = source.integers(0, 3, 9), source.integers(0, 3, 14)
    ours = tables_of(matrix, {("m", 3): (rows, columns)})["m", 3]
    theirs = peers.masked_tables(matrix, rows, columns, 3)
    # Bits come from the weights themselves, and have peers of their own.
    of_tables = {name: each for name, each in FUNCTIONS.items() if not name.startswith("bits")}
    expected = peers.measured(theirs, of_tables)
    assert peers.measured(ours, of_tables) == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("layer", [0, 1])
def test_forward_passes_of_the_peer_give_the_hits_of_ours(layer):
    source = np.random.default_rng(2)
    weights = [source.integers(-2, 3, s).astype(np.float32) for s in ((6, 5), (7, 6), (4, 7))]
    images, classes = source.integers(-3, 4, (64, 5)).astype(np.float32), np.arange(64) % 4
    activities = hidden_activities(weights, images)[layer]
    group = np.array([1, 4])
    order = np.concatenate([group, np.setdiff1d(np.arange(activities.shape[1]), group)])
    ours = AblatedLayer(weights[layer + 1 :], activities, classes).hits_without_first(
        order[None], [len(group)]
    )
    tensors = [torch.from_numpy(weight) for weight in weights]
    shown, said = torch.from_numpy(images), torch.from_numpy(classes)
    rests = (torch.zeros(activities.shape[1]), torch.from_numpy(activities.mean(axis=0)))
    for number, rest in zip(range(len(ABLATIONS)), rests, strict=True):
        change = scores._change(group, rest)
        hits = peers.ablated_hits(tensors, shown, said, layer, change)
        assert ours[number, 0, 0].tolist() == hits


def test_normalised_cut_of_a_network_is_networkx_s():
    source = np.random.default_rng(3)
    weights = [source.uniform(-1, 1, (out, in_)) for in_, out in itertools.pairwise((7, 5, 4, 3))]
    edges = clusterings.adjacency(weights)
    graph = nx.from_numpy_array(edges)
    assert nx.is_bipartite(graph)
    labels = source.integers(0, 3, len(edges))
    expected = sum(
        nx.cut_size(graph, np.flatnonzero(labels == name).tolist(), weight="weight")
        / nx.volume(graph, np.flatnonzero(labels == name).tolist(), weight="weight")
        for name in range(3)
    )
    assert clusterings.normalised_cut(edges, labels) == pytest.approx(expected)


@pytest.mark.slow
def test_a_grid_is_timed_and_its_quality_told():
    row = clusterings._grid_row((14, 20), rounds=1, count=2, rate=1e9)
    assert row.ours > 0
    assert row.ratio == pytest.approx(row.ours / row.theirs)
    assert 0.9 < float(row.quality.split()[1]) < 1.1


def test_notebook_loop_reads_the_files_of_mnist(tmp_path):
    for name in MNIST_FILES:
        shape = (130, 28, 28) if "images" in name else (130,)
        (tmp_path / name).write_bytes(idx(np.zeros(shape, np.uint8)))
    peers.notebook_loop(tmp_path, "cpu", steps=3)


# --- workflow, growth, checks ------------------------------------------------------------------


def test_time_of_jobs_is_read_from_their_logs(tmp_path):
    line = "2026-01-01 INFO done: {} s, {} CPU s, after {} CPU s for Python and its packages\n"
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "a.log").write_text("x\n" + line.format(10.5, 20.25, 1.5))
    (tmp_path / "b.log").write_text(line.format(1.0, 0.75, 0.5))
    (tmp_path / "c.log").write_text("failed\n")
    assert workflow.kernel_seconds(tmp_path) == (21.0, 2.0)


def test_start_up_runs_imports_alone(tmp_path):
    script = tmp_path / "job.py"
    script.write_text('"""Rule."""\nfrom math import pi\nimport os\nwith open("x"): os.abort()\n')
    assert workflow._imports(script) == "from math import pi\nimport os"
    for name in workflow.JOBS:
        assert (workflow.SCRIPTS / f"{name}.py").is_file()


CLUSTERING = {"cluster", "null", "null_labels", "null_within"}


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        (set(workflow.JOBS) - {"train"}, {"numba", "pandas", "matplotlib"}),
        # Most jobs of a study are these, and pandas takes as long to load as all else they need.
        (CLUSTERING, {"numba"}),
    ],
    ids=["all", "clustering"],
)
def test_jobs_load_nothing_slow_before_they_call_it(jobs, expected):
    """scipy.stats takes longer to load than all else that a scoring job needs."""
    imports = "\n".join(workflow._imports(workflow.SCRIPTS / f"{name}.py") for name in sorted(jobs))
    lines = [line for line in imports.splitlines() if not line.startswith("from __future__")]
    listing = f"print(*[m for m in {workflow.HEAVY} if m in sys.modules])"
    loaded = workflow.run(
        [sys.executable, "-c", "\n".join([*lines, "import sys", listing])], workflow.SCRIPTS
    )
    assert set(loaded.split()) == expected


def test_slopes_are_those_of_powers():
    points = pd.DataFrame(
        [
            {"kind": kind, "amount": n, "seconds": 0.1 * n**power, "bytes": 0}
            for kind, power in (("a", 1), ("b", 2))
            for n in (10, 20, 50)
        ]
    )
    assert growth.slopes(points).to_dict() == pytest.approx({"a": 1, "b": 2})


def rows(**ratios: float) -> pd.DataFrame:
    return timing.table(
        [
            timing.Row("nulls", item, "draws a second", 10.0, "theirs", 1.0, ratio, ratio, ratio)
            for item, ratio in ratios.items()
        ]
    )


def test_only_ratios_far_below_the_recorded_ones_are_worse():
    recorded = rows(one=10.0, two=10.0, three=4.0)
    assert check.worse(recorded, rows(one=6.1, two=25.0, three=4.0)) == []
    lines = check.worse(recorded, rows(one=5.9, two=10.0))
    assert lines == [
        "nulls, one, against theirs: 5.9 times as fast, recorded 10.0, expected at least 6.0",
        "nulls, three, against theirs: not measured, expected 4.0",
    ]
    # What was not asked for this time is not missed.
    other = recorded.assign(part="training")
    assert check.worse(pd.concat([recorded, other]), recorded) == []


def test_the_recorded_ratios_are_those_that_are_measured():
    recorded = read_rows(CSV)
    assert list(recorded.columns) == list(timing.table([]).columns)
    assert {"training", "nulls", "scoring", "probing"} <= set(recorded["part"])
    assert recorded.loc[recorded["part"] == "nulls", "ratio"].notna().all()
    assert markdown(recorded) in PAGE.read_text()


def test_there_is_no_figure_of_seconds_alone(tmp_path):
    seconds = timing.table([timing.Row("files", "one file", "s", 5.0)])
    figure.draw(seconds, None, tmp_path / "performance")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_figure_is_the_same_twice(tmp_path):
    trained = [
        timing.Row("training", f"block of {n}", "s a network", 5 / n, limit=0.5) for n in (1, 2, 10)
    ]
    table = pd.concat([timing.table(trained), rows(one=10.0, two=3.0)], ignore_index=True)
    points = pd.DataFrame(
        [{"kind": k, "amount": n, "seconds": n, "bytes": 0} for k in growth.KINDS for n in (1, 9)]
    )
    for name in ("a", "b"):
        figure.draw(table, points, tmp_path / name)
        figure.draw(table, None, tmp_path / f"{name}-without-growth")
    for ending in ("pdf", "svg", "png", "csv"):
        first, second = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("a", "b"))
        assert first == second
    assert Path(tmp_path, "a-without-growth.pdf").stat().st_size > 1000
