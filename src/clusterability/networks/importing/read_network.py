"""Networks from elsewhere: a file of arrays becomes a network like those that a study trains.

Each 2-D array is one layer, [out, in], and a single matrix is a network of one layer. No format is
read in a way that runs code from the file. docs/your-own-matrix.md shows a study of such a file.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from clusterability.names import IMPORTED_SEED
from clusterability.networks.importing.layers import bias_of, choose_layers
from clusterability.networks.importing.readers import check_file, read_arrays
from clusterability.networks.importing.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.unit_names import told_of, units_of
from clusterability.networks.importing.wording import shape
from clusterability.networks.stacked import Networks

logger = logging.getLogger(__name__)


def read_network(
    name: str, path: Path, layers: Sequence[str] | None, reading: TableReading = AS_IT_SHOWS
) -> Networks:
    """Reads one network that was trained elsewhere.

    Args:
        name: of the network in the config, which becomes its condition.
        path: a file with one of the endings in `readers.KINDS`.
        layers: names of the arrays, from the input on. None or empty: all 2-D arrays in the natural
            order of their names. Of other arrays, those that are named as the biases of a layer
            (`fc1.bias` beside `fc1.weight`) are; the rest is left out.
        reading: what the config says of a table.

    Returns:
        A block of one network with the seed -1; layers `fc1`, `fc2`, ... of float32 [1, out, in],
        and of biases [1, out]. Names of units, where there are some, are in its recipe by layer:
        `{"names": {"fc1": {"rows": […], "columns": […]}}}`.

    Raises:
        UserError: where the file is missing, damaged, or of another format; where `layers` names an
            array that is not there; where an array is not a matrix of finite real numbers that
            float32 can hold; where one layer's outputs are not as many as the next one's inputs.
    """
    key = f"networks.{name}."
    arrays = read_arrays(path, key, reading)
    for line in told_of(arrays):
        logger.info("%s", line)
    matrices = choose_layers(str(path), arrays, layers, key)
    weights, biases = {}, {}
    for place, (array, matrix) in enumerate(matrices.items(), start=1):
        weights[f"fc{place}"] = matrix[None]
        logger.info("%s: fc%d is array %r of %s, %s", name, place, array, path, shape(matrix))
        bias = bias_of(array, arrays)
        if bias:
            biases[f"fc{place}"] = arrays[bias].astype(np.float32)[None]
            logger.info("%s: array %r holds its biases", name, bias)
    origin: dict[str, Any] = {"path": str(path), "layers": list(matrices)}
    units = units_of(arrays)
    names = {
        f"fc{place}": asdict(units[array])
        for place, array in enumerate(matrices, start=1)
        if array in units
    }
    if names:
        origin["names"] = names
    return Networks(name, (IMPORTED_SEED,), origin, weights, biases)


def layer_shapes(
    name: str,
    path: Path,
    layers: Sequence[str] | None,
    reading: TableReading = AS_IT_SHOWS,
) -> dict[str, tuple[int, int] | None]:
    """Layers of `read_network`, `fc1`, ..., with their shapes [out, in].

    Shapes are None where `layers` names the arrays: then the file is not read.

    Raises:
        UserError: as `read_network` does, where it reads the file.
    """
    if layers:
        check_file(path, f"networks.{name}.")
        return {f"fc{place}": None for place in range(1, len(layers) + 1)}
    weights = read_network(name, path, layers, reading).weights
    return {layer: (stack.shape[1], stack.shape[2]) for layer, stack in weights.items()}
