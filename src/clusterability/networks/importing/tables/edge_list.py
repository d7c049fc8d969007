"""Edge lists (user, item, rating) as matrices, and detection of tables that look like them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from scipy import sparse

from clusterability.errors import UserError
from clusterability.networks.importing.sparse_arrays import check_full
from clusterability.networks.importing.tables.table_text import Cells, is_number
from clusterability.networks.importing.unit_names import NamedMatrix, UnitNames, printable_names
from clusterability.networks.importing.wording import listed, quoted

SOURCES = {
    "source",
    "src",
    "from",
    "sender",
    "user",
    "userid",
    "user_id",
    "u",
    "i",
    "row",
    "row_id",
}
SOURCES |= {"node1", "node_1", "start", "head"}
TARGETS = {"target", "dst", "to", "receiver", "item", "itemid", "item_id", "movieid", "movie_id"}
TARGETS |= {"v", "j", "col", "column", "col_id", "node2", "node_2", "end", "tail"}
"""Lower-case headings of the first two columns of edge lists."""

_FEWEST_ROWS = 12
"""Minimal number of rows of an edge list of numbers; fewer may as well be counts."""

_MANY_ROWS = 30
"""Number of rows from which distinct pairs of numbers always look like edges."""
_OFTEN = 2
"""Mean degree on one side at which fewer rows look like edges; counts repeat less often."""

_KEY = re.compile(r"\s*[0-9]{1,18}\s*")


def refuse_likely_edges(where: str, cells: Cells) -> None:
    """Raise UserError if a table looks like an edge list and no option says what it is.

    An edge list has two to four columns. The first two are keys that repeat while their pairs are
    distinct, or have headings such as source and target.
    """
    columns = _likely_columns(cells)
    if columns:
        several = ",".join(columns)
        raise UserError(
            f"{where}: found the columns {listed(columns)}, which may be a list of edges or a"
            f" matrix, expected to be told which: edges={tuple(columns)} for a matrix of the first"
            f" by the second, or edges=False (--edges {several} or --edges no; in a config edges:"
            f" [{', '.join(columns)}] or false)"
        )


def _likely_columns(cells: Cells) -> list[str]:
    """Names of the edge columns, or their numbers from 1; empty if there are none."""
    headed = any(not is_number(cell) for cell in cells[0][-1:]) or _are_headings(cells[0][:2])
    first = int(headed and not cells[0][0].strip())  # pandas writes the index as an unnamed column
    width = len(cells[0]) - first
    if width not in (2, 3, 4) or len(cells) <= headed:
        return []
    pairs = [(row[first].strip(), row[first + 1].strip()) for row in cells[headed:]]
    if not (_are_headings(cells[0][first : first + 2]) or _are_pairs_of_keys(pairs)):
        return []
    count = min(width, 3)
    if headed:
        return [cell.strip() for cell in cells[0][first : first + count]]
    return [str(number) for number in range(1, count + 1)]


def _are_headings(cells: Sequence[str]) -> bool:
    names = [cell.strip().lower() for cell in cells]
    return len(names) == 2 and names[0] in SOURCES and names[1] in TARGETS


def _are_pairs_of_keys(pairs: Sequence[tuple[str, str]]) -> bool:
    if not pairs or len(set(pairs)) < len(pairs):
        return False
    sides = list(zip(*pairs, strict=True))
    texts = [not any(map(is_number, side)) and all(side) for side in sides]
    if all(texts):
        return True
    keys = all(
        text or all(map(_KEY.fullmatch, side)) for text, side in zip(texts, sides, strict=True)
    )
    repeated = all(len(set(side)) < len(side) for side in sides)
    often = any(len(side) >= _OFTEN * len(set(side)) for side in sides)
    together = len(list(groupby(sides[0]))) == len(set(sides[0]))
    few = len(pairs) < _MANY_ROWS and not often and not together
    return keys and repeated and not few and len(pairs) >= _FEWEST_ROWS


def edge_matrix(
    where: str, cells: Cells, edges: Sequence[str], header: bool | None = None
) -> NamedMatrix:
    """Matrix of an edge list: sources by targets, in order of first appearance.

    Args:
        where: the file, for messages.
        cells: cells of the table, with rows of equal length.
        edges: columns of sources, targets and optionally weights: names in the first row, or
            numbers from 1.
        header: whether the first row contains names; None infers it from `edges` and the first
            weight.

    Returns:
        Weights of the edges, or without weights the number of times that each edge occurs; 0 for
        absent edges.

    Raises:
        UserError: if a column is missing, a weight is not a number, or a weighted edge is
            duplicated.

    >>> edge_matrix("w", [["a", "b"], ["x", "y"], ["x", "z"]], ["a", "b"]).array
    array([[1., 1.]])
    """
    columns, start = _places(where, cells, edges, header)
    rows = cells[start:]
    if not rows:
        raise UserError(f"{where}: found no edges, expected one in each row")
    sides = [[row[column].strip() for row in rows] for column in columns[:2]]
    for side, column in zip(sides, columns, strict=False):
        if "" in side:
            row = side.index("") + start + 1
            raise UserError(
                f"{where}: found nothing in row {row}, column {column + 1}, expected the name of a"
                " unit"
            )
    names = [tuple(dict.fromkeys(side)) for side in sides]
    shape = (len(names[0]), len(names[1]))
    check_full(where, shape)
    if len(columns) == 3:
        _refuse_twice(where, list(zip(*sides, strict=True)), start)
        weights = [_weight(where, rows, number, start, columns[2]) for number in range(len(rows))]
    else:
        weights = [1.0] * len(rows)
    numbers = [dict(zip(each, range(len(each)), strict=True)) for each in names]
    ends = tuple(
        [number[name] for name in side] for number, side in zip(numbers, sides, strict=True)
    )
    matrix = sparse.coo_array((np.array(weights), ends), shape=shape).toarray()
    return NamedMatrix(matrix, UnitNames(*map(printable_names, names)))


def _places(
    where: str, cells: Cells, edges: Sequence[str], header: bool | None
) -> tuple[list[int], int]:
    """Indices of the edge columns, and the first row after the header."""
    names = [cell.strip() for cell in cells[0]]
    if header is not False and all(names.count(edge) == 1 for edge in edges):
        return [names.index(edge) for edge in edges], 1
    numbers = [int(edge) - 1 for edge in edges if re.fullmatch("[0-9]{1,4}", edge)]
    if len(numbers) < len(edges) or not all(0 <= number < len(names) for number in numbers):
        raise UserError(
            f"{where}: found the columns {listed(names)}, expected each of {listed(edges)} once"
            " among them; or numbers of columns, from 1, as edges"
        )
    if header is None:
        header = len(numbers) == 3 and not is_number(names[numbers[2]])
    return numbers, int(header)


def _weight(where: str, rows: Cells, number: int, start: int, column: int) -> float:
    text = rows[number][column]
    if not is_number(text):
        raise UserError(
            f"{where}: found {quoted(text)} in row {number + start + 1}, column {column + 1},"
            " expected the weight of an edge"
        )
    return float(text)


def _refuse_twice(where: str, pairs: Sequence[tuple[str, ...]], start: int) -> None:
    # Ratings would be averaged and counts summed, and the list does not say which it contains.
    pair, count = Counter(pairs).most_common(1)[0]
    if count > 1:
        row = pairs.index(pair) + start + 1
        raise UserError(
            f"{where}: found {quoted(pair[0])} with {quoted(pair[1])} {count} times, first in row"
            f" {row}, expected each pair once where edges have weights; sum or average them before"
        )
