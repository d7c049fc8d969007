"""One hidden layer of one network: what is asked of its clusters, and the rows that answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from clusterability.clustering.block_sums import one_hot
from clusterability.comparison import COMPARED, Comparison, compare
from clusterability.measures.ablation import (
    ABLATIONS,
    AblatedLayer,
    Ablation,
    Counts,
    Effects,
    Kept,
    accurate,
    compare_effects,
    compare_kept,
    group_orders,
)
from clusterability.measures.activation_modules import ActivationModules
from clusterability.measures.activations import Activities, normalised
from clusterability.measures.function import activity_measures, permuted_labels
from clusterability.measures.function_catalogue import (
    ABLATION_MEASURES,
    ACTIVITY_MEASURES,
    FUNCTION_MEASURES,
    GROUPS,
    INACCURATE,
    LEAST_SHARE,
)
from clusterability.measures.lesions import categories
from clusterability.networks.live_units import DEAD
from clusterability.networks.partitions import Key
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.function_columns import ABLATION_COLUMNS, LESION_COLUMNS

NO_VALUE: dict[str, Any] = dict.fromkeys(("value", *COMPARED), np.nan) | {"null_n": 0}

MEASURES_OF: dict[Ablation, tuple[str, str]] = {
    "zero": ("importance", "coherence"),
    "mean": ("importance_by_mean", "coherence_by_mean"),
}
"""What is measured of each ablation of a cluster."""

KEPT: dict[Ablation, str] = {"zero": "sufficiency", "mean": "sufficiency_by_mean"}
"""What is measured of each ablation of all units but a cluster's."""

OTHERS = "others_"
"""Before the name of an ablation: of all units but the cluster's."""


@dataclass(frozen=True)
class HiddenLayer:
    """A hidden layer of one network, with its clusters.

    Attributes:
        condition, seed, layer: which one it is.
        labels: clusters of the units, int16 [units] by (method, k); all -1 where k is infeasible.
        following: weights [out, in] behind the layer.
        activities: [images, units]; no images where the network does not take them.
        classes: [images].
        groups: draws of the null `groups`.
        biases: [out] of each of the weights behind the layer; None where there are none.
    """

    condition: str
    seed: int
    layer: str
    labels: Mapping[Key, np.ndarray]
    following: Sequence[np.ndarray]
    activities: Activities
    classes: np.ndarray
    groups: int
    biases: Sequence[np.ndarray] | None = None

    @property
    def name(self) -> tuple[str, int, str]:
        """Name of its random streams."""
        return self.condition, self.seed, self.layer

    @property
    def place(self) -> dict[str, Any]:
        """Columns that say which layer a row is of."""
        return {"condition": self.condition, "seed": self.seed, "layer": self.layer}

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """One row a cluster that holds a unit: `method`, `k`, `cluster`, `u_size`, `counts`.

        `counts` says whether it has LEAST_SHARE of the units. The index counts from 0.
        """
        found = []
        for (method, k), labels in self.labels.items():
            sizes = np.bincount(labels[labels != DEAD], minlength=k)
            found += [(method, k, cluster, size) for cluster, size in enumerate(sizes) if size]
        rows = pd.DataFrame(found, columns=["method", "k", "cluster", "u_size"])
        units = max((len(labels) for labels in self.labels.values()), default=0)
        return rows.assign(counts=rows["u_size"] >= LEAST_SHARE * units)

    @property
    def keys(self) -> list[Key]:
        """Method and k of each of `clusters`."""
        return list(zip(self.clusters["method"], self.clusters["k"], strict=True))

    @cached_property
    def ablated(self) -> AblatedLayer:
        """The layer as its units are taken away."""
        return AblatedLayer(self.following, self.activities, self.classes, self.biases)

    @cached_property
    def comparable(self) -> Activities:
        """Activities with all units at the same scale."""
        return normalised(self.activities)

    @cached_property
    def activation_modules(self) -> ActivationModules:
        """Units that are active together, whatever the partition."""
        return ActivationModules(self.comparable, self.name)

    @cached_property
    def members(self) -> np.ndarray:
        """Units of each cluster, bool [clusters, units]."""
        rows = self.clusters[["method", "k", "cluster"]].itertuples(index=False)
        found = [self.labels[method, k] == cluster for method, k, cluster in rows]
        return np.array(found, bool).reshape(len(found), self.activities.shape[1])


@dataclass(frozen=True)
class Ablated:
    """What a network says without each cluster of a layer, and with each alone, by ablation.

    Both are empty where there are no clusters, or the network is not accurate enough to lose
    anything.
    """

    effects: Mapping[Ablation, Effects]
    kept: Mapping[Ablation, Kept]


def ablate(layer: HiddenLayer) -> Ablated:
    """What the ablation of each of the layer's clusters does, and that of all other units."""
    nothing = Ablated({}, {})
    if layer.clusters.empty:
        return nothing
    ablated = layer.ablated
    intact = ablated.intact_hits()
    if not accurate(intact, ablated.counts):
        return nothing
    members, count = layer.members, len(layer.clusters)
    live = np.array([layer.labels[key] != DEAD for key in layer.keys])
    hits = ablated.hits_without(np.concatenate([members, live & ~members]))
    sizes = layer.clusters["u_size"].to_numpy()
    group_hits = _group_hits(layer, live, np.stack([sizes, live.sum(axis=1) - sizes], axis=1))
    return Ablated(
        effects={
            ablation: compare_effects(
                intact, hits[at, :count], group_hits[at, :, 0], ablated.counts
            )
            for at, ablation in enumerate(ABLATIONS)
        },
        kept={
            ablation: compare_kept(intact, hits[at, count:], group_hits[at, :, 1], ablated.counts)
            for at, ablation in enumerate(ABLATIONS)
        },
    )


def _group_hits(layer: HiddenLayer, live: np.ndarray, sizes: np.ndarray) -> Counts:
    """Hits without random groups, [ablations, clusters, sizes, draws, classes].

    Groups of one size serve all clusters of that size, of whatever partition.

    Args:
        layer: the layer.
        live: units that the groups of each cluster are drawn from, bool [clusters, units].
        sizes: of each cluster's groups, [clusters, sizes].
    """
    ablated = layer.ablated
    shape = len(ABLATIONS), *sizes.shape, layer.groups, len(ablated.counts)
    found = np.empty(shape, np.int64)
    # Nearly always, all partitions have the same live units.
    for mask in np.unique(live, axis=0):
        here = (live == mask).all(axis=1)
        different, place = np.unique(sizes[here], return_inverse=True)
        orders = group_orders(np.flatnonzero(mask), layer.name, layer.groups)
        hits = ablated.hits_without_first(orders, different.tolist())
        found[:, here] = hits[:, place.reshape(-1, sizes.shape[1])]
    return found


# --- rows of clusters --------------------------------------------------------------------------


def cluster_table(layer: HiddenLayer, ablated: Ablated) -> pd.DataFrame:
    """The layer's clusters with CLUSTER_COLUMNS, and `<measure>_null_mean` beside each measure."""
    table = layer.clusters.assign(**layer.place)
    for ablation, (importance, coherence) in MEASURES_OF.items():
        found = ablated.effects.get(ablation)
        if found is None:
            names = [*_compared_names(importance), *_compared_names(coherence)]
            table = table.assign(**dict.fromkeys([*names, f"{importance}_effect"], np.nan))
        else:
            table = table.assign(
                **_compared(importance, found.importance, found.importance_compared),
                **_compared(coherence, found.coherence, found.coherence_compared),
                **{f"{importance}_effect": found.share},
            )
    for ablation, measure in KEPT.items():
        kept = ablated.kept.get(ablation)
        empty = dict.fromkeys(_compared_names(measure), np.nan)
        columns = empty if kept is None else _compared(measure, kept.accuracy, kept.compared)
        table = table.assign(**columns)
    return table


def _compared_names(measure: str) -> list[str]:
    """Columns of a measure that is compared with random groups."""
    return [measure, f"{measure}_null_mean", f"{measure}_z", f"{measure}_p"]


def _compared(measure: str, values: np.ndarray, found: Comparison) -> dict[str, Any]:
    columns = (values, found.mean, found.z, found.p)
    return dict(zip(_compared_names(measure), columns, strict=True))


def class_rows(layer: HiddenLayer, ablated: Ablated) -> pd.DataFrame:
    """One row a cluster, ablation and class: ABLATION_COLUMNS; falls are empty without effects."""
    clusters, outputs = layer.clusters, len(layer.following[-1])
    counts = np.bincount(layer.classes, minlength=outputs)
    intact = layer.ablated.intact_hits()
    accuracy = np.divide(intact, counts, out=np.full(outputs, np.nan), where=counts > 0)
    every = {
        "class": np.tile(np.arange(outputs), len(clusters)),
        "images": np.tile(counts, len(clusters)),
        "activity": _class_activities(layer, counts).ravel(),
        "accuracy": np.tile(accuracy, len(clusters)),
    }
    frames = []
    asked: dict[str, Effects | Kept | None] = {}
    for ablation in ABLATIONS:
        asked[ablation] = ablated.effects.get(ablation)
        asked[OTHERS + ablation] = ablated.kept.get(ablation)
    for name, found in asked.items():
        rows = clusters.loc[clusters.index.repeat(outputs)].assign(**layer.place, **every)
        frames.append(rows.assign(ablation=name, **_fall_columns(found)))
    return pd.concat(frames, ignore_index=True)[ABLATION_COLUMNS]


def _fall_columns(found: Effects | Kept | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(("fall", "null_mean", "null_sd"), np.nan)
    compared = found.falls_compared
    arrays = (found.falls, compared.mean, compared.deviation)
    return {
        name: array.ravel()
        for name, array in zip(("fall", "null_mean", "null_sd"), arrays, strict=True)
    }


def _class_activities(layer: HiddenLayer, counts: np.ndarray) -> np.ndarray:
    """Mean activity of each cluster's active units by class, [clusters, classes]."""
    activities = layer.comparable
    sums = one_hot(layer.classes, len(counts)).T @ activities
    means = np.divide(
        sums, counts[:, None], out=np.full(sums.shape, np.nan), where=counts[:, None] > 0
    )
    members = layer.members & activities.any(axis=0)
    return (members @ means.T) / np.maximum(members.sum(axis=1, keepdims=True), 1)


def lesion_rows(layer: HiddenLayer, ablated: Ablated, table: pd.DataFrame) -> pd.DataFrame:
    """One row a cluster: LESION_COLUMNS, units set to zero; no rows without effects.

    Args:
        layer: the layer.
        ablated: what `ablate` says of it.
        table: what `cluster_table` makes of them: our measures.
    """
    if "zero" not in ablated.effects:
        return pd.DataFrame(columns=LESION_COLUMNS)
    found = ablated.effects["zero"].lesions
    live = {key: int((labels != DEAD).sum()) for key, labels in layer.labels.items()}
    share = (table["u_size"] / [live[key] for key in layer.keys]).to_numpy()
    columns: dict[str, Any] = {
        "share": share,
        "groups": layer.groups,
        "category": categories(found.importance, found.importance_p, share, layer.groups),
        "group_importance": found.group_importance,
        "fall_p": found.importance_p,
        "accuracy": found.accuracy,
        "group_accuracy": found.group_accuracy,
        "accuracy_p": found.accuracy_p,
        "accuracy_factor": found.accuracy_factor,
        "range": found.range,
        "group_range": found.group_range,
        "range_p": found.range_p,
        "range_factor": found.range_factor,
    }
    return table.assign(**columns)[LESION_COLUMNS]


# --- rows of scores ----------------------------------------------------------------------------


def score_rows(layer: HiddenLayer, table: pd.DataFrame) -> pd.DataFrame:
    """Function measures of the layer's partitions against `groups`, rows with SCORE_COLUMNS.

    Those of ablation are means over the partition's clusters that count, in `table`: `value` of
    their values, `null_mean` of their null means, `z` of their z.
    """
    rows = []
    for key, labels in layer.labels.items():
        own = table[(table["method"] == key[0]) & (table["k"] == key[1])]
        partition = layer.place | {"method": key[0], "k": key[1], "k_effective": len(own)}
        found = _activity_values(layer, labels, key[1]) | _ablation_values(own, layer.groups)
        for measure, values in found.items():
            status = _status(own, measure, values["value"])
            rows.append(partition | {"measure": measure, "null": GROUPS, "status": status} | values)
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


def _activity_values(layer: HiddenLayer, labels: np.ndarray, k: int) -> dict[str, dict[str, Any]]:
    if (labels == DEAD).all():
        return {name: NO_VALUE for name in ACTIVITY_MEASURES}
    labellings = np.stack([labels, *permuted_labels(labels, layer.name, layer.groups)])
    found = activity_measures(layer.comparable, layer.classes, labellings, k)
    found |= layer.activation_modules.measures(labellings, k)
    rows = {}
    for name, values in found.items():
        compared = compare(values[:1], values[None, 1:], ACTIVITY_MEASURES[name].direction)
        columns = {column: array[0] for column, array in compared.columns().items()}
        rows[name] = {"value": values[0]} | columns
    return rows


def _ablation_values(clusters: pd.DataFrame, groups: int) -> dict[str, dict[str, Any]]:
    found = {}
    for name in ABLATION_MEASURES:
        known = clusters[clusters["counts"] & clusters[name].notna()]
        found[name] = NO_VALUE | {
            "value": known[name].mean(),
            "null_mean": known[f"{name}_null_mean"].mean(),
            "null_n": groups if len(known) else 0,
            "z": known[f"{name}_z"].mean(),
        }
    return found


def _status(clusters: pd.DataFrame, measure: str, value: float) -> str:
    """Why there is no value, or `ok`."""
    if clusters.empty:
        return "infeasible"
    if np.isfinite(value):
        return "ok"
    # Every cluster of an accurate network has an importance.
    inaccurate = measure in ABLATION_MEASURES and clusters["importance"].isna().all()
    return INACCURATE if inaccurate else "undefined"


def rows_without_images(layer: HiddenLayer, status: str) -> pd.DataFrame:
    """Rows with SCORE_COLUMNS of a network that was shown no images, for the reason `status`."""
    rows = [
        layer.place
        | {"method": method, "k": k, "measure": measure, "null": GROUPS, "status": status}
        | {"k_effective": len(np.unique(labels[labels != DEAD]))}
        | NO_VALUE
        for (method, k), labels in layer.labels.items()
        for measure in FUNCTION_MEASURES
    ]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)
