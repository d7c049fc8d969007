"""Covariates of the columns of a matrix, read from CSV files for the null `within`.

Nothing here imports NumPy: Snakemake parses the workflow, and checks these files, for every job on
a cluster.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clusterability.errors import UserError, one_line, reason

if TYPE_CHECKING:
    from clusterability.study.study import Study

Shapes = Mapping[str, Sequence[int] | None]
"""Layers with their [out, in]; None if the file was not read."""


def check_covariates(study: Study, shapes: Mapping[str, Shapes]) -> None:
    """Check that the covariates in the config fit the matrices.

    Args:
        study: study whose `networks` may have covariates.
        shapes: layers of each of these networks.

    Raises:
        UserError: if a file cannot be read or does not have one number per column.
    """
    for name, network in study.networks.items():
        if network.covariate is not None:
            key = f"networks.{name}.covariate"
            numbers = read_covariate(Path(network.covariate), key)
            layer, shape = next(iter(shapes[name].items()))
            if shape is not None:
                check_length(numbers, shape[1], network.covariate, layer, key)


def read_covariate(file: Path, key: str) -> list[float]:
    """Read a CSV file with one column of numbers and an optional header.

    Args:
        file: text in UTF-8; empty lines are skipped.
        key: key in the config, for messages.

    Raises:
        UserError: if the file cannot be read, or a line is not a finite number.
    """
    rows = [(line, cells) for line, cells in enumerate(_cells(file, key), 1) if any(cells)]
    if rows and _is_name(rows[0][1]):
        del rows[0]
    numbers = []
    for line, cells in rows:
        number = _number(cells[0]) if len(cells) == 1 else None
        if number is None or not math.isfinite(number):
            text = repr(one_line(",".join(cells), 40))
            raise UserError(
                f"{key}: found {text} in line {line} of {file}, expected one finite number a line"
            )
        numbers.append(number)
    return numbers


def check_length(
    numbers: Sequence[float], columns: int, file: str | Path, layer: str, key: str
) -> None:
    """Raise UserError if the covariate does not have one number per column of the layer.

    >>> check_length([0.5, 0.7], 2, "ages.csv", "fc1", "networks.mine.covariate")
    """
    if len(numbers) != columns:
        raise UserError(
            f"{key}: found {len(numbers)} numbers in {file}, expected {columns}, one for each"
            f" column of {layer}"
        )


def _cells(file: Path, key: str) -> list[list[str]]:
    """Cells of the file by line, stripped of spaces."""
    try:
        if not file.is_file():
            raise UserError(f"{key}: found no file {file}, expected a CSV file")
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        return [[cell.strip() for cell in row] for row in csv.reader(lines)]
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{key}: found {file}, which cannot be read ({reason(error)}), expected a CSV file"
        ) from None


def _is_name(cells: Sequence[str]) -> bool:
    return len(cells) == 1 and _number(cells[0]) is None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
