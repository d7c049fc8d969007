"""Record in docs/ the rows and figures of a finished study that documents quote.

tests/documents/test_recorded_numbers.py compares the documents with these files.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from clusterability.errors import UserError
from clusterability.files import write_csv
from clusterability.results.reading import read_csv
from clusterability.statistics import interval

LARGEST = 100_000
"""Maximum size of a file in docs/, in bytes."""

DISCUSSED = ("mi", "barber_q", "newman_q", "ncut")
"""Measures whose mean z documents quote."""

FIGURES = {
    "default": {
        name: name
        for name in ("z_scores.matched", "pixels.all", "best_k.matched", "function.matched")
    },
    "ladder": {"verdict.all": "verdict.ladder"},
    "validity": {"validity.all": "validity.all"},
    "filan2021": {"replication.ncut": "replication.ncut"},
    "snapshots": {"snapshots.trained": "snapshots.trained"},
}
"""Figures that documents show, with their names in docs/images, by study."""


@dataclass(frozen=True)
class Quoted:
    """A quoted study.

    Attributes:
        name: name of its config file; `default` for config.yaml.
        commit: commit of the code.
        method, k: method and k that its figures show.
    """

    name: str
    commit: str
    method: str | None
    k: int


def record(study: Quoted, results: Path, docs: Path) -> list[Path]:
    """Write `docs/<study>.<table>.csv` and figures, and return the files.

    Tables that no document names, and tables and figures that the study lacks, are left out.

    Raises:
        UserError: if a file would be larger than LARGEST.
    """
    written = []
    texts = "".join(
        file.read_text(encoding="utf-8")
        for folder in (docs, docs.parent, docs.parent / "paper")
        for file in folder.glob("*.md")
    )
    for table, quoted in TABLES.items():
        if f"{study.name}.{table}.csv" not in texts:
            continue
        source = results / "tables" / f"{table}.csv"
        rows = quoted(read_csv(source), study) if source.exists() else pd.DataFrame()
        if len(rows):
            named = rows.drop(columns=["study", "commit"], errors="ignore")
            named.insert(0, "study", study.name)
            named.insert(1, "commit", study.commit)
            written.append(_written(docs / f"{study.name}.{table}.csv", named))
    for figure, name in FIGURES.get(study.name, {}).items():
        source = results / "figures" / f"{figure}.png"
        if source.exists():
            written.append(Path(shutil.copyfile(source, docs / "images" / f"{name}.png")))
    return written


def _written(path: Path, rows: pd.DataFrame) -> Path:
    size = len(rows.to_csv(index=False).encode())
    if size > LARGEST:
        raise UserError(
            f"{path}: found {len(rows)} rows of {size} bytes, expected at most {LARGEST}: TABLES"
            " chooses rows that documents quote"
        )
    write_csv(path, rows)
    return path


# --- rows that are quoted, by table ------------------------------------------------------------


def _all(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    return rows


def _accuracies(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    """Mean accuracies over the networks of each condition, with 95 % t intervals."""
    means = []
    for condition, group in rows.groupby("condition", sort=False):
        row: dict[str, object] = {"condition": condition, "n": len(group)}
        for name in ("train_accuracy", "test_accuracy"):
            ends = interval(group[name].to_numpy(float))
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
        means.append(row)
    return pd.DataFrame(means)


def _validity(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    """Recovery, detection and prediction over all kinds and cells; of some measures, also each.

    Numbers have five digits: there are many rows.
    """
    rows = rows[(rows["method"] == study.method) & (rows["analysis"] != "conditions")]
    selection = rows["measure"].isin([*DISCUSSED, "bits"]) & (rows["function"] == "importance")
    selection |= rows["analysis"] != "networks"
    over_all = rows["condition"].isna() & selection
    detected = (rows["measure"] == "mi") & (rows["form"] == "z") & (rows["null"] == "shuffle")
    right = (rows["analysis"] == "recovery") & rows["measure"].isin(["mi", "bits_within"])
    right &= rows["null"].isin(["shuffle", "strength"])
    predicted = (rows["measure"] == "mi_term") & (rows["function"] == "importance")
    each = detected | right | predicted
    rows = rows[over_all | each].dropna(axis="columns", how="all")
    numbers = rows.select_dtypes("number")
    return rows.assign(**numbers.map(lambda value: float(f"{value:.5g}")))


def _findings(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    return rows.drop(columns=["claim", "source", "published"])


def _agreement(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    selection = (rows["method"] == study.method) & (rows["measure"] == "ami")
    return rows[selection & (rows["k"] == study.k)]


def _scores(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    """Mean z of networks by the measures that documents discuss, at the method and k of figures."""
    selection = (rows["method"] == study.method) & (rows["k"] == study.k) & rows["z"].notna()
    selection &= rows["test_accuracy"].notna()
    return rows[selection & rows["measure"].isin(DISCUSSED)].drop(columns="test_accuracy")


def _lesions(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    """Types of clusters by the method that figures show, and in whole networks."""
    return rows[rows["method"].isin([study.method, "whole"])]


def _cells(rows: pd.DataFrame, study: Quoted) -> pd.DataFrame:
    """Shares of p <= 0.05 in cells of conditions without structure, by method and by measure."""
    with_p = rows[rows["n"] > 0]
    tables = []
    for name in ("method", "measure"):
        cells = with_p.groupby(["condition", "null", name], sort=False)
        table = cells.agg(
            cells=("share", "size"),
            least=("share", "min"),
            mean=("share", "mean"),
            most=("share", "max"),
            most_replicate=("replicate_share", "max"),
        )
        tables.append(table.reset_index())
    columns = ["condition", "null", "method", "measure"]
    joined = pd.concat(tables, ignore_index=True)
    return joined[[*columns, *joined.columns.difference(columns, sort=False)]]


TABLES: Mapping[str, Callable[[pd.DataFrame, Quoted], pd.DataFrame]] = {
    "verdict": _all,
    "networks": _accuracies,
    "validity": _validity,
    "findings": _findings,
    "agreement": _agreement,
    "summary": _scores,
    "lesions_networks": _lesions,
    "snapshots": _all,
    "replication": _all,
    "replication_sizes": _all,
    "calibration": _cells,
    "calibration_bits": _all,
    "calibration_nulls": _all,
}
