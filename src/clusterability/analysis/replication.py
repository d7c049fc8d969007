"""Replication: a study next to published values, with differences, intervals over seeds and tests.

docs/replication.md explains how to read the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy

from clusterability.measures.catalogue import MEASURES
from clusterability.results.reading import read_csv, read_rows, where
from clusterability.statistics import interval
from clusterability.study.published import ACCURACY, KEY, PLACE, SCORES, TRAINING, read_published

OURS = ("ours", "ours_low", "ours_high")
"""Mean of the study's networks, and the bounds of its 95 % t interval over seeds."""

Files = Mapping[str, Sequence[str] | str]
"""Inputs of a table: tables of the study by name, and `published`, the published values."""


def compared(key: str, inputs: Files) -> pd.DataFrame:
    """Table for a file of published values, one row per published number, in their order.

    Args:
        key: key of the file in the config: `scores`, `history` or `sizes`.
        inputs: files by name.
    """
    published = pd.DataFrame(read_published(Path(str(inputs["published"])), key))
    if key == "scores":
        published = published.astype({"k": "Int64"})
        return compared_scores(published, *_score_tables(published, inputs))
    if key == "history":
        return compared_history(published, read_histories(_paths(inputs["histories"])))
    columns = [*PLACE, "seed", "u_size", "v_size"]
    return compared_sizes(published, read_rows(str(inputs["clusters"]), columns))


def _paths(files: Sequence[str] | str) -> list[Path]:
    return [Path(file) for file in ([files] if isinstance(files, str) else files)]


def _score_tables(published: pd.DataFrame, inputs: Files) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores that are compared, and the table of networks."""
    with_scores = published.dropna(subset="measure")
    selected = where(
        **{name: with_scores[name].unique().tolist() for name in KEY if len(with_scores)}
    )
    columns = [*KEY, "seed", *SCORES]
    return read_rows(str(inputs["scores"]), columns, selected), read_csv(str(inputs["networks"]))


# --- scores ------------------------------------------------------------------------------------


def compared_scores(
    published: pd.DataFrame, scores: pd.DataFrame, networks: pd.DataFrame
) -> pd.DataFrame:
    """Published scores and accuracies next to the study's.

    Args:
        published: rows of `published.read_published`.
        scores: scores of the study, with directed z: positive is better than chance.
        networks: the table of networks.
    """
    # Published z have the sign of value - null mean, not the better direction.
    directions = scores["measure"].map({name: MEASURES[name].direction for name in MEASURES})
    scores = scores.assign(z=scores["z"] * directions)
    by_key = {key: group for key, group in scores.groupby(list(KEY))}
    accuracy = {name: group[ACCURACY] for name, group in networks.groupby("condition")}

    def values_of(row: Mapping[Any, Any]) -> np.ndarray:
        if row["quantity"] == ACCURACY:
            return accuracy[row["condition"]].to_numpy(float)
        group = by_key.get(tuple(row[name] for name in KEY))
        return np.array([]) if group is None else group[row["quantity"]].to_numpy(float)

    rows = published.to_dict("records")
    table = pd.DataFrame([row | _comparison(row, values_of(row)) for row in rows])
    return table.astype({"k": "Int64", "published_n": "Int64", **_FLAGS})


_FLAGS = {"sign_agrees": "boolean", "inside": "boolean"}


def _comparison(row: Mapping[Any, Any], values: np.ndarray) -> dict[str, Any]:
    """Columns that compare a published number with the study's values, one per seed."""
    values = values[np.isfinite(values)]
    published = row["published"]
    ours = _ours(values)
    mean, low, high = (ours[name] for name in OURS)
    both_known = row["quantity"] == "z" and len(values) > 0
    return {
        **ours,
        "ours_sd": values.std(ddof=1) if len(values) > 1 else np.nan,
        "seeds": len(values),
        "difference": mean - published,
        "relative_difference": (mean - published) / abs(published) if published else np.nan,
        "p": welch_p(published, row["published_sd"], row["published_n"], values),
        "sign_agrees": bool(np.sign(mean) == np.sign(published)) if both_known else None,
        "inside": bool(low <= published <= high) if len(values) > 1 else None,
    }


def _ours(values: np.ndarray) -> dict[str, float]:
    return dict(zip(OURS, interval(values), strict=True))


def welch_p(mean: float, sd: float, count: float, values: np.ndarray) -> float:
    """Two-sided p of Welch's t test that published networks and ours have the same mean.

    Args:
        mean, sd, count: statistics of the published networks, the standard deviation with n - 1;
            NaN if unknown.
        values: one value per network of the study.

    Returns:
        p; NaN with fewer than two networks on either side, or if neither side has any spread.

    References:
        Welch 1947, The generalization of 'Student's' problem when several different population
        variances are involved. doi:10.1093/biomet/34.1-2.28
    """
    if not count > 1 or len(values) < 2 or not sd + np.ptp(values) > 0:
        return np.nan
    ours = (values.mean(), values.std(ddof=1), len(values))
    return float(scipy.stats.ttest_ind_from_stats(*ours, mean, sd, count, equal_var=False).pvalue)


# --- training ----------------------------------------------------------------------------------


def read_histories(files: Sequence[Path]) -> pd.DataFrame:
    """Histories of all networks, with each row's step within its epoch, from 0."""
    tables = [read_csv(file).assign(condition=file.parent.name) for file in files]
    table = pd.concat(tables, ignore_index=True)
    # An epoch's first step is always recorded.
    first = table.groupby(["condition", "seed", "epoch"])["step"].transform("min")
    return table.assign(step_of_epoch=table["step"] - first)


def compared_history(published: pd.DataFrame, histories: pd.DataFrame) -> pd.DataFrame:
    """Published losses and accuracies of training steps next to the study's.

    Args:
        published: rows of `published.read_published`; `step` is numbered from 0 in each epoch.
        histories: result of `read_histories`.
    """
    steps = histories.rename(columns={"step": "step_of_all", "step_of_epoch": "step"})
    key = ["condition", "epoch", "step", "quantity"]
    long = steps.melt(id_vars=[*key[:-1], "seed"], value_vars=TRAINING, var_name="quantity")
    return _beside(published, long, key)


# --- sizes of clusters -------------------------------------------------------------------------


def compared_sizes(published: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Published cluster sizes next to the study's; rank 1 is the largest cluster of a network.

    Args:
        published: rows of `published.read_published`.
        clusters: the table of clusters, including empty ones.
    """
    # Rows of ablated layers have no V side: they are not partitions.
    sizes = clusters.dropna(subset="v_size").rename(columns={"u_size": "U", "v_size": "V"})
    key = [*PLACE, "side"]
    long = sizes.melt(id_vars=[*PLACE, "seed"], value_vars=["U", "V"], var_name="side")
    long = long.sort_values("value", ascending=False, kind="stable")
    long["rank"] = long.groupby([*key, "seed"]).cumcount() + 1
    return _beside(published, long, [*key, "rank"])


def _beside(published: pd.DataFrame, long: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Published numbers next to the study's means over seeds.

    Args:
        published: rows with the columns `key` and `published`.
        long: rows of the study with the columns `key` and `value`, one per seed.
        key: columns that identify a number.
    """
    values = {
        key_values: group["value"].to_numpy(float) for key_values, group in long.groupby(list(key))
    }
    rows = []
    for row in published.to_dict("records"):
        numbers = values.get(tuple(row[name] for name in key), np.array([]))
        ours = _ours(numbers)
        counted = {"seeds": int(np.isfinite(numbers).sum())}
        rows.append(row | ours | counted | {"difference": ours["ours"] - row["published"]})
    return pd.DataFrame(rows)
