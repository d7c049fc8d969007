"""Which measure is right about a partition: above its threshold exactly where clusters were found.

Detection asks whether a measure tells networks with planted clusters from those without. It can do
so while the partition it judges is another one. Here the partition itself is at stake: it is right
to call it good exactly if it agrees with the clusters that were planted.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clusterability.jobs.comparison_jobs import JudgedCondition
from clusterability.measures.catalogue import MEASURES, VERDICT_BITS
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.statistics import CONFIDENCE, SIGNIFICANT, clopper_pearson

LEAST_AMI = 0.5
"""From above this agreement with the planted clusters on, mean of both sides, they are found."""

THRESHOLDS = {"bits": (operator.ge, VERDICT_BITS), "held_out_entries": (operator.gt, 0)}
"""What measures whose zero means something are asked for, whatever their null says."""

_JUDGED = MEASURES | CONTENDERS
PLACE = ["condition", "seed", "layer", "method", "k"]
_ASKED = ["method", "measure", "form", "null"]
_SHARES = ("sensitivity", "specificity")
RECOVERY_COLUMNS = ["found", *(f"{name}{end}" for name in _SHARES for end in ("", "_low", "_high"))]
"""Columns of recovery alone: see `recovery_rows`."""


def recovery_rows(
    scores: pd.DataFrame, agreement: pd.DataFrame, judged: Sequence[JudgedCondition]
) -> list[dict[str, Any]]:
    """How often each measure is right about a partition.

    A measure says yes at p <= 0.05 (form `p`, of each null); those of THRESHOLDS, whose zero means
    something, from there on (form `threshold`). The truth is whether the partition has an adjusted
    mutual information with the planted clusters above LEAST_AMI, mean of U and V; where nothing was
    planted there is nothing to find.

    Args:
        scores: the study's scores.
        agreement: its agreement; the comparison `planted` says how much of the clusters was found.
        judged: conditions whose truth is known, each at a layer and k.

    Returns:
        One row a condition, method, measure, form and null; then of all partitions of a family,
        and of all families; none where nothing is judged. `n` partitions, of which the clusters of
        `found` are the planted ones; `sensitivity`, the share of these that the measure calls good,
        `specificity`, the share of the others that it does not, with 95 % intervals of Clopper &
        Pearson 1934; `estimate`, their mean, whose bounds are the means of those of 97.5 %
        (Bonferroni), undefined where nothing or everything was found; `low_of_all`, `high_of_all`:
        the same if the bounds of all that the method's partitions are asked by are to hold at once.
    """
    if not judged:
        return []
    calls = _calls(_with_truth(scores, agreement, judged))
    rows: list[dict[str, Any]] = []
    for _, of_method in calls.groupby("method", sort=False):
        cells = list(of_method.groupby(_ASKED, sort=False, dropna=False))
        for asked, cell in cells:
            named = dict(zip(_ASKED, asked, strict=True))
            null = named["null"] if isinstance(named["null"], str) else None
            place = {"analysis": "recovery", **named, "null": null}
            rows += [place | where | _row(part, len(cells)) for where, part in _parts(cell)]
    return rows


def truth_of(agreement: pd.DataFrame) -> pd.Series:
    """Adjusted mutual information with planted clusters, mean of U and V, by PLACE."""
    rows = agreement[(agreement["comparison"] == "planted") & (agreement["measure"] == "ami")]
    values = rows.assign(value=rows["value"].astype(float)).groupby(PLACE)["value"]
    return values.mean().rename("ami")


def _with_truth(
    scores: pd.DataFrame, agreement: pd.DataFrame, judged: Sequence[JudgedCondition]
) -> pd.DataFrame:
    """Scores of judged partitions with their `family` and whether the clusters were `found`."""
    columns = ["condition", "layer", "k", "family", "planted"]
    places = [(each.condition, each.layer, each.k, each.family, each.planted) for each in judged]
    rows = scores.merge(pd.DataFrame(places, columns=columns), on=columns[:3])
    rows = rows.merge(truth_of(agreement), how="left", left_on=PLACE, right_index=True)
    known = ~rows["planted"].astype(bool) | rows["ami"].notna()
    found = rows["planted"].astype(bool) & (rows["ami"] > LEAST_AMI)
    return rows.assign(found=found)[known]


def _calls(rows: pd.DataFrame) -> pd.DataFrame:
    """What measures say of partitions: `says`, by `form` and `null`."""
    directed = rows[rows["measure"].isin([n for n, m in _JUDGED.items() if m.direction])]
    by_null = directed.dropna(subset=["null", "p"]).assign(form="p")
    calls = [by_null.assign(says=by_null["p"] <= SIGNIFICANT)]
    for measure, (reaches, threshold) in THRESHOLDS.items():
        own = rows[rows["measure"] == measure].dropna(subset="value").drop_duplicates(PLACE)
        says = reaches(own["value"].astype(float), threshold)
        calls.append(own.assign(form="threshold", null=None, says=says))
    return pd.concat([each for each in calls if len(each)] or calls[:1], ignore_index=True)


def _parts(cell: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Each condition, each family, and all of them, with the columns that say which."""
    for (family, condition, layer, k), part in cell.groupby(
        ["family", "condition", "layer", "k"], sort=False
    ):
        yield {"family": family, "condition": condition, "layer": layer, "k": k}, part
    families = list(cell.groupby("family", sort=False))
    yield from (({"family": family}, part) for family, part in families)
    if len(families) > 1:
        yield {}, cell


def _row(part: pd.DataFrame, among: int) -> dict[str, Any]:
    """What is counted of partitions, one of so many measures and nulls that are ranked."""
    found, says = part["found"].to_numpy(bool), part["says"].to_numpy(bool)
    counts = [
        (int((says & found).sum()), int(found.sum())),
        (int((~says & ~found).sum()), int((~found).sum())),
    ]
    row: dict[str, Any] = {"statistic": "balanced_accuracy", "n": len(part), "found": counts[0][1]}
    for name, (right, n) in zip(_SHARES, counts, strict=True):
        bounds = clopper_pearson(right, n) if n else (np.nan, np.nan)
        row |= dict(
            zip((name, f"{name}_low", f"{name}_high"), (_share(right, n), *bounds), strict=True)
        )
    estimate = sum(_share(*count) for count in counts) / 2
    low, high = _mean_bounds(counts, 1)
    low_of_all, high_of_all = _mean_bounds(counts, among)
    ends = {"low": low, "high": high, "low_of_all": low_of_all, "high_of_all": high_of_all}
    return row | {"estimate": estimate} | ends


def _mean_bounds(counts: Sequence[tuple[int, int]], among: int) -> tuple[float, float]:
    """Bounds of the mean of two shares, so many of which hold at once (Bonferroni)."""
    if not all(n for _, n in counts):
        return np.nan, np.nan
    confidence = 1 - (1 - CONFIDENCE) / (len(counts) * among)
    low, high = np.mean([clopper_pearson(*count, confidence) for count in counts], axis=0)
    return float(low), float(high)


def _share(count: int, n: int) -> float:
    return count / n if n else float("nan")
