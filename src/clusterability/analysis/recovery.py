"""Recovery: is a measure above its threshold exactly where the planted clusters were found?

Detection asks whether a measure separates networks with planted clusters from those without; it can
do so while the partition that it judges is another one. Recovery judges the partition itself: a
measure is correct to accept it exactly if it agrees with the planted clusters.
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
"""Clusters count as found above this agreement with the planted ones, mean of both sides."""

THRESHOLDS = {"bits": (operator.ge, VERDICT_BITS), "held_out_entries": (operator.gt, 0)}
"""Thresholds of measures with a meaningful zero, used whatever their null says."""

_JUDGED = MEASURES | CONTENDERS
PLACE = ["condition", "seed", "layer", "method", "k"]
_ASKED = ["method", "measure", "form", "null"]
_SHARES = ("sensitivity", "specificity")
RECOVERY_COLUMNS = ["found", *(f"{name}{end}" for name in _SHARES for end in ("", "_low", "_high"))]
"""Columns of recovery only: see `recovery_rows`."""


def recovery_rows(
    scores: pd.DataFrame, agreement: pd.DataFrame, judged: Sequence[JudgedCondition]
) -> list[dict[str, Any]]:
    """Sensitivity and specificity of each measure for recovered clusters.

    A measure accepts a partition at p <= 0.05 (form `p`, for each null); those in THRESHOLDS, which
    have a meaningful zero, accept it from their threshold on (form `threshold`). The truth is
    whether the partition's adjusted mutual information with the planted clusters, mean of U and V,
    exceeds LEAST_AMI; without planted clusters, there is nothing to find.

    Args:
        scores: scores of the study.
        agreement: agreement of the study; its comparison `planted` says how well the planted
            clusters were recovered.
        judged: conditions with known truth, each at a layer and k.

    Returns:
        One row per condition, method, measure, form and null; then for all partitions of a family,
        and of all families; no rows if nothing is judged. `n`, partitions; `found`, partitions with
        the planted clusters; `sensitivity`, the share of these that the measure accepts;
        `specificity`, the share of the others that it rejects, with 95 % intervals of Clopper &
        Pearson 1934 (doi:10.1093/biomet/26.4.404); `estimate`, the mean of both, with the means of
        their 97.5 % bounds (Bonferroni), NaN if none or all were found; `low_of_all`,
        `high_of_all`: simultaneous bounds for all measures and nulls of the method.
    """
    if not judged:
        return []
    calls = _calls(_with_truth(scores, agreement, judged))
    rows: list[dict[str, Any]] = []
    for _, of_method in calls.groupby("method", sort=False):
        cells = list(of_method.groupby(_ASKED, sort=False, dropna=False))
        for values, cell in cells:
            named = dict(zip(_ASKED, values, strict=True))
            null = named["null"] if isinstance(named["null"], str) else None
            columns = {"analysis": "recovery", **named, "null": null}
            rows += [columns | where | _row(part, len(cells)) for where, part in _parts(cell)]
    return rows


def truth_of(agreement: pd.DataFrame) -> pd.Series:
    """Adjusted mutual information with planted clusters, mean of U and V, by PLACE."""
    rows = agreement[(agreement["comparison"] == "planted") & (agreement["measure"] == "ami")]
    values = rows.assign(value=rows["value"].astype(float)).groupby(PLACE)["value"]
    return values.mean().rename("ami")


def _with_truth(
    scores: pd.DataFrame, agreement: pd.DataFrame, judged: Sequence[JudgedCondition]
) -> pd.DataFrame:
    """Scores of judged partitions, with their `family` and whether the clusters were `found`."""
    columns = ["condition", "layer", "k", "family", "planted"]
    conditions = [
        (each.condition, each.layer, each.k, each.family, each.planted) for each in judged
    ]
    rows = scores.merge(pd.DataFrame(conditions, columns=columns), on=columns[:3])
    rows = rows.merge(truth_of(agreement), how="left", left_on=PLACE, right_index=True)
    known = ~rows["planted"].astype(bool) | rows["ami"].notna()
    recovered = rows["planted"].astype(bool) & (rows["ami"] > LEAST_AMI)
    return rows.assign(found=recovered)[known]


def _calls(rows: pd.DataFrame) -> pd.DataFrame:
    """Decisions of measures on partitions: `says`, by `form` and `null`."""
    directed = rows[rows["measure"].isin([n for n, m in _JUDGED.items() if m.direction])]
    by_null = directed.dropna(subset=["null", "p"]).assign(form="p")
    calls = [by_null.assign(says=by_null["p"] <= SIGNIFICANT)]
    for measure, (reaches, threshold) in THRESHOLDS.items():
        rows_of_measure = (
            rows[rows["measure"] == measure].dropna(subset="value").drop_duplicates(PLACE)
        )
        positive = reaches(rows_of_measure["value"].astype(float), threshold)
        calls.append(rows_of_measure.assign(form="threshold", null=None, says=positive))
    return pd.concat([each for each in calls if len(each)] or calls[:1], ignore_index=True)


def _parts(cell: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Each condition, each family, and all together, with their identifying columns."""
    for (family, condition, layer, k), part in cell.groupby(
        ["family", "condition", "layer", "k"], sort=False
    ):
        yield {"family": family, "condition": condition, "layer": layer, "k": k}, part
    families = list(cell.groupby("family", sort=False))
    yield from (({"family": family}, part) for family, part in families)
    if len(families) > 1:
        yield {}, cell


def _row(part: pd.DataFrame, among: int) -> dict[str, Any]:
    """Counts and shares for some partitions; `among` measures and nulls are ranked together."""
    recovered, positive = part["found"].to_numpy(bool), part["says"].to_numpy(bool)
    counts = [
        (int((positive & recovered).sum()), int(recovered.sum())),
        (int((~positive & ~recovered).sum()), int((~recovered).sum())),
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
    """Bounds of the mean of two shares, simultaneous for `among` such means (Bonferroni)."""
    if not all(n for _, n in counts):
        return np.nan, np.nan
    confidence = 1 - (1 - CONFIDENCE) / (len(counts) * among)
    low, high = np.mean([clopper_pearson(*count, confidence) for count in counts], axis=0)
    return float(low), float(high)


def _share(count: int, n: int) -> float:
    return count / n if n else float("nan")
