"""Networks from elsewhere: a file of arrays becomes a network like those that a study trains.

Each 2-D array is a matrix by itself, [out, in], unless the layers are a chain (`selection`). No
format is read in a way that runs code from the file. docs/your-own-matrix.md shows a study of such
a file.
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
    """How a job's file is read.

    Raises:
        UserError: as `table_reading` does.

    >>> asked_reading(ImportJob("w.csv", table={"edges": ["user", "item"]})).table.edges
    ('user', 'item')
    """
    table = table_reading(**job.table)
    return Reading(job.layers, job.chain, job.transpose, table, job.convolutions)


def read_network(name: str, path: Path, reading: Reading = DEFAULT) -> Networks:
    """Reads one network that was trained elsewhere.

    Args:
        name: of the network in the config, which becomes its condition.
        path: a file with one of the endings in `readers.KINDS`, an index of several, or a folder.
        reading: which arrays are layers, how they belong together, and what a table is. Of other
            arrays, those that are named as the biases of a layer (`fc1.bias` beside `fc1.weight`)
            are; the rest is left out, which is logged.

    Returns:
        A block of one network with the seed -1; float32 [1, out, in] by layer, and biases [1, out].
        Layers of a chain are `fc1`, `fc2`, ...; else they have the names of the arrays, as files
        write them (`layer_names.file_names`). Names of units, where there are some, are in its
        recipe by layer: `{"names": {"fc1": {"rows": […], "columns": […]}}}`.

    Raises:
        UserError: where the file is missing, damaged, or of another format; where `layers` names an
            array that is not there; where an array is not a matrix of finite real numbers that
            float32 can hold; where the layers of a chain do not fit, or fit two ways.
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
    """What files call each layer."""
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
    """What `read_network` takes of a file, from the descriptions of its arrays: none is read.

    Raises:
        UserError: as `read_network` does, but for what only the numbers show.
    """
    key = f"networks.{name}."
    arrays = prepared(str(path), read_arrays(path, key, reading.table), reading)
    return select(str(path), arrays, reading, key)


def layer_shapes(name: str, path: Path, reading: Reading = DEFAULT) -> dict[str, tuple[int, int]]:
    """Layers of `read_network`, as files name them, with their shapes [out, in].

    Raises:
        UserError: as `selected` does.
    """
    found = selected(name, path, reading)
    in_files = names_in_files(found, str(path))
    return {in_files[layer]: size for layer, size in found.shapes.items()}
