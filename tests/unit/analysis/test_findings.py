"""Published findings: verdicts of hand-made tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from clusterability.analysis.findings import COLUMNS, findings, not_raised, raised
from clusterability.jobs.comparison_jobs import PlantedPair
from clusterability.results.columns import SCORE_COLUMNS
from documents import entries
from project import DOCS

SEEDS = range(6)
NETWORKS = pd.DataFrame(
    [
        {"condition": condition, "seed": seed, "test_accuracy": 0.97}
        for condition in ("trained", "dropout", "planted")
        for seed in SEEDS
    ]
)
PAIR = PlantedPair(
    condition="planted",
    reference="trained",
    family="trained",
    layer="fc2",
    k=4,
    dose=20.0,
)


def cells(measure, z, null="groups", method="matched", value=None, seeds=SEEDS, **place):
    """One row a seed: z is given, one a seed."""
    where = {"condition": "trained", "layer": "fc2", "k": 4} | place
    return [
        dict.fromkeys(SCORE_COLUMNS)
        | where
        | {"measure": measure, "null": null, "method": method, "seed": seed, "z": number}
        | {"value": number if value is None else value[place_]}
        for place_, (seed, number) in enumerate(zip(seeds, z, strict=True))
    ]


def found(*groups, pairs=()) -> pd.DataFrame:
    rows = [row for group in groups for row in group]
    scores = pd.DataFrame(rows, columns=SCORE_COLUMNS)
    return findings(scores, NETWORKS, list(pairs), "matched").set_index("finding")


def test_rules():
    assert raised(1, 0.1, 2)[0] == "agree"
    assert raised(-1, -2, -0.1)[0] == "disagree"
    assert raised(0.5, -1, 2)[0] == "cannot tell"
    assert not_raised(1, 0.1, 2)[0] == "disagree"
    assert not_raised(0.5, -1, 2)[0] == not_raised(-1, -2, -0.1)[0] == "agree"


def test_clusters_that_matter_and_are_not_specific():
    z = np.array([2.0, 3.0, 2.5, 2.0, 4.0, 3.0])
    table = found(
        cells("importance", z, layer="fc1"),
        cells("importance", z + 2, layer="fc2"),
        cells("importance", -z, condition="dropout"),
        cells("coherence", [0.5, -0.5, 0.3, -0.3, 0.2, -0.1]),
        cells("importance", z * 100, method="joint"),
    )
    rows = table.loc["ablated_clusters_matter"].set_index("condition")
    trained = rows.loc["trained"]
    assert trained.estimate == pytest.approx((z + 1).mean())
    expected = stats.t.interval(0.95, 5, (z + 1).mean(), stats.sem(z + 1))
    assert (trained.low, trained.high) == pytest.approx(expected)
    assert (trained.n, trained.verdict) == (6, "agree")
    assert trained.test_accuracy == pytest.approx(0.97)
    assert rows.loc["dropout"].verdict == "disagree"
    assert table.loc["ablated_clusters_are_not_class_specific"].verdict == "agree"


def test_dropout_is_paired_by_seed():
    source = np.random.default_rng(0)
    start = 5 * source.standard_normal(6)
    change = np.array([1.0, 1.2, 0.8, 1.1, 0.9, 1.0])
    table = found(
        *(cells("newman_q", start, null="shuffle", k=k) for k in (2, 3)),
        *(cells("newman_q", start + change, "shuffle", condition="dropout", k=k) for k in (2, 3)),
        cells("newman_q", start + 9, null="labels", condition="dropout", k=2),
    )
    rows = table.loc["dropout_raises_modularity"].set_index("layer")
    assert rows.loc["fc2"].estimate == pytest.approx(1.0)
    assert rows.loc["fc2"].verdict == rows.loc["all"].verdict == "agree"
    assert rows.loc["fc2"].k == "2 to 3"


def test_planting_and_specialists():
    values = np.array([0.1, 0.2, 0.15, 0.12, 0.18, 0.11])
    noise = np.array([0.01, -0.01, 0.02, -0.02, 0.01, 0])
    plain = cells("class_mi", values)
    same = cells("class_mi", values + noise, condition="planted")
    more = cells("class_mi", values + 0.5 + values / 9, condition="planted")
    verdict = "planting_does_not_specialise"
    assert found(plain, same, pairs=[PAIR]).loc[verdict].verdict == "agree"
    row = found(plain, more, pairs=[PAIR]).loc[verdict]
    assert row.verdict == "disagree"
    assert row.estimate == pytest.approx((0.5 + values / 9).mean())
    assert found(plain, more).loc[verdict].verdict == "not comparable"


def test_the_notebooks_pairing_where_there_is_structure():
    structure = cells("mi_preserved", [30, 31, 29, 33, 28, 30], "shuffle", "notebook")
    chance = [0.4, -0.6, 0.2, -0.1, 0.3, -0.2]
    diagonal = cells("barber_q", chance, "shuffle", "notebook")
    matched = cells("barber_q", [9.0] * 6, "shuffle", "matched")
    row = found(structure, diagonal, matched).loc["notebook_pairing_is_chance"]
    row = row[row.comparison.str.contains("barber_q")].iloc[0]
    assert row.verdict == "agree"
    assert "paired by matched, z is 9.0" in row.comparison
    # Without structure there is nothing that a pairing could lose.
    nothing = cells("mi_preserved", chance, "shuffle", "notebook")
    row = found(nothing, diagonal, matched).loc["notebook_pairing_is_chance"]
    assert row.verdict == "not comparable"


def test_what_cannot_be_asked_or_told():
    table = findings(pd.DataFrame(columns=SCORE_COLUMNS), NETWORKS, [], None)
    assert list(table) == COLUMNS
    assert (table.verdict == "not comparable").all()
    assert len(table) == 5
    few = found(cells("importance", [3.0, np.nan], seeds=range(2)))
    row = few.loc["ablated_clusters_matter"]
    assert (row.verdict, row.n) == ("cannot tell", 1)


def test_seeds_without_a_partner_are_left_out():
    start = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
    change = np.array([1.0, 3.0, 2.0, np.nan, 2.0, 2.0])
    table = found(
        cells("ncut", start, null="shuffle"),
        cells("ncut", start + change, null="shuffle", condition="dropout"),
        cells("ncut", [99.0], null="shuffle", condition="dropout", seeds=[17]),
    )
    row = table.loc["dropout_raises_modularity"].set_index("layer").loc["fc2"]
    assert (row.n, row.verdict) == (4, "agree")
    assert row.estimate == pytest.approx(2.0)
    # By hand: deviation sqrt(2 / 3), t quantile of 3 degrees of freedom 3.18245.
    assert row.high - row.estimate == pytest.approx(3.18245 * np.sqrt(2 / 3) / 2, rel=1e-5)


def test_every_finding_has_an_entry_with_all_items():
    documented = entries(DOCS / "findings.md")
    table = findings(pd.DataFrame(columns=SCORE_COLUMNS), NETWORKS, [], None)
    assert list(documented) == list(table["finding"])
    needed = {"Published", "Compared here", "Comparable"}
    assert all(needed <= set(items) <= needed | {"Read"} for items in documented.values())
