"""The answer's rules: of seeds that count, and of the best of many."""

from __future__ import annotations

import pandas as pd
import pytest

from clusterability.analysis.validity import validity_table
from clusterability.report.answer import measures_answer

NETWORKS = pd.DataFrame(
    [{"condition": "other", "seed": seed, "test_accuracy": 0.9} for seed in range(20)]
)


def told(n: int = 20, low: float = 0.6, low_of_all: float = 0.55) -> str:
    common = {"method": "matched", "n": n, "high": 0.99, "behind": 0.0}
    rows = [
        common
        | {"analysis": "detection", "form": "z", "statistic": "auc", "measure": measure}
        | {"estimate": estimate, "low": low, "low_of_all": low_of_all}
        for measure, estimate in (("mi", 0.8), ("ncut", 0.7))
    ]
    rows += [
        common
        | {"analysis": "clusters", "form": "term", "function": "importance", "measure": measure}
        | {"estimate": estimate, "low": low - 0.5, "low_of_all": low_of_all - 0.5}
        for measure, estimate in (("mi_term", 0.3), ("ncut_term", 0.2))
    ]
    return "\n\n".join(measures_answer(validity_table(rows), NETWORKS, "matched"))


def test_the_best_is_named_where_it_is_more_than_the_best_of_many_by_chance() -> None:
    text = told()
    assert "To tell planted clusters from none, z of `mi` prefers the network with them" in text
    assert "these terms go with its importance" in text
    assert "too weak" not in text


def test_the_best_of_many_by_chance_is_not_trusted() -> None:
    text = told(low=0.52, low_of_all=0.48)
    assert "To tell planted clusters" not in text
    assert "is not above chance (0.5), as the best of 2 may be by chance." in text
    assert "None of a cluster's terms predicts its importance" in text
    assert text.count("as the best of 2 may be by chance") == 2
    assert "as the best of" not in told(low=0.4, low_of_all=0.3)


@pytest.mark.parametrize("n", [3, 19])
def test_seeds_are_those_of_what_is_ranked(n: int) -> None:
    assert f"too weak to tell: {n} seeds, where 20 are asked for" in told(n=n)


def sentence(text: str) -> str:
    """The answer in short: the first bold paragraph."""
    return text.split("**")[1]


def test_the_answer_in_a_sentence_says_how_much_it_rests_on() -> None:
    assert sentence(told()) == (
        "Z of `mi` tells layers with planted clusters from those without in 80 % [60, 99] of"
        " cases, and others cannot be told apart (1); a cluster's share of mutual information goes"
        " with its importance (rank correlation 0.30 [0.10, 0.99])."
    )
    assert sentence(told(n=19)).endswith("(weak evidence: 19 of 20 seeds).")
    assert sentence(told(n=4)).startswith("Too few seeds for an answer: 4, where 20 are asked for")
    chance = sentence(told(low=0.52, low_of_all=0.48))
    assert chance.startswith("No measure tells layers with planted clusters from those without;")


def test_an_estimate_without_an_interval_has_none() -> None:
    assert "[?" not in told(n=2, low=float("nan"))


def test_a_study_of_whole_networks_alone_says_that_it_is_no_answer() -> None:
    text = "\n\n".join(measures_answer(validity_table([]), NETWORKS, None))
    assert sentence(text).startswith("This study clusters whole networks alone;")
    assert "too few" not in text.lower()


def recovered(low: float = 0.7) -> dict:
    return {
        "analysis": "recovery",
        "method": "matched",
        "form": "p",
        "null": "shuffle",
        "measure": "mi",
        "n": 300,
        "found": 120,
        "estimate": 0.8,
        "low": 0.75,
        "high": 0.85,
        "low_of_all": low,
        "sensitivity": 0.9,
        "specificity": 0.7,
    }


def test_recovery_comes_first_in_the_answer() -> None:
    table = validity_table([recovered()])
    text = "\n\n".join(measures_answer(table, NETWORKS, "matched"))
    assert sentence(text) == (
        "P ≤ 0.05 of `mi` by `shuffle` is right about a partition in 80 % [75, 85] (balanced"
        " accuracy)."
    )
    assert "Of 300 partitions of networks whose clusters are known, 120 are the planted" in text
    assert "it calls 90 % of the found ones good, and 30 % of the others" in text
    weak = "\n\n".join(measures_answer(validity_table([recovered(0.4)]), NETWORKS, "matched"))
    assert sentence(weak).startswith("No measure is right about which partitions are")
