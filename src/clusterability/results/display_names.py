"""Names and numbers as tables and figures print them, and the choice of the null that they show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
import pandas as pd

from clusterability.measures.catalogue import MEASURES
from clusterability.measures.contender_catalogue import CONTENDERS
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS
from clusterability.nulls.catalogue import NULLS

_CLEAR = [null for null in NULLS if NULLS[null].caveat is None]
_ORDER = (*_CLEAR, *(null for null in NULLS if null not in _CLEAR), GROUPS)
"""Nulls, the most informative first."""
_FOUND_ELSEWHERE = "held_out"
"""Measure whose clusters are found on other rows, so that `labels` is informative for it."""


def shown_null(scores: pd.DataFrame) -> pd.DataFrame:
    """Rows that compare with one null per measure: the first of `_ORDER` that gives a z.

    A measure without any z shows the first null that it has; without nulls, all rows are shown.
    """
    chosen = chosen_nulls(scores, scores["z"].notna())
    return scores[scores["null"] == scores["measure"].map(chosen)] if chosen else scores


def chosen_nulls(scores: pd.DataFrame, with_z: pd.Series) -> dict[str, str]:
    """Null that `shown_null` shows, by measure; measures without nulls are left out.

    Args:
        scores: the columns `measure` and `null`.
        with_z: whether a row has a z.
    """
    nulls, nulls_with_z = _nulls_by_measure(scores), _nulls_by_measure(scores[with_z])
    return {measure: nulls_with_z.get(measure, nulls[measure])[0] for measure in nulls}


def first_null(scores: pd.DataFrame) -> str | None:
    """Null to show for the rows of one measure: the first that gives a z, or None."""
    return next(iter(ordered_nulls(scores)), None)


def ordered_nulls(scores: pd.DataFrame) -> list[str]:
    """Nulls that give the rows a z, the most informative first."""
    return sorted(scores.loc[scores["z"].notna(), "null"].dropna().unique(), key=_rank)


def _nulls_by_measure(scores: pd.DataFrame) -> dict[str, list[str]]:
    """Nulls of each measure, in the order of `_ORDER`."""
    by_measure = scores.dropna(subset=["null"]).groupby("measure", observed=True)["null"].unique()
    return {str(measure): sorted(nulls, key=_rank) for measure, nulls in by_measure.items()}


def _rank(null: str) -> float:
    """Place of a null in `_ORDER`; nulls of other packages come before the first with a caveat."""
    return _ORDER.index(null) if null in _ORDER else len(_CLEAR) - 0.5


def null_name(rows: pd.DataFrame) -> str:
    """Name of the null that the rows show, with its caveat; "none" without nulls.

    If measures show different nulls, the most frequent one comes first.
    """
    shown = rows.dropna(subset=["null"])
    measures = shown.groupby("null", observed=True)["measure"].unique()
    if measures.empty:
        return "none"
    first, *others = sorted(measures.index, key=lambda null: -len(measures[null]))
    names = [_with_caveat(first, measures[first])]
    return "; ".join(names + [f"{', '.join(measures[null])}: {null}" for null in others])


def _with_caveat(null: str, measures: list[str]) -> str:
    known = null in NULLS and set(measures) != {_FOUND_ELSEWHERE}
    caveat = NULLS[null].caveat if known else None
    return ", ".join(part for part in (null, caveat) if part)


def measure_label(measure: str) -> str:
    """Label of the measure on axes."""
    known = (MEASURES | FUNCTION_MEASURES | CONTENDERS).get(measure)
    return known.label if known else measure.replace("_", " ")


def rounded_text(value: float, digits: int = 2) -> str:
    """Round a number for text, with a true minus sign; empty if it is undefined.

    >>> rounded_text(0.256), rounded_text(-0.001), rounded_text(float("nan"))
    ('0.26', '0.00', '')
    """
    if not np.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")


def span(counts: pd.Series) -> str:
    """Smallest and largest positive count, as "10" or "8 to 10"; "0" if there is none."""
    known = counts[counts > 0]
    ends = [str(known.min()), str(known.max())] if len(known) else ["0"]
    return " to ".join(dict.fromkeys(ends))


def counted(number: object, noun: str) -> str:
    """A number, or text that ends in one, followed by its noun, in the plural if needed.

    >>> counted(1, "seed"), counted("8 to 10", "seed"), counted(1.0, "output unit")
    ('1 seed', '8 to 10 seeds', '1 output unit')
    """
    text = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def ranges(numbers: Iterable[int], between: str = ", ") -> str:
    """Abbreviate consecutive numbers as ranges.

    >>> ranges([0, 1, 2, 5, 7, 8]), ranges([3, 4, 6], ",")
    ('0-2, 5, 7-8', '3-4,6')
    """
    groups = groupby(enumerate(sorted(numbers)), key=lambda item: item[1] - item[0])
    runs = [[number for _, number in run] for _, run in groups]
    return between.join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def seeds_text(blocks: Sequence[str]) -> str:
    """Seeds of blocks as text; empty without blocks.

    >>> seeds_text(["0-9", "16"]), seeds_text(["0"]), seeds_text([])
    ('seeds 0-9, 16', 'seed 0', '')
    """
    names = ", ".join(map(str, blocks))
    return f"seed{'' if names.isdigit() else 's'} {names}" if names else ""


def sentence_list(parts: Sequence[str]) -> str:
    """Join parts with commas and "and".

    >>> sentence_list(["a"]), sentence_list(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
