"""The tables of a study, computed from all rows at once and cell by cell: slow, and plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from clusterability.results.function_columns import CLUSTER_COLUMNS, CLUSTER_PLACE
from clusterability.results.untrained import less_initial, with_change_q, with_untrained
from clusterability.statistics import compared_means, false_discovery_q
from plain_statistics import replicate_p, share_significant

CELL = ["condition", "layer", "method", "k", "measure", "null"]


def read_all(files: Sequence[str]) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, files), ignore_index=True)


def plain_scores(
    structure: Sequence[str],
    fresh: Sequence[str],
    function: Sequence[str],
    fresh_of: Mapping[str, str],
) -> pd.DataFrame:
    scores = read_all(structure)
    if fresh:
        scores = with_untrained(scores, read_all(fresh), fresh_of)
    if function:
        scores = pd.concat([scores, read_all(function)], ignore_index=True)
    asked = scores["null"].notna() & (scores["null"] != "labels")
    cells = pd.DataFrame(
        [
            dict(zip(CELL, cell, strict=True)) | {"p": _cell_p(rows)}
            for cell, rows in scores[asked].groupby(CELL)
        ],
        columns=[*CELL, "p"],
    )
    families = cells.groupby(["null", "method", "measure"])["p"]
    cells["q"] = families.transform(lambda p: false_discovery_q(p.to_numpy()))
    merged = scores.merge(cells.drop(columns="p"), on=CELL, how="left")
    names = list(scores)
    merged["excess"] = merged["value"] - merged["null_mean"]
    merged["z_error"] = [
        _z_error(z, n) if sd == sd else np.nan
        for z, n, sd in merged[["z", "null_n", "null_sd"]].itertuples(index=False)
    ]
    return merged[[*names[:-1], "q", names[-1], "excess", "z_error"]]


def _z_error(z: float, n: float) -> float:
    return float(np.sqrt(1 / n + z * z / (2 * (n - 1)))) if n > 1 else np.nan


def _mean_z_error(rows: pd.DataFrame) -> float:
    known = rows[rows["z"].notna()]
    if known.empty or known["z_error"].isna().any():
        return np.nan
    if rows["null"].iloc[0] == "untrained":
        return _z_error(known["z"].to_numpy().mean(), known["null_n"].max())
    squares = known["z_error"].to_numpy() ** 2
    return float(np.sqrt(squares.sum()) / len(known))


def _cell_p(rows: pd.DataFrame) -> float:
    shared = rows["null"].iloc[0] == "untrained"
    return replicate_p(rows["z"].to_numpy(float), int(rows["null_n"].max()) if shared else None)


def plain_summary(scores: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for cell, group in scores.groupby(CELL, sort=False, dropna=False):
        value, mean, z, p = (group[n].to_numpy(float) for n in ("value", "null_mean", "z", "p"))
        rows.append(
            dict(zip(CELL, cell, strict=True))
            | {"n": int(np.isfinite(value).sum())}
            | compared_means(value, mean, z)
            | {"q": group["q"].iloc[0], "significant": share_significant(p)}
            | {"z_error": _mean_z_error(group)}
        )
    summary = pd.DataFrame(rows)
    accuracy = networks.groupby("condition")["test_accuracy"].mean()
    errors = summary.pop("z_error")
    return summary.assign(test_accuracy=summary["condition"].map(accuracy), z_error=errors)


def plain_paired(
    structure: Sequence[str],
    fresh: Sequence[str],
    fresh_of: Mapping[str, str],
    initial_of: Mapping[str, str],
) -> pd.DataFrame:
    scores = read_all(structure)
    if fresh:
        scores = with_untrained(scores, read_all(fresh), fresh_of)
    return with_change_q(less_initial(scores, initial_of))


def plain_clusters(clusters: Sequence[str], functions: Sequence[str]) -> pd.DataFrame:
    rows, found = read_all(clusters), read_all(functions)
    elsewhere = ~found.set_index(CLUSTER_PLACE).index.isin(rows.set_index(CLUSTER_PLACE).index)
    merged = rows.merge(found[[*CLUSTER_PLACE, *CLUSTER_COLUMNS]], "left", CLUSTER_PLACE)
    return pd.concat([merged, found[elsewhere]], ignore_index=True) if elsewhere.any() else merged
