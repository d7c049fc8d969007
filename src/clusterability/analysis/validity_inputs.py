"""Inputs of the validity analyses, read from the result tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from clusterability.analysis.prediction import CELL, TERMS
from clusterability.jobs.comparison_jobs import JudgedCondition, PlantedPair
from clusterability.measures.catalogue import DIRECTED
from clusterability.measures.contender_catalogue import PLANTED_SHARE
from clusterability.measures.function_catalogue import ABLATION_MEASURES, FUNCTION_MEASURES
from clusterability.results.reading import any_of, defined, distinct, read_rows, shown_rows, where
from clusterability.statistics import SIGNIFICANT

_SCORES = [*CELL, "seed", "measure", "null", "value", "z"]
_FUNCTION = [name for name, measure in FUNCTION_MEASURES.items() if measure.direction]
_RECOVERY = ["comparison", "condition", "seed", "layer", "k", "method", "measure", "side", "value"]


def all_seeds(scores: str | Path) -> list[int]:
    """Seeds of the study, ascending."""
    return sorted(int(seed) for seed in distinct(scores, ["seed"])["seed"])


def detection_scores(
    scores: str | Path,
    contenders: Sequence[str | Path],
    pairs: Sequence[PlantedPair],
    judged: Sequence[JudgedCondition],
) -> pd.DataFrame:
    """Scores of planted and unplanted networks at the planted layer and k, with contenders."""
    filters = [
        where(condition=[pair.condition, pair.reference], layer=[pair.layer], k=[pair.k])
        for pair in pairs
    ]
    filters += [where(condition=[e.condition], layer=[e.layer], k=[e.k]) for e in judged]
    columns = [*_SCORES, "p"]
    structural = read_rows(scores, columns, any_of(filters) & where(measure=DIRECTED))
    tables = [structural, *(read_rows(file, columns) for file in contenders)]
    rows = pd.concat([rows for rows in tables if len(rows)] or [structural], ignore_index=True)
    return _of_planted(rows)


def _of_planted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows without the conditions in which training planted nothing in most networks.

    Nothing was planted if the planted labels are no better than permuted ones.
    """
    shares = rows[rows["measure"] == PLANTED_SHARE].groupby("condition")["p"].median()
    return rows[~rows["condition"].isin(shares.index[shares > SIGNIFICANT])]


def planted_doses(scores: pd.DataFrame) -> dict[str, float]:
    """Strength of planting: mean share of abs(W) inside planted clusters, by trained condition.

    Args:
        scores: rows of `detection_scores`.
    """
    rows = scores[scores["measure"] == PLANTED_SHARE]
    return {str(name): float(values.mean()) for name, values in rows.groupby("condition")["value"]}


def planted_agreement(agreement: str | Path) -> pd.DataFrame:
    """Agreement of the clusters found with the planted ones."""
    selected = where(comparison=["planted"], measure=["ami"])
    return read_rows(agreement, _RECOVERY, selected)


def prediction_scores(scores: str | Path) -> pd.DataFrame:
    """Scores where both structure and function are known, structure against its displayed null."""
    function = where(measure=_FUNCTION) & defined("z")
    cells = distinct(scores, ["layer", "k"], function)
    if cells.empty:
        return pd.DataFrame(columns=_SCORES)
    selected = where(layer=cells["layer"].unique(), k=cells["k"].unique())
    structure = shown_rows(scores, _SCORES, where(measure=DIRECTED), selected=selected)
    return pd.concat([structure, read_rows(scores, _SCORES, function)], ignore_index=True)


def prediction_clusters(clusters: str | Path) -> pd.DataFrame:
    """Clusters of layers and k for which ablation effects are known."""
    functions = [f"{name}_z" for name in ABLATION_MEASURES]
    columns = [*CELL, "seed", "cluster", "u_size", *TERMS, *functions]
    cells = distinct(clusters, ["layer", "k"], any_of(map(defined, functions)))
    if cells.empty:
        return pd.DataFrame(columns=columns)
    selected = where(layer=cells["layer"].unique(), k=cells["k"].unique())
    return read_rows(clusters, columns, selected)
