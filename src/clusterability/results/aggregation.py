"""Rows of all blocks to the tables of a study of any size.

Files are read twice: for what each cell says of its networks, and, once the q of all cells are
known, to write their rows. In memory are at most the rows of all seeds at one condition, layer and
block of k; cells are many, but one row each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from clusterability.results import columns, reading, summary
from clusterability.results.function_columns import CLUSTER_COLUMNS, CLUSTER_PLACE
from clusterability.results.reading import read_parquet, read_schema
from clusterability.results.untrained import (
    OBSERVED,
    UNTRAINED,
    less_initial,
    observed_rows,
    with_change_q,
    with_untrained,
)
from clusterability.results.writing import row_file, schema_of, stored_schemas

Place = tuple[str, str, str]
"""Condition, layer and block of k."""

_OF_CELLS = ["seed", *columns.CELL, "value", "null_mean", "null_sd", "null_n", "z", "p"]
"""Columns that cells are made of."""


def by_place(files: Iterable[str]) -> dict[Place, list[str]]:
    """Files of all seeds together, in their order.

    >>> by_place(["scores/l1/0-1/fc1/2.structure.parquet", "scores/l1/2-3/fc1/2.structure.parquet"])
    ... # doctest: +NORMALIZE_WHITESPACE
    {('l1', 'fc1', '2'): ['scores/l1/0-1/fc1/2.structure.parquet',
                          'scores/l1/2-3/fc1/2.structure.parquet']}
    """
    found: dict[Place, list[str]] = {}
    for file in files:
        condition, _, layer, name = Path(file).parts[-4:]
        found.setdefault((condition, layer, name.split(".")[0]), []).append(file)
    return found


@dataclass(frozen=True)
class BlockScores:
    """Files of scores of all blocks, in the order of the rows of the table.

    Attributes:
        structure: `…/{condition}/{seeds}/{layer}/{k}.structure.parquet`, rows with SCORE_COLUMNS.
        fresh: the same of fresh networks.
        function: `…/{condition}/{seeds}/{layer}/{k}.function.parquet`, of function measures.
        fresh_of: condition to the condition of the fresh networks it is compared with.
    """

    structure: Sequence[str]
    fresh: Sequence[str] = ()
    function: Sequence[str] = ()
    fresh_of: Mapping[str, str] = field(default_factory=dict)

    def cells(self) -> pd.DataFrame:
        """All cells of the study with their q, as `summary.with_cell_q` gives them."""
        own, against, asked = [], [], []
        for place, files in by_place(self.structure).items():
            rows = self._kept(reading.read_all(files, columns=_OF_CELLS))
            own.append(summary.cell_table(rows))
            if place[0] in self.fresh_of:
                against.append(summary.cell_table(self._untrained(place, files)))
        for files in by_place(self.function).values():
            rows = reading.read_all(files, columns=_OF_CELLS)
            asked += [summary.cell_table(rows)] if len(rows) else []
        frames = [cells for cells in (*own, *against, *asked) if len(cells)]
        return summary.with_cell_q(pd.concat(frames, ignore_index=True))

    def write(self, cells: pd.DataFrame, parquet: Path, csv: Path) -> None:
        """Writes the table `scores`."""
        files = [*self.structure, *self.function, *self.fresh]
        added = pa.schema(dict.fromkeys(("q", "excess", "z_error"), pa.float64()))
        schema = schema_of(columns.SCORES, *stored_schemas(files), added)
        of_condition = dict(list(cells.groupby("condition", sort=False)))
        with row_file(parquet, schema, csv) as write:
            for rows in self._frames():
                if len(rows):
                    write(summary.take_q(rows, of_condition[rows["condition"].iloc[0]]))

    def paired(self, initial_of: Mapping[str, str]) -> pd.DataFrame:
        """The table `paired`: see `untrained.less_initial`."""
        parts = []
        start: tuple[str, pd.DataFrame] | None = None  # most conditions have the same one
        for condition, initial in initial_of.items():
            if start is None or start[0] != initial:
                start = (initial, self._observed(initial))
            both = pd.concat([self._observed(condition), start[1]])
            parts.append(less_initial(both, {condition: initial}))
        parts = parts or [less_initial(pd.DataFrame(columns=OBSERVED), {})]
        return with_change_q(pd.concat(parts, ignore_index=True))

    def _frames(self) -> Iterator[pd.DataFrame]:
        """All rows, in order: of the blocks, against fresh networks, of function measures."""
        for file in self.structure:
            yield self._kept(read_parquet(file))
        for place, files in by_place(self.structure).items():
            if place[0] in self.fresh_of:
                yield self._untrained(place, files)
        yield from map(read_parquet, self.function)

    def _kept(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Rows that stay where the networks are compared with fresh ones, too."""
        return scores[~scores["condition"].isin(list(self.fresh_of)) | scores["null"].notna()]

    def _untrained(self, place: Place, files: Sequence[str]) -> pd.DataFrame:
        """Rows of the null `untrained` at one place, cell by cell."""
        condition, layer, k = place
        fresh = by_place(self.fresh)[self.fresh_of[condition], layer, k]
        rows = with_untrained(reading.read_all(files), reading.read_all(fresh), self.fresh_of)
        return rows[rows["null"] == UNTRAINED]

    def _observed(self, condition: str) -> pd.DataFrame:
        """One value a network and cell of a condition, in the order of its rows in the table."""
        frames = []
        for file in self.structure:
            if Path(file).parts[-4] == condition:
                frames.append(observed_rows(self._kept(read_parquet(file, columns=OBSERVED))))
        found = pd.concat(frames, ignore_index=True)
        if found.empty:
            places = by_place(self.structure).items()
            compared = (self._untrained(*item) for item in places if item[0][0] == condition)
            found = pd.concat(compared, ignore_index=True)[OBSERVED]
        text = found.select_dtypes(exclude="number").columns
        return found.astype(dict.fromkeys(text, "category"))


def write_clusters(path: Path, clusters: Sequence[str], functions: Sequence[str]) -> None:
    """Writes the table `clusters`, with what ablating each does.

    Empty where it was not asked. Clusters of the whole network, whose hidden layers are ablated one
    by one, follow as rows of these layers.

    Args:
        path: of the table.
        clusters: `…/{condition}/{seeds}/{layer}/{k}.clusters.parquet`.
        functions: `…/{condition}/{seeds}/{layer}/{k}.function_clusters.parquet`.
    """
    named = {_block_of(file): file for file in functions}
    elsewhere = [
        rows for file in clusters if len(rows := _elsewhere(file, named.get(_block_of(file))))
    ]
    own = read_schema(clusters[0])
    parts = stored_schemas([*clusters, *functions])
    if elsewhere:
        # Whole numbers with gaps are floating-point numbers.
        gaps = [name for name in own.names if name not in elsewhere[0]]
        whole = [name for name in gaps if pa.types.is_integer(own.field(name).type)]
        parts.append(pa.schema({name: pa.float64() for name in whole}))
    with row_file(path, schema_of([*own.names, *CLUSTER_COLUMNS], *parts)) as write:
        for file in clusters:
            write(_with_functions(file, named.get(_block_of(file))))
        for rows in elsewhere:
            write(rows)


def _block_of(file: str) -> tuple[str, ...]:
    *place, name = Path(file).parts[-4:]
    return (*place, name.split(".")[0])


def _with_functions(clusters: str, functions: str | None) -> pd.DataFrame:
    rows = read_parquet(clusters)
    found = read_parquet(functions) if functions else pd.DataFrame()
    if found.empty:
        return rows
    return rows.merge(found[[*CLUSTER_PLACE, *CLUSTER_COLUMNS]], "left", CLUSTER_PLACE)


def _elsewhere(clusters: str, functions: str | None) -> pd.DataFrame:
    """Rows of what clusters do that are of other layers than the clusters."""
    found = read_parquet(functions) if functions else pd.DataFrame()
    if found.empty:
        return found
    places = read_parquet(clusters, columns=CLUSTER_PLACE).set_index(CLUSTER_PLACE).index
    return found[~found.set_index(CLUSTER_PLACE).index.isin(places)]


def write_rows(path: Path, files: Sequence[str], columns: Sequence[str]) -> None:
    """Writes the rows of parquet files, in their order; `columns` are theirs."""
    with row_file(path, schema_of(columns, *stored_schemas(files))) as write:
        for file in files:
            write(read_parquet(file))


def write_partitions(path: Path, files: Sequence[str], networks: Sequence[str]) -> None:
    """Writes the table `partitions`: see `summary.partition_frames`."""
    frames = summary.partition_frames(files, networks)
    first = next(frames)
    schema = pa.Schema.from_pandas(first, preserve_index=False)
    # The first block may have no names, and other blocks some.
    schema = schema.set(schema.get_field_index("name"), pa.field("name", pa.string()))
    with row_file(path, schema) as write:
        write(first)
        for rows in frames:
            write(rows)
