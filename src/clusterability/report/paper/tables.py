"""Tables for print, each as LaTeX and as unrounded CSV rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clusterability.analysis.verdict import REDRAWN
from clusterability.measures.catalogue import STANDARDISED
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.report.answer import NAMES
from clusterability.report.paper.catalogue import PAPER_TABLES
from clusterability.report.paper.latex import escaped, interval, rounded, tabular
from clusterability.report.paper.study_tables import Shown
from clusterability.results.display_names import measure_label, null_name, seeds_text, sentence_list
from clusterability.statistics import Replicates, intervals


@dataclass(frozen=True)
class PaperTable:
    """A table for print.

    Attributes:
        rows: unrounded rows.
        latex: the table without a float environment.
        caption: plain text.
    """

    rows: pd.DataFrame
    latex: str
    caption: str


def paper_tables(shown: Shown) -> dict[str, PaperTable]:
    """Printed tables that can be made from the study's tables, by name."""
    return {name: _MAKERS[name](shown) for name, source in PAPER_TABLES.items() if source in shown}


# --- verdict -----------------------------------------------------------------------------------


def _verdict(shown: Shown) -> PaperTable:
    """One row per condition and layer: saved bits, and bits beyond each null."""
    rows = shown.tables["verdict"]
    look: dict[str, object] = _identifiers(rows) | {
        "$n$": rows["n"].astype(str),
        "bits": _with_intervals(rows, "bits", 0),
    }
    for null in REDRAWN:
        if rows[f"beyond_{null}"].notna().any():
            name = null.replace("_", r"\_")
            look[f"beyond {name}"] = _with_intervals(rows, f"beyond_{null}", 0)
    look |= {
        "restarts agree": [rounded(value, 2) for value in rows["same_bits_ami"]],
        "verdict": _texts(rows["verdict"]),
    }
    text = (
        "Saved bits of each layer, and bits less the most that any draw of a null saves: means over"
        f" networks with their 95 % t intervals. Partitions: {sentence_list(_methods(rows))}."
    )
    return PaperTable(rows, tabular(pd.DataFrame(look), long=True), f"{text}{_seeds(shown)}")


def _methods(rows: pd.DataFrame) -> list[str]:
    return list(rows["method"].unique()) or ["none"]


# --- networks ----------------------------------------------------------------------------------


def networks(shown: Shown) -> PaperTable:
    """One row per condition: accuracy and loss with their intervals over seeds."""
    table = shown.tables["networks"]
    codes, names = pd.factorize(table["condition"])
    rows = pd.DataFrame({"condition": names, "n": np.bincount(codes)})
    for column in ("train_accuracy", "test_accuracy", "test_loss"):
        replicates = Replicates.of(table[column].to_numpy(float), codes, len(names))
        rows[[column, f"{column}_low", f"{column}_high"]] = intervals(replicates).T
    dead = [name for name in table if "_dead_" in str(name)]
    rows["dead_units"] = table.groupby(codes)[dead].sum().sum(axis=1) / rows["n"]
    percent = {name: 100 * rows[name] for name in rows if "accuracy" in str(name)}
    look = pd.DataFrame(
        {
            "condition": _texts(rows["condition"]),
            "$n$": rows["n"].astype(str),
            r"train accuracy [\%]": [rounded(value, 1) for value in percent["train_accuracy"]],
            r"test accuracy [\%]": [rounded(value, 1) for value in percent["test_accuracy"]],
            r"95\,\% interval": _intervals(pd.DataFrame(percent), "test_accuracy", 1),
            "test loss [nats]": [rounded(value, 3) for value in rows["test_loss"]],
            "dead units": [rounded(value, 1) for value in rows["dead_units"]],
        }
    )
    text = "Networks by condition: means over seeds, with the 95 % t interval of test accuracy."
    return PaperTable(rows, tabular(look), f"{text}{_seeds(shown)}")


# --- quality -----------------------------------------------------------------------------------


def _quality(shown: Shown) -> PaperTable:
    """One row per condition, layer and structural measure, at the shown k."""
    rows = shown.at_k(shown.summary)
    rows = rows[~rows["measure"].isin(FUNCTION_MEASURES)].reset_index(drop=True)
    look = _identifiers(rows) | {
        "measure": rows["measure"].map(_label),
        "$n$": rows["n"].astype(str),
        "value": [rounded(value, 4) for value in rows["value"]],
        r"95\,\% interval": _intervals(rows, "value", 4),
        "$-$ null": [rounded(value, 4) for value in rows["excess"]],
        "$z$": [rounded(value, 1) for value in rows["z"]],
        r"95\,\% interval of $z$": _intervals(rows, "z", 1),
        "$q$": [_probability(q) for q in rows["q"]],
    }
    text = f"Structural measures of partitions into k = {shown.k} clusters: means over networks."
    return PaperTable(rows, tabular(pd.DataFrame(look), long=True), f"{text} {_basis(shown, rows)}")


def _z_scores(shown: Shown) -> PaperTable:
    """Mean directed z at the shown k: one row per condition and layer, one column per measure."""
    rows = shown.at_k(shown.summary)
    rows = rows[rows["measure"].isin(STANDARDISED)]
    return _wide(
        rows,
        "z",
        lambda z: rounded(z, 1),
        f"Mean directed z at k = {shown.k} (positive: better than chance). {_basis(shown, rows)}",
    )


def _best_k(shown: Shown) -> PaperTable:
    """Chosen number of clusters: one row per condition and layer, one column per measure."""
    rows = shown.against_one_null("best_k")
    text = (
        "Number of clusters, 1 for none: chosen on half of the networks,"
        f" reported on the other half. {_basis(shown, rows)}"
    )
    return _wide(rows, "k", lambda k: rounded(k, 0), text)


def _wide(
    rows: pd.DataFrame, value: str, number: Callable[[float], str], caption: str
) -> PaperTable:
    index, measures = _in_order(rows, ["condition", "layer"]), list(rows["measure"].unique())
    grid = rows.pivot(index=["condition", "layer"], columns="measure", values=value)
    grid = grid.reindex(index=index, columns=measures).reset_index()
    look: dict[str, object] = _identifiers(grid)
    for measure in measures:
        look[_label(measure)] = [number(float(entry)) for entry in grid[measure]]
    return PaperTable(grid, tabular(pd.DataFrame(look)), caption)


# --- which measure is right --------------------------------------------------------------------


def _detection(shown: Shown) -> PaperTable:
    """Separation of planted clusters from none by the z of each measure."""
    rows = shown.of_method("validity")
    rows = rows[(rows["analysis"] == "detection") & (rows["form"] == "z")]
    rows = rows[rows["condition"].isna() & rows["estimate"].notna()]
    rows = rows.sort_values("estimate", ascending=False, kind="stable").reset_index(drop=True)
    look = pd.DataFrame(
        {
            "family": _texts(rows["family"], "all"),
            "null": _texts(rows["null"]),
            "measure": rows["measure"].map(_label),
            "$n$": rows["n"].astype(str),
            "AUC": [rounded(value, 2) for value in rows["estimate"]],
            r"95\,\% interval": _intervals(rows, "", 2),
        }
    )
    text = (
        "Area under the curve by which the z of a measure tells networks with planted clusters from"
        " those without (0.5: chance), with its 95 % bootstrap interval over seeds."
    )
    return PaperTable(rows, tabular(look), f"{text}{_seeds(shown)}")


def _prediction(shown: Shown) -> PaperTable:
    """Prediction of the effects of ablating a cluster from its terms."""
    rows = shown.of_method("validity")
    rows = rows[(rows["analysis"] == "clusters") & rows["condition"].isna()]
    rows = rows[rows["function"].notna() & rows["estimate"].notna()].reset_index(drop=True)
    look = pd.DataFrame(
        {
            "function": _texts(rows["function"].replace(NAMES)),
            "term": _texts(rows["measure"].replace(NAMES)),
            "$n$": rows["n"].astype(str),
            "correlation": [rounded(value, 2) for value in rows["estimate"]],
            r"95\,\% interval": _intervals(rows, "", 2),
        }
    )
    text = (
        "Rank correlation within networks, adjusted for size, of a cluster's own term with what"
        " ablating it does (0: chance), with its 95 % bootstrap interval over seeds."
    )
    return PaperTable(rows, tabular(look), f"{text}{_seeds(shown)}")


def _findings(shown: Shown) -> PaperTable:
    """Published findings, and whether they hold in this study."""
    rows = shown.tables["findings"]
    look = pd.DataFrame(
        {
            "finding": rows["finding"].str.replace("_", " "),
            "source": _texts(rows["source"].str.partition(",")[0]),
            "condition": _texts(rows["condition"]),
            "layer": _texts(rows["layer"]),
            "method": _texts(rows["method"]),
            "estimate": [rounded(value, 2) for value in rows["estimate"]],
            r"95\,\% interval": _intervals(rows, "", 2),
            "verdict": _texts(rows["verdict"]),
        }
    )
    text = "Published findings and our estimates; the file of rows says what each estimate is."
    return PaperTable(rows, tabular(look, long=True), f"{text}{_seeds(shown)}")


# --- other comparisons -------------------------------------------------------------------------


def _agreement(shown: Shown) -> PaperTable:
    """Adjusted mutual information of partitions of the same units, at the shown k."""
    rows = shown.at_k(shown.of_method("agreement"))
    rows = rows[rows["measure"] == "ami"].reset_index(drop=True)
    look = _identifiers(rows) | {
        "other layer": _texts(rows["other_layer"]),
        "side": rows["side"],
        "comparison": _texts(rows["comparison"]),
        "$n$": rows["n"].astype(str),
        "AMI": [rounded(value, 2) for value in rows["value"]],
        r"95\,\% interval": _intervals(rows, "value", 2),
        "permuted": [rounded(value, 2) for value in rows["null_mean"]],
    }
    text = (
        f"Adjusted mutual information of partitions of the same units, k = {shown.k}, method"
        f" {shown.method}: means over networks or pairs of them, with 95 % t intervals, and the"
        " mean with labels permuted."
    )
    return PaperTable(rows, tabular(pd.DataFrame(look), long=True), f"{text}{_seeds(shown)}")


def _paired(shown: Shown) -> PaperTable:
    """Change by training, at the shown k."""
    rows = shown.at_k(shown.of_method("paired")).reset_index(drop=True)
    look = _identifiers(rows) | {
        "measure": rows["measure"].map(_label),
        "$n$": rows["n"].astype(str),
        "change": [rounded(value, 4) for value in rows["change"]],
        r"95\,\% interval": _intervals(rows, "change", 4),
        "$q$": [_probability(q) for q in rows["q"]],
    }
    text = (
        f"What training changed, at k = {shown.k}, method {shown.method}: value less that of the"
        " same network before training, mean over networks with its 95 % t interval."
    )
    return PaperTable(rows, tabular(pd.DataFrame(look), long=True), f"{text}{_seeds(shown)}")


_MAKERS: dict[str, Callable[[Shown], PaperTable]] = {
    "verdict": _verdict,
    "networks": networks,
    "quality": _quality,
    "z_scores": _z_scores,
    "best_k": _best_k,
    "detection": _detection,
    "prediction": _prediction,
    "findings": _findings,
    "agreement": _agreement,
    "paired": _paired,
}


# --- cells -------------------------------------------------------------------------------------


def _identifiers(rows: pd.DataFrame) -> dict[str, object]:
    """Columns that identify networks and layer."""
    return {name: _texts(rows[name]) for name in ("condition", "layer")}


def _texts(column: pd.Series, missing: str = "") -> list[str]:
    return [missing if pd.isna(value) else escaped(str(value)) for value in column]


def _label(measure: str) -> str:
    return escaped(measure_label(measure).removesuffix(" [nats]"))


def _with_intervals(rows: pd.DataFrame, name: str, digits: int) -> list[str]:
    """Values with their intervals in one column, for tables with many."""
    values = [rounded(value, digits) for value in rows[name]]
    return [
        rf"\num{{{value}}} {bounds}" if value else ""
        for value, bounds in zip(values, _intervals(rows, name, digits), strict=True)
    ]


def _intervals(rows: pd.DataFrame, name: str, digits: int) -> list[str]:
    """Intervals of `name`, or of the estimate if it is empty."""
    low, high = (f"{name}_low", f"{name}_high") if name else ("low", "high")
    return [interval(*pair, digits) for pair in zip(rows[low], rows[high], strict=True)]


def _probability(value: float) -> str:
    """Round to two digits; the smallest become powers of ten."""
    return "" if pd.isna(value) else rf"\num{{{value:.2g}}}"


def _in_order(rows: pd.DataFrame, columns: list[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[columns].drop_duplicates())


def _seeds(shown: Shown) -> str:
    """Sentence on seeds, to append to another; empty if no network has a seed."""
    text = seeds_text(shown.seeds)
    return f" {text[0].upper()}{text[1:]}." if text else ""


def _basis(shown: Shown, rows: pd.DataFrame) -> str:
    """Sentence on method, seeds, null and its draws."""
    nulls = [null for null in rows["null"].dropna().unique() if null in shown.nulls]
    draws = sentence_list([f"{shown.nulls[null]} of {null}" for null in nulls]) if nulls else "none"
    seeds = seeds_text(shown.seeds)
    intervals = f" 95 % t intervals over {seeds};" if seeds else ""
    return f"Method {shown.method};{intervals} null: {null_name(rows)} (draws: {draws})."
