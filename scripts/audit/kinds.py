"""What an audit asks, kind by kind, and which cells it takes."""

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
"""Cells of one partition, where each partition is drawn for anew."""


@dataclass(frozen=True)
class Kind:
    """A kind of cell.

    Attributes:
        says: what is worked out again.
        candidates: all rows that could be.
        check: works chosen ones out.
        strata: columns whose combinations are to be taken equally often.
        together: columns of which several cells are taken at a time; none if empty.
    """

    says: str
    candidates: Callable[[StudyFiles], pd.DataFrame]
    check: Callable[[StudyFiles, pd.DataFrame, int, np.random.Generator], Iterator[Cell]]
    strata: tuple[str, ...]
    together: tuple[str, ...] = ()


def _plain(
    check: Callable[[StudyFiles, pd.DataFrame], Iterator[Cell]],
) -> Callable[..., Iterator[Cell]]:
    """A check that makes no draws of its own."""
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
"""By name, in the order in which they are told."""


def shares(cells: int, available: Mapping[str, int]) -> dict[str, int]:
    """So many cells, as evenly as what is available allows.

    >>> shares(10, {"values": 100, "q": 2, "means": 0})
    {'values': 8, 'q': 2, 'means': 0}
    """
    found, left = dict.fromkeys(available, 0), cells
    while left > 0:
        room = [name for name, count in available.items() if found[name] < count]
        if not room:
            break
        for name in room[:left]:
            found[name] += 1
        left -= len(room[:left])
    return found


def spread(
    rows: pd.DataFrame,
    number: int,
    strata: Sequence[str],
    together: Sequence[str],
    source: np.random.Generator,
) -> pd.DataFrame:
    """Random rows, of all combinations of the strata equally many as far as there are.

    Args:
        rows: to take from.
        number: of rows.
        strata: columns.
        together: columns; where there are any, four rows at a time have the same values there.
        source: of random numbers.
    """
    shuffled = rows.iloc[source.permutation(len(rows))]
    if not together:
        return _in_turns(shuffled, strata, source).iloc[:number]
    first = shuffled.drop_duplicates(list(together))
    groups = _in_turns(first, strata, source).iloc[: math.ceil(number / _OF_ONE_PARTITION)]
    own = groups[list(together)].merge(shuffled, on=list(together), how="left")
    return own.groupby(list(together), sort=False, observed=True).head(_OF_ONE_PARTITION)[:number]


def _in_turns(
    rows: pd.DataFrame, strata: Sequence[str], source: np.random.Generator
) -> pd.DataFrame:
    """Rows in an order in which strata take turns; which goes first is random."""
    groups = rows.groupby(list(strata), sort=False, observed=True, dropna=False)
    stratum, turn = groups.ngroup().to_numpy(), groups.cumcount().to_numpy()
    order = source.permutation(groups.ngroups)
    return rows.iloc[np.lexsort((order[stratum], turn))]
