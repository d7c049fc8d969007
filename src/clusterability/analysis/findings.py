"""Published findings compared with the study: estimates over seeds and a verdict for each.

docs/findings.md describes what was published and how far the experiments are comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from clusterability.jobs.comparison_jobs import PlantedPair
from clusterability.measures.function_catalogue import GROUPS
from clusterability.results.display_names import counted, first_null
from clusterability.results.reading import Filter, where
from clusterability.statistics import interval

COLUMNS = [
    "finding",
    "claim",
    "source",
    "published",
    "comparison",
    "condition",
    "layer",
    "method",
    "k",
    "estimate",
    "low",
    "high",
    "n",
    "test_accuracy",
    "verdict",
    "reason",
]
"""One row per comparison; `low` and `high` bound the 95 % t interval over seeds."""

SCORES = ["condition", "seed", "layer", "method", "k", "measure", "null", "value", "z"]
"""Columns of the scores that findings need."""


def asked_scores(method: str | None) -> Filter:
    """Filter for the rows of the scores that findings need, given the study's main method."""
    measures = {*_ABLATIONS, *_DROPOUT, *_SPECIALISTS, _PRESERVED, *_DIAGONAL}
    methods = [name for name in (method, "notebook") if name is not None]
    return where(measure=sorted(measures), method=sorted(set(methods)))


_ABLATIONS = ("importance", "coherence")
_DROPOUT = ("newman_q", "barber_q", "ncut")
_SPECIALISTS = ("class_mi", "cluster_class_mi", "coherence")
_PRESERVED = "mi_preserved"
_DIAGONAL = ("barber_q", "within_weight", "clusterability_q")
"""Measures of the diagonal; with those above, all measures that findings use."""

FEWEST_SEEDS = 3
CLEAR = 2.0
"""A mean z counts as clear structure if its interval lies above this."""

AGREE, DISAGREE, CANNOT_TELL, NOT_COMPARABLE = "agree", "disagree", "cannot tell", "not comparable"

Rule = Callable[[float, float, float], tuple[str, str]]
"""Verdict and reason, from an estimate and its interval."""


@dataclass(frozen=True)
class Finding:
    """Published finding.

    Attributes:
        name: identifier.
        claim: claim in one sentence.
        source: where it was published.
        published: published numbers or words, as read or as quoted by others.
        differs: how this study's experiment differs.
        rule: rule from an estimate and its interval to a verdict.
    """

    name: str
    claim: str
    source: str
    published: str
    differs: str
    rule: Rule


def raised(estimate: float, low: float, high: float) -> tuple[str, str]:
    """Rule for the claim that a quantity is above 0: agree above, disagree below, else open."""
    if low > 0:
        return AGREE, "the interval lies above 0"
    if high < 0:
        return DISAGREE, "the interval lies below 0"
    return CANNOT_TELL, "the interval holds 0"


def not_raised(estimate: float, low: float, high: float) -> tuple[str, str]:
    """Rule for the claim that a quantity is not above 0: an interval above 0 contradicts it."""
    if low > 0:
        return DISAGREE, "the interval lies above 0"
    return AGREE, "the interval lies below 0" if high < 0 else "the interval holds 0"


MATTERS = Finding(
    "ablated_clusters_matter",
    "Ablating a cluster costs more accuracy than ablating as many random units.",
    "Filan et al. 2021, table of lesions in their repository",
    "5 pruned MNIST networks: combined p 3e-9 to 4e-7; accuracy 1.02 to 1.05 times as high without"
    " random groups as without clusters",
    "theirs are pruned and clustered as a whole",
    raised,
)
NOT_SPECIFIC = Finding(
    "ablated_clusters_are_not_class_specific",
    "The classes that suffer are not fewer than for random groups of units.",
    "Filan et al. 2021, table of lesions in their repository",
    "5 pruned MNIST networks: combined p 0.51 to 0.98",
    "theirs are pruned and clustered as a whole; Hod et al. 2022 call clusters coherent",
    not_raised,
)
DROPOUT = Finding(
    "dropout_raises_modularity",
    "Training with dropout makes weights more modular than training without.",
    "Lange et al. 2022, abstract; Filan et al. 2020, abstract, and 2021, table in their repository",
    "dropout dramatically increased modularity; much more modular when trained with dropout;"
    " z of n-cut on MNIST (below 0 is modular) without and with dropout: pruned -9.7, -24.0;"
    " not pruned -4.5, -3.0",
    "Lange et al. judge what units do, not weights; Filan et al. cluster the whole, and of their"
    " MNIST networks only the pruned ones have a stronger z with dropout",
    raised,
)
NO_SPECIALISTS = Finding(
    "planting_does_not_specialise",
    "Training for clusterability does not by itself make clusters specialise in classes.",
    "Golechha et al. 2025, abstract of version 3; Rossigneux & Haroun 2026, second-hand",
    "no more task specialization; CIFAR-100: I(Y;Z) 0.114 ± 0.049 nats without, 0.139 ± 0.037 with"
    " (quoted, not checked)",
    "theirs are convolutional networks and language models",
    not_raised,
)
PAIRING = Finding(
    "notebook_pairing_is_chance",
    "Clusters paired as they come put measures of the diagonal at chance.",
    "none: it follows from the notebook's method",
    "",
    "",
    not_raised,
)


def findings(
    scores: pd.DataFrame, networks: pd.DataFrame, pairs: Sequence[PlantedPair], method: str | None
) -> pd.DataFrame:
    """All findings, with COLUMNS; those that the study cannot test are `not comparable`.

    Args:
        scores: scores of the study.
        networks: the table of networks.
        pairs: conditions with planted clusters, each with its reference.
        method: method whose partitions are judged.
    """
    accuracy = networks.groupby("condition")["test_accuracy"].mean()
    by_finding = {
        MATTERS: _ablations(scores, _ABLATIONS[0], method),
        NOT_SPECIFIC: _ablations(scores, _ABLATIONS[1], method),
        DROPOUT: _dropout(scores, method),
        NO_SPECIALISTS: _specialists(scores, pairs, method),
        PAIRING: _pairing(scores[scores["condition"].isin(accuracy.dropna().index)], method),
    }
    rows = []
    for finding, comparisons in by_finding.items():
        judged = [_row(finding, identifiers, values) for identifiers, values in comparisons]
        rows += judged or [_missing(finding)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["test_accuracy"] = table["condition"].map(accuracy)
    return table


def _row(finding: Finding, identifiers: Mapping[str, Any], values: pd.Series) -> dict[str, Any]:
    estimate, low, high = interval(values.to_numpy(float))
    count = int(np.isfinite(values).sum())
    if count < FEWEST_SEEDS:
        verdict, reason = CANNOT_TELL, f"{counted(count, 'seed')}, expected at least {FEWEST_SEEDS}"
    else:
        verdict, reason = finding.rule(estimate, low, high)
        reason = "; ".join(part for part in (reason, finding.differs) if part)
    numbers = {"estimate": estimate, "low": low, "high": high, "n": count}
    return {
        **_published_columns(finding),
        **identifiers,
        **numbers,
        "verdict": verdict,
        "reason": reason,
    }


def _missing(finding: Finding) -> dict[str, Any]:
    reason = "the study has not the conditions, measures or methods that it takes"
    return _published_columns(finding) | {"n": 0, "verdict": NOT_COMPARABLE, "reason": reason}


def _published_columns(finding: Finding) -> dict[str, Any]:
    names = ("claim", "source", "published")
    return {"finding": finding.name} | {name: getattr(finding, name) for name in names}


Comparisons = Iterator[tuple[dict[str, Any], pd.Series]]
"""Columns that identify a comparison, and one value per seed."""


def _ablations(scores: pd.DataFrame, measure: str, method: str | None) -> Comparisons:
    """Mean z of an ablation measure over hidden layers and k, by condition."""
    rows = scores[
        (scores["measure"] == measure)
        & (scores["null"] == GROUPS)
        & (scores["method"] == method)
        & scores["z"].notna()
    ]
    for condition, group in rows.groupby("condition", sort=False):
        identifiers = {
            "comparison": f"z of {measure} against random groups, hidden layers and k averaged",
            "condition": condition,
            "layer": "hidden",
            "method": method,
            "k": _span(group["k"]),
        }
        yield identifiers, group.groupby("seed")["z"].mean()


def _dropout(scores: pd.DataFrame, method: str | None) -> Comparisons:
    """z of modularity and n-cut, `dropout` minus `trained`, paired by seed."""
    for measure in _DROPOUT:
        rows = scores[(scores["measure"] == measure) & (scores["method"] == method)]
        rows = rows[rows["null"] == first_null(rows)]
        both = {
            name: rows[rows["condition"] == name].set_index(["layer", "k", "seed"])["z"]
            for name in ("dropout", "trained")
        }
        change = (both["dropout"] - both["trained"]).dropna()
        if change.empty:
            continue
        layers = list(change.index.unique("layer"))
        for layer in [*layers, None]:
            part = change if layer is None else change.xs(layer, level="layer")
            identifiers = {
                "comparison": f"z of {measure} in dropout less that in trained, k averaged",
                "condition": "dropout",
                "layer": layer or "all",
                "method": method,
                "k": _span(part.index.get_level_values("k")),
            }
            yield identifiers, part.groupby(level="seed").mean()


def _specialists(
    scores: pd.DataFrame, pairs: Sequence[PlantedPair], method: str | None
) -> Comparisons:
    """Specialisation of clusters in classes at the planted layer, planted minus reference.

    Compared by z against groups of the same sizes, since raw values depend on cluster sizes.
    """
    for pair in pairs:
        for measure in _SPECIALISTS:
            rows = scores[
                (scores["measure"] == measure)
                & (scores["null"] == GROUPS)
                & (scores["method"] == method)
                & (scores["layer"] == pair.layer)
                & (scores["k"] == pair.k)
            ]
            planted, plain = (
                rows[rows["condition"] == name].set_index("seed")["z"]
                for name in (pair.condition, pair.reference)
            )
            change = (planted - plain).dropna()
            if len(change):
                identifiers = {
                    "comparison": f"z of {measure}: {pair.condition} less {pair.reference}",
                    "condition": pair.condition,
                    "layer": pair.layer,
                    "method": method,
                    "k": str(pair.k),
                }
                yield identifiers, change


def _pairing(scores: pd.DataFrame, method: str | None) -> Comparisons:
    """z of diagonal measures of `notebook` where its clusters clearly preserve information."""
    rows = scores[scores["method"] == "notebook"]
    for (condition, layer), group in rows.groupby(["condition", "layer"], sort=False):
        preserved = _mean_z(group, _PRESERVED)
        if not interval(preserved.to_numpy(float))[1] > CLEAR:
            continue
        for measure in _DIAGONAL:
            values = _mean_z(group, measure)
            in_cell = (scores["condition"] == condition) & (scores["layer"] == layer)
            matched = _mean_z(scores[in_cell & (scores["method"] == method)], measure).mean()
            identifiers = {
                "comparison": (
                    f"z of {measure}, k averaged, where mi_preserved has a z of"
                    f" {preserved.mean():.1f}; paired by {method}, z is {matched:.1f}"
                ),
                "condition": condition,
                "layer": layer,
                "method": "notebook",
                "k": _span(group["k"]),
            }
            yield identifiers, values


def _mean_z(rows: pd.DataFrame, measure: str) -> pd.Series:
    """Mean z over k against the first null, by seed."""
    rows = rows[rows["measure"] == measure]
    rows = rows[rows["null"] == first_null(rows)]
    return rows.groupby("seed")["z"].mean()


def _span(k: Any) -> str:
    values = sorted(set(k))
    return f"{values[0]} to {values[-1]}" if len(values) > 1 else str(values[0])
