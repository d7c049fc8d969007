"""Published values that a study is compared with: CSV files, checked before anything runs.

Nothing here imports pandas or scipy: Snakemake parses the workflow, and these files, for every job
on a cluster. docs/replication.md describes the files.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clusterability.errors import UserError, one_line, reason
from clusterability.measures.catalogue import MEASURES

if TYPE_CHECKING:
    from clusterability.study.study import Study

PLACE = ("condition", "layer", "method", "k")
"""Columns that identify a partition."""
KEY = (*PLACE, "measure", "null")
"""Columns that identify a score; seeds are its replicates."""

ACCURACY = "test_accuracy"
SCORES = ("value", "null_mean", "z")
"""Published quantities of a score. This z is (value - null mean) / null sd, not directed."""
TRAINING = ("loss", ACCURACY)
"""Published quantities of a training step."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "scores": (*KEY, "quantity", "published"),
    "history": ("condition", "epoch", "step", "quantity", "published"),
    "sizes": (*PLACE, "side", "rank", "published"),
}
"""Required columns of the files, by key."""
OPTIONAL = ("published_sd", "published_n")
"""Optional columns of `scores`: standard deviation and number of the published networks."""


@dataclass(frozen=True)
class Row:
    """A row of a file, with checks of its cells.

    Attributes:
        file: the path.
        number: number of the row; the header is row 1.
        cells: texts by column, stripped of spaces.
    """

    file: Path
    number: int
    cells: Mapping[str, str]

    def wrong(self, column: str, expected: str) -> UserError:
        """Error that names a cell and the value expected in it."""
        cell = self.cells.get(column, "")
        content = repr(one_line(cell, 60)) if cell else "nothing"
        return UserError(
            f"{self.file}: row {self.number}, {column}: found {content}, expected {expected}"
        )

    def one_of(self, column: str, names: Iterable[str]) -> str:
        """Return the cell; raise UserError if it is not one of the names."""
        names = list(names)
        if self.cells[column] not in names:
            raise self.wrong(column, f"one of {', '.join(names) or 'none: the study has none'}")
        return self.cells[column]

    def empty(self, column: str, why: str) -> None:
        """Raise UserError if the cell is not empty."""
        if self.cells[column]:
            raise self.wrong(column, f"nothing: {why}")

    def number_in(self, column: str, least: float = -math.inf) -> float:
        """Return the cell as a finite number of at least `least`."""
        try:
            number = float(self.cells[column])
        except ValueError:
            number = math.nan
        if not (math.isfinite(number) and number >= least):
            raise self.wrong(column, "a number" if least == -math.inf else f"at least {least:g}")
        return number

    def known_number_in(self, column: str, least: float) -> float:
        """Return `number_in`, or NaN if the cell is empty or the column is missing."""
        return self.number_in(column, least) if self.cells.get(column) else math.nan

    def whole_in(self, column: str, least: int) -> int:
        """Return the cell as an integer; tables with gaps write it as 12.0."""
        number = self.number_in(column, least)
        if number != int(number):
            raise self.wrong(column, "a whole number")
        return int(number)


def read_rows(path: Path, key: str) -> list[Row]:
    """Read the rows of a file as text.

    Args:
        path: the file.
        key: key in COLUMNS.

    Raises:
        UserError: if the file does not exist, is not text, lacks a column or has no rows.
    """
    if not path.is_file():
        raise UserError(f"replication.{key}: found no file {path}, expected a CSV file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            rows = [Row(path, reader.line_num, _cells(row)) for row in reader]
            names = list(reader.fieldnames or [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: found {reason(error)}, expected CSV in UTF-8") from None
    missing = [name for name in COLUMNS[key] if name not in names]
    if missing:
        raise UserError(
            f"{path}: found no column {missing[0]!r}, expected the columns"
            f" {', '.join(COLUMNS[key])}"
        )
    if not rows:
        raise UserError(f"{path}: found no rows, expected published values")
    return rows


def _cells(row: Mapping[Any, Any]) -> dict[str, str]:
    """Cells by column; missing cells of a short row are empty, extra ones are dropped."""
    return {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}


# --- values ------------------------------------------------------------------------------------


def read_published(path: Path, key: str) -> list[dict[str, Any]]:
    """Read the rows of a file with parsed numbers.

    Raises:
        UserError: as in `read_rows`, and if a cell is not a number.
    """
    return [_VALUES[key](row) for row in read_rows(path, key)]


def _partition(row: Row) -> dict[str, Any]:
    return {name: row.cells[name] for name in PLACE[:-1]} | {"k": row.whole_in("k", 1)}


def _score(row: Row) -> dict[str, Any]:
    quantity = row.one_of("quantity", (*SCORES, ACCURACY))
    if quantity == ACCURACY:
        for name in KEY[1:]:
            row.empty(name, f"{ACCURACY} is that of whole networks")
        identifiers = {name: None for name in KEY} | {"condition": row.cells["condition"]}
    else:
        identifiers = _partition(row) | {name: row.cells[name] for name in ("measure", "null")}
    numbers = {
        "published": row.number_in("published"),
        "published_sd": row.known_number_in("published_sd", 0),
        "published_n": row.known_number_in("published_n", 1),
    }
    return {**identifiers, "quantity": quantity, **numbers}


def _step(row: Row) -> dict[str, Any]:
    return {
        "condition": row.cells["condition"],
        "epoch": row.whole_in("epoch", 1),
        "step": row.whole_in("step", 0),
        "quantity": row.one_of("quantity", TRAINING),
        "published": row.number_in("published"),
    }


def _size(row: Row) -> dict[str, Any]:
    return {
        **_partition(row),
        "side": row.one_of("side", ("U", "V")),
        "rank": row.whole_in("rank", 1),
        "published": row.whole_in("published", 0),
    }


_VALUES: Mapping[str, Callable[[Row], dict[str, Any]]] = {
    "scores": _score,
    "history": _step,
    "sizes": _size,
}


def published_measures(path: str | None) -> list[str]:
    """Measures in a file of scores, in the order of its rows; empty without a file."""
    if path is None:
        return []
    rows = read_published(Path(path), "scores")
    return list(dict.fromkeys(row["measure"] for row in rows if row["measure"] is not None))


def published_conditions(path: str | None) -> list[str]:
    """Conditions in a file of training, in the order of its rows; empty without a file."""
    rows = read_published(Path(path), "history") if path is not None else []
    return list(dict.fromkeys(row["condition"] for row in rows))


# --- whether the study has what they are compared with -----------------------------------------


def check_published(study: Study, layers: Mapping[str, Sequence[str]]) -> None:
    """Check all files of published values before anything runs.

    Args:
        study: the study.
        layers: clustered layers of each condition.

    Raises:
        UserError: for the first cell that is invalid, or that the study has nothing to compare
            with: file, row, column, what was found and what is expected.
    """
    for key, path in study.published.values():
        for row in read_rows(Path(path), key):
            values = _VALUES[key](row)
            if key == "history":
                _check_step(row, values, study)
                continue
            row.one_of("condition", study.names)
            if values["k"] is not None:
                _check_partition(row, values, study, layers)


def _check_partition(
    row: Row, values: Mapping[str, Any], study: Study, layers: Mapping[str, Sequence[str]]
) -> None:
    layer = row.one_of("layer", layers[values["condition"]])
    row.one_of("method", study.variants(study.clustering.methods_for(layer)))
    if values["k"] not in study.k_values:
        raise row.wrong("k", f"a k of k_grid ({', '.join(study.k_grid)})")
    if "measure" in values:
        row.one_of("measure", [name for name, entry in MEASURES.items() if entry.direction])
        row.one_of("null", _nulls(study, values["condition"]))
    elif values["rank"] > values["k"]:
        raise row.wrong("rank", f"at most {values['k']}, the number of clusters")


def _nulls(study: Study, condition: str) -> Iterator[str]:
    """Nulls that networks of a condition are compared with."""
    for null in study.nulls:
        if null != "untrained" or study.fresh_of(condition) is not None:
            yield null


def _check_step(row: Row, values: Mapping[str, Any], study: Study) -> None:
    condition = row.one_of("condition", study.conditions)
    epochs, steps = study.recipe_of(condition).epochs, study.steps_of_epoch(condition)
    if values["epoch"] > epochs:
        raise row.wrong("epoch", f"at most {epochs}, the epochs of {condition}")
    if values["step"] >= steps:
        raise row.wrong("step", f"at most {steps - 1}: the steps of an epoch count from 0")
    if values["step"] % study.training.history_every:
        every = study.training.history_every
        raise row.wrong("step", f"a multiple of training.history_every ({every})")
