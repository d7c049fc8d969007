"""Aggregate the rows of all blocks into the tables of a study of any size.

Files are read twice: first to compute the cells and their q, then to write the rows. Memory holds
at most the rows of all seeds for one condition, layer and block of k. Cells are many, but one row
each.
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

BlockKey = tuple[str, str, str]
"""Condition, layer and block of k."""

_OF_CELLS = ["seed", *columns.CELL, "value", "null_mean", "null_sd", "null_n", "z", "p"]
"""Columns from which cells are computed."""


def by_block(files: Iterable[str]) -> dict[BlockKey, list[str]]:
    """Group files by condition, layer and block of k, in the order of the files.

    >>> by_block(["scores/l1/0-1/fc1/2.structure.parquet", "scores/l1/2-3/fc1/2.structure.parquet"])
    ... # doctest: +NORMALIZE_WHITESPACE
    {('l1', 'fc1', '2'): ['scores/l1/0-1/fc1/2.structure.parquet',
                          'scores/l1/2-3/fc1/2.structure.parquet']}
    """
    groups: dict[BlockKey, list[str]] = {}
    for file in files:
        condition, _, layer, name = Path(file).parts[-4:]
        groups.setdefault((condition, layer, name.split(".")[0]), []).append(file)
    return groups


@dataclass(frozen=True)
class BlockScores:
    """Score files of all blocks, in the order of the table's rows.

    Attributes:
        structure: `…/{condition}/{seeds}/{layer}/{k}.structure.parquet`, rows with SCORE_COLUMNS.
        fresh: the same files for fresh networks.
        function: `…/{condition}/{seeds}/{layer}/{k}.function.parquet`, of function measures.
        fresh_of: condition to the condition of the fresh networks it is compared with.
    """

    structure: Sequence[str]
    fresh: Sequence[str] = ()
    function: Sequence[str] = ()
    fresh_of: Mapping[str, str] = field(default_factory=dict)

    def cells(self) -> pd.DataFrame:
        """All cells of the study with q; see `summary.with_cell_q`."""
        structure_cells, untrained_cells, function_cells = [], [], []
        for key, files in by_block(self.structure).items():
            rows = self._kept(reading.read_all(files, columns=_OF_CELLS))
            structure_cells.append(summary.cell_table(rows))
            if key[0] in self.fresh_of:
                untrained_cells.append(summary.cell_table(self._untrained(key, files)))
        for files in by_block(self.function).values():
            rows = reading.read_all(files, columns=_OF_CELLS)
            function_cells += [summary.cell_table(rows)] if len(rows) else []
        frames = [
            cells for cells in (*structure_cells, *untrained_cells, *function_cells) if len(cells)
        ]
        return summary.with_cell_q(pd.concat(frames, ignore_index=True))

    def write(self, cells: pd.DataFrame, parquet: Path, csv: Path) -> None:
        """Write the table `scores`."""
        files = [*self.structure, *self.function, *self.fresh]
        added = pa.schema(dict.fromkeys(("q", "excess", "z_error"), pa.float64()))
        schema = schema_of(columns.SCORES, *stored_schemas(files), added)
        of_condition = dict(list(cells.groupby("condition", sort=False)))
        with row_file(parquet, schema, csv) as write:
            for rows in self._frames():
                if len(rows):
                    write(summary.take_q(rows, of_condition[rows["condition"].iloc[0]]))

    def paired(self, initial_of: Mapping[str, str]) -> pd.DataFrame:
        """The table `paired`; see `untrained.less_initial`."""
        parts = []
        start: tuple[str, pd.DataFrame] | None = None  # most conditions share one
        for condition, initial in initial_of.items():
            if start is None or start[0] != initial:
                start = (initial, self._observed(initial))
            both = pd.concat([self._observed(condition), start[1]])
            parts.append(less_initial(both, {condition: initial}))
        parts = parts or [less_initial(pd.DataFrame(columns=OBSERVED), {})]
        return with_change_q(pd.concat(parts, ignore_index=True))

    def _frames(self) -> Iterator[pd.DataFrame]:
        """All rows, in order: blocks, comparisons with fresh networks, function measures."""
        for file in self.structure:
            yield self._kept(read_parquet(file))
        for key, files in by_block(self.structure).items():
            if key[0] in self.fresh_of:
                yield self._untrained(key, files)
        yield from map(read_parquet, self.function)

    def _kept(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Rows to keep beside comparisons with fresh networks: those that have a null."""
        return scores[~scores["condition"].isin(list(self.fresh_of)) | scores["null"].notna()]

    def _untrained(self, key: BlockKey, files: Sequence[str]) -> pd.DataFrame:
        """Rows of the null `untrained` for one condition, layer and block of k, cell by cell."""
        condition, layer, k = key
        fresh = by_block(self.fresh)[self.fresh_of[condition], layer, k]
        rows = with_untrained(reading.read_all(files), reading.read_all(fresh), self.fresh_of)
        return rows[rows["null"] == UNTRAINED]

    def _observed(self, condition: str) -> pd.DataFrame:
        """One value per network and cell of a condition, in the order of the table's rows."""
        frames = []
        for file in self.structure:
            if Path(file).parts[-4] == condition:
                frames.append(observed_rows(self._kept(read_parquet(file, columns=OBSERVED))))
        rows = pd.concat(frames, ignore_index=True)
        if rows.empty:
            places = by_block(self.structure).items()
            compared = (self._untrained(*item) for item in places if item[0][0] == condition)
            rows = pd.concat(compared, ignore_index=True)[OBSERVED]
        text = rows.select_dtypes(exclude="number").columns
        return rows.astype(dict.fromkeys(text, "category"))


def write_clusters(path: Path, clusters: Sequence[str], functions: Sequence[str]) -> None:
    """Write the table `clusters`, with the effects of ablating each cluster.

    The effects are empty for clusters that were not ablated. Clusters of the whole network follow
    at the end, as rows of the hidden layers in which they were ablated one by one.

    Args:
        path: path of the table.
        clusters: `…/{condition}/{seeds}/{layer}/{k}.clusters.parquet`.
        functions: `…/{condition}/{seeds}/{layer}/{k}.function_clusters.parquet`.
    """
    named = {_block_of(file): file for file in functions}
    elsewhere = [
        rows for file in clusters if len(rows := _elsewhere(file, named.get(_block_of(file))))
    ]
    own_schema = read_schema(clusters[0])
    parts = stored_schemas([*clusters, *functions])
    if elsewhere:
        # Integer columns with gaps become floating-point columns.
        gaps = [name for name in own_schema.names if name not in elsewhere[0]]
        whole = [name for name in gaps if pa.types.is_integer(own_schema.field(name).type)]
        parts.append(pa.schema({name: pa.float64() for name in whole}))
    with row_file(path, schema_of([*own_schema.names, *CLUSTER_COLUMNS], *parts)) as write:
        for file in clusters:
            write(_with_functions(file, named.get(_block_of(file))))
        for rows in elsewhere:
            write(rows)


def _block_of(file: str) -> tuple[str, ...]:
    *folders, name = Path(file).parts[-4:]
    return (*folders, name.split(".")[0])


def _with_functions(clusters: str, functions: str | None) -> pd.DataFrame:
    rows = read_parquet(clusters)
    effects = read_parquet(functions) if functions else pd.DataFrame()
    if effects.empty:
        return rows
    return rows.merge(effects[[*CLUSTER_PLACE, *CLUSTER_COLUMNS]], "left", CLUSTER_PLACE)


def _elsewhere(clusters: str, functions: str | None) -> pd.DataFrame:
    """Rows of function measures in other layers than that of the clusters."""
    effects = read_parquet(functions) if functions else pd.DataFrame()
    if effects.empty:
        return effects
    keys = read_parquet(clusters, columns=CLUSTER_PLACE).set_index(CLUSTER_PLACE).index
    return effects[~effects.set_index(CLUSTER_PLACE).index.isin(keys)]


def write_rows(path: Path, files: Sequence[str], columns: Sequence[str]) -> None:
    """Concatenate parquet files with the given columns, in their order."""
    with row_file(path, schema_of(columns, *stored_schemas(files))) as write:
        for file in files:
            write(read_parquet(file))


def write_partitions(path: Path, files: Sequence[str], networks: Sequence[str]) -> None:
    """Write the table `partitions`; see `summary.partition_frames`."""
    frames = summary.partition_frames(files, networks)
    first = next(frames)
    schema = pa.Schema.from_pandas(first, preserve_index=False)
    # Types come from the first block, in which all names may be empty.
    schema = schema.set(schema.get_field_index("name"), pa.field("name", pa.string()))
    with row_file(path, schema) as write:
        write(first)
        for rows in frames:
            write(rows)
