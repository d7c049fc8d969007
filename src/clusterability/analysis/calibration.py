"""Calibration of nulls: does p <= 0.05 occur in 5 % of networks without clusters?

Meant for conditions that are exchangeable with a null's draws, such as untrained networks under
`shuffle`: there, p is uniform on 1/(n + 1), ..., 1 with n draws. The null `labels` asks another
question, to which the answer is yes for untrained networks, too; except for `held_out`, it turns
out liberal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import scipy

from clusterability.comparison import NO_SPREAD
from clusterability.measures.catalogue import DIRECTED
from clusterability.results.columns import CELL
from clusterability.results.reading import defined, distinct, read_rows, where
from clusterability.statistics import CONFIDENCE, SHARED_DRAWS, SIGNIFICANT, interval

FEWEST_NETWORKS = 20
"""Cells with fewer p-values get no verdict."""
GROUP = 10
"""Networks per group of replicates: the number of seeds of a typical study."""
COMPARED = ["seed", *CELL, "null_sd", "null_n", "z", "p", "p_two_sided"]
"""Columns of the scores that calibration needs."""
JUDGED = where(measure=DIRECTED) & defined("null")
"""Rows of the scores that calibration judges."""
_OFF_GRID = 1e-6
"""Largest rounding error of p as a multiple of 1 / (draws + 1)."""
ALL = "all"
"""Stands for all layers or all methods."""
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
    """Scores that calibration judges: directed structural measures, compared with a null.

    If the value and all draws are equal, as for every partition at k = 1, p is 1 for any null. Such
    p-values are removed. The rest stays exchangeable, since equality does not depend on order.

    Returns:
        The rows with two more columns, NaN where p is: `level`, the probability of p <= 0.05 under
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
    """Calibration of each cell, with the networks of the condition as replicates.

    Args:
        scores: rows of the result table `scores`, for the conditions to judge.

    Returns:
        One row per (condition, layer, method, k, measure, null), for directed measures:

        - `n`: networks with a p (see `comparisons`).
        - `level`: probability of p <= 0.05 under the null, 0.05 if n_draws + 1 is a multiple of 20.
          The mean if networks have different numbers of defined draws; the interval is then too
          wide rather than too narrow (Hoeffding 1956).
        - `share`: share of these networks with p <= 0.05.
        - `low`, `high`: bounds of this share under the null, included, simultaneous at 95 % for all
          cells of the (condition, null) (Bonferroni). Binomial at `level`; beta-binomial for
          `SHARED_DRAWS`, whose quantile has a beta distribution.
        - `verdict`: "calibrated"; "conservative", share below `low`; "liberal", above `high`;
          "undefined" with fewer than 20 networks, or if no p can reach 0.05.
        - `ks_p`: p of uniformity of p on its grid (`uniformity_p`); empty if networks have
          different numbers of defined draws, and for `SHARED_DRAWS`.
        - `mean_z`: mean directed z over networks.
        - `replicate_share`, `n_groups`: networks, sorted by seed, are divided into groups of ten,
          dropping the rest; the share of groups whose t test of z (`replicate_p`) gives p <= 0.05.
          This is what a study with ten seeds would report.
    """
    return _judged_cells(_cells(comparisons(scores)))


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Cell statistics that do not depend on other cells, from rows of `comparisons`."""
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
    """Cells with their verdicts among all cells of the condition and null."""
    return (
        cells.join(_acceptance_intervals(cells))
        .assign(verdict=_verdicts)
        .fillna({"n_groups": 0})
        .astype({"n_groups": int})[_CELL_COLUMNS]
    )


def calibration_nulls(scores: pd.DataFrame) -> pd.DataFrame:
    """Calibration of each null as a whole. Cells are dependent; networks are not.

    Args:
        scores: as in `calibration_cells`.

    Returns:
        One row per (condition, layer, method, null), and the same with "all" for the layer, for the
        method and for both:

        - `n`: networks with a p.
        - `level`: as in `calibration_cells`, mean over these p.
        - `share`: mean over networks of the share of a network's cells with p <= 0.05.
        - `low`, `high`: 95 % t interval of `share` over networks; empty with fewer than two, and
          for `SHARED_DRAWS`, whose variance it would miss.
        - `contains_level`: whether the interval contains `level`; empty without an interval, and if
          no p can reach 0.05.
        - `replicate_share`, `n_groups`: as in `calibration_cells`, over the groups of all cells.
        - `cells`, `cells_liberal`, `cells_conservative`: numbers of cells with a verdict, and with
          these verdicts.
    """
    rows = comparisons(scores)
    return _judged_nulls(_networks(rows), _judged_cells(_cells(rows)))


def calibrate(scores: Path, conditions: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`calibration_cells` and `calibration_nulls` of a table in a file.

    Only the rows of one condition and layer are in memory at a time.

    Args:
        scores: the table of scores.
        conditions: conditions to judge.
    """
    cells, networks = [], []
    selected = where(condition=conditions) & JUDGED
    scopes = distinct(scores, ["condition", "layer"], selected)
    if scopes.empty:  # a study without nulls
        no_rows = read_rows(scores, COMPARED, selected)
        return calibration_cells(no_rows), calibration_nulls(no_rows)
    for condition, layer in scopes.itertuples(index=False):
        selected = where(condition=[condition], layer=[layer]) & JUDGED
        rows = comparisons(read_rows(scores, COMPARED, selected))
        cells.append(_cells(rows))
        networks.append(_networks(rows))
    judged = _judged_cells(_in_order(cells))
    return judged, _judged_nulls(_in_order(networks), judged)


def _in_order(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenated parts in the order of the table: rows of shared draws come last."""
    together = pd.concat(parts, ignore_index=True)
    last = together["null"].isin(SHARED_DRAWS)
    return pd.concat([together[~last], together[last]], ignore_index=True)


def _networks(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts by scope and network, from rows of `comparisons`."""
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
    """Exact p of the two-sided Kolmogorov-Smirnov test of uniformity on 1/grid, 2/grid, ..., 1.

    The usual p, for continuous distributions, would be too large on a grid.

    Args:
        distances: int [cells], max over j of |grid S_j - networks j| with S_j the number of values
            up to j/grid: the Kolmogorov-Smirnov statistic times grid times networks.
        networks: number of values.
        grid: number of grid points.

    Returns:
        Probability of a distance at least as large, [cells].

    References:
        Gleser 1985, Exact power of goodness-of-fit tests of Kolmogorov type for discontinuous
        distributions, J. Am. Stat. Assoc. 80, 954.

    Two values on the points 1/2 and 1 lie on different points half of the time: a distance of 0.

    >>> uniformity_p(np.array([0, 2]), networks=2, grid=2)
    array([1. , 0.5])
    """
    counts = np.arange(networks + 1)
    # Independent Poisson counts, given their sum, are multinomial with equal probabilities.
    rate = networks / grid
    transition = scipy.stats.poisson.pmf(counts - counts[:, None], rate)
    inside = np.zeros((len(distances), networks + 1))
    inside[:, 0] = 1
    left = np.zeros(len(distances))
    for point in range(grid + 1):
        outside = np.abs(grid * counts - networks * point) >= distances[:, None]
        # Summing what leaves the band keeps p-values below the rounding error of 1 - inside.
        rest = scipy.stats.poisson.pmf(networks - counts, rate * (grid - point))
        left += np.where(outside, inside, 0) @ rest
        inside = np.where(outside, 0, inside) @ transition
    return left / scipy.stats.poisson.pmf(networks, networks)


def _acceptance_intervals(cells: pd.DataFrame) -> pd.DataFrame:
    """`low` and `high` of each cell that can be judged; NaN for the others."""
    judged = (cells["n"] >= FEWEST_NETWORKS) & (cells["level"] > 0)
    family = [cells[name] for name in _FAMILY]
    error = (1 - CONFIDENCE) / judged.groupby(family, observed=True).transform("sum")
    shared = cells["null"].isin(SHARED_DRAWS)
    bounds = np.full((2, len(cells)), np.nan)
    for chosen, interval_of in ((~shared, _binomial_interval), (shared, _shared_interval)):
        selected = judged & chosen
        bounds[:, selected] = (
            interval_of(1 - error[selected], cells[selected]) / cells["n"][selected].to_numpy()
        )
    return pd.DataFrame({"low": bounds[0], "high": bounds[1]}, index=cells.index)


def _binomial_interval(confidence: pd.Series, cells: pd.DataFrame) -> np.ndarray:
    return np.array(scipy.stats.binom.interval(confidence, cells["n"], cells["level"]))


def _shared_interval(confidence: pd.Series, cells: pd.DataFrame) -> np.ndarray:
    """Interval of networks above the r-th largest shared draw; r/(n_draws + 1) is the level."""
    points = cells["draws"] + 1
    rank = (cells["level"] * points).round()
    return np.array(scipy.stats.betabinom.interval(confidence, cells["n"], rank, points - rank))


def _verdicts(cells: pd.DataFrame) -> np.ndarray:
    return np.select(
        [cells["low"].isna(), cells["share"] < cells["low"], cells["share"] > cells["high"]],
        ["undefined", "conservative", "liberal"],
        "calibrated",
    )


def _uniformity(rows: pd.DataFrame) -> pd.DataFrame:
    """`ks_p` by `cell`, for cells whose networks have equal numbers of draws of their own.

    p of adaptive draws lie on another grid, and have none.
    """
    rows = rows[rows["p"].notna() & ~rows["null"].isin(SHARED_DRAWS)].sort_values(["cell", "p"])
    cell = rows.groupby("cell")
    below = cell.cumcount()
    count, size = cell["p"].transform("count"), rows["null_n"] + 1
    rank = (rows["p"] * size).round()
    # The largest gaps are at a value, including its step, or at the grid point before it.
    gap = np.maximum(size * (below + 1) - count * rank, count * (rank - 1) - size * below)
    tests = pd.DataFrame({"distance": gap, "networks": count, "grid": size}).astype(int)
    cells = tests.groupby(rows["cell"])
    on_grid = ((rows["p"] * size - rank).abs() < _OFF_GRID).groupby(rows["cell"]).all()
    tests = cells.max()[(cells["grid"].nunique() == 1) & on_grid]
    ks_p = pd.Series(np.nan, tests.index, name="ks_p")
    for _, alike in tests.groupby(["networks", "grid"]):
        distances, inverse = np.unique(alike["distance"], return_inverse=True)
        networks, grid = alike[["networks", "grid"]].iloc[0]
        ks_p[alike.index] = uniformity_p(distances, networks, grid)[inverse]
    return ks_p.to_frame()


def _replicates(rows: pd.DataFrame) -> pd.DataFrame:
    """`replicate_share` and `n_groups` by `cell`, for cells with at least one complete group."""
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
    """`statistics.replicate_p` of each ten successive z, vectorised: a loop takes half a minute."""
    groups = z.reshape(-1, GROUP)
    p = np.full(len(groups), np.nan)
    spread = np.ptp(groups, axis=1) > 0
    if spread.any():
        p[spread] = scipy.stats.ttest_1samp(groups[spread], 0, axis=1, alternative="greater").pvalue
    return p


def _null_shares(networks: pd.DataFrame) -> pd.DataFrame:
    """Means over networks by scope; `networks` has counts by scope and seed, possibly in parts."""
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
    """Groups of replicates, and verdicts of cells, by scope."""
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
