"""Networks from elsewhere: a file of arrays becomes a network like those that a study trains.

Each 2-D array is a matrix by itself, [out, in], unless the layers are a chain (`selection`). No
format is read in a way that runs code from the file. docs/your-own-matrix.md shows a study of such
a file.
"""

from __future__ import annotations

import logging
from pathlib import Path

from clusterability.names import IMPORTED_SEED
from clusterability.networks.importing.layers import read_layers
from clusterability.networks.importing.parts_of_weights import put_together
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading, Selection, select
from clusterability.networks.importing.wording import shape
from clusterability.networks.layer_names import file_names
from clusterability.networks.stacked import Networks

logger = logging.getLogger(__name__)

DEFAULT = Reading()


def read_network(name: str, path: Path, reading: Reading = DEFAULT) -> Networks:
    """Reads one network that was trained elsewhere.

    Args:
        name: of the network in the config, which becomes its condition.
        path: a file with one of the endings in `READERS`, an index of several, or a folder.
        reading: which arrays are layers, and how they belong together. Of other arrays, those that
            are named as the biases of a layer (`fc1.bias` beside `fc1.weight`) are; the rest is
            left out, which is logged.

    Returns:
        A block of one network with the seed -1; float32 [1, out, in] by layer, and biases [1, out].
        Layers of a chain are `fc1`, `fc2`, ...; else they have the names of the arrays, as files
        write them (`layer_names.file_names`).

    Raises:
        UserError: where the file is missing, damaged, or of another format; where `layers` names an
            array that is not there; where an array is not a matrix of finite real numbers that
            float32 can hold; where the layers of a chain do not fit, or fit two ways.
    """
    key = f"networks.{name}."
    selection, matrices, biases = read_layers(str(path), read_arrays(path, key), reading, key)
    logger.info("%s: %s: %s", name, path, selection.told())
    in_files = names_in_files(selection, str(path))
    for layer, array in selection.arrays.items():
        size = shape(matrices[layer])
        logger.info("%s: %s is array %r of %s, %s", name, in_files[layer], array, path, size)
    for layer in biases:
        logger.info("%s: %s has biases", name, in_files[layer])
    return Networks(
        name,
        (IMPORTED_SEED,),
        _origin(path, selection),
        {in_files[layer]: matrix[None] for layer, matrix in matrices.items()},
        {in_files[layer]: bias[None] for layer, bias in biases.items()},
        chain=selection.chain,
    )


def names_in_files(selection: Selection, source: str) -> dict[str, str]:
    """What files call each layer."""
    if selection.chain:
        return {layer: layer for layer in selection.arrays}
    return file_names(selection.arrays, source)


def _origin(path: Path, selection: Selection) -> dict[str, object]:
    origin: dict[str, object] = {"path": str(path), "layers": list(selection.arrays.values())}
    return origin | ({"transpose": True} if selection.transposed else {})


def selected(name: str, path: Path, reading: Reading = DEFAULT) -> Selection:
    """What `read_network` takes of a file, from the descriptions of its arrays: none is read.

    Raises:
        UserError: as `read_network` does, but for what only the numbers show.
    """
    key = f"networks.{name}."
    return select(str(path), put_together(str(path), read_arrays(path, key)), reading, key)


def layer_shapes(name: str, path: Path, reading: Reading = DEFAULT) -> dict[str, tuple[int, int]]:
    """Layers of `read_network`, as files name them, with their shapes [out, in].

    Raises:
        UserError: as `selected` does.
    """
    found = selected(name, path, reading)
    in_files = names_in_files(found, str(path))
    return {in_files[layer]: size for layer, size in found.shapes.items()}
