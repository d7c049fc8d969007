"""Main functions for notebooks and scripts: load weights, cluster them, score the clusters.

`import clusterability as cl` provides them as `cl.load`, `cl.cluster`, `cl.score`, `cl.agreement`,
`cl.verdict`, `cl.explore` and `cl.list_measures`. They need PyTorch only for its own files and
tensors. Errors that a caller can fix are a `UserError` of one line: the argument or file, what was
found, what was expected. docs/python.md shows examples; docs/measures.md defines measures, methods
and nulls.
"""

from __future__ import annotations

import html
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from clusterability.analysis.group_agreement import DRAWS as GROUP_DRAWS
from clusterability.analysis.group_agreement import group_agreement
from clusterability.analysis.one_verdict import EXTENTS, layer_verdicts
from clusterability.analysis.one_verdict import METHOD as VERDICT_METHOD
from clusterability.analysis.one_verdict import SCALINGS as VERDICT_SCALINGS
from clusterability.clustering.catalogue import METHODS
from clusterability.clustering.spectral import cluster as cluster_matrices
from clusterability.errors import UserError
from clusterability.files import write_whole
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.detectable_contrast import detectable_contrast
from clusterability.names import NETWORK
from clusterability.networks.graph import network_units
from clusterability.networks.importing.selection import Convolutions, Reading
from clusterability.networks.importing.tables.table_reading import Edges, table_reading
from clusterability.networks.known_groups import KnownGroups, groups_in_files
from clusterability.networks.scaled_layer import check_chain, scaled_layers
from clusterability.networks.stacked import Networks
from clusterability.networks.weights import (
    Matrix,
    Network,
    Source,
    Weights,
    as_networks,
    as_weights,
    has_layers,
    load_weights,
)
from clusterability.numerics import DRAWS_MEMORY, Workers
from clusterability.results.one_network import check_k, evaluate, usual_k
from clusterability.results.single.work import Report, Work
from clusterability.study.arguments import (
    USUAL_K,
    ScoringArguments,
    asked_of,
    k_grid,
    listed,
    workers_of,
)
from clusterability.study.sections import Draws

__all__ = [
    "Page",
    "Partition",
    "UserError",
    "Weights",
    "agreement",
    "cluster",
    "explore",
    "list_measures",
    "load",
    "score",
    "verdict",
]

DEFAULT_NULLS = {"shuffle": 99, "labels": 99}
"""The default of config.yaml."""

_BETTER = {1: "higher", -1: "lower", 0: "neither"}


# eq=False: `==` of arrays is elementwise.
@dataclass(frozen=True, eq=False)
class Partition:
    """Clusters of one weight matrix [out, in]; cluster a of rows is paired with a of columns.

    Attributes:
        method: clustering method.
        k: requested number of clusters per side.
        rows: labels of the output units, int64 [out], 0 to k - 1; -1 for dead units.
        columns: labels of the input units, int64 [in], likewise.
    """

    method: str
    k: int
    rows: np.ndarray
    columns: np.ndarray

    def order(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the rows and of the columns, sorted by cluster; dead units come first.

        >>> partition = Partition("matched", 2, np.array([1, 0, 1]), np.array([1, 0]))
        >>> rows, columns = partition.order()
        >>> rows.tolist(), columns.tolist()  # matrix[rows][:, columns] shows the blocks
        ([1, 0, 2], [1, 0])
        """
        return np.argsort(self.rows, kind="stable"), np.argsort(self.columns, kind="stable")


@dataclass(frozen=True)
class Page:
    """A page of `explore`, which a notebook shows where it is the result of a cell.

    Attributes:
        content: the whole page, HTML that needs no other file and no network.
    """

    content: str

    def __repr__(self) -> str:
        return f"Page of {len(self.content):,} characters"

    def _repr_html_(self) -> str:
        """The page in a frame, for notebooks."""
        frame = "width: 100%; height: 900px; border: 1px solid #cfcfcf"
        return f'<iframe srcdoc="{html.escape(self.content)}" style="{frame}"></iframe>'


def load(
    source: Source,
    layers: str | Sequence[str] | None = None,
    *,
    chain: bool | None = None,
    transpose: bool | None = None,
    convolutions: Convolutions | None = None,
    header: bool | None = None,
    index: bool | None = None,
    edges: Edges | None = None,
) -> Weights:
    """Load the weight matrices of a network from a file or from named arrays.

    Args:
        source: a file of a type listed in docs/your-own-matrix.md, the index or folder of a model
            in several files, a PyTorch module, a dict of arrays or tensors, or one matrix.
        layers: names of the arrays to use as layers, or patterns such as `*.mlp.*`. None: all 2-D
            arrays except embeddings, and integers beside floats.
        chain: whether the outputs of each layer are the inputs of the next, in order from the
            input, as `whole` and `unit-norm` require. None: true only for a plain MLP, whose names
            differ by one number and whose shapes fit in one way.
        transpose: whether arrays are [in, out], as in Keras and GPT-2's Conv1D. Required for a
            chain whose shapes fit both ways.
        convolutions: how kernels [out, in, taps] become matrices: by the `sum` of absolute values
            over taps, or by their L2 `norm`. With `transpose`, kernels are [taps, in, out]. None:
            kernels are left out.
        header, index: whether the first row and the first column of a table are names. None: infer
            it from the table, and refuse an ambiguous one.
        edges: for a table of edges, its columns of sources, targets and, optionally, weights: names
            or numbers from 1. The matrix is sources by targets, 0 without an edge. False: read a
            table that looks like a list of edges as a matrix.

    Returns:
        Matrices, float32 [out, in], by layer: under the names of their arrays, in the order of the
        file; `fc1`, `fc2`, … for a chain; `fc1` for a single array without a name. Printing the
        result shows how the file was read and what was left out. Its name, used for random
        streams, is that of the file in lower case; `units` are names of rows and columns by layer,
        if there are any.

    Warns:
        UserWarning: if numbers in the first row or column are read as names.

    Raises:
        UserError: if the file is missing, damaged or of another type; if a matrix has a number that
            is not finite or too large for float32; if a chain does not fit, or fits both ways.

    >>> load({"0.weight": np.ones((3, 4)), "0.bias": np.ones(3), "2.weight": np.ones((2, 3))})
    Weights 'weights': fc1 [3, 4] from '0.weight', fc2 [2, 3] from '2.weight' (read as a chain \
4-3-2, arrays [out, in])
    """
    names = [layers] if isinstance(layers, str) else layers
    table = table_reading(header, index, edges)
    reading = Reading(names, chain, transpose, table, convolutions)
    return _with_warnings(load_weights(source, reading), source)


def _with_warnings(loaded: Weights, source: Source) -> Weights:
    """Return the weights, with warnings about assumptions made in reading them."""
    if not isinstance(source, Weights):
        for line in loaded.notes:
            warnings.warn(line, UserWarning, stacklevel=3)
    return loaded


@overload
def cluster(
    weights: Network,
    k: int,
    method: str = "matched",
    *,
    scaling: str = "none",
    restarts: int = 3,
    name: str | None = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> dict[str, Partition]: ...


@overload
def cluster(
    weights: Matrix,
    k: int,
    method: str = "matched",
    *,
    scaling: str = "none",
    restarts: int = 3,
    name: str | None = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> Partition: ...


def cluster(
    weights: Source,
    k: int,
    method: str = "matched",
    *,
    scaling: str = "none",
    restarts: int = 3,
    name: str | None = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> Partition | dict[str, Partition]:
    """Cluster the units on both sides of each weight matrix.

    Bipartite spectral clustering: k-means on the singular vectors of D_U^-1/2 A D_V^-1/2, with
    A = abs(W) and the row and column sums of A on the diagonals of D_U and D_V.

    Args:
        weights: one matrix [out, in], matrices by layer (as from `load`), a file, or a PyTorch
            module.
        k: number of clusters per side.
        method: `matched` (each side separately, clusters paired by the Hungarian method), `joint`
            (both sides in one k-means), `notebook` (no restarts, clusters paired by their labels),
            `refined` (largest modularity), `described` (most saved bits, with at most k clusters),
            or `whole` (the units of all layers together; needs all layers of a network).
        scaling: `none`; `unit-norm` or `balanced`, which are invariant to rescaling ReLU units; or
            `ranked`, which removes the effects of single units.
        restarts: restarts of k-means.
        name: with the layer's name, determines the random numbers. None: name of the weights.
        chain, transpose: as in `load`.

    Returns:
        A `Partition` for a single matrix, otherwise one per layer. With `whole`, a hidden unit has
        the same label as a row of its own layer and as a column of the next.

    Raises:
        UserError: if a layer cannot hold k clusters, or an argument is invalid.

    References:
        Dhillon 2001, Co-clustering documents and words using bipartite spectral graph partitioning,
        KDD. doi:10.1145/502512.502550

    >>> partition = cluster([[9, 8, 0, 1], [7, 9, 1, 0], [0, 1, 8, 9], [1, 0, 9, 7]], k=2)
    >>> partition.rows.tolist(), partition.columns.tolist()
    ([1, 1, 0, 0], [1, 1, 0, 0])
    """
    loaded = _with_warnings(as_weights(weights, Reading(None, chain, transpose)), weights)
    choices = asked_of(
        loaded.name if name is None else name, k_grid(k), [method], [scaling], {}, restarts
    )
    networks = as_networks(loaded, choices.name)
    if len(choices.k_values) > 1:
        raise UserError(f"k: found {k!r}, expected one number of clusters")
    if METHODS[method].whole:
        partitions = _whole_partitions(networks, choices)
    else:
        in_files = zip(loaded, networks.weights, strict=True)
        partitions = {layer: _partition(networks, name, choices) for layer, name in in_files}
    return partitions if has_layers(weights) else next(iter(partitions.values()))


def _partition(networks: Networks, layer: str, arguments: ScoringArguments) -> Partition:
    """Partition of a layer for a single k, method and scaling."""
    (k,), (method,), (scaling,) = arguments.k_values, arguments.methods, arguments.scalings
    check_chain(networks, [layer], [scaling])
    check_k(networks, [layer], [k])
    (scaled,) = scaled_layers(networks, layer, [scaling])
    given = (scaled.matrices, scaled.streams)
    partitions = cluster_matrices(*given, [k], [method], arguments.restarts)[method, k]
    if not partitions.feasible[0]:
        raise UserError(f"scaling: found {scaling!r}, expected one that {layer} can be brought to")
    rows, columns = (labels[0].astype(np.int64) for labels in (partitions.rows, partitions.columns))
    return Partition(method, k, rows, columns)


def _whole_partitions(networks: Networks, arguments: ScoringArguments) -> dict[str, Partition]:
    """Partition of the whole network, split by layer."""
    partition = _partition(networks, NETWORK, arguments)
    stacks = list(networks.weights.values())
    sizes = [stacks[0].shape[-1], *(stack.shape[-2] for stack in stacks)]
    even, odd = network_units(sizes)
    labels = np.empty(sum(sizes), np.int64)
    labels[even], labels[odd] = partition.rows, partition.columns
    of_units = np.split(labels, np.cumsum(sizes)[:-1])
    return {
        layer: Partition(partition.method, partition.k, of_units[number + 1], of_units[number])
        for number, layer in enumerate(networks.weights)
    }


def score(
    weights: Source,
    k: int | str | Iterable[int | str] | None = None,
    *,
    methods: str | Sequence[str] = ("matched",),
    scalings: str | Sequence[str] = ("none",),
    nulls: Mapping[str, int] = DEFAULT_NULLS,
    draws: Draws = "fixed",
    measures: str | Sequence[str] = (),
    restarts: int = 3,
    name: str | None = None,
    progress: Report | None = None,
    jobs: int = 1,
    memory: float = DRAWS_MEMORY,
    groups: Any = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> pd.DataFrame:
    """Score the clusters of each layer over a grid of k, and compare the scores with null models.

    The numbers are bitwise those of a study whose config imports the same file under the same name
    with the same k, methods, nulls and restarts.

    Args:
        weights: one matrix [out, in], matrices by layer (as from `load`), a file, or a PyTorch
            module.
        k: numbers of clusters, such as 4, "2-12,16" or [2, 3, 4]. None: 2 to 12, up to the largest
            k that some layer can hold.
        methods: any of `notebook`, `matched`, `joint`, `refined`, `described` for each layer, and
            `whole` for the network, whose rows have the layer `network`.
        scalings: scalings of the weights, any of `none`, `unit-norm`, `balanced`, `ranked`. Rows of
            the last three have methods such as `matched-balanced`.
        nulls: number of draws by null model: `shuffle`, `shuffle_nonzero`, `strength`, `degrees`,
            `rotated_u`, `rotated_v` or `labels`. With {}, there is no z and no p.
        draws: `fixed`, the numbers in `nulls`; or `adaptive`: for nulls that cluster each draw, the
            numbers are upper limits, and draws end, after at least 19, once ten were as good as
            each value.
        measures: names of measures of other installed packages, scored beside those of the library
            (docs/extending.md).
        restarts: restarts of k-means, for the weights and for each draw.
        name: name of the network, in lower-case letters, digits and _. It is the column
            `condition` and, with the names of the layers, determines the random numbers. None: name
            of the weights.
        progress: function, such as `print`, that is called with a text before each step.
        jobs: number of draws computed at a time, one per core. The numbers are the same.
        memory: gigabytes for the draws in progress; fewer draws of large layers run at a time.
        groups: known groups of units, scored without clustering (docs/your-own-matrix.md): a
            table file or data frame with the columns `side` (U: rows, V: columns), `unit` (name,
            or number from 0), `group` and, for several layers, `layer`; or a pair (groups of the
            rows, groups of the columns; None if unknown), a `Partition`, or a dict of these by
            layer. Their rows have the method `groups`, and `labels` as the only null.
        chain, transpose: as in `load`.

    Returns:
        One row per layer, method, k, measure and null, with the columns of a study's
        `scores.parquet` (docs/measures.md): `condition`, `seed` (-1), `layer`, `method`, `k`,
        `k_effective`, `measure`, `value` (in nats for information), `null`, `null_mean`, `null_sd`,
        `null_n`, `z` (positive is better than chance), `p`, `p_two_sided`, `q` (empty: it needs
        several seeds), `status` (`infeasible` if the layer cannot hold k), `excess` (value - null
        mean, in the measure's units) and `z_error` (Monte Carlo standard error of z).

    Raises:
        UserError: if the weights are not finite, no layer can hold some k, an argument is invalid,
            or a unit in `groups` is missing, unknown or duplicate.

    >>> blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    >>> scores = score(blocks, k=2, nulls={"shuffle": 19})
    >>> scores.query("measure == 'barber_q'")[["k", "value", "p"]].round(2).to_dict("list")
    {'k': [2], 'value': [0.45], 'p': [0.05]}
    """
    loaded = _with_warnings(as_weights(weights, Reading(None, chain, transpose)), weights)
    lists = (_grid(k), listed(methods), listed(scalings))
    chosen = loaded.name if name is None else name
    choices = asked_of(chosen, *lists, nulls, restarts, draws, listed(measures))
    workers = workers_of(jobs, memory)
    networks, known, choices = _prepared(loaded, groups, choices, k)
    return evaluate(networks, choices, Work(progress), workers, known).rows


def _grid(k: int | str | Iterable[int | str] | None) -> list[int | str]:
    return k_grid(USUAL_K if k is None else k)


def _prepared(
    weights: Weights, groups: Any, arguments: ScoringArguments, k: object
) -> tuple[Networks, dict[str, KnownGroups], ScoringArguments]:
    """Network, its known groups, and what is asked for: of the default k, those that fit."""
    networks = as_networks(weights, arguments.name)
    known = groups_in_files(groups, weights, networks)
    return networks, known, usual_k(networks, arguments) if k is None else arguments


def explore(
    weights: Source,
    path: str | os.PathLike[str] | None = None,
    k: int | str | Iterable[int | str] | None = None,
    *,
    methods: str | Sequence[str] = ("matched",),
    scalings: str | Sequence[str] = ("none",),
    nulls: Mapping[str, int] = DEFAULT_NULLS,
    draws: Draws = "fixed",
    verdicts: Literal["auto", "bits", "draws", "none"] = "auto",
    restarts: int = 3,
    name: str | None = None,
    progress: Report | None = None,
    jobs: int = 1,
    memory: float = DRAWS_MEMORY,
    groups: Any = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> Page:
    """Score the clusters of each layer, and make a page to look at them in a browser or notebook.

    The page shows each matrix in the order of its clusters, its scores beside nulls, verdicts,
    names of units, and known groups beside clusters. It works offline. Matrices of more than
    98,304 weights, or fewer where there are more than 35 of them, are shown in cells: means over
    units that share most of their clusters.

    Args:
        weights, k, methods, scalings, nulls, draws, restarts, name, progress, jobs, memory, groups,
            chain, transpose: as in `score`; not all methods may be `whole`.
        path: an .html file to write, or None. A file that is there is overwritten.
        verdicts: layers to give a verdict on, as the command's option `--verdict`.

    Returns:
        The page. As the result of a cell, a notebook shows it.

    Raises:
        UserError: as in `score`; or if the path does not end in .html.

    >>> blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    >>> page = explore(blocks, k=2, nulls={"shuffle": 19}, verdicts="none")
    >>> page.content[:15]
    '<!DOCTYPE html>'
    """
    # It imports Matplotlib, which scores do not need.
    from clusterability.report.page.one_file import Result, check_methods, page_of_file

    if verdicts not in (*EXTENTS, "none"):
        raise UserError(f"verdicts: found {verdicts!r}, expected {', '.join(EXTENTS)} or none")
    if path is not None and Path(path).suffix != ".html":
        raise UserError(f"path: found {os.fspath(path)!r}, expected a file that ends in .html")
    loaded = _with_warnings(as_weights(weights, Reading(None, chain, transpose)), weights)
    lists = (_grid(k), listed(methods), listed(scalings))
    choices = asked_of(loaded.name if name is None else name, *lists, nulls, restarts, draws)
    check_methods(choices.methods)
    work, workers = Work(progress), workers_of(jobs, memory)
    networks, known, choices = _prepared(loaded, groups, choices, k)
    scored = evaluate(networks, choices, work, workers, known)
    table = asked_verdicts(networks, choices, verdicts, work, workers)
    content = page_of_file(Result(loaded, networks, choices, scored, known, table))
    if path is not None:
        write_whole(Path(path), content)
    return Page(content.decode())


def asked_verdicts(
    networks: Networks, arguments: ScoringArguments, extent: str, work: Work, workers: Workers
) -> pd.DataFrame | None:
    """Verdicts on the layers that an extent (`one_verdict.EXTENTS`) includes; None for `none`."""
    if extent == "none":
        return None
    return layer_verdicts(
        networks,
        arguments.restarts,
        contrast=detectable_contrast,
        work=work,
        workers=workers,
        extent=EXTENTS[extent],
    )


def agreement(
    weights: Source,
    groups: Any,
    k: int | str | Iterable[int | str] | None = None,
    *,
    methods: str | Sequence[str] = ("matched",),
    scalings: str | Sequence[str] = ("none",),
    restarts: int = 3,
    name: str | None = None,
    draws: int = GROUP_DRAWS,
) -> pd.DataFrame:
    """Compare the clusters of each layer with known groups of its units, on each side separately.

    Adjusted mutual information and adjusted Rand index are 1 for equal partitions, and 0 on average
    over permuted labels.

    Args:
        weights, groups, k, methods, scalings, restarts, name: as in `score`.
        draws: number of permutations of the labels.

    Returns:
        One row per layer, method, k, side and measure (`ami`, `ari`, `nmi`), with the columns of a
        study's `agreement.parquet` (docs/results.md).

    Raises:
        UserError: as in `score`.

    References:
        Vinh, Epps & Bailey 2010, for adjusted mutual information.
        Hubert & Arabie 1985, Comparing partitions, for the adjusted Rand index.
        doi:10.1007/BF01908075

    >>> blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    >>> rows = agreement(blocks, (list("aaaabbbb"), None), k=2)
    >>> rows[["side", "measure", "value"]].to_dict("list")
    {'side': ['U', 'U', 'U'], 'measure': ['ami', 'ari', 'nmi'], 'value': [1.0, 1.0, 1.0]}
    """
    loaded = _with_warnings(as_weights(weights), weights)
    lists = (_grid(k), listed(methods), listed(scalings))
    choices = asked_of(loaded.name if name is None else name, *lists, {}, restarts)
    networks, known, choices = _prepared(loaded, groups, choices, k)
    return group_agreement(choices.name, evaluate(networks, choices).partitions, known, draws)


def verdict(
    weights: Source,
    *,
    nulls: Mapping[str, int] | None = None,
    restarts: int = 3,
    name: str | None = None,
    progress: Report | None = None,
    jobs: int = 1,
    memory: float = DRAWS_MEMORY,
) -> pd.DataFrame:
    """Decide whether clusters of each layer pay for themselves, and beyond which nulls.

    The search `described` runs on the weights as they are and at the scaling `ranked`, with at most
    12 clusters per side. If these save 20 bits, the search also runs on draws of nulls
    (docs/bits.md).

    Args:
        weights, restarts, name, progress, jobs, memory: as in `score`.
        nulls: number of draws by null model. None: 19 of `strength`, or of `degrees` for zeros and
            ones or counts, and 19 of `rotated_u`.

    Returns:
        One row per layer with at least two live units on either side, with the columns of a study's
        `verdict.csv` (docs/results.md): `verdict`, `bits`, `beyond_strength`, `same_bits_ami` …

    Raises:
        UserError: if the weights are not finite, or an argument is invalid.

    >>> noise = np.random.default_rng(0).normal(size=(12, 30))
    >>> verdict(noise)[["layer", "verdict", "bits"]].to_dict("list")
    {'layer': ['fc1'], 'verdict': ['none that pay'], 'bits': [0.0]}
    """
    loaded = as_weights(weights)
    chosen = loaded.name if name is None else name
    choices = asked_of(chosen, [2], [VERDICT_METHOD], VERDICT_SCALINGS, nulls or {}, restarts)
    for extension in choices.extensions:
        raise extension.fault("no verdict on it", "nulls of the library")
    return layer_verdicts(
        as_networks(loaded, choices.name),
        choices.restarts,
        nulls=None if nulls is None else choices.nulls,
        contrast=detectable_contrast,
        work=Work(progress),
        workers=workers_of(jobs, memory),
    )


def list_measures() -> pd.DataFrame:
    """List the structural measures: `measure`, `label`, `better` and `meaning`.

    `better` is `higher`, `lower` or `neither`. docs/measures.md gives formulas, sources, and what
    misleads each measure.

    >>> list_measures().set_index("measure").loc["ncut", ["label", "better"]].tolist()
    ['n-cut', 'lower']
    """
    return pd.DataFrame(
        [
            {
                "measure": name,
                "label": measure.label,
                "better": _BETTER[measure.direction],
                "meaning": measure.says,
            }
            for name, measure in MEASURES.items()
        ]
    )
