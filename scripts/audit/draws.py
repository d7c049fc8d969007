"""Kind `draws`: recompute z and p of rows of `scores` from the draws that the study kept."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from audit.cells import EXACT, Cell, exact
from audit.comparing import DIRECTION, compare
from audit.measures import Tables, measures_of
from audit.study_files import Row, StudyFiles, rows_of

NAMES = ["condition", "seed", "layer", "method", "k", "measure", "null"]
COLUMNS = ("null_mean", "null_sd", "null_n", "z", "p", "p_two_sided")
UNTRAINED = "untrained"
_FRESH = "fresh-"


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows of structural measures with a value, a null and kept draws."""
    rows = study.scores
    rows = rows[rows["measure"].isin(DIRECTION) & (rows["null"] != "") & (rows["status"] == "ok")]
    kept = set(rows["null"].unique()) - {UNTRAINED}
    files = {null for null in kept if any((study.folder / "nulls").glob(f"*/*/*/*.{null}.npz"))}
    redrawn = kept if any((study.folder / "scores").glob("*/*/*/*.draws.npz")) else set()
    known = files | (redrawn - {"labels"})
    if any((study.folder / "scores").glob(f"{_FRESH}*")):
        known.add(UNTRAINED)
    return rows.loc[rows["null"].isin(known), [*NAMES, "value", *COLUMNS]]


def check(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Recompute the columns of each row that depend on its draws."""
    for row in rows_of(chosen):
        drawn = draws_of(study, row)
        if drawn is None:
            continue
        most = study.most(row["null"], row["method"])
        columns = compare(float(row["value"]), drawn, row["measure"], most)
        numbers = [
            exact(name, row[name], columns[name], _rounding(name, columns)) for name in COLUMNS
        ]
        yield Cell("draws", {name: row[name] for name in NAMES}, tuple(numbers))


def _rounding(column: str, row: dict[str, float]) -> float:
    """Tolerance of a column; z divides rounding errors by a potentially small null SD."""
    deviation = row["null_sd"]
    return EXACT if column != "z" or not deviation > 0 else max(EXACT, 1e-14 / deviation)


def draws_of(study: StudyFiles, row: Row) -> np.ndarray | None:
    """Values of the row's measure by draw, [draws]; empty without draws, None if none were kept."""
    condition, layer, method = row["condition"], row["layer"], row["method"]
    seed, k, measure, null = int(row["seed"]), int(row["k"]), row["measure"], row["null"]
    if null == UNTRAINED:
        return _fresh_values(study, condition, seed, layer, method, k, measure)
    keys, prefix = (condition, seed, layer), f"{method}/{k}/"
    tables = study.arrays("nulls", *keys, f".{null}", prefix)
    if tables:
        return _of_tables(tables, measure)
    stored = study.arrays("scores", *keys, ".draws", f"{null}/{prefix}")
    if measure in stored:
        return stored[measure]
    return None if stored or _asked(row) else np.empty(0)


def _asked(row: Row) -> bool:
    """Test whether the row reports draws."""
    return float(row["null_n"]) > 0


def _of_tables(tables: dict[str, np.ndarray], measure: str) -> np.ndarray:
    """Values of a measure by draw, computed from the tables of each draw."""
    if measure in tables:  # mi_total, held_out and saved bits are numbers there
        return tables[measure]
    if measure == "bits_per_weight":
        units = tables["row_sizes"].sum(axis=-1) * tables["column_sizes"].sum(axis=-1)
        return np.divide(tables["bits"], units, out=np.full(len(units), np.nan), where=units > 0)
    if measure == "bits_joint":
        alone = np.maximum(tables["bits_u"], tables["bits_v"])
        return tables["bits"] - np.maximum(alone, 0)
    names = ("weights", "squares", "mi_total", "row_sizes", "column_sizes")
    each = zip(*(tables[name] for name in names), strict=True)
    return np.array([measures_of(Tables(*one)).get(measure, math.nan) for one in each])


def _fresh_values(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k: int, measure: str
) -> np.ndarray | None:
    """Values of a measure in all fresh networks of the architecture, from the rows of their blocks.

    None without such rows.
    """
    recipe = study.block_of(condition, seed)[0].recipe
    glorot = "glorot-" if recipe.get("initialisation") == "glorot" else ""
    fresh = f"{_FRESH}{glorot}{recipe['architecture']}"
    wanted = {"layer": layer, "method": method, "k": k, "measure": measure}
    filters = [(name, "==", value) for name, value in wanted.items()]
    files = sorted((study.folder / "scores" / fresh).glob(f"*/{layer}/*.structure.parquet"))
    parts = [pd.read_parquet(file, columns=["seed", "value"], filters=filters) for file in files]
    if not parts:
        return None
    rows = pd.concat(parts).drop_duplicates("seed")
    return rows["value"].to_numpy(float) if len(rows) else None
