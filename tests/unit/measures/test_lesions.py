"""The lesion test of Filan et al. 2021: by hand, by scipy, of networks whose parts are known."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis import lesion_networks
from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.ablation import group_orders
from clusterability.measures.lesions import CATEGORIES, categories, larger_p, lesion_test
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks
from clusterability.report.catalogue import figure_items
from clusterability.report.figures import lesions as figure
from clusterability.report.figures.captions import caption
from clusterability.report.figures.style import METADATA, save_figure
from clusterability.results.aggregation import write_rows
from clusterability.results.function_columns import LESION_COLUMNS
from clusterability.results.function_rows import Shown, probe
from clusterability.results.hidden_layer import HiddenLayer, ablate, cluster_table, lesion_rows
from clusterability.study.loading import load_study
from project import ROOT

GROUPS = 50


# --- sub-clusters ------------------------------------------------------------------------------


def test_two_classes_by_hand():
    """Ten and twenty images, all right. Without the units, five of the first class are wrong."""
    counts = np.array([10, 20])
    groups = np.array([[[10, 20], [8, 16], [5, 20], [0, 10]]])
    found = lesion_test(counts, np.array([[5, 20]]), groups, counts)
    # Over images, 5 of 30 are lost; the groups lose 0, 6, 5 and 20. A tie does not count.
    assert found.importance[0] == pytest.approx(5 / 30)
    assert found.group_importance[0] == pytest.approx(31 / 30 / 4)
    assert found.importance_p[0] == pytest.approx(3 / 5)
    # Over classes, 3/4 are left; the groups leave 1, 0.8, 0.75 and 0.25.
    assert found.accuracy[0] == pytest.approx(0.75)
    assert found.accuracy_p[0] == pytest.approx(2 / 5)
    assert found.accuracy_factor[0] == pytest.approx(0.7 / 0.75)
    # Changes of -1/2 and 0 over their mean, 1/4; the groups: undefined, 0, 2 and 1/2 over 3/4.
    assert found.range[0] == pytest.approx(2)
    assert found.range_p[0] == pytest.approx(1 / 5)
    assert found.group_range[0] == pytest.approx((0 + 2 + 2 / 3) / 3)
    assert found.range_factor[0] == pytest.approx(4 / 9)


def test_changes_that_cancel_have_an_infinite_range_and_no_change_has_none():
    counts, intact = np.array([10, 10, 0]), np.array([5, 5, 0])
    hits = np.array([[6, 4, 0], [5, 5, 0], [4, 5, 0]])
    groups = np.array([[4, 6, 0], [5, 5, 0], [4, 4, 0]])
    found = lesion_test(intact, hits, np.stack([groups] * 3), counts)
    assert found.range.tolist() == pytest.approx([np.inf, np.nan, 2], nan_ok=True)
    assert found.range_p.tolist() == pytest.approx([1 / 4, np.nan, 2 / 4], nan_ok=True)
    assert found.group_range.tolist() == [0, 0, 0]
    assert found.range_factor.tolist() == pytest.approx([0, np.nan, 0], nan_ok=True)
    # The class without images counts for nothing.
    assert found.accuracy.tolist() == pytest.approx([0.5, 0.5, 0.45])


def test_a_network_that_is_never_right_without_the_units_has_no_factor():
    found = lesion_test(np.array([4]), np.array([[0]]), np.array([[[2], [3]]]), np.array([4]))
    assert np.isnan(found.accuracy_factor[0])
    assert found.accuracy_p[0] == 1 / 3


def test_p_is_that_of_plain_loops():
    source = np.random.default_rng(0)
    values, draws = source.integers(0, 5, 20) / 7, source.integers(0, 5, (20, 19)) / 7
    expected = [(1 + sum(d > v for d in row)) / 20 for v, row in zip(values, draws, strict=True)]
    assert larger_p(values, draws).tolist() == expected


@pytest.mark.parametrize(
    ("category", "fall", "p", "share"),
    [
        ("complete", 0.5, 0.005, 1.0),
        ("small", 0.5, 0.005, 0.049),
        ("important", 0.5, 0.005, 0.05),
        ("important", 0.01, 0.009, 0.3),
        ("important", 0.97 - 0.96, 0.009, 0.3),
        ("prunable", 0.009, 1.0, 0.3),
        ("prunable", -0.2, 1.0, 0.3),
        ("least_important", 0.01, 1.0, 0.3),
        ("small_fall", 0.009, 0.005, 0.3),
        ("uncertain", 0.5, 0.01, 0.3),
        ("uncertain", 0.5, 0.99, 0.3),
        ("other", 0.009, 0.5, 0.3),
        ("other", -0.2, 0.01, 0.3),
    ],
)
def test_categories_are_those_of_their_table(category, fall, p, share):
    """With 100 groups, p is certain below 1/100."""
    found = categories(np.array([fall]), np.array([p]), np.array([share]), 100)
    assert found.tolist() == [category]
    assert category in CATEGORIES


# --- networks whose parts are known ------------------------------------------------------------


def hidden_layer(labels: list[int], following: np.ndarray, activities: np.ndarray) -> HiddenLayer:
    return HiddenLayer(
        condition="trained",
        seed=3,
        layer="fc1",
        labels={("whole", 3): np.array(labels, np.int16)},
        following=[following.astype(np.float32)],
        activities=activities.astype(np.float32),
        classes=np.arange(len(activities)) % 10,
        groups=GROUPS,
    )


def rows_of(layer: HiddenLayer) -> pd.DataFrame:
    effects = ablate(layer)
    return lesion_rows(layer, effects, cluster_table(layer, effects))


def test_halves_that_never_touch():
    """Unit u is active for class u alone and says it; of no evidence at all, class 0 is said."""
    layer = hidden_layer([0] * 5 + [1] * 5, np.eye(10), np.tile(np.eye(10), (4, 1)))
    rows = rows_of(layer)
    assert list(rows) == LESION_COLUMNS
    assert rows.share.tolist() == [0.5, 0.5]
    with_first = (group_orders(np.arange(10), layer.name, GROUPS)[:, :5] == 0).any(axis=1).sum()
    # Without the first half, class 0 is still said; groups without unit 0 lose five classes.
    assert rows.accuracy.tolist() == pytest.approx([0.6, 0.5])
    expected = [(1 + GROUPS - with_first) / (GROUPS + 1), 1 / (GROUPS + 1)]
    assert rows.accuracy_p.tolist() == pytest.approx(expected)
    assert rows.fall_p.tolist() == pytest.approx(expected)
    # Four or five classes lose all: a range of 1 over a mean of 0.4 or 0.5.
    assert rows.range.tolist() == pytest.approx([2.5, 2])
    expected = [1 / (GROUPS + 1), (1 + with_first) / (GROUPS + 1)]
    assert rows.range_p.tolist() == pytest.approx(expected)


def test_units_that_stand_in_for_each_other_are_important_together():
    """Two units a class, and a cluster of both units of five classes: random groups leave one."""
    activities = np.tile(np.hstack([np.eye(10)] * 2), (4, 1))
    labels = [0 if unit % 10 < 5 else 1 for unit in range(20)]
    rows = rows_of(hidden_layer(labels, np.hstack([np.eye(10)] * 2), activities))
    second = rows.iloc[1]
    assert second.category == "important"
    assert second.fall_p == 1 / (GROUPS + 1)
    assert second.importance == pytest.approx(0.5)
    assert second.accuracy_factor > 1.2
    # Random groups take fewer classes whole: what they lose is more unequal, not less.
    assert second.range_factor > 1.2
    assert second.range_p > 0.5
    # Ours of the same cluster: the same fall, against the same groups.
    assert second.importance_p == 1 / (GROUPS + 1)
    assert second.importance_z > 2
    assert second.coherence == pytest.approx(2)


def test_dead_units_are_in_no_random_group_and_a_whole_layer_is_not_tested():
    activities = np.tile(np.hstack([np.eye(10), np.zeros((10, 30))]), (4, 1))
    following = np.hstack([np.eye(10), np.zeros((10, 30))])
    rows = rows_of(hidden_layer([2] * 10 + [-1] * 30, following, activities))
    assert rows.share.tolist() == [1]
    assert rows.category.tolist() == ["complete"]
    assert rows.importance.tolist() == rows.group_importance.tolist()


def test_a_network_that_is_right_by_chance_has_no_rows():
    rows = rows_of(hidden_layer([0] * 5 + [1] * 5, np.zeros((10, 10)), np.eye(10)))
    assert rows.empty
    assert list(rows) == LESION_COLUMNS


# --- networks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("draws", [20, 100])
def test_combined_p_are_those_of_scipy(draws):
    source = np.random.default_rng(0)
    p = source.integers(1, draws + 2, 9) / (draws + 1)
    expected = stats.combine_pvalues(p - 1 / (draws + 1) / 2, method="fisher")[1]
    assert lesion_networks.combined_p(p, draws) == pytest.approx(expected)
    # Nine sub-clusters, each in one of draws + 1 ranks.
    seen = [sum(np.isclose(p, rank / (draws + 1))) for rank in range(1, draws + 2)]
    found = lesion_networks.rank_p(p, draws)
    assert found == pytest.approx(stats.chisquare(seen).pvalue)


def test_nothing_combined_is_undefined():
    assert np.isnan(lesion_networks.combined_p([], 9))
    assert np.isnan(lesion_networks.rank_p([], 9))


def made_rows(layer: str, seed: int) -> pd.DataFrame:
    """Four sub-clusters: important, other without a range, small, complete."""
    rows = pd.DataFrame(np.nan, index=range(4), columns=LESION_COLUMNS)
    fixed = {"condition": "trained", "seed": seed, "layer": layer, "method": "whole", "k": 12}
    return rows.assign(
        **fixed,
        cluster=range(4),
        u_size=[20, 20, 1, 60],
        share=[0.3, 0.3, 0.01, 1],
        groups=9,
        category=["important", "other", "small", "complete"],
        importance=[0.2, 0.001, 0, 0.8],
        group_importance=[0.1, 0.002, 0, 0.8],
        fall_p=[0.1, 0.5, 0.1, 0.1],
        accuracy_p=[0.1, 0.5, 0.1, 0.1],
        accuracy_factor=[1.2, 1, 1, 1],
        range_p=[0.4, np.nan, 0.1, 0.1],
        range_factor=[3, np.nan, 1, 1],
        importance_z=[4, -1, 0, np.nan],
        coherence_z=[-1, np.nan, np.nan, np.nan],
    )


@pytest.fixture
def files(tmp_path) -> list[str]:
    """Two hidden layers, two blocks of one network."""
    found = []
    for layer, seed in itertools.product(("fc1", "fc2"), (0, 1)):
        path = tmp_path / "trained" / str(seed) / layer / "12.lesions.parquet"
        path.parent.mkdir(parents=True)
        made_rows(layer, seed).to_parquet(path)
        found.append(str(path))
    return found


def test_a_network_has_the_sub_clusters_of_all_of_its_hidden_layers(files):
    found = lesion_networks.lesion_networks(files)
    assert list(found) == lesion_networks.COLUMNS
    assert found.seed.tolist() == [0, 0, 1, 1]
    assert found.selection.tolist() == ["large", "all"] * 2
    large, every = found.iloc[0], found.iloc[1]
    assert (large.n, large.n_important, large.n_ranges, large.n_coherence) == (4, 2, 2, 2)
    assert (every.n, every.n_important, every.n_ranges) == (8, 2, 6)
    expected = stats.combine_pvalues([0.05, 0.45, 0.05, 0.45])[1]
    assert large.accuracy_p == pytest.approx(expected)
    assert large.range_p == pytest.approx(stats.combine_pvalues([0.35, 0.35])[1])
    assert large.accuracy_factor == pytest.approx(1.1)
    assert (large.range_factor, large.importance_z, large.coherence_z) == (3, 1.5, -1)
    assert every.accuracy_factor == pytest.approx(1.05)


def test_a_layer_without_clusters_adds_nothing(files):
    pd.DataFrame(columns=LESION_COLUMNS).to_parquet(files[-1])
    found = lesion_networks.lesion_networks(files)
    assert found.n.tolist() == [4, 8, 2, 4]
    assert found.accuracy_factor.tolist() == pytest.approx([1.1, 1.05] * 2)


def test_networks_without_rows_give_a_table_without_rows(tmp_path):
    path = tmp_path / "trained" / "0" / "fc1" / "2.lesions.parquet"
    path.parent.mkdir(parents=True)
    pd.DataFrame(columns=LESION_COLUMNS).to_parquet(path)
    assert list(lesion_networks.lesion_networks([str(path)])) == lesion_networks.COLUMNS
    assert list(lesion_networks.lesion_networks([])) == lesion_networks.COLUMNS


def test_ties_make_clusters_that_do_nothing_significant():
    """The last layer ignores all units but those of one cluster: the other two do nothing."""
    source = np.random.default_rng(0)
    following = np.hstack([np.eye(10), np.zeros((10, 60))])
    activities = np.hstack([np.eye(10), source.random((10, 60))])
    labels = [0] * 10 + [1] * 5 + [2] * 55
    rows = rows_of(hidden_layer(labels, following, np.tile(activities, (4, 1)))).iloc[1:]
    assert rows.importance.tolist() == [0, 0]
    # Random groups cannot do less. Ours: nothing is against that they belong together but ties.
    assert rows.importance_p.tolist() == [1, 1]
    assert (rows.accuracy_p > 0.3).all()
    # Without random groups that do something, theirs is the least p there is.
    nothing = lesion_test(*(np.full(shape, 4) for shape in ((10,), (12, 10), (12, 99, 10), (10,))))
    assert nothing.accuracy_p.tolist() == [1 / 100] * 12
    assert lesion_networks.combined_p(nothing.accuracy_p, 99) < 1e-10
    assert np.isnan(nothing.range_p).all()


# --- the figure --------------------------------------------------------------------------------


def texts(drawn) -> str:
    found = [text.get_text() for text in drawn.findobj(lambda artist: hasattr(artist, "get_text"))]
    return "\n".join(found)


@pytest.mark.slow
def test_the_figure_shows_what_is_tested(tmp_path):
    path = tmp_path / "lesions.parquet"
    rows = [made_rows(layer, 0) for layer in ("fc1", "fc2")]
    five = [pd.concat(rows).assign(condition=f"c{number}") for number in range(5)]
    pd.concat(five).to_parquet(path)
    job = FigureJob(k=12, seeds=["0"], nulls={})
    outputs = []
    for number in range(2):
        drawn, plotted = figure.make({"lesions": str(path)}, "whole", job)
        folder = tmp_path / str(number)
        folder.mkdir()
        output = {end: str(folder / f"f.{end}") for end in (*METADATA, "csv")}
        save_figure(drawn, plotted, SimpleNamespace(**output))
        outputs.append([Path(file).read_bytes() for file in output.values()])
    assert outputs[0] == outputs[1]
    assert list(plotted) == figure.COLUMNS
    assert len(plotted) == 5 * 2 * 2
    assert set(plotted.category) == {"important", "other"}
    assert "c4\n2 of 4 important" in texts(drawn)
    # The second band has one condition: the other panels are not drawn.
    assert sum(axes.axison for axes in drawn.axes) == 10
    assert "none of the 9 random groups" in caption(figure.CAPTION, plotted, "whole", job)


def test_words_stand_for_a_figure_without_sub_clusters(tmp_path):
    path = tmp_path / "lesions.parquet"
    weights = {"fc1": np.zeros((1, 4, 784), np.float32), "fc2": np.zeros((1, 10, 4), np.float32)}
    halves = np.array([[0, 0, 1, 1]], np.int16)
    partitions = {("whole", 2): Partitions(halves, halves, np.array([True]))}
    shown = Shown(np.zeros((20, 784), np.float32), np.arange(20)[None] % 10)
    probed = probe(Networks("untrained", (0,), {}, weights), "fc1", partitions, shown, 9)
    block = tmp_path / "2.lesions.parquet"
    probed.lesions.to_parquet(block, index=False)
    write_rows(path, [str(block)], LESION_COLUMNS)
    drawn, plotted = figure.make({"lesions": str(path)}, "whole", FigureJob(k=12))
    assert plotted.empty
    assert "lesion test" in texts(drawn)


def test_the_figure_is_drawn_where_whole_networks_are_probed():
    config = {"seeds": ["0"], "k_grid": ["4"], "conditions": {"trained": None}}
    of = {
        methods: figure_items(load_study(config | {"clustering": {"methods": list(methods)}}))
        for methods in [("whole",), ("matched", "whole"), ("matched",)]
    }
    assert [items["lesions"] for items in of.values()] == [["whole"], ["whole"], []]
    config |= {"clustering": {"methods": ["whole"]}, "probe": {"k": []}}
    assert figure_items(load_study(config))["lesions"] == []


# --- what is published -------------------------------------------------------------------------


def test_published_values_have_a_column_of_ours_each():
    published = pd.read_csv(ROOT / "studies" / "published" / "filan2021_lesions.csv")
    assert set(published) - {"network"} < set(lesion_networks.COLUMNS)
    assert published.network.tolist() == [0, 1, 2, 3, 4]
    assert (published.groups == 20).all()
    assert (published.selection == "all").all()
