"""Tables of a study, computed from the rows of all blocks."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from clusterability.networks.importing.unit_names import NO_NAMES
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import stored_sizes
from clusterability.networks.stored_names import stored_names
from clusterability.results.block_paths import block_key_of
from clusterability.results.columns import CELL, SCORES, SUMMARY
from clusterability.results.display_names import measure_label, null_name, shown_null
from clusterability.results.effect_sizes import mean_z_errors, with_effect_sizes
from clusterability.results.npz_files import load_items
from clusterability.results.reading import read_csv
from clusterability.results.structure_rows import partition_rows
from clusterability.statistics import (
    SHARED_DRAWS,
    Replicates,
    false_discovery_q,
    intervals,
    replicate_ps,
    shares_significant,
)

_FAMILY = ["null", "method", "measure"]
_WITHOUT_Q = ("labels",)


def partition_frames(files: Sequence[str], networks: Sequence[str]) -> Iterator[pd.DataFrame]:
    """Yield rows of partitions, one per unit, for each method and k of a block.

    Args:
        files: `…/{condition}/{seeds}/{layer}/{k}.npz`.
        networks: `…/{condition}/{seeds}.safetensors` of the same blocks.
    """
    sizes = {Path(file).parts[-2]: stored_sizes(Path(file)) for file in networks}
    names = {Path(file).parts[-2]: stored_names(Path(file)) for file in networks}
    for file in map(Path, files):
        condition, seeds, layer = block_key_of(file)
        units = names[condition].get(layer, NO_NAMES)
        for key, partition in load_items(file, Partitions).items():
            yield partition_rows(condition, seeds, layer, sizes[condition], {key: partition}, units)


def cell_table(scores: pd.DataFrame) -> pd.DataFrame:
    """One row per cell, in the order of the cells' first rows.

    Args:
        scores: all rows of the cells, with SCORE_COLUMNS or some of them: CELL, `value`,
            `null_mean`, `null_sd`, `null_n`, `z` and `p`.

    Returns:
        CELL, `n` (networks with a value), `value`, `excess` (value - null mean) and `z`, each the
        mean over networks with its 95 % t interval in `_low` and `_high`, `significant` (share of
        networks with p <= 0.05), `z_error` (Monte Carlo standard error of the mean z), and
        `p_cell`, the t test over networks that the directed z is above 0; empty for cells without
        q.
    """
    groups = scores.groupby(CELL, sort=False, dropna=False, observed=True)
    cell = groups.ngroup().to_numpy()
    first = np.unique(cell, return_index=True)[1]
    table = scores[CELL].iloc[first].reset_index(drop=True)
    sized = with_effect_sizes(scores)
    by_cell = {
        name: Replicates.of(sized[name].to_numpy(float), cell, len(table))
        for name in ("value", "excess", "z")
    }
    table["n"] = by_cell["value"].sizes
    for name, replicates in by_cell.items():
        table[[name, f"{name}_low", f"{name}_high"]] = intervals(replicates).T
    p, z = Replicates.of(sized["p"].to_numpy(float), cell, len(table)), by_cell["z"]
    table["significant"] = shares_significant(p)
    shared = table["null"].isin(SHARED_DRAWS).to_numpy()
    draws = np.where(shared, groups["null_n"].max().to_numpy(), 0).astype(int)
    squared_errors = Replicates.of(sized["z_error"].to_numpy(float) ** 2, cell, len(table))
    table["z_error"] = mean_z_errors(z, squared_errors, draws)
    return table.assign(p_cell=np.where(_has_q(table), replicate_ps(z, draws), np.nan))


def _has_q(cells: pd.DataFrame) -> np.ndarray:
    """Whether cells, or rows, compare with a null that gives a q."""
    return (cells["null"].notna() & ~cells["null"].isin(_WITHOUT_Q)).to_numpy()


def with_cell_q(cells: pd.DataFrame) -> pd.DataFrame:
    """All cells of a study, as in `cell_table`, with `q` instead of `p_cell`.

    q is Benjamini-Hochberg within (null, method, measure). The null `labels` gets no q, since
    nearly every optimised partition beats it, and neither do measures without direction.
    """
    tested = cells[_has_q(cells)]
    q = tested.groupby(_FAMILY, observed=True)["p_cell"].transform(
        lambda p: false_discovery_q(p.to_numpy())
    )
    return cells.drop(columns="p_cell").assign(q=q.reindex(cells.index).astype(float))


def take_q(scores: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Scores with columns SCORES, with the q of their cells, all of which are in `cells`."""
    tested = cells.loc[_has_q(cells), [*CELL, "q"]]
    return with_effect_sizes(scores.merge(tested, on=CELL, how="left"))[SCORES]


def with_q(scores: pd.DataFrame) -> pd.DataFrame:
    """All scores of a study with `q`; see `with_cell_q`."""
    return take_q(scores, with_cell_q(cell_table(scores)))


def summary_of(cells: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """The table `summary` of a study's cells, as in `with_cell_q`.

    `test_accuracy` is the mean over the condition's networks.
    """
    accuracy = networks.groupby("condition")["test_accuracy"].mean()
    return cells.assign(test_accuracy=cells["condition"].map(accuracy))[SUMMARY]


def summarise(scores: pd.DataFrame, networks: pd.DataFrame) -> pd.DataFrame:
    """The table `summary` of all scores of a study; see `cell_table` and `summary_of`."""
    return summary_of(with_cell_q(cell_table(scores)), networks)


def latex_summary(summary: pd.DataFrame) -> str:
    """The summary against one null as a LaTeX longtable (requires booktabs and longtable)."""
    rows = shown_null(summary)
    table = pd.DataFrame(
        {
            "condition": rows["condition"].str.replace("_", r"\_"),
            "layer": rows["layer"],
            "method": rows["method"],
            "$k$": rows["k"],
            "measure": rows["measure"].map(measure_label),
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
    """Format `mean [low, high]` in math mode, which has true minus signs."""

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


def _layer_number(column: str) -> int:
    """Sort key of columns by layer: fc1, fc2, … by number, others last in their order."""
    number = re.match(r"fc(\d+)_(dead_[uv]|components)$", column)
    return int(number[1]) if number else sys.maxsize


def read_networks(files: Sequence[str]) -> pd.DataFrame:
    """Rows of all networks; columns of layers that a network lacks are empty."""
    rows = pd.concat([read_csv(file) for file in files], ignore_index=True)
    names = [str(name) for name in rows]
    of_layers = [name for name in names if re.fullmatch(r"(?s).+_(dead_[uv]|components)", name)]
    of_layers.sort(key=_layer_number)
    rows[of_layers] = rows[of_layers].astype("Int64")
    others = [name for name in names if name not in of_layers and name != "digest"]
    return rows[[*others, *of_layers, "digest"]]
