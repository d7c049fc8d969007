"""Tables of the chosen k: `best_k_networks`, one row per network, and `best_k`, one for all.

The networks that k is chosen on give a biased estimate of how good the partition at that k is.
Therefore k is chosen on half of the seeds, and the measure is reported on the other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.choosing_k.choose_k import Evidence, Judged, Series, judge
from clusterability.analysis.choosing_k.k_by_bits import BitsSeries, cell_columns, network_columns
from clusterability.analysis.choosing_k.largest_z import Choice, choose_by_mean, halves
from clusterability.networks.layer_names import tensor_name
from clusterability.results.display_names import ranges
from clusterability.results.effect_sizes import z_errors
from clusterability.statistics import compared_means, interval, replicate_p

BEST_K_NETWORKS_COLUMNS = [
    "condition",
    "seed",
    "layer",
    "method",
    "measure",
    "null",
    "k",
    "k_candidate",
    "k_u",
    "k_v",
    "value",
    "drawn_most",
    "z",
    "p_max",
    "at_edge",
    "plateau",
    "gap_k",
    "stability_u",
    "stability_v",
    "same_bits_ami",
]
"""Columns of `best_k_network_rows`."""

BEST_K_COLUMNS = [
    "condition",
    "layer",
    "method",
    "measure",
    "null",
    "k",
    "k_candidate",
    "p_select",
    "n_select",
    "n_report",
    "value",
    "value_low",
    "value_high",
    "excess",
    "excess_low",
    "excess_high",
    "z",
    "z_low",
    "z_high",
    "p",
    "at_edge",
    "plateau",
    "gap_k",
    "stability_u",
    "stability_v",
    "same_bits_ami",
]
"""Columns of `best_k_rows`."""


_REACH = 1.96
"""z-scores within this many standard errors of the largest are equally good."""
_INTEGERS = dict.fromkeys(("k", "k_candidate", "gap_k"), "Int64")
"""Types of integer columns with missing values."""


def rows_by_network(evidence: Evidence) -> pd.DataFrame:
    """`best_k_network_rows` of all networks at once."""
    return best_k_network_rows(judge(evidence))


def rows_by_cell(evidence: Evidence) -> pd.DataFrame:
    """`best_k_rows` of all networks at once."""
    return best_k_rows(judge(evidence))


def best_k_network_rows(judged: Judged) -> pd.DataFrame:
    """k of each network, one row per (network, method, measure, null).

    By the largest z, for measures with z and nulls with draws; and by saved bits, also without
    draws, as measure `bits`. Columns besides those of the cell:

    - `k`: the answer, 1 for no clusters: `k_candidate` if `p_max` <= 0.05; by bits, if `value` is
      at least 20.
    - `k_candidate`: k of the largest z, or of most bits; `k_u`, `k_v`: non-empty clusters there,
      per side; `value`: the measure there; `drawn_most`: the most bits that any draw saves.
    - `z`: directed z against the draws. As the largest of several, it must be compared only with
      `p_max`: p of the largest z (of most bits) against that of each draw.
    - `at_edge`: whether it is the largest k, so that a larger one might have been chosen.
    - `plateau`: all k whose z is within Monte Carlo error of the largest, as "3-5,7".
    - `gap_k`: k of the largest gap between singular values.
    - `stability_u`, `stability_v`: agreement of the restarts of k-means at `k_candidate`.
    - `same_bits_ami`: agreement of the restarts that save nearly as many bits as the best.

    `k`, `k_candidate` and `p_max` are empty if no k has a z, or bits.
    """
    frames = [_network_frame(judged, series) for series in judged.known_series]
    for series in judged.known_bits:
        frames += [_bits_frame(judged, series, columns) for columns in network_columns(series)]
    rows = (
        pd.concat(frames, ignore_index=True)
        if frames
        else pd.DataFrame(columns=BEST_K_NETWORKS_COLUMNS)
    )
    integers = _INTEGERS | dict.fromkeys(("k_u", "k_v"), "Int64")
    return rows.reindex(columns=BEST_K_NETWORKS_COLUMNS).astype(integers)


def best_k_rows(judged: Judged) -> pd.DataFrame:
    """One k for all networks, one row per (method, measure, null).

    By the largest mean z, and by the largest mean of saved bits, as in `best_k_network_rows`.
    Columns besides those of the cell:

    - `k`, `k_candidate`: as for a network, from the mean z of the selection half (`halves`), of
      `n_select` networks; `p_select`: p of its largest mean z.
    - `value`, `excess` (value - null mean), `z` (directed, against the draws), with `_low` and
      `_high`: means over the `n_report` networks of the other half with a value at `k_candidate`,
      and 95 % t intervals; `p`: t test that the mean z is above 0. All empty with a single network.
    - By bits, all networks are both chosen on and reported: see `k_by_bits`.
    - `at_edge`, `plateau`: as for a network, for the mean.
    - `gap_k`: median over all networks, the lower of two; `stability_u`, `stability_v`: means over
      all networks at `k_candidate`; `same_bits_ami`: mean over all networks.
    """
    rows = [_cell_row(judged, series) for series in judged.known_series]
    for series in judged.known_bits:
        names = {
            "condition": judged.condition,
            "layer": tensor_name(judged.layer),
            "method": series.method,
        }
        rows += [{**names, **columns, **_gap(judged)} for columns in cell_columns(series)]
    return pd.DataFrame(rows, columns=BEST_K_COLUMNS).astype(_INTEGERS)


def _network_frame(judged: Judged, series: Series) -> pd.DataFrame:
    choice, rows = series.choice, np.arange(len(series.z))
    columns = {
        "condition": judged.condition,
        "seed": judged.seeds,
        "layer": tensor_name(judged.layer),
        **series.names,
        **_answer(choice),
        "value": np.where(choice.known, series.values[rows, choice.index], np.nan),
        "z": series.z[rows, choice.index],
        "p_max": choice.p,
        **_edge_and_plateau(
            series.z, choice.index, series.k_values, z_errors(series.z, series.draws)
        ),
        "gap_k": judged.gap_k,
        **_stability_at(judged, series.method, choice),
    }
    return pd.DataFrame(columns)


def _bits_frame(
    judged: Judged, series: BitsSeries, more_columns: Mapping[str, Any]
) -> pd.DataFrame:
    columns = {
        "condition": judged.condition,
        "seed": judged.seeds,
        "layer": tensor_name(judged.layer),
        "method": series.method,
        "gap_k": judged.gap_k,
        **more_columns,
    }
    return pd.DataFrame(columns)


def _gap(judged: Judged) -> dict[str, int]:
    return {"gap_k": int(np.quantile(judged.gap_k, 0.5, method="lower"))}


def _edge_and_plateau(
    z: np.ndarray, index: np.ndarray | int, k_values: Sequence[int], error: np.ndarray
) -> dict[str, Any]:
    """Whether the chosen k is the largest, and which k are equally good up to Monte Carlo error.

    Args:
        z: [networks, k], NaN where undefined.
        index: index of the chosen k, for each network or for all.
        k_values: numbers of clusters, ascending.
        error: Monte Carlo standard error of each z.
    """
    indices = np.broadcast_to(index, len(z))
    largest = z[np.arange(len(z)), indices] - _REACH * error[np.arange(len(z)), indices]
    as_good = z >= largest[:, None]
    known = np.isfinite(z)
    last = z.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    edge = known.any(axis=1) & (indices == last) & (indices > 0)
    texts = [
        ranges((k for k, good in zip(k_values, row, strict=True) if good), ",") or None
        for row in as_good
    ]
    if isinstance(index, int):
        return {"at_edge": bool(edge[0]), "plateau": texts[0]}
    return {"at_edge": edge, "plateau": texts}


def _cell_row(judged: Judged, series: Series) -> dict[str, Any]:
    _, report = halves(judged.seeds)
    of_mean = (series.total, series.deciding, series.k_values)
    choice = choose_by_mean(*of_mean, series.most)
    agreement = _stability_at(judged, series.method, choice)
    chosen = series.selection & np.isfinite(series.z).any(axis=1)
    deciding = series.z[chosen]
    z = deciding.mean(axis=0) if len(deciding) else np.full(len(series.k_values), np.nan)
    squares = z_errors(deciding, series.draws[chosen]) ** 2
    error = np.sqrt(squares.sum(axis=0)) / max(len(deciding), 1)
    return {
        "condition": judged.condition,
        "layer": tensor_name(judged.layer),
        **series.names,
        **{name: float(k) for name, k in _answer(choice).items()},
        "p_select": float(choice.p),
        "n_select": series.deciding,
        **_report(series, report if choice.known else report[:0], int(choice.index)),
        **_edge_and_plateau(z[None], int(choice.index), series.k_values, error[None]),
        **_gap(judged),
        **{side: interval(values)[0] for side, values in agreement.items()},
    }


def _answer(choice: Choice) -> dict[str, np.ndarray]:
    """Chosen k; NaN if no k has a z."""
    answers = {"k": choice.k, "k_candidate": choice.candidate}
    return {name: np.where(choice.known, k, np.nan) for name, k in answers.items()}


def _report(series: Series, networks: np.ndarray, index: int) -> dict[str, float]:
    """Measure at one k for the networks that k was not chosen on."""
    values, means, z = (each[networks, index] for each in (series.values, series.means, series.z))
    return {
        "n_report": int(np.isfinite(values).sum()),
        **compared_means(values, means, z),
        "p": replicate_p(z),
    }


def _stability_at(judged: Judged, method: str, choice: Choice) -> dict[str, np.ndarray]:
    """Stability of both sides at each network's candidate k, or at that of all networks."""
    networks = len(judged.seeds)
    unknown = np.full(networks, np.nan)
    candidates = np.broadcast_to(np.where(choice.known, choice.candidate, 0), networks)
    both = [judged.stability.get((method, k), (unknown, unknown)) for k in candidates]
    return {
        name: np.array([stabilities[side][network] for network, stabilities in enumerate(both)])
        for side, name in enumerate(("stability_u", "stability_v"))
    }
