"""The verdict on layers, from hand-made tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis.choosing_k.best_k_rows import BEST_K_NETWORKS_COLUMNS
from clusterability.analysis.verdict import (
    CANNOT_TELL,
    CHANCE,
    CLUSTERS,
    CLUSTERS_NEEDED,
    MIXTURES,
    NONE,
    STRENGTHS,
    UNCHECKED,
    UNDEFINED,
    WITHIN,
    judged,
    verdict_rows,
)
from clusterability.report.verdict_text import verdict_line, verdict_sentence, verdict_table


def best_k(bits, drawn, method="described-ranked", layer="fc1", **columns) -> pd.DataFrame:
    """Rows of one layer: bits by network, and the most of the draws by null and network."""
    rows = [
        dict.fromkeys(BEST_K_NETWORKS_COLUMNS)
        | {"condition": "trained", "seed": seed, "layer": layer, "method": method}
        | {"measure": "bits", "null": null, "k_candidate": 3, "k_u": 3, "k_v": 2, "value": value}
        | {"drawn_most": drawn[null][seed] if null else np.nan, "at_edge": False}
        | {"same_bits_ami": 0.9, **columns}
        for null in drawn or [None]
        for seed, value in enumerate(bits)
    ]
    return pd.DataFrame(rows)


def clusters(seeds=1, method="described-ranked", layer="fc1") -> pd.DataFrame:
    rows = [
        {"condition": "trained", "seed": seed, "layer": layer, "method": method, "k": k}
        | {"u_size": size, "v_size": 2 * size, "cluster_bits": bits}
        for seed in range(seeds)
        for k, sizes in ((2, [(9, 999.0), (1, 0.0)]), (3, [(5, 40.0), (4, 70.0), (1, np.nan)]))
        for size, bits in sizes
    ]
    return pd.DataFrame(rows, columns=CLUSTERS_NEEDED)


def test_differences_and_intervals_are_those_of_a_hand_calculation():
    bits, drawn = [100.0, 150.0, 200.0], {"strength": [-5.0, 50.0, 20.0], "shuffle": [0.0] * 3}
    (row,) = verdict_rows(best_k(bits, drawn), clusters(3)).to_dict("records")
    # Less 0 where no draw saves anything: k = 1 is always a candidate.
    beyond = np.array([100.0, 100.0, 180.0])
    expected = stats.t.interval(0.95, 2, beyond.mean(), stats.sem(beyond))
    assert row["beyond_strength"] == pytest.approx(beyond.mean())
    assert (row["beyond_strength_low"], row["beyond_strength_high"]) == pytest.approx(expected)
    assert (row["bits"], row["n"], row["k_u"], row["k_v"]) == (150.0, 3, 3, 2)
    assert np.isnan(row["beyond_rotated_u"])
    # Of the partition at the best k, not of any other.
    assert (row["strongest_bits"], row["strongest_u"], row["strongest_v"]) == (70.0, 4, 8)
    assert (row["units_u"], row["units_v"]) == (10, 20)


def test_networks_on_permuted_labels_are_paired_by_seed():
    bits, permuted = [100.0, 150.0, 200.0, 250.0], [-40.0, 50.0, 20.0]
    drawn = {"strength": [0.0] * 4, "rotated_u": [0.0] * 4}
    both = pd.concat(
        [best_k(bits, drawn), best_k(permuted, drawn, condition="random_labels")],
        ignore_index=True,
    )
    units = pd.concat([clusters(4), clusters(3).assign(condition="random_labels")])
    twins = {"trained": "random_labels"}
    row, twin = verdict_rows(both, units, permuted_of=twins).to_dict("records")
    # The fourth seed has no twin, and the first twin saves less than k = 1.
    beyond = np.array([100.0, 100.0, 180.0])
    expected = stats.t.interval(0.95, 2, beyond.mean(), stats.sem(beyond))
    assert row["permuted"] == "random_labels"
    assert row["beyond_permuted"] == pytest.approx(beyond.mean())
    assert (row["beyond_permuted_low"], row["beyond_permuted_high"]) == pytest.approx(expected)
    assert twin["permuted"] is None or np.isnan(twin["permuted"])
    assert np.isnan(twin["beyond_permuted"])
    table = verdict_rows(both, units, permuted_of=twins)
    assert "beyond permuted labels |" in verdict_table(table)
    assert "127 [" in verdict_table(table)
    assert "beyond the same networks on permuted labels" in verdict_line(table.iloc[0])
    alone = verdict_rows(both, units)
    assert "permuted labels" not in verdict_table(alone) + verdict_line(alone.iloc[0])


@pytest.mark.parametrize(
    ("bits", "beyond", "verdict"),
    [
        ([np.nan], {}, UNDEFINED),
        ([19.9], {}, NONE),
        ([20.0], {}, UNCHECKED),
        ([300.0], {"shuffle": [10.0]}, CHANCE),
        ([300.0], {"strength": [19.0], "rotated_u": [300.0]}, STRENGTHS),
        ([300.0], {"strength": [250.0]}, UNCHECKED),
        ([300.0], {"rotated_v": [250.0]}, UNCHECKED),
        # A rotated null of a pruned layer is undefined: it counts for nothing.
        ([300.0], {"strength": [250.0], "rotated_u": [np.nan]}, UNCHECKED),
        ([300.0], {"strength": [250.0], "rotated_u": [-90.0]}, MIXTURES),
        # What a covariate explains goes before mixtures, after strengths; it need not be drawn.
        ([300.0], {"strength": [250.0], "within": [9.0], "rotated_u": [-90.0]}, WITHIN),
        ([300.0], {"strength": [9.0], "within": [9.0], "rotated_u": [90.0]}, STRENGTHS),
        ([300.0], {"strength": [250.0], "within": [90.0], "rotated_u": [90.0]}, CLUSTERS),
        ([300.0], {"strength": [250.0], "within": [90.0]}, UNCHECKED),
        ([300.0], {"strength": [250.0], "rotated_u": [90.0], "rotated_v": [3.0]}, MIXTURES),
        ([300.0], {"degrees": [250.0], "rotated_u": [90.0]}, CLUSTERS),
        ([0.0] * 9 + [150.0], {}, NONE),
        # The mean is 100, its lower bound is not 20; two networks are too few.
        ([0.0, 0.0, 300.0], {}, CANNOT_TELL),
        ([300.0, 400.0], {}, CANNOT_TELL),
        ([300.0, 310.0, 305.0], {"strength": [90.0, 0.0, 5.0]}, CANNOT_TELL),
        ([300.0, 310.0, 305.0], {"strength": [30.0, 0.0, 5.0]}, STRENGTHS),
        # One defined difference of three is no interval.
        ([300.0, 310.0, 305.0], {"strength": [300.0, np.nan, np.nan]}, CANNOT_TELL),
    ],
)
def test_the_first_null_that_saves_as_much_decides(bits, beyond, verdict):
    values = {null: np.array(each) for null, each in beyond.items()}
    assert judged(np.array(bits), values) == verdict


def test_nulls_without_a_defined_draw_are_not_drawn():
    drawn = {"strength": [0.0], "rotated_u": [np.nan], "degrees": [-np.inf]}
    (row,) = verdict_rows(best_k([300.0], drawn), clusters()).to_dict("records")
    assert row["verdict"] == UNCHECKED.name
    assert row["beyond_strength"] == 300
    assert np.isnan([row["beyond_rotated_u"], row["beyond_degrees"]]).all()


def test_what_a_covariate_explains_is_said():
    drawn = {"strength": [0.0], "within": [295.0], "rotated_u": [0.0]}
    (row,) = verdict_rows(best_k([300.0], drawn), clusters()).to_dict("records")
    assert (row["verdict"], row["beyond_within"]) == ("as within strata", 5)
    line = verdict_line(row)
    assert line.startswith("no clusters beyond what the covariate explains")
    assert "5 beyond what the covariate explains" in line


def test_how_many_networks_pay_is_counted():
    table = best_k([0.0, 25.0, 5.0], {})
    (row,) = verdict_rows(table, clusters(3)).to_dict("records")
    assert (row["verdict"], row["paying"], row["n"]) == (NONE.name, 1, 3)
    assert "20 or more in 1 of 3 networks" in verdict_line(row)


def test_a_layer_without_clusters_names_none():
    (row,) = verdict_rows(best_k([3.0], {}), clusters(), lambda *shape: 1.7).to_dict("records")
    assert row["verdict"] == NONE.name
    assert np.isnan(row["strongest_bits"])
    assert row["contrast"] == 1.7


def test_what_would_be_seen_is_asked_of_the_live_units():
    asked = []
    verdict_rows(best_k([3.0], {}), clusters(), lambda *shape: asked.append(shape) or 2.0)
    assert asked == [(10, 20, 4, "ranked")]


def test_a_comparison_with_mixtures_of_either_side_is_one():
    table = verdict_rows(best_k([300.0], {"rotated_v": [0.0]}), clusters())
    line = verdict_line(table.iloc[0])
    assert line.startswith("bits, but not compared with the strengths of units;")


def test_where_no_contrast_is_seen_it_is_infinite():
    (row,) = verdict_rows(best_k([3.0], {}), clusters(), lambda *shape: None).to_dict("records")
    assert row["contrast"] == np.inf
    assert "hardly any clusters would have been seen" in verdict_line(row)


def test_what_would_be_seen_is_known_of_the_search_for_bits_alone():
    table = best_k([3.0], {}, method="matched")
    (row,) = verdict_rows(table, clusters(method="matched"), lambda *shape: 2.0).to_dict("records")
    assert np.isnan(row["contrast"])
    (row,) = verdict_rows(best_k([3.0], {}), clusters(0), lambda *shape: 2.0).to_dict("records")
    assert np.isnan(row["contrast"])


def test_texts_say_the_verdicts_of_a_study():
    table = verdict_rows(
        pd.concat([best_k([300.0], {}), best_k([3.0], {}, layer="fc2")]), clusters()
    )
    assert verdict_sentence(table) == (
        "Bits that were not compared with both the strengths and mixtures of units: fc1 of trained;"
        " none that pay: fc2 of trained."
    )
    lines = verdict_table(table).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| trained | fc1 | not compared | 300 | 3 ")
    line = verdict_line(table.iloc[0])
    assert "not compared with the strengths and mixtures of units" in line
    assert "3 output and 2 input clusters" in line
    assert verdict_sentence(table.head(0)) == "No layer has bits."


def test_ranked_weights_come_first_and_those_as_they_are_stand_beside():
    table = pd.concat(
        [best_k([50.0], {}), best_k([500.0], {}, method="described"), best_k([7.0], {}, "matched")]
    )
    (row,) = verdict_rows(table, clusters()).to_dict("records")
    assert (row["method"], row["bits"], row["bits_unscaled"]) == ("described-ranked", 50.0, 500.0)


def test_without_bits_there_is_no_row():
    table = best_k([50.0], {}).assign(measure="mi")
    assert verdict_rows(table, clusters()).empty
