"""Conversion of objects of other libraries, such as data frames, tensors, graphs and modules.

The libraries are not imported here; an object's library is already loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from clusterability.errors import UserError, one_line
from clusterability.networks.importing.sparse_arrays import check_full, full
from clusterability.networks.importing.tables.data_frame import frame_matrix
from clusterability.networks.importing.tables.table_reading import AS_IT_SHOWS, TableReading
from clusterability.networks.importing.torch_file import tensor_array
from clusterability.networks.importing.unit_names import NamedMatrix, UnitNames, printable_names


def named_matrix(where: str, given: Any, reading: TableReading = AS_IT_SHOWS) -> NamedMatrix:
    """Convert an array of any library to NumPy, with names of its units if it has some.

    Args:
        where: description of the array, for messages.
        given: any object; the caller checks that the result is a matrix.
        reading: options for a data frame.

    Raises:
        UserError: if it has masked entries, or cannot be converted.

    >>> named_matrix("weights", [[1, 2], [3, 4]]).array.tolist()
    [[1, 2], [3, 4]]
    """
    library = type(given).__module__.partition(".")[0]
    if _is_frame(given):
        return frame_matrix(where, given, reading)
    if reading.says:
        raise UserError(
            f"{where}: found {' and '.join(reading.says)} for {_kind(given)}, expected these for"
            " tables only"
        )
    if library == "networkx" and hasattr(given, "adjacency"):
        return _graph_matrix(where, given)
    if given is None or hasattr(given, "read"):
        kind = "nothing" if given is None else "an open file"
        raise UserError(f"{where}: found {kind}, expected a matrix, or the path of a file")
    try:
        return NamedMatrix(_array(where, given, library))
    except UserError:
        raise
    # Arrays of other libraries, on devices or without values, raise errors of any kind.
    except Exception as error:
        cause = one_line(" ".join(str(error).split()) or type(error).__name__, 80)
        raise UserError(f"{where}: found {cause}, expected a matrix") from None


def _kind(given: object) -> str:
    return one_line(type(given).__qualname__, 80)


def _is_frame(given: Any) -> bool:
    # Duck typing admits pandas and compatible libraries without importing them.
    return type(given).__name__ == "DataFrame" and hasattr(given, "iloc")


def _array(where: str, given: Any, library: str) -> np.ndarray:
    if library == "scipy" and hasattr(given, "toarray"):
        return full(where, given)
    if hasattr(given, "detach") and hasattr(given, "layout"):
        return tensor_array(_strided(where, given))
    if isinstance(given, np.ma.MaskedArray):
        return _unmasked(where, given)
    array = np.asarray(given)
    return _of_objects(where, array) if array.dtype == object and array.ndim else array


def _strided(where: str, tensor: Any) -> Any:
    """Dense form of a PyTorch tensor; duplicate entries of a sparse one are summed."""
    if "strided" in str(tensor.layout):
        return tensor.dequantize() if tensor.is_quantized else tensor
    if tensor.ndim == 2:
        check_full(where, tensor.shape)
    return tensor.detach().to_dense()


def _unmasked(where: str, array: np.ma.MaskedArray[Any, Any]) -> np.ndarray:
    count = int(np.ma.getmaskarray(array).sum())
    if count:
        raise UserError(
            f"{where}: found {count} masked entries, expected a number for each; array.filled(0)"
            " says that there is no weight"
        )
    return np.asarray(array.data)


def _of_objects(where: str, array: np.ndarray) -> np.ndarray:
    """Convert an array of number objects to floats."""
    numbers = np.empty(array.shape)
    for index, value in np.ndenumerate(array):
        # Decimal is not registered as Real, but has `as_integer_ratio`.
        if not isinstance(value, Real | np.bool_) and not hasattr(value, "as_integer_ratio"):
            raise UserError(
                f"{where}: found {one_line(repr(value), 80)} at {list(index)}, expected a number"
            )
        numbers[index] = float(value)
    return numbers


def _graph_matrix(where: str, graph: Any) -> NamedMatrix:
    """Matrix of a networkx graph: biadjacency if it is bipartite, else adjacency.

    The node attribute `bipartite` (0: rows, 1: columns) marks the sides. Edges have the weight of
    their attribute `weight`, or 1; parallel edges are summed.
    """
    sides = {node: data.get("bipartite") for node, data in graph.nodes(data=True)}
    marked = set(sides.values()) == {0, 1}
    if not marked and not graph.is_directed():
        raise UserError(
            f"{where}: found a graph whose nodes have no attribute bipartite (0 or 1), expected"
            " rows and columns; networkx.to_numpy_array(graph) is the matrix of all nodes by all,"
            " networkx.bipartite.biadjacency_matrix(graph, rows) of one side by the other"
        )
    rows = [node for node in sides if not marked or sides[node] == 0]
    columns = [node for node in sides if not marked or sides[node] == 1]
    check_full(where, (len(rows), len(columns)))
    row, column = ({node: n for n, node in enumerate(side)} for side in (rows, columns))
    matrix = np.zeros((len(rows), len(columns)))
    for source, target, weight in graph.edges(data="weight", default=1):
        if marked and sides[source] == sides[target]:
            raise UserError(
                f"{where}: found an edge between {one_line(repr(source), 80)} and"
                f" {one_line(repr(target), 80)}, both on side {sides[source]} of a bipartite graph,"
                " expected edges between the sides only"
            )
        first, second = (source, target) if source in row and target in column else (target, source)
        matrix[row[first], column[second]] += weight
    return NamedMatrix(matrix, UnitNames(printable_names(rows), printable_names(columns)))


def state_of(given: Any) -> Mapping[str, Any] | None:
    """Arrays by name of a PyTorch module or a mapping; None for other objects.

    For a checkpoint such as `{"epoch": 3, "state_dict": {…}}`, the inner mapping with arrays.
    """
    if hasattr(given, "state_dict") and hasattr(given, "parameters"):
        return dict(given.state_dict())
    if not isinstance(given, Mapping) or hasattr(given, "toarray"):  # a sparse matrix by its keys
        return None
    if any(_is_array(value) for value in given.values()):
        return given
    inner = {
        str(key): value
        for key, value in given.items()
        if isinstance(value, Mapping) and any(map(_is_array, value.values()))
    }
    if len(inner) > 1:
        raise UserError(
            f"the arrays: found matrices in each of {', '.join(map(repr, inner))}, expected one of"
            " these alone"
        )
    return next(iter(inner.values()), given)


def _is_array(value: Any) -> bool:
    return len(getattr(value, "shape", ())) == 2
