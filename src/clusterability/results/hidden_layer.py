"""Function measures of the clusters in one hidden layer of one network, and their rows."""

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
"""Measures of each ablation of a cluster."""

KEPT: dict[Ablation, str] = {"zero": "sufficiency", "mean": "sufficiency_by_mean"}
"""Measure of each ablation of all units outside a cluster."""

OTHERS = "others_"
"""Prefix of the ablations of all units outside a cluster."""


@dataclass(frozen=True)
class HiddenLayer:
    """A hidden layer of one network, with its clusters.

    Attributes:
        condition, seed, layer: which layer it is.
        labels: clusters of the units, int16 [units] by (method, k); all -1 where k is infeasible.
        following: weight matrices [out, in] after the layer.
        activities: activations [images, units]; empty if the network does not take the images.
        classes: [images].
        groups: number of draws of the null `groups`.
        biases: biases [out] of each weight matrix after the layer; None without biases.
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
        """Name of the layer's random streams."""
        return self.condition, self.seed, self.layer

    @property
    def identity(self) -> dict[str, Any]:
        """Columns that identify the layer."""
        return {"condition": self.condition, "seed": self.seed, "layer": self.layer}

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """One row per non-empty cluster: `method`, `k`, `cluster`, `u_size`, `counts`.

        `counts` says whether the cluster has at least LEAST_SHARE of the units. The index counts
        from 0.
        """
        clusters = []
        for (method, k), labels in self.labels.items():
            sizes = np.bincount(labels[labels != DEAD], minlength=k)
            clusters += [(method, k, cluster, size) for cluster, size in enumerate(sizes) if size]
        rows = pd.DataFrame(clusters, columns=["method", "k", "cluster", "u_size"])
        units = max((len(labels) for labels in self.labels.values()), default=0)
        return rows.assign(counts=rows["u_size"] >= LEAST_SHARE * units)

    @property
    def keys(self) -> list[Key]:
        """Method and k of each row of `clusters`."""
        return list(zip(self.clusters["method"], self.clusters["k"], strict=True))

    @cached_property
    def ablated(self) -> AblatedLayer:
        """The layer as prepared for ablations."""
        return AblatedLayer(self.following, self.activities, self.classes, self.biases)

    @cached_property
    def comparable(self) -> Activities:
        """Activations with all units normalised to the same scale."""
        return normalised(self.activities)

    @cached_property
    def activation_modules(self) -> ActivationModules:
        """Modules of units that are active together, independent of the partition."""
        return ActivationModules(self.comparable, self.name)

    @cached_property
    def members(self) -> np.ndarray:
        """Membership of units in each cluster, bool [clusters, units]."""
        rows = self.clusters[["method", "k", "cluster"]].itertuples(index=False)
        masks = [self.labels[method, k] == cluster for method, k, cluster in rows]
        return np.array(masks, bool).reshape(len(masks), self.activities.shape[1])


@dataclass(frozen=True)
class Ablated:
    """Effects of ablating each cluster of a layer, and of keeping it alone, by ablation.

    Both are empty if there are no clusters, or if the network is not accurate enough to lose
    anything.
    """

    effects: Mapping[Ablation, Effects]
    kept: Mapping[Ablation, Kept]


def ablate(layer: HiddenLayer) -> Ablated:
    """Effects of ablating each cluster of the layer, and all units outside it."""
    nothing = Ablated({}, {})
    if layer.clusters.empty:
        return nothing
    ablated = layer.ablated
    intact = ablated.intact_hits()
    if not accurate(intact, ablated.counts):
        return nothing
    members, count = layer.members, len(layer.clusters)
    live = np.array([layer.labels[key] != DEAD for key in layer.keys])
    correct = ablated.hits_without(np.concatenate([members, live & ~members]))
    sizes = layer.clusters["u_size"].to_numpy()
    group_correct = _group_correct(layer, live, np.stack([sizes, live.sum(axis=1) - sizes], axis=1))
    return Ablated(
        effects={
            ablation: compare_effects(
                intact, correct[index, :count], group_correct[index, :, 0], ablated.counts
            )
            for index, ablation in enumerate(ABLATIONS)
        },
        kept={
            ablation: compare_kept(
                intact, correct[index, count:], group_correct[index, :, 1], ablated.counts
            )
            for index, ablation in enumerate(ABLATIONS)
        },
    )


def _group_correct(layer: HiddenLayer, live: np.ndarray, sizes: np.ndarray) -> Counts:
    """Correct predictions without random groups, [ablations, clusters, sizes, draws, classes].

    Groups of one size serve all clusters of that size in all partitions.

    Args:
        layer: the layer.
        live: units among which the groups of each cluster are drawn, bool [clusters, units].
        sizes: sizes of each cluster's groups, [clusters, sizes].
    """
    ablated = layer.ablated
    shape = len(ABLATIONS), *sizes.shape, layer.groups, len(ablated.counts)
    result = np.empty(shape, np.int64)
    # Nearly always, all partitions have the same live units.
    for mask in np.unique(live, axis=0):
        same_units = (live == mask).all(axis=1)
        different, inverse = np.unique(sizes[same_units], return_inverse=True)
        orders = group_orders(np.flatnonzero(mask), layer.name, layer.groups)
        correct = ablated.hits_without_first(orders, different.tolist())
        result[:, same_units] = correct[:, inverse.reshape(-1, sizes.shape[1])]
    return result


# --- rows of clusters --------------------------------------------------------------------------


def cluster_table(layer: HiddenLayer, ablated: Ablated) -> pd.DataFrame:
    """Clusters of the layer with CLUSTER_COLUMNS, and `<measure>_null_mean` for each measure."""
    table = layer.clusters.assign(**layer.identity)
    for ablation, (importance, coherence) in MEASURES_OF.items():
        effects = ablated.effects.get(ablation)
        if effects is None:
            names = [*_compared_names(importance), *_compared_names(coherence)]
            table = table.assign(**dict.fromkeys([*names, f"{importance}_effect"], np.nan))
        else:
            table = table.assign(
                **_compared(importance, effects.importance, effects.importance_compared),
                **_compared(coherence, effects.coherence, effects.coherence_compared),
                **{f"{importance}_effect": effects.share},
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


def _compared(measure: str, values: np.ndarray, comparison: Comparison) -> dict[str, Any]:
    columns = (values, comparison.mean, comparison.z, comparison.p)
    return dict(zip(_compared_names(measure), columns, strict=True))


def class_rows(layer: HiddenLayer, ablated: Ablated) -> pd.DataFrame:
    """One row per cluster, ablation and class, ABLATION_COLUMNS; no drops without effects."""
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
    effects_by_name: dict[str, Effects | Kept | None] = {}
    for ablation in ABLATIONS:
        effects_by_name[ablation] = ablated.effects.get(ablation)
        effects_by_name[OTHERS + ablation] = ablated.kept.get(ablation)
    for name, effects in effects_by_name.items():
        rows = clusters.loc[clusters.index.repeat(outputs)].assign(**layer.identity, **every)
        frames.append(rows.assign(ablation=name, **_fall_columns(effects)))
    return pd.concat(frames, ignore_index=True)[ABLATION_COLUMNS]


def _fall_columns(effects: Effects | Kept | None) -> dict[str, Any]:
    if effects is None:
        return dict.fromkeys(("fall", "null_mean", "null_sd"), np.nan)
    compared = effects.falls_compared
    arrays = (effects.falls, compared.mean, compared.deviation)
    return {
        name: array.ravel()
        for name, array in zip(("fall", "null_mean", "null_sd"), arrays, strict=True)
    }


def _class_activities(layer: HiddenLayer, counts: np.ndarray) -> np.ndarray:
    """Mean activation of each cluster's active units by class, [clusters, classes]."""
    activities = layer.comparable
    sums = one_hot(layer.classes, len(counts)).T @ activities
    means = np.divide(
        sums, counts[:, None], out=np.full(sums.shape, np.nan), where=counts[:, None] > 0
    )
    members = layer.members & activities.any(axis=0)
    return (members @ means.T) / np.maximum(members.sum(axis=1, keepdims=True), 1)


def lesion_rows(layer: HiddenLayer, ablated: Ablated, table: pd.DataFrame) -> pd.DataFrame:
    """One row per cluster with LESION_COLUMNS, units set to zero; no rows without effects.

    Args:
        layer: the layer.
        ablated: result of `ablate` for the layer.
        table: result of `cluster_table` for both, with our measures.
    """
    if "zero" not in ablated.effects:
        return pd.DataFrame(columns=LESION_COLUMNS)
    lesions = ablated.effects["zero"].lesions
    live = {key: int((labels != DEAD).sum()) for key, labels in layer.labels.items()}
    share = (table["u_size"] / [live[key] for key in layer.keys]).to_numpy()
    columns: dict[str, Any] = {
        "share": share,
        "groups": layer.groups,
        "category": categories(lesions.importance, lesions.importance_p, share, layer.groups),
        "group_importance": lesions.group_importance,
        "fall_p": lesions.importance_p,
        "accuracy": lesions.accuracy,
        "group_accuracy": lesions.group_accuracy,
        "accuracy_p": lesions.accuracy_p,
        "accuracy_factor": lesions.accuracy_factor,
        "range": lesions.range,
        "group_range": lesions.group_range,
        "range_p": lesions.range_p,
        "range_factor": lesions.range_factor,
    }
    return table.assign(**columns)[LESION_COLUMNS]


# --- rows of scores ----------------------------------------------------------------------------


def score_rows(layer: HiddenLayer, table: pd.DataFrame) -> pd.DataFrame:
    """Function measures of the layer's partitions against `groups`, rows with SCORE_COLUMNS.

    Ablation measures are means over the clusters of `table` that count: `value` of their values,
    `null_mean` of their null means, `z` of their z.
    """
    rows = []
    for key, labels in layer.labels.items():
        clusters = table[(table["method"] == key[0]) & (table["k"] == key[1])]
        partition = layer.identity | {"method": key[0], "k": key[1], "k_effective": len(clusters)}
        measures = _activity_values(layer, labels, key[1]) | _ablation_values(
            clusters, layer.groups
        )
        for measure, values in measures.items():
            status = _status(clusters, measure, values["value"])
            rows.append(partition | {"measure": measure, "null": GROUPS, "status": status} | values)
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)


def _activity_values(layer: HiddenLayer, labels: np.ndarray, k: int) -> dict[str, dict[str, Any]]:
    if (labels == DEAD).all():
        return {name: NO_VALUE for name in ACTIVITY_MEASURES}
    labellings = np.stack([labels, *permuted_labels(labels, layer.name, layer.groups)])
    measures = activity_measures(layer.comparable, layer.classes, labellings, k)
    measures |= layer.activation_modules.measures(labellings, k)
    rows = {}
    for name, values in measures.items():
        compared = compare(values[:1], values[None, 1:], ACTIVITY_MEASURES[name].direction)
        columns = {column: array[0] for column, array in compared.columns().items()}
        rows[name] = {"value": values[0]} | columns
    return rows


def _ablation_values(clusters: pd.DataFrame, groups: int) -> dict[str, dict[str, Any]]:
    rows = {}
    for name in ABLATION_MEASURES:
        known = clusters[clusters["counts"] & clusters[name].notna()]
        rows[name] = NO_VALUE | {
            "value": known[name].mean(),
            "null_mean": known[f"{name}_null_mean"].mean(),
            "null_n": groups if len(known) else 0,
            "z": known[f"{name}_z"].mean(),
        }
    return rows


def _status(clusters: pd.DataFrame, measure: str, value: float) -> str:
    """Reason why there is no value, or `ok`."""
    if clusters.empty:
        return "infeasible"
    if np.isfinite(value):
        return "ok"
    # In an accurate network, every cluster has an importance.
    inaccurate = measure in ABLATION_MEASURES and clusters["importance"].isna().all()
    return INACCURATE if inaccurate else "undefined"


def rows_without_images(layer: HiddenLayer, status: str) -> pd.DataFrame:
    """Rows with SCORE_COLUMNS for a network that was shown no images, with the reason `status`."""
    rows = [
        layer.identity
        | {"method": method, "k": k, "measure": measure, "null": GROUPS, "status": status}
        | {"k_effective": len(np.unique(labels[labels != DEAD]))}
        | NO_VALUE
        for (method, k), labels in layer.labels.items()
        for measure in FUNCTION_MEASURES
    ]
    return pd.DataFrame(rows, columns=SCORE_COLUMNS)
