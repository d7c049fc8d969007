"""Import of networks: a file of arrays becomes a network like those that a study trains.

Each 2-D array is a separate matrix [out, in], unless the layers form a chain (`selection`). Reading
never runs code from a file. docs/your-own-matrix.md shows a study of such a file.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clusterability.jobs.import_job import ImportJob
from clusterability.names import IMPORTED_SEED
from clusterability.networks.importing.convolutions import prepared
from clusterability.networks.importing.layers import read_layers, units_of_layers
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading, Selection, select
from clusterability.networks.importing.tables.table_reading import table_reading
from clusterability.networks.importing.unit_names import UnitNames, told_of
from clusterability.networks.importing.wording import shape
from clusterability.networks.layer_names import file_names
from clusterability.networks.stacked import Networks

logger = logging.getLogger(__name__)

DEFAULT = Reading()


def asked_reading(job: ImportJob) -> Reading:
    """Reading options of a job.

    Raises:
        UserError: as `table_reading` does.

    >>> asked_reading(ImportJob("w.csv", table={"edges": ["user", "item"]})).table.edges
    ('user', 'item')
    """
    table = table_reading(**job.table)
    return Reading(job.layers, job.chain, job.transpose, table, job.convolutions)


def read_network(name: str, path: Path, reading: Reading = DEFAULT) -> Networks:
    """Read one network that was trained elsewhere.

    Args:
        name: name of the network in the config, which becomes its condition.
        path: a file with one of the extensions in `readers.KINDS`, an index of several files, or a
            folder.
        reading: which arrays are layers, how these are connected, and how to interpret a table.
            Arrays named as biases of a layer (`fc1.bias` beside `fc1.weight`) become biases; all
            others are left out, which is logged.

    Returns:
        A block of one network with seed -1; float32 [1, out, in] by layer, and biases [1, out].
        Layers of a chain are `fc1`, `fc2`, …; others have the encoded names of their arrays
        (`layer_names.file_names`). Names of units, if any, are in the recipe by layer: `{"names":
        {"fc1": {"rows": […], "columns": […]}}}`.

    Raises:
        UserError: if the file is missing, damaged, or of another format; if `layers` names a
            missing array; if an array is not a matrix of finite real numbers within the range of
            float32; if the layers of a chain do not fit, or fit in both orientations.
    """
    key = f"networks.{name}."
    arrays = read_arrays(path, key, reading.table)
    for line in told_of(arrays):
        logger.info("%s", line)
    selection, matrices, biases = read_layers(str(path), arrays, reading, key)
    logger.info("%s: %s: %s", name, path, selection.told())
    in_files = names_in_files(selection, str(path))
    for layer, array in selection.arrays.items():
        size = shape(matrices[layer])
        logger.info("%s: %s is array %r of %s, %s", name, in_files[layer], array, path, size)
    for layer in biases:
        logger.info("%s: %s has biases", name, in_files[layer])
    units = {in_files[layer]: each for layer, each in units_of_layers(selection, arrays).items()}
    return Networks(
        name,
        (IMPORTED_SEED,),
        _origin(path, reading, selection, units),
        {in_files[layer]: matrix[None] for layer, matrix in matrices.items()},
        {in_files[layer]: bias[None] for layer, bias in biases.items()},
        chain=selection.chain,
    )


def names_in_files(selection: Selection, source: str) -> dict[str, str]:
    """Encoded names by layer."""
    if selection.chain:
        return {layer: layer for layer in selection.arrays}
    return file_names(selection.arrays, source)


def _origin(
    path: Path, reading: Reading, selection: Selection, units: dict[str, UnitNames]
) -> dict[str, Any]:
    origin: dict[str, Any] = {"path": str(path), "layers": list(selection.arrays.values())}
    if selection.transposed:
        origin["transpose"] = True
    if selection.kernels:
        origin["convolutions"] = reading.convolutions
    if units:
        origin["names"] = {layer: asdict(names) for layer, names in units.items()}
    return origin


def selected(name: str, path: Path, reading: Reading = DEFAULT) -> Selection:
    """Selection that `read_network` makes, from shapes and names only; no array is read.

    Raises:
        UserError: as `read_network` does, except for errors in the numbers.
    """
    key = f"networks.{name}."
    arrays = prepared(str(path), read_arrays(path, key, reading.table), reading)
    return select(str(path), arrays, reading, key)


def layer_shapes(name: str, path: Path, reading: Reading = DEFAULT) -> dict[str, tuple[int, int]]:
    """Shapes [out, in] of the layers of `read_network`, by encoded name.

    Raises:
        UserError: as `selected` does.
    """
    selection = selected(name, path, reading)
    in_files = names_in_files(selection, str(path))
    return {in_files[layer]: size for layer, size in selection.shapes.items()}
