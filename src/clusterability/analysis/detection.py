"""Detection: how well each measure separates networks with planted clusters from those without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy

from clusterability.analysis.validity import estimate_row, ranked_rows
from clusterability.jobs.comparison_jobs import PlantedPair
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.nulls.catalogue import NULLS
from clusterability.resampling import Floats, Resamples
from clusterability.results.display_names import ordered_nulls
from clusterability.statistics import interval

_JUDGED = MEASURES | CONTENDERS

_EXACT = 100
"""With more networks per side, the exact test takes minutes, and then overflows."""


def detection_rows(
    scores: pd.DataFrame,
    agreement: pd.DataFrame,
    accuracy: Mapping[str, float],
    pairs: Sequence[PlantedPair],
    resamples: Resamples,
    doses: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Area under the ROC curve (AUC) of each measure for planted against unplanted networks.

    The AUC is the share of (planted, unplanted) pairs of networks in which the measure prefers the
    planted one; ties count half.

    Args:
        scores: scores of the study.
        agreement: agreement of the study; its comparison `planted` says how well the planted
            clusters were recovered.
        accuracy: test accuracy by condition.
        pairs: conditions with planted clusters, each with its reference.
        resamples: resamples of the study's seeds.
        doses: strengths of planting by condition, if known from the weights, not from the recipe.

    Returns:
        One row per pair, method, measure, form and null, with the two-sided `p` of Mann & Whitney
        1947 (doi:10.1214/aoms/1177730491); then means over strengths of planting by family, and
        over families, ranked.
    """
    rows, estimated = [], []
    for pair in pairs:
        for identifiers, planted, plain in _samples(scores, pair):
            estimates = _auc(planted, plain, resamples)
            estimated.append((identifiers, estimates))
            count = min(len(planted), len(plain))
            row = estimate_row(identifiers, estimates, count) | {"p": _mann_whitney(planted, plain)}
            rows.append(
                row
                | {"n": count, "dose": (doses or {}).get(pair.condition, pair.dose)}
                | _recovery(agreement, pair, identifiers["method"])
                | {
                    "test_accuracy": accuracy.get(pair.condition, np.nan),
                    "reference_accuracy": accuracy.get(pair.reference, np.nan),
                }
            )
    return rows + _averages(estimated, rows)


def _samples(
    scores: pd.DataFrame, pair: PlantedPair
) -> Iterator[tuple[dict[str, Any], pd.Series, pd.Series]]:
    """Directed values by seed of both conditions, for each method, measure, form and null."""
    selected = scores[(scores["layer"] == pair.layer) & (scores["k"] == pair.k)]
    selected = selected[selected["condition"].isin((pair.condition, pair.reference))]
    selected = selected[selected["measure"].isin([n for n, m in _JUDGED.items() if m.direction])]
    for (method, measure), cell in selected.groupby(["method", "measure"], sort=False):
        direction = _JUDGED[str(measure)].direction
        for form, null, rows in _forms(cell):
            # z is directed already.
            values = rows[form] * (direction if form == "value" else 1)
            by_seed = values.set_axis(rows["seed"])
            planted, plain = (
                by_seed[(rows["condition"] == name).to_numpy()].dropna().sort_index()
                for name in (pair.condition, pair.reference)
            )
            if len(planted) and len(plain):
                identifiers = {
                    "analysis": "detection",
                    "family": pair.family,
                    "condition": pair.condition,
                    "reference": pair.reference,
                    "layer": pair.layer,
                    "method": method,
                    "k": pair.k,
                    "measure": measure,
                    "form": form,
                    "null": null,
                    "statistic": "auc",
                }
                yield identifiers, planted, plain


def _forms(cell: pd.DataFrame) -> Iterator[tuple[str, str | None, pd.DataFrame]]:
    """Rows of one measure: its value, and its z for each null.

    The value is repeated for each null and taken once. z against permuted labels answers another
    question than z against reclustered draws, so nulls with a caveat are skipped.
    """
    yield "value", None, cell.drop_duplicates(["condition", "seed"])
    for null in ordered_nulls(cell):
        if null not in NULLS or NULLS[null].caveat is None:
            yield "z", null, cell[cell["null"] == null]


def _auc(planted: pd.Series, plain: pd.Series, resamples: Resamples) -> Floats:
    """Area under the ROC curve of each resample, [1 + resamples]."""
    first, second = planted.to_numpy(float)[:, None], plain.to_numpy(float)[None]
    wins = (first > second) + (first == second) / 2
    counts = resamples.of(planted.index), resamples.of(plain.index)
    total = np.einsum("ri,ij,rj->r", counts[0], wins, counts[1], optimize=True)
    pairs = counts[0].sum(axis=1) * counts[1].sum(axis=1)
    return np.divide(total, pairs, out=np.full(len(total), np.nan), where=pairs > 0)


def _mann_whitney(planted: pd.Series, plain: pd.Series) -> float:
    """Two-sided Mann-Whitney p: exact, or the normal approximation with ties or many networks.

    NaN if all values are equal.
    """
    together = np.concatenate([planted, plain])
    distinct = len(np.unique(together))
    if distinct == 1:
        return np.nan
    few = max(len(planted), len(plain)) <= _EXACT
    method = "exact" if few and distinct == len(together) else "asymptotic"
    return float(scipy.stats.mannwhitneyu(planted, plain, method=method).pvalue)


def _recovery(agreement: pd.DataFrame, pair: PlantedPair, method: str) -> dict[str, float]:
    """Adjusted mutual information of found and planted clusters, for U and for V."""
    rows = agreement[
        (agreement["comparison"] == "planted")
        & (agreement["condition"] == pair.condition)
        & (agreement["layer"] == pair.layer)
        & (agreement["k"] == pair.k)
        & (agreement["method"] == method)
        & (agreement["measure"] == "ami")
    ]
    row: dict[str, float] = {}
    for side in ("U", "V"):
        name = f"ami_{side.lower()}"
        values = rows.loc[rows["side"] == side, "value"].to_numpy(float)
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), interval(values), strict=True))
    return row


def _averages(
    estimated: Sequence[tuple[dict[str, Any], Floats]], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Means over strengths of planting by family, and over families; ranked by method and form."""
    if not estimated:
        return []
    table = pd.DataFrame([identifiers for identifiers, _ in estimated]).assign(
        number=range(len(estimated)), n=[row["n"] for row in rows]
    )
    result = []
    for _, ranked in table.groupby(["method", "form", "null"], sort=False, dropna=False):
        families = list(ranked["family"].unique())
        for family in [*families, *([None] if len(families) > 1 else [])]:
            within = ranked if family is None else ranked[ranked["family"] == family]
            identifiers_by_measure, estimates = [], []
            for _, group in within.groupby("measure", sort=False):
                means = [
                    np.mean([estimated[number][1] for number in part["number"]], axis=0)
                    for _, part in group.groupby("family", sort=False)
                ]
                identifiers_by_measure.append(_average_place(group, family))
                estimates.append(np.mean(means, axis=0))
            result += ranked_rows(identifiers_by_measure, estimates, shares=True)
    return result


def _average_place(group: pd.DataFrame, family: str | None) -> dict[str, Any]:
    first = group.iloc[0]
    kept = ("analysis", "method", "measure", "form", "null", "statistic")
    return {name: first[name] for name in kept} | {"family": family, "n": group["n"].min()}
