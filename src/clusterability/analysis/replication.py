"""A study beside published values: differences, intervals over seeds, and tests.

docs/replication.md says how to read the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from clusterability.measures.catalogue import MEASURES
from clusterability.results.reading import read_csv, read_rows, where
from clusterability.statistics import interval
from clusterability.study.published import ACCURACY, KEY, PLACE, SCORES, TRAINING, read_published

OURS = ("ours", "ours_low", "ours_high")
"""Mean of our networks and the bounds of its 95 % t interval over seeds."""

Files = Mapping[str, Sequence[str] | str]
"""What a table is made of: tables of the study by name, and `published`, the published values."""


def compared(key: str, inputs: Files) -> pd.DataFrame:
    """The table of a file of published values: one row a published number, in their order.

    Args:
        key: of the file in the config: `scores`, `history` or `sizes`.
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
    """The scores that are compared, and the networks."""
    places = published.dropna(subset="measure")
    asked = where(**{name: places[name].unique().tolist() for name in KEY if len(places)})
    columns = [*KEY, "seed", *SCORES]
    return read_rows(str(inputs["scores"]), columns, asked), read_csv(str(inputs["networks"]))


# --- scores ------------------------------------------------------------------------------------


def compared_scores(
    published: pd.DataFrame, scores: pd.DataFrame, networks: pd.DataFrame
) -> pd.DataFrame:
    """Published scores and accuracies beside ours.

    Args:
        published: rows of `published.read_published`.
        scores: the study's, their z directed: positive is better than chance.
        networks: the table of networks.
    """
    # Published z have the sign of value - null mean.
    directions = scores["measure"].map({name: MEASURES[name].direction for name in MEASURES})
    scores = scores.assign(z=scores["z"] * directions)
    by_key = {key: group for key, group in scores.groupby(list(KEY))}
    accuracy = {name: group[ACCURACY] for name, group in networks.groupby("condition")}

    def values_of(row: Mapping[Any, Any]) -> np.ndarray:
        if row["quantity"] == ACCURACY:
            return accuracy[row["condition"]].to_numpy(float)
        found = by_key.get(tuple(row[name] for name in KEY))
        return np.array([]) if found is None else found[row["quantity"]].to_numpy(float)

    rows = published.to_dict("records")
    table = pd.DataFrame([row | _comparison(row, values_of(row)) for row in rows])
    return table.astype({"k": "Int64", "published_n": "Int64", **_FLAGS})


_FLAGS = {"sign_agrees": "boolean", "inside": "boolean"}


def _comparison(row: Mapping[Any, Any], values: np.ndarray) -> dict[str, Any]:
    """Columns that put a published number beside our values, one a seed."""
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
    """Two-sided p of Welch 1947 that published networks and ours have the same mean.

    NaN with fewer than two networks on either side, and where neither side has any spread.

    Args:
        mean, sd, count: of published networks, the standard deviation with n - 1; NaN if unknown.
        values: one a network of ours.
    """
    if not count > 1 or len(values) < 2 or not sd + np.ptp(values) > 0:
        return np.nan
    ours = (values.mean(), values.std(ddof=1), len(values))
    return float(stats.ttest_ind_from_stats(*ours, mean, sd, count, equal_var=False).pvalue)


# --- training ----------------------------------------------------------------------------------


def read_histories(files: Sequence[Path]) -> pd.DataFrame:
    """Histories of all networks, and for each row its step in the epoch, which counts from 0."""
    tables = [read_csv(file).assign(condition=file.parent.name) for file in files]
    table = pd.concat(tables, ignore_index=True)
    # An epoch's first step is always recorded.
    first = table.groupby(["condition", "seed", "epoch"])["step"].transform("min")
    return table.assign(step_of_epoch=table["step"] - first)


def compared_history(published: pd.DataFrame, histories: pd.DataFrame) -> pd.DataFrame:
    """Published losses and accuracies of steps of training beside ours.

    Args:
        published: rows of `published.read_published`; `step` counts from 0 in each epoch.
        histories: as `read_histories` gives them.
    """
    steps = histories.rename(columns={"step": "step_of_all", "step_of_epoch": "step"})
    key = ["condition", "epoch", "step", "quantity"]
    long = steps.melt(id_vars=[*key[:-1], "seed"], value_vars=TRAINING, var_name="quantity")
    return _beside(published, long, key)


# --- sizes of clusters -------------------------------------------------------------------------


def compared_sizes(published: pd.DataFrame, clusters: pd.DataFrame) -> pd.DataFrame:
    """Published sizes of clusters beside ours; of each network, rank 1 is the largest.

    Args:
        published: rows of `published.read_published`.
        clusters: the table of clusters, empty ones included.
    """
    # Rows of ablated layers have no V side; they are no partitions.
    sizes = clusters.dropna(subset="v_size").rename(columns={"u_size": "U", "v_size": "V"})
    key = [*PLACE, "side"]
    long = sizes.melt(id_vars=[*PLACE, "seed"], value_vars=["U", "V"], var_name="side")
    long = long.sort_values("value", ascending=False, kind="stable")
    long["rank"] = long.groupby([*key, "seed"]).cumcount() + 1
    return _beside(published, long, [*key, "rank"])


def _beside(published: pd.DataFrame, long: pd.DataFrame, key: Sequence[str]) -> pd.DataFrame:
    """Published numbers beside the means of ours over seeds.

    Args:
        published: with the columns `key` and `published`.
        long: ours, with the columns `key` and `value`, a row a seed.
        key: what a number is one of.
    """
    values = {place: group["value"].to_numpy(float) for place, group in long.groupby(list(key))}
    rows = []
    for row in published.to_dict("records"):
        found = values.get(tuple(row[name] for name in key), np.array([]))
        ours = _ours(found)
        counted = {"seeds": int(np.isfinite(found).sum())}
        rows.append(row | ours | counted | {"difference": ours["ours"] - row["published"]})
    return pd.DataFrame(rows)
