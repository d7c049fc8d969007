"""Arrays of one network on the page: its weights as levels, labels, scores and clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clusterability.report.figures.weights import CLIP
from clusterability.report.page.binning import Binning, cells_of
from clusterability.report.page.packing import (
    Array,
    quantised,
    quantised_sizes,
    rounded,
    stepped_shares,
)
from clusterability.report.page.page_data import LayerOfNetwork, Network

# Bits of mantissas. A value is given with more digits than its comparison with a null.
_VALUE = 15
_SCORE = {"null_mean": 15, "null_sd": 8, "z": 11, "p": 10, "p_two_sided": 10}
_CLUSTER = 10


def network_arrays(network: Network, probed: set[str], binning: Binning) -> list[Array]:
    """Arrays of all layers of a network, named `layer/array`; `probed` layers have ablations."""
    return [
        array._replace(name=f"{name}/{array.name}")
        for name, layer in network.layers.items()
        for array in _layer_arrays(layer, name in probed, binning)
    ]


def _layer_arrays(layer: LayerOfNetwork, probed: bool, binning: Binning) -> Iterator[Array]:
    cells, bins = cells_of(layer.weights, layer.labels, binning)
    limit = colour_limit(cells)
    yield Array("limits", "float32", np.array([limit, np.abs(cells).max()]))
    yield from picture(cells, bins, limit)
    if bins is None and layer.weights.size <= binning.detail.exact:
        yield Array("exact", "float32", layer.weights)
    yield label_array("labels", layer.labels)
    yield Array("status", "uint8", layer.status)
    yield Array("value", "float32", rounded(layer.value, _VALUE))
    for name, scores in layer.scores.items():
        yield Array(name, "float32", rounded(scores, _SCORE[name]))
    yield from _bits_of_clusters(layer.bits)
    if probed:
        for name, numbers in layer.clusters.items():
            yield Array(name, "float32", rounded(numbers, _CLUSTER))
        for name, falls in layer.falls.items():
            yield Array(f"class_{name}", "int16", stepped_shares(falls))
        images, accuracy = layer.classes["images"], layer.classes["accuracy"]
        yield Array("class_images", "uint16", np.nan_to_num(images))
        yield Array("class_accuracy", "float32", rounded(accuracy, _VALUE))


def _bits_of_clusters(bits: Mapping[str, np.ndarray]) -> Iterator[Array]:
    for name in ("cluster_bits", "bits_if_merged"):
        yield Array(name, "float32", rounded(bits[name], _CLUSTER))
    yield Array("merge_with", "int16", np.nan_to_num(bits["merge_with"], nan=-1))


def picture(cells: np.ndarray, bins: np.ndarray | None, limit: float) -> Iterator[Array]:
    """Levels of weights, or of the mean sizes of a binned matrix with the bins of its units."""
    if bins is None:
        yield Array("weights", "nibbles", quantised(cells, limit))
    else:
        yield Array("weights", "nibbles", quantised_sizes(cells, limit))
        yield Array("bins", "uint16", bins)


def label_array(name: str, labels: np.ndarray) -> Array:
    """Labels in the smallest type that holds them."""
    return Array(name, "int8" if labels.dtype == np.int8 else "int16", labels)


def colour_limit(weights: np.ndarray) -> float:
    """End of the colours of a matrix, as in the figure `weights`."""
    size = np.abs(weights)
    return float(np.quantile(size, CLIP)) or float(size.max()) or 1.0
