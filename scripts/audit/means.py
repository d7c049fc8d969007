"""Kinds `means` and `q`: means, intervals and tests over seeds, and false discovery rates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from audit.cells import Cell, exact
from audit.comparing import benjamini_hochberg, p_of_seeds, two_sided_p, with_interval
from audit.draws import UNTRAINED
from audit.study_files import CELL, StudyFiles, rows_of

_OF_AGREEMENT = ["condition", "other_condition", "layer", "other_layer", "side", "method", "k"]
_OF_AGREEMENT += ["comparison", "measure"]
_OF_PAIRS = ["condition", "initial", "layer", "method", "k", "measure"]
_SIGNIFICANT = 0.05
_WITHOUT_Q = ("", "labels")

# --- means -------------------------------------------------------------------------------------


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows of `summary.csv`, `agreement.csv` and `paired.csv`."""
    tables = {"summary": CELL, "agreement": _OF_AGREEMENT, "paired": _OF_PAIRS}
    parts = []
    for name, columns in tables.items():
        table = study.table(f"{name}.csv")
        if len(table):
            parts.append(table[columns].assign(table=name, place=range(len(table))))
    return pd.concat(parts, ignore_index=True)


def check(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Recompute means over seeds, their 95 % t intervals, n and shares of p <= 0.05."""
    for name, rows in chosen.groupby("table", sort=False):
        table = study.table(f"{name}.csv")
        for row in rows_of(table.iloc[rows["place"].to_numpy()]):
            columns = {"summary": CELL, "agreement": _OF_AGREEMENT}.get(str(name), _OF_PAIRS)
            values = _paired(study, row) if name == "paired" else _means(study, row, str(name))
            numbers = tuple(exact(column, row[column], value) for column, value in values.items())
            yield Cell("means", {"table": name} | {one: row[one] for one in columns}, numbers)


def _means(study: StudyFiles, row: dict[str, Any], table: str) -> dict[str, float]:
    cell = CELL if table == "summary" else _OF_AGREEMENT
    source = study.scores if table == "summary" else _agreement(study)
    rows = source[np.logical_and.reduce([source[name] == row[name] for name in cell])]
    value, null_mean, z, p = (
        rows[name].to_numpy(float) for name in ("value", "null_mean", "z", "p")
    )
    p = p[np.isfinite(p)]
    columns: dict[str, float] = {"n": int(np.isfinite(value).sum())}
    for name, each in (("value", value), ("excess", value - null_mean), ("z", z)):
        columns |= with_interval(name, each)
    columns["significant"] = float((p <= _SIGNIFICANT).mean()) if len(p) else math.nan
    if table == "summary":
        networks = study.networks
        of_condition = networks.loc[networks["condition"] == row["condition"], "test_accuracy"]
        columns["test_accuracy"] = float(of_condition.mean())
    else:
        columns["null_mean"] = float(rows["null_mean"].mean())
    return columns


@lru_cache(maxsize=2)
def _agreement(study: StudyFiles) -> pd.DataFrame:
    return study.table("agreement.parquet")


def _paired(study: StudyFiles, row: dict[str, Any]) -> dict[str, float]:
    """Columns for the change in value from a seed's initial weights to its trained network."""
    keys = (row["layer"], row["method"], row["measure"])
    after = study.values(row["condition"], *keys)[row["k"]]
    before = study.values(row["initial"], *keys)[row["k"]]
    seeds = [seed for seed in after.index if seed in before.index]
    change = np.array([after[seed] - before[seed] for seed in seeds], float)
    interval = with_interval("change", change)
    return {"n": int(np.isfinite(change).sum()), **interval, "p": two_sided_p(change)}


# --- q -----------------------------------------------------------------------------------------


def candidates_q(study: StudyFiles) -> pd.DataFrame:
    """Rows of `summary.csv` with a q."""
    table = study.table("summary.csv")
    return table.loc[table["q"].notna(), [*CELL, "q"]]


def check_q(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Recompute q (Benjamini & Hochberg) over the cells of a null, method and measure.

    Both tables, `summary` and `scores`, are compared.
    """
    families = lru_cache(maxsize=64)(lambda *family: q_of_family(study, *family))
    for row in rows_of(chosen):
        q_values = families(row["null"], row["method"], row["measure"])
        q, in_scores = q_values[row["condition"], row["layer"], int(row["k"])]
        numbers = (exact("q", row["q"], q), *(exact("scores q", one, q) for one in in_scores))
        yield Cell("q", {name: row[name] for name in CELL}, numbers)


def q_of_family(
    study: StudyFiles, null: str, method: str, measure: str
) -> dict[tuple[str, str, int], tuple[float, list[float]]]:
    """q of each cell by condition, layer and k, with all its q in the table `scores`.

    Each cell has one p, of the t test over seeds that the mean z is above 0; the test is Welch's
    (1947) if all seeds share their draws.
    """
    rows = study.scores
    rows = rows[(rows["null"] == null) & (rows["method"] == method) & (rows["measure"] == measure)]
    places, p, stored_q = [], [], []
    for (condition, layer, k), cell in rows.groupby(["condition", "layer", "k"], observed=True):
        shared = int(cell["null_n"].max()) if null == UNTRAINED else 0
        places.append((str(condition), str(layer), int(str(k))))
        p.append(p_of_seeds(cell["z"].to_numpy(float), shared))
        stored_q.append(sorted(set(cell["q"].tolist())))
    q = benjamini_hochberg(np.array(p))
    return dict(zip(places, zip(q.tolist(), stored_q, strict=True), strict=True))
