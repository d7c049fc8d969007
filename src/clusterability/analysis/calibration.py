"""Does a null give p <= 0.05 as often as it should? Shares of p over networks, against 5 %.

Meant for conditions that are exchangeable with a null's draws, such as untrained networks under
`shuffle`: there p is uniform on 1/(n + 1), ..., 1, where n is the number of draws. The null
`labels` asks another question, which untrained networks too answer with yes: but for `held_out`, it
comes out liberal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from clusterability.comparison import NO_SPREAD
from clusterability.measures.catalogue import DIRECTED
from clusterability.results.columns import CELL
from clusterability.results.reading import defined, distinct, read_rows, where
from clusterability.statistics import CONFIDENCE, SHARED_DRAWS, SIGNIFICANT, interval

FEWEST_NETWORKS = 20
"""A cell with fewer p gets no verdict."""
GROUP = 10
"""Networks in a group of replicates: as many as a study of usual size has seeds."""
COMPARED = ["seed", *CELL, "null_sd", "null_n", "z", "p", "p_two_sided"]
"""Columns of the scores that calibration needs."""
JUDGED = where(measure=DIRECTED) & defined("null")
"""Rows of the scores that it judges."""
_OFF_GRID = 1e-6
"""Of a multiple of 1 / (draws + 1), p is no farther by rounding."""
ALL = "all"
"""In place of a layer or a method: all of them."""
_FAMILY = ["condition", "null"]
_SCOPE = ["condition", "layer", "method", "null"]
_CELL_COLUMNS = [
    *CELL,
    "n",
    "level",
    "share",
    "low",
    "high",
    "verdict",
    "ks_p",
    "mean_z",
    "replicate_share",
    "n_groups",
]


def comparisons(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores that calibration judges: of structural measures with a direction, against a null.

    Where the value and all draws are equal, as every partition's are at k = 1, p is 1 whatever the
    null: such a p is emptied. What is left stays exchangeable, since being equal has no order.

    Returns:
        The rows with two more columns, empty where p is: `level`, the chance of p <= 0.05 under
        the null, floor(0.05 (n + 1)) / (n + 1); and `rejected`, 1 where p <= 0.05, else 0.
    """
    rows = scores[scores["null"].notna() & scores["measure"].isin(DIRECTED)]
    p = rows["p"].mask(~(rows["null_sd"] >= NO_SPREAD) & (rows["p_two_sided"] == 1))
    grid = rows["null_n"] + 1
    return rows.assign(
        p=p,
        level=(np.floor(SIGNIFICANT * grid) / grid).where(p.notna()),
        rejected=(p <= SIGNIFICANT).astype(float).where(p.notna()),
    )


def calibration_cells(scores: pd.DataFrame) -> pd.DataFrame:
    """Calibration of each cell; the networks of the condition are its replicates.

    Args:
        scores: rows of the result table `scores`, of the conditions to judge.

    Returns:
        One row a (condition, layer, method, k, measure, null), of measures with a direction:

        - `n`: networks with a p (see `comparisons`).
        - `level`: the chance of p <= 0.05 under the null, 0.05 where n_draws + 1 is a multiple
          of 20. Its mean where networks have different numbers of defined draws; the interval is
          then too wide rather than too narrow (Hoeffding 1956).
        - `share`: of these networks, those with p <= 0.05.
        - `low`, `high`: where such a share lies under the null, 95 % for all cells of the
          (condition, null) together (Bonferroni), bounds included. Binomial at `level`; beta-
          binomial for `SHARED_DRAWS`, whose own quantile has a beta distribution.
        - `verdict`: "calibrated"; "conservative", share below `low`; "liberal", above `high`;
          "undefined" with fewer than 20 networks, or where no p can be as small as 0.05.
        - `ks_p`: of uniformity of p on its grid (`uniformity_p`); empty where networks have
          different numbers of defined draws, and for `SHARED_DRAWS`.
        - `mean_z`: mean directed z over networks.
        - `replicate_share`, `n_groups`: networks in the order of their seeds are cut into groups
          of ten, a rest left over; share of the groups whose t test of z (`replicate_p`) gives
          p <= 0.05. This is what a study of ten seeds would find.
    """
    return _judged_cells(_cells(comparisons(scores)))


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """What cells say of themselves, of rows as `comparisons` gives them."""
    groups = rows.groupby(CELL, sort=False, observed=True)
    cells = groups.agg(
        n=("p", "count"),
        share=("rejected", "mean"),
        level=("level", "mean"),
        mean_z=("z", "mean"),
        draws=("null_n", "max"),
    ).reset_index()
    rows = rows.assign(cell=groups.ngroup())
    return cells.join(_uniformity(rows)).join(_replicates(rows))


def _judged_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """Cells with the verdict that they get among all cells of a condition and null."""
    return (
        cells.join(_acceptance_intervals(cells))
        .assign(verdict=_verdicts)
        .fillna({"n_groups": 0})
        .astype({"n_groups": int})[_CELL_COLUMNS]
    )


def calibration_nulls(scores: pd.DataFrame) -> pd.DataFrame:
    """Calibration of each null as a whole. Cells depend on each other; networks do not.

    Args:
        scores: as in `calibration_cells`.

    Returns:
        One row a (condition, layer, method, null), and the same with "all" for the layer, for the
        method and for both:

        - `n`: networks with a p.
        - `level`: as in `calibration_cells`, mean over these p.
        - `share`: in each network the share of its cells with p <= 0.05; their mean over networks.
        - `low`, `high`: 95 % t interval of `share` over networks; empty with fewer than two, and
          for `SHARED_DRAWS`, whose own spread it would miss.
        - `contains_level`: whether the interval holds `level`; empty without one, and where no p
          can be as small as 0.05.
        - `replicate_share`, `n_groups`: as in `calibration_cells`, over the groups of all cells.
        - `cells`, `cells_liberal`, `cells_conservative`: cells with a verdict, and their verdicts.
    """
    rows = comparisons(scores)
    return _judged_nulls(_networks(rows), _judged_cells(_cells(rows)))


def calibrate(scores: Path, conditions: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`calibration_cells` and `calibration_nulls` of a table in a file.

    The rows of one condition and layer are in memory at a time.

    Args:
        scores: the table of scores.
        conditions: those to judge.
    """
    cells, networks = [], []
    asked = where(condition=conditions) & JUDGED
    places = distinct(scores, ["condition", "layer"], asked)
    if places.empty:  # a study without nulls
        nothing = read_rows(scores, COMPARED, asked)
        return calibration_cells(nothing), calibration_nulls(nothing)
    for condition, layer in places.itertuples(index=False):
        asked = where(condition=[condition], layer=[layer]) & JUDGED
        rows = comparisons(read_rows(scores, COMPARED, asked))
        cells.append(_cells(rows))
        networks.append(_networks(rows))
    judged = _judged_cells(_in_order(cells))
    return judged, _judged_nulls(_in_order(networks), judged)


def _in_order(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Parts together, in the order of the table: rows of shared draws come after all others."""
    together = pd.concat(parts, ignore_index=True)
    last = together["null"].isin(SHARED_DRAWS)
    return pd.concat([together[~last], together[last]], ignore_index=True)


def _networks(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts by scope and network, of rows as `comparisons` gives them."""
    return (
        rows.groupby([*_SCOPE, "seed"], sort=False, observed=True)[["p", "rejected", "level"]]
        .agg({"p": "count", "rejected": "sum", "level": "sum"})
        .reset_index()
    )


def _judged_nulls(networks: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    scopes: list[dict[str, str]] = [
        {"layer": ALL, "method": ALL},
        {"method": ALL},
        {"layer": ALL},
        {},
    ]
    frames = [
        _null_shares(networks.assign(**scope)).join(_cell_counts(cells.assign(**scope)))
        for scope in scopes
    ]
    return pd.concat(frames).reset_index()


def uniformity_p(distances: np.ndarray, networks: int, grid: int) -> np.ndarray:
    """p of the two-sided Kolmogorov-Smirnov test of uniformity on 1/grid, 2/grid, ..., 1.

    Exact for this grid (Gleser 1985 treats any discontinuous distribution), where the usual p, that
    of continuous distributions, would be too large.

    Args:
        distances: [cells] int, max over j of |grid S_j - networks j|, with S_j the number of
            values up to j/grid: the Kolmogorov-Smirnov statistic times grid times networks.
        networks: number of values.
        grid: number of points of the grid.

    Returns:
        [cells], the chance of a distance at least as large.

    Two values on the points 1/2 and 1 lie on different points half of the time: a distance of 0.

    >>> uniformity_p(np.array([0, 2]), networks=2, grid=2)
    array([1. , 0.5])
    """
    counts = np.arange(networks + 1)
    # Given their sum, independent Poisson counts are those of equally likely points of the grid.
    rate = networks / grid
    transition = stats.poisson.pmf(counts - counts[:, None], rate)
    inside = np.zeros((len(distances), networks + 1))
    inside[:, 0] = 1
    left = np.zeros(len(distances))
    for point in range(grid + 1):
        outside = np.abs(grid * counts - networks * point) >= distances[:, None]
        # Summed as it leaves: 1 less the rest would lose every p below the rounding error.
        rest = stats.poisson.pmf(networks - counts, rate * (grid - point))
        left += np.where(outside, inside, 0) @ rest
        inside = np.where(outside, 0, inside) @ transition
    return left / stats.poisson.pmf(networks, networks)


def _acceptance_intervals(cells: pd.DataFrame) -> pd.DataFrame:
    """`low` and `high` of each cell that can be judged; NaN for the others."""
    judged = (cells["n"] >= FEWEST_NETWORKS) & (cells["level"] > 0)
    family = [cells[name] for name in _FAMILY]
    error = (1 - CONFIDENCE) / judged.groupby(family, observed=True).transform("sum")
    shared = cells["null"].isin(SHARED_DRAWS)
    bounds = np.full((2, len(cells)), np.nan)
    for chosen, interval_of in ((~shared, _binomial_interval), (shared, _shared_interval)):
        here = judged & chosen
        bounds[:, here] = interval_of(1 - error[here], cells[here]) / cells["n"][here].to_numpy()
    return pd.DataFrame({"low": bounds[0], "high": bounds[1]}, index=cells.index)


def _binomial_interval(confidence: pd.Series, cells: pd.DataFrame) -> np.ndarray:
    return np.array(stats.binom.interval(confidence, cells["n"], cells["level"]))


def _shared_interval(confidence: pd.Series, cells: pd.DataFrame) -> np.ndarray:
    """Networks above the r-th largest of the draws that they share, r/(n_draws + 1) the level."""
    points = cells["draws"] + 1
    rank = (cells["level"] * points).round()
    return np.array(stats.betabinom.interval(confidence, cells["n"], rank, points - rank))


def _verdicts(cells: pd.DataFrame) -> np.ndarray:
    return np.select(
        [cells["low"].isna(), cells["share"] < cells["low"], cells["share"] > cells["high"]],
        ["undefined", "conservative", "liberal"],
        "calibrated",
    )


def _uniformity(rows: pd.DataFrame) -> pd.DataFrame:
    """`ks_p` by `cell`, of cells with a p whose networks have as many draws each, of their own.

    p of draws that ended by a rule lie on another grid.
    """
    rows = rows[rows["p"].notna() & ~rows["null"].isin(SHARED_DRAWS)].sort_values(["cell", "p"])
    cell = rows.groupby("cell")
    below = cell.cumcount()
    count, size = cell["p"].transform("count"), rows["null_n"] + 1
    rank = (rows["p"] * size).round()
    # The largest gaps lie at a value (its own step included) or at the grid's point before it.
    gap = np.maximum(size * (below + 1) - count * rank, count * (rank - 1) - size * below)
    tests = pd.DataFrame({"distance": gap, "networks": count, "grid": size}).astype(int)
    cells = tests.groupby(rows["cell"])
    on_grid = ((rows["p"] * size - rank).abs() < _OFF_GRID).groupby(rows["cell"]).all()
    tests = cells.max()[(cells["grid"].nunique() == 1) & on_grid]
    found = pd.Series(np.nan, tests.index, name="ks_p")
    for _, alike in tests.groupby(["networks", "grid"]):
        distances, places = np.unique(alike["distance"], return_inverse=True)
        networks, grid = alike[["networks", "grid"]].iloc[0]
        found[alike.index] = uniformity_p(distances, networks, grid)[places]
    return found.to_frame()


def _replicates(rows: pd.DataFrame) -> pd.DataFrame:
    """`replicate_share` and `n_groups` by `cell`, of cells with at least one whole group."""
    rows = rows.dropna(subset="z").sort_values(["cell", "seed"])
    cell = rows.groupby("cell")
    whole = cell["z"].transform("size") // GROUP * GROUP
    rows = rows[cell.cumcount() < whole]
    groups = pd.DataFrame(
        {"cell": rows["cell"].to_numpy()[::GROUP], "p": _group_p(rows["z"].to_numpy(float))}
    ).dropna()
    return (
        groups.assign(found=groups["p"] <= SIGNIFICANT)
        .groupby("cell")
        .agg(replicate_share=("found", "mean"), n_groups=("found", "size"))
    )


def _group_p(z: np.ndarray) -> np.ndarray:
    """`statistics.replicate_p` of each ten successive z, all at once: in a loop, half a minute."""
    groups = z.reshape(-1, GROUP)
    p = np.full(len(groups), np.nan)
    spread = np.ptp(groups, axis=1) > 0
    if spread.any():
        p[spread] = stats.ttest_1samp(groups[spread], 0, axis=1, alternative="greater").pvalue
    return p


def _null_shares(networks: pd.DataFrame) -> pd.DataFrame:
    """Means over networks, by scope; `networks` has counts by scope and seed, maybe in parts."""
    sums = networks.groupby([*_SCOPE, "seed"], sort=False, observed=True).sum()
    sums = sums[["p", "rejected", "level"]].assign(share=sums["rejected"] / sums["p"])
    scopes = sums.groupby(_SCOPE, sort=False, observed=True)
    table = pd.DataFrame(
        [interval(share.to_numpy(float)) for _, share in scopes["share"]],
        index=scopes.size().index,
        columns=["share", "low", "high"],
    )
    totals = scopes[["p", "level"]].sum()
    table.loc[table.index.isin(SHARED_DRAWS, level="null"), ["low", "high"]] = np.nan
    table.insert(0, "n", scopes["share"].count())
    table.insert(1, "level", totals["level"] / totals["p"])
    contains = (table["low"] <= table["level"]) & (table["level"] <= table["high"])
    judged = table["low"].notna() & (table["level"] > 0)
    table["contains_level"] = contains.astype("boolean").where(judged)
    return table


def _cell_counts(cells: pd.DataFrame) -> pd.DataFrame:
    """Groups of replicates and verdicts of the cells, by scope."""
    counted = cells.assign(
        found=cells["replicate_share"] * cells["n_groups"],
        cells=cells["verdict"] != "undefined",
        cells_liberal=cells["verdict"] == "liberal",
        cells_conservative=cells["verdict"] == "conservative",
    )
    names = ["found", "n_groups", "cells", "cells_liberal", "cells_conservative"]
    sums = counted.groupby(_SCOPE, sort=False, observed=True)[names].sum()
    sums.insert(0, "replicate_share", sums.pop("found") / sums["n_groups"])
    return sums
