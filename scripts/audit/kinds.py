"""Kinds of cells that an audit recomputes, and the choice of cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from audit import agreement, choosing, draws, means, shuffles, values
from audit.cells import Cell
from audit.study_files import StudyFiles

_OF_ONE_PARTITION = 4
"""Cells chosen per partition, for a kind that makes new draws for each partition."""


@dataclass(frozen=True)
class Kind:
    """A kind of cell.

    Attributes:
        says: name of the numbers that are recomputed, for the report.
        candidates: function that returns all rows that can be checked.
        check: function that recomputes the chosen rows.
        strata: columns whose combinations are chosen equally often.
        together: columns that identify a partition, of which several cells are chosen at a time. If
            empty, cells are chosen one at a time.
    """

    says: str
    candidates: Callable[[StudyFiles], pd.DataFrame]
    check: Callable[[StudyFiles, pd.DataFrame, int, np.random.Generator], Iterator[Cell]]
    strata: tuple[str, ...]
    together: tuple[str, ...] = ()


def _plain(
    check: Callable[[StudyFiles, pd.DataFrame], Iterator[Cell]],
) -> Callable[..., Iterator[Cell]]:
    """Adapt a check that makes no draws of its own."""
    return lambda study, chosen, number, source: check(study, chosen)


KINDS: Mapping[str, Kind] = {
    "values": Kind(
        "measures of stored partitions and weights",
        values.candidates,
        _plain(values.check),
        ("method", "measure"),
    ),
    "draws": Kind(
        "z and p from kept draws",
        draws.candidates,
        _plain(draws.check),
        ("null", "method", "measure"),
    ),
    "shuffles": Kind(
        "z and p by other shuffles",
        shuffles.candidates,
        shuffles.check,
        ("layer", "method", "k"),
        tuple(shuffles.NAMES[:5]),
    ),
    "means": Kind(
        "means and intervals over seeds", means.candidates, _plain(means.check), ("table",)
    ),
    "q": Kind(
        "false discovery rates", means.candidates_q, _plain(means.check_q), ("null", "method")
    ),
    "best_k": Kind(
        "one k for all networks",
        choosing.candidates,
        _plain(choosing.check),
        ("method", "measure", "null"),
    ),
    "best_k_networks": Kind(
        "the k of each network",
        choosing.candidates_networks,
        _plain(choosing.check_networks),
        ("method", "measure", "null"),
    ),
    "agreement": Kind(
        "agreement of labellings",
        agreement.candidates,
        _plain(agreement.check),
        ("comparison", "measure"),
    ),
}
"""Kinds by name, in the order of the report."""


def shares(cells: int, available: Mapping[str, int]) -> dict[str, int]:
    """Divide a number of cells among the kinds, as evenly as the available cells allow.

    >>> shares(10, {"values": 100, "q": 2, "means": 0})
    {'values': 8, 'q': 2, 'means': 0}
    """
    numbers, left = dict.fromkeys(available, 0), cells
    while left > 0:
        room = [name for name, count in available.items() if numbers[name] < count]
        if not room:
            break
        for name in room[:left]:
            numbers[name] += 1
        left -= len(room[:left])
    return numbers


def spread(
    rows: pd.DataFrame,
    number: int,
    strata: Sequence[str],
    together: Sequence[str],
    source: np.random.Generator,
) -> pd.DataFrame:
    """Choose random rows, as evenly over all combinations of the strata as the rows allow.

    Args:
        rows: rows to choose from.
        number: number of rows to choose.
        strata: columns.
        together: columns; unless empty, rows are chosen in groups of up to four that have the same
            values in these columns.
        source: random generator.
    """
    shuffled = rows.iloc[source.permutation(len(rows))]
    if not together:
        return _in_turns(shuffled, strata, source).iloc[:number]
    first = shuffled.drop_duplicates(list(together))
    groups = _in_turns(first, strata, source).iloc[: math.ceil(number / _OF_ONE_PARTITION)]
    cells = groups[list(together)].merge(shuffled, on=list(together), how="left")
    return cells.groupby(list(together), sort=False, observed=True).head(_OF_ONE_PARTITION)[:number]


def _in_turns(
    rows: pd.DataFrame, strata: Sequence[str], source: np.random.Generator
) -> pd.DataFrame:
    """Order rows so that the strata take turns, in a random sequence."""
    groups = rows.groupby(list(strata), sort=False, observed=True, dropna=False)
    stratum, turn = groups.ngroup().to_numpy(), groups.cumcount().to_numpy()
    order = source.permutation(groups.ngroups)
    return rows.iloc[np.lexsort((order[stratum], turn))]
