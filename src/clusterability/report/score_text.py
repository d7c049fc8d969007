"""Scores and measures as text tables, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from clusterability.extensions import Extension
from clusterability.jobs.adaptive_job import ENOUGH
from clusterability.measures.catalogue import MEASURES
from clusterability.results.display_names import (
    null_name,
    sentence_list,
    shown_null,
    span,
)

KNOWN = ("mi", "barber_q", "ncut", "clusterability", "bits")
"""Measures of the library that are shown by default, one of each kind."""

WIDTH = 100


def score_text(scores: pd.DataFrame, everything: bool = False) -> str:
    """Scores as a text table, followed by a legend.

    Args:
        scores: rows with `columns.SCORES`.
        everything: show all measures and nulls, in a table for each layer and method; otherwise
            KNOWN, and measures that were asked for by name, against the most informative null, in
            one table.
    """
    left_out = set(MEASURES) - set(KNOWN)
    shown = scores if everything else shown_null(scores[~scores["measure"].isin(left_out)])
    return "\n".join([*score_lines(shown, everything), "", *_legend(shown, everything)])


def score_lines(shown: pd.DataFrame, everything: bool = False) -> list[str]:
    """Lines of the table in `score_text`; with `everything`, the null is a column."""
    compared = shown["null"].notna().any()
    # The column of nulls leaves room for one digit less.
    digits = "+.3f" if everything else "+.4f"
    columns: dict[str, Iterable[str]] = {
        "layer": shown["layer"],
        "method": shown["method"],
        "measure": shown["measure"],
        "k": shown["k"].map(str),
        "value": _values(shown),
    }
    if compared and everything:
        columns["null"] = shown["null"]
    if compared:
        columns |= {
            "null mean ± sd": [
                _spread(*pair) for pair in zip(shown["null_mean"], shown["null_sd"], strict=True)
            ],
            "excess": [_number(excess, digits) for excess in shown["value"] - shown["null_mean"]],
            "z": [_number(z, "+.2f") for z in shown["z"]],
            "p": [_number(p, ".3g") for p in shown["p"]],
        }
        if shown["q"].notna().any():
            columns["q"] = [_number(q, ".3g") for q in shown["q"]]
    table = pd.DataFrame({name: list(column) for name, column in columns.items()})
    order = pd.MultiIndex.from_frame(table[["layer", "method", "measure"]]).factorize()[0]
    table = table.iloc[np.argsort(order, kind="stable")]
    return list(_tables(table)) if everything else table_lines(table)


def draws_text(scores: pd.DataFrame, most: Mapping[str, int]) -> str:
    """Number of draws of each null whose draws end by a rule; empty without such nulls.

    Args:
        scores: rows with `columns.SCORES`.
        most: largest number of draws by null.

    >>> scores = pd.DataFrame({"null": ["shuffle"] * 3, "null_n": [0, 39, 999]})
    >>> draws_text(scores, {"shuffle": 999})
    'Draws end once 10 are as good as each value: 39 to 999 (at most 999) of shuffle were made.'
    >>> draws_text(scores, {})
    ''
    """
    made = scores[scores["null"].isin(most) & (scores["null_n"] > 0)].groupby("null", sort=False)
    spans = [f"{span(n)} (at most {most[str(null)]}) of {null}" for null, n in made["null_n"]]
    if not spans:
        return ""
    text = f"Draws end once {ENOUGH} are as good as each value: {sentence_list(spans)} were made."
    return textwrap.fill(text, WIDTH, subsequent_indent="  ")


def measures_text(measures: pd.DataFrame) -> str:
    """Format the result of `api.list_measures`, one paragraph per measure."""
    parts = []
    for row in measures.to_dict("records"):
        heading = f"{row['measure']}: {row['label']}; {row['better']} is better"
        parts.append(f"{heading}\n{_indented(row['meaning'])}")
    return "\n".join(parts)


def extensions_text(extensions: Iterable[tuple[Extension, str]]) -> str:
    """One paragraph per extension, as `extensions_asked.listed_extensions` yields them, or ""."""
    parts = []
    for each, fault in extensions:
        heading = ": ".join(filter(None, [f"{each.kind} {each.name} of {each.owner}", fault]))
        parts.append(f"{heading}\n{_indented(each.summary or each.reference)}")
    return "\n".join(["Of other packages (docs/extending.md):", *parts]) if parts else ""


def _indented(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _values(scores: pd.DataFrame) -> list[str]:
    """Values, or the reason why there is none."""
    return [
        _number(value, ".4f") if status == "ok" else status
        for value, status in zip(scores["value"], scores["status"], strict=True)
    ]


def _number(value: float, form: str) -> str:
    if not np.isfinite(value):
        return "-"
    return format(value, form if abs(value) < 1e4 else ".3g")


def _spread(mean: float, deviation: float) -> str:
    return f"{mean:.4f} ± {_number(deviation, '.4f')}" if np.isfinite(mean) else "-"


def _tables(table: pd.DataFrame) -> Iterator[str]:
    """A table for each layer and method, below their names, since one table would be too wide."""
    identifiers = ["layer", "method"]
    for number, ((layer, method), rows) in enumerate(table.groupby(identifiers, sort=False)):
        yield from ([""] if number else [])
        yield f"{layer}, {method}"
        yield from table_lines(rows.drop(columns=identifiers))


def table_lines(table: pd.DataFrame) -> list[str]:
    """Lines of a table with text aligned to the left and numbers to the right."""
    rows = [list(table), *table.to_numpy().tolist()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = [name in ("layer", "method", "measure", "null") for name in table]
    lines = [_line(row, widths, left) for row in rows]
    rule = "-" * len(lines[0])
    return [lines[0], rule, *lines[1:]]


def _line(cells: Sequence[str], widths: Iterable[int], left: Iterable[bool]) -> str:
    padded = (
        cell.ljust(width) if to_left else cell.rjust(width)
        for cell, width, to_left in zip(cells, widths, left, strict=True)
    )
    return "  ".join(padded).rstrip()


def _legend(shown: pd.DataFrame, everything: bool) -> list[str]:
    if not shown["null"].notna().any():
        text = "Without a null, a value says little: clustering finds something in noise, too."
    else:
        null = "" if everything else f"Null: {null_name(shown)}. "
        text = (
            f"{null}excess: value less the null's mean, in the measure's units. z: by how many sd"
            " the value is better (ncut: lower is better); it grows with the layer. p: share of"
            " draws that are as good. q needs several seeds."
        )
    if "bits" in set(shown["measure"]):
        text += (
            " bits: what naming the clusters saves; below 20, they do not pay. That they pay is not"
            " enough: see the verdict, which rests on a search of its own (docs/bits.md)."
        )
    return textwrap.wrap(text, WIDTH)
