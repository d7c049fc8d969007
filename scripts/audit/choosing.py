"""Kinds `best_k` and `best_k_networks`: choose k again, from kept draws and stored restarts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from audit.cells import Cell, exact
from audit.comparing import DIRECTION, p_of, p_of_seeds, t_interval, with_interval
from audit.largest_z import (
    Evidence,
    at_edge,
    edge_and_plateau,
    errors,
    first_largest,
    largest,
    pooled_z,
    side_by_side,
    z_of,
)
from audit.starts import gap_k, same_bits_ami, stability
from audit.study_files import StudyFiles, rows_of
from audit.values import SEARCHED

NETWORKS = ["condition", "seed", "layer", "method", "measure", "null"]
CELLS = ["condition", "layer", "method", "measure", "null"]
_SIGNIFICANT = 0.05
_VERDICT_BITS = 20


def evidence(study: StudyFiles, row: dict[str, Any]) -> Evidence:
    """Values and draws from which the k of a row of either table was chosen."""
    keys = (row["condition"], row["layer"], row["method"])
    table = study.values(*keys, row["measure"])
    seeds, k_values = [int(seed) for seed in table.index], [int(k) for k in table.columns]
    prefix = f"{row['null']}/{row['method']}"
    draws = [
        [
            study.arrays("scores", keys[0], seed, keys[1], ".draws", f"{prefix}/{k}/").get(
                row["measure"], np.empty(0)
            )
            for k in k_values
        ]
        for seed in seeds
    ]
    most = study.most(row["null"], row["method"]) if any(len(one) for one in draws[0]) else 0
    beside = side_by_side(draws, most)
    return Evidence(k_values, seeds, table.to_numpy(float), beside, row["measure"], most)


# --- one network -------------------------------------------------------------------------------


def candidates_networks(study: StudyFiles) -> pd.DataFrame:
    """Rows of `best_k_networks.csv`, without measures of other packages."""
    rows = study.table("best_k_networks.csv")
    return rows[rows["measure"].isin(DIRECTION)]


def check_networks(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Choose the k of each network again, and recompute the columns beside it."""
    read = _once(study)
    for row in rows_of(chosen):
        basis = read(*(row[name] for name in CELLS))
        number = basis.seeds.index(int(row["seed"]))
        result = _by_bits(study, row, basis, number) if row["measure"] == "bits" else {}
        result = result or _by_z(basis, number)
        keys = (row["condition"], int(row["seed"]), row["layer"])
        result["gap_k"] = gap_k(study, *keys, row["method"], tuple(basis.k_values))
        if row["measure"] != "bits" and not math.isnan(result["k_candidate"]):
            both = stability(study, *keys, row["method"], int(result["k_candidate"]))
            result |= dict(zip(("stability_u", "stability_v"), both, strict=True))
        numbers = tuple(exact(name, row[name], value) for name, value in result.items())
        yield Cell("best_k_networks", {name: row[name] for name in NETWORKS}, numbers)


def _once(study: StudyFiles) -> Any:
    return lru_cache(maxsize=8)(
        lambda *names: evidence(study, dict(zip(CELLS, names, strict=True)))
    )


def _by_z(evidence: Evidence, number: int) -> dict[str, Any]:
    """Columns for the k of the largest z; `k` is 1 if the z is not significant.

    `p_max` compares it with the largest z of each draw. `plateau` lists all k that are as good up
    to chance.
    """
    pooled, z = pooled_z(evidence)[number], z_of(evidence)[number]
    index, p = largest(pooled, evidence.most)
    if index is None:
        nothing = dict.fromkeys(("k", "k_candidate", "value", "z", "p_max"), math.nan)
        return nothing | {"at_edge": False, "plateau": ""}
    candidate = evidence.k_values[index]
    return {
        "k": candidate if p <= _SIGNIFICANT else 1,
        "k_candidate": candidate,
        "value": evidence.values[number, index],
        "z": z[index],
        "p_max": p,
        **edge_and_plateau(z, errors(z, evidence.draws[number]), index, evidence.k_values),
    }


def _by_bits(
    study: StudyFiles, row: dict[str, Any], evidence: Evidence, number: int
) -> dict[str, Any]:
    """Columns for the k that saves the most bits; `k` is 1 if these are fewer than 20."""
    values = evidence.values[number]
    index = first_largest(values)
    if index is None:
        return dict.fromkeys(("k", "k_candidate", "value"), math.nan) | {"at_edge": False}
    k, most = evidence.k_values[index], values[index]
    u, v = study.labels(row["condition"], int(row["seed"]), row["layer"], row["method"], k)
    result = {
        "k": k if most >= _VERDICT_BITS else 1,
        "k_candidate": k,
        "k_u": len(set(u[u >= 0])),
        "k_v": len(set(v[v >= 0])),
        "value": most,
        "at_edge": at_edge(index, values),
    }
    searched = row["method"].partition("-")[0] in SEARCHED
    if searched:  # it may end with fewer clusters than it was asked for
        largest = max(
            k for k, bits in zip(evidence.k_values, values, strict=True) if np.isfinite(bits)
        )
        result["at_edge"] = max(result["k_u"], result["k_v"]) == largest
    drawn = evidence.draws[number]
    if row["null"] and drawn.size:
        of_draws = np.fmax.reduce(drawn, axis=0)
        known = of_draws[np.isfinite(of_draws)]
        result["drawn_most"] = float(known.max()) if len(known) else math.nan
        result["p_max"] = p_of(most, of_draws, 1, evidence.most) if len(known) else math.nan
    if searched:
        place_of = (row["condition"], int(row["seed"]), row["layer"], row["method"])
        result["same_bits_ami"] = same_bits_ami(study, *place_of, k)
    return result


# --- one k for all networks --------------------------------------------------------------------


def candidates(study: StudyFiles) -> pd.DataFrame:
    """Rows of `best_k.csv`, without measures of other packages."""
    rows = study.table("best_k.csv")
    return rows[rows["measure"].isin(DIRECTION)]


def check(study: StudyFiles, chosen: pd.DataFrame) -> Iterator[Cell]:
    """Choose the k of each cell again, and recompute the columns beside it.

    By z, the first, third, … of the sorted seeds choose, and the others report. By bits, all seeds
    do both.
    """
    read = _once(study)
    for row in rows_of(chosen):
        basis = read(*(row[name] for name in CELLS))
        by_bits = row["measure"] == "bits"
        result = _mean_bits(basis) if by_bits else _mean_z(basis)
        keys = (row["condition"], row["layer"], row["method"])
        gaps = sorted(
            gap_k(study, keys[0], seed, *keys[1:], tuple(basis.k_values)) for seed in basis.seeds
        )
        result["gap_k"] = gaps[(len(gaps) - 1) // 2]
        if not by_bits and not math.isnan(result["k_candidate"]):
            result |= _mean_stability(study, keys, basis.seeds, int(result["k_candidate"]))
        if by_bits and row["method"].partition("-")[0] in SEARCHED:
            result["same_bits_ami"] = _mean_same_bits(study, keys, basis)
        numbers = tuple(exact(name, row[name], value) for name, value in result.items())
        yield Cell("best_k", {name: row[name] for name in CELLS}, numbers)


def _mean_z(evidence: Evidence) -> dict[str, Any]:
    """Choose by the mean z of the first, third, … of the sorted seeds; report on the others."""
    pooled, z = pooled_z(evidence), z_of(evidence)
    selects = [n for n in range(0, len(evidence.seeds), 2) if np.isfinite(pooled[n, :, 0]).any()]
    mean = sum(pooled[n] for n in selects) / len(selects) if selects else np.full((1, 1), np.nan)
    index, p = largest(mean, evidence.most)
    if index is None:
        return {"k": math.nan, "k_candidate": math.nan, "n_select": len(selects), "n_report": 0}
    reports = list(range(1, len(evidence.seeds), 2))
    values = evidence.values[reports, index]
    null_means = np.array([_null_mean(evidence, n, index) for n in reports])
    mean_z = z[selects].mean(axis=0)
    squares = sum(errors(z[n], evidence.draws[n]) ** 2 for n in selects)
    chance = np.sqrt(squares) / len(selects)
    candidate = evidence.k_values[index]
    return {
        "k": candidate if p <= _SIGNIFICANT else 1,
        "k_candidate": candidate,
        "p_select": p,
        "n_select": len(selects),
        "n_report": int(np.isfinite(values).sum()),
        **with_interval("value", values),
        **with_interval("excess", values - null_means),
        **with_interval("z", z[reports, index]),
        "p": p_of_seeds(z[reports, index]),
        **edge_and_plateau(mean_z, chance, index, evidence.k_values),
    }


def _null_mean(evidence: Evidence, number: int, index: int) -> float:
    draws = evidence.draws[number, index]
    draws = draws[np.isfinite(draws)]
    return float(draws.mean()) if len(draws) else math.nan


def _mean_bits(evidence: Evidence) -> dict[str, Any]:
    """Choose by the largest mean of bits, and report, on all networks."""
    values = evidence.values[np.isfinite(evidence.values).any(axis=1)]
    means = values.mean(axis=0)
    index = first_largest(means) or 0
    k, mean = evidence.k_values[index], means[index]
    return {
        "k": k if mean >= _VERDICT_BITS else 1,
        "k_candidate": k,
        "n_select": len(values),
        "n_report": len(values),
        **with_interval("value", values[:, index]),
        "at_edge": at_edge(index, means),
    }


def _mean_stability(
    study: StudyFiles, cell: tuple[str, str, str], seeds: Sequence[int], k: int
) -> dict[str, float]:
    each = np.array([stability(study, cell[0], seed, *cell[1:], k) for seed in seeds])
    means = [t_interval(side)[0] for side in each.T]
    return dict(zip(("stability_u", "stability_v"), means, strict=True))


def _mean_same_bits(study: StudyFiles, cell: tuple[str, str, str], evidence: Evidence) -> float:
    each = []
    for seed, values in zip(evidence.seeds, evidence.values, strict=True):
        best = first_largest(values)
        if best is not None:
            each.append(same_bits_ami(study, cell[0], seed, *cell[1:], evidence.k_values[best]))
    return t_interval(each)[0]
