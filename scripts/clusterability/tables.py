"""Rows of all blocks to the study's tables: the contract that other people's scripts rely on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from clusterability.block_files import place_of
from clusterability.function_measures import CLUSTER_COLUMNS, CLUSTER_PLACE, FUNCTION_MEASURES
from clusterability.measures import MEASURES
from clusterability.networks import stored_sizes
from clusterability.partitions import Partitions
from clusterability.presentation import null_name, shown_null
from clusterability.scoring import SCORE_COLUMNS, partition_rows
from clusterability.statistics import (
    SHARED_DRAWS,
    compared_means,
    false_discovery_q,
    replicate_p,
    share_significant,
)
from clusterability.storage import load_items

CELL = ["condition", "layer", "method", "k", "measure", "null"]
"""What one cell of a study is: seeds are its replicates."""

_FAMILY = ["null", "method", "measure"]
_WITHOUT_Q = ("labels",)

SCORES = [*SCORE_COLUMNS[:-1], "q", "status"]

_LABELS = {name: measure.label for name, measure in (MEASURES | FUNCTION_MEASURES).items()}


def read_all(files: Sequence[str], columns: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of several parquet or CSV files, in their order; without files, `columns` alone."""
    frames = [
        pd.read_csv(file) if file.endswith(".csv") else pd.read_parquet(file) for file in files
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(columns))


def read_partitions(files: Sequence[str], networks: Sequence[str]) -> pd.DataFrame:
    """Rows of partitions, one a unit.

    Args:
        files: `…/{condition}/{seeds}/{layer}/{k}.npz`.
        networks: `…/{condition}/{seeds}.safetensors` of the same blocks.
    """
    sizes = {Path(file).parts[-2]: stored_sizes(Path(file)) for file in networks}
    frames = []
    for file in map(Path, files):
        condition, seeds, layer = place_of(file)
        found = load_items(file, Partitions)
        frames.append(partition_rows(condition, seeds, layer, sizes[condition], found))
    return pd.concat(frames, ignore_index=True)


def with_q(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores with `q`: Benjamini-Hochberg within (null, method, measure) over the other cells.

    One p a cell: the t test over seeds of the directed z. The null `labels` gets no q, since
    nearly every partition found by optimisation beats it, and measures without direction get none.
    """
    asked = scores["null"].notna() & ~scores["null"].isin(_WITHOUT_Q)
    groups = scores[asked].groupby(CELL, observed=True)
    cells = pd.DataFrame(
        [dict(zip(CELL, cell, strict=True)) | {"p": _cell_p(group)} for cell, group in groups],
        columns=[*CELL, "p"],
    )
    cells["q"] = cells.groupby(_FAMILY, observed=True)["p"].transform(
        lambda p: false_discovery_q(p.to_numpy())
    )
    return scores.merge(cells.drop(columns="p"), on=CELL, how="left")[SCORES]


def _cell_p(rows: pd.DataFrame) -> float:
    shared = rows["null"].iloc[0] in SHARED_DRAWS
    return replicate_p(rows["z"].to_numpy(float), int(rows["null_n"].max()) if shared else None)


def together(structure: pd.DataFrame, function: pd.DataFrame) -> pd.DataFrame:
    """Rows of structural and of function measures; of the latter there may be none."""
    return structure if function.empty else pd.concat([structure, function], ignore_index=True)


def with_functions(clusters: pd.DataFrame, functions: pd.DataFrame) -> pd.DataFrame:
    """Rows of clusters with what ablating each does: CLUSTER_COLUMNS, empty where it was not asked.

    Clusters of the whole network, whose hidden layers are ablated one by one, follow as rows of
    these layers.
    """
    keys = functions.set_index(CLUSTER_PLACE).index
    elsewhere = ~keys.isin(clusters.set_index(CLUSTER_PLACE).index)
    merged = clusters.merge(functions[[*CLUSTER_PLACE, *CLUSTER_COLUMNS]], "left", CLUSTER_PLACE)
    if not elsewhere.any():
        return merged
    return pd.concat([merged, functions[elsewhere]], ignore_index=True)


def summarise(scores: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds by cell, with 95 % t intervals.

    Columns after the cell: `n` (networks with a value), `value`, `excess` (value - null mean) and
    `z` with `_low` and `_high`, `q`, `significant`: the share of seeds with p <= 0.05, and
    `test_accuracy`: that of the condition's networks, from the table of networks.
    """
    groups = scores.groupby(CELL, sort=False, dropna=False, observed=True)
    rows = [dict(zip(CELL, cell, strict=True)) | _summary(group) for cell, group in groups]
    accuracy = networks.groupby("condition")["test_accuracy"].mean()
    summary = pd.DataFrame(rows)
    return summary.assign(test_accuracy=summary["condition"].map(accuracy))


def _summary(group: pd.DataFrame) -> dict[str, float]:
    value, null_mean, z, p = (
        group[name].to_numpy(float) for name in ("value", "null_mean", "z", "p")
    )
    return {
        "n": int(np.isfinite(value).sum()),
        **compared_means(value, null_mean, z),
        "q": group["q"].iloc[0],
        "significant": share_significant(p),
    }


def latex_summary(summary: pd.DataFrame) -> str:
    """The summary against one null as a LaTeX longtable (needs booktabs and longtable)."""
    rows = shown_null(summary)
    table = pd.DataFrame(
        {
            "condition": rows["condition"].str.replace("_", r"\_"),
            "layer": rows["layer"],
            "method": rows["method"],
            "$k$": rows["k"],
            "measure": rows["measure"].map(_LABELS),
            "value": _with_interval(rows, "value", digits=4),
            "value $-$ null": _with_interval(rows, "excess", digits=4),
            "$z$": _with_interval(rows, "z", digits=1),
            "$q$": rows["q"].map(lambda q: "" if pd.isna(q) else f"{q:.2g}"),
            r"$p \leq 0.05$": rows["significant"].map(_percent),
            "accuracy": rows["test_accuracy"].map(lambda share: _percent(share, digits=1)),
        }
    )
    text = table.style.hide(axis="index").to_latex(
        hrules=True, environment="longtable", column_format="lllrlllllrr"
    )
    return f"% null: {null_name(rows)}\n{text}"


def _with_interval(rows: pd.DataFrame, name: str, digits: int) -> list[str]:
    """`mean [low, high]` in math mode, so that a minus sign is one."""

    def number(value: float) -> str:
        text = f"{value:.{digits}f}"
        return f"${text.removeprefix('-') if float(text) == 0 else text}$"

    def cell(mean: float, low: float, high: float) -> str:
        if not np.isfinite(mean):
            return ""
        if not np.isfinite(low):
            return number(mean)
        return f"{number(mean)} [{number(low)}, {number(high)}]"

    columns = (rows[name], rows[f"{name}_low"], rows[f"{name}_high"])
    return [cell(*bounds) for bounds in zip(*columns, strict=True)]


def _percent(share: float, digits: int = 0) -> str:
    return "" if pd.isna(share) else rf"{100 * share:.{digits}f}\,\%"


def read_networks(files: Sequence[str]) -> pd.DataFrame:
    """Rows of all networks; networks of another depth leave columns of layers empty."""
    rows = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    names = [str(name) for name in rows]
    dead = [name for name in names if re.fullmatch(r"fc\d+_dead_[uv]", name)]
    dead.sort(key=lambda name: (int(name[2:].split("_")[0]), name))
    rows[dead] = rows[dead].astype("Int64")
    others = [name for name in names if name not in dead and name != "digest"]
    return rows[[*others, *dead, "digest"]]
