"""The functions to begin with in a notebook: load weights, cluster them, score the clusters.

`import clusterability as cl` has all of them as `cl.load`, `cl.cluster`, `cl.score` and
`cl.list_measures`. None of them needs PyTorch, but for its own files and tensors. An error that a
caller can mend is a `UserError` of one line: what it is about, what was found, what is expected.
docs/python.md shows them in use, docs/measures.md defines measures, methods and nulls.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from clusterability.analysis.group_agreement import DRAWS as GROUP_DRAWS
from clusterability.analysis.group_agreement import group_agreement
from clusterability.analysis.one_verdict import METHOD as VERDICT_METHOD
from clusterability.analysis.one_verdict import SCALINGS as VERDICT_SCALINGS
from clusterability.analysis.one_verdict import layer_verdicts
from clusterability.clustering.catalogue import METHODS
from clusterability.clustering.spectral import cluster as cluster_matrices
from clusterability.errors import UserError
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.detectable_contrast import detectable_contrast
from clusterability.names import NETWORK
from clusterability.networks.graph import network_units
from clusterability.networks.importing.selection import Convolutions, Reading
from clusterability.networks.importing.tables.table_reading import Edges, table_reading
from clusterability.networks.known_groups import groups_in_files
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
from clusterability.numerics import DRAWS_MEMORY
from clusterability.results.one_network import check_k, evaluate, usual_k
from clusterability.results.single.work import Said, Work
from clusterability.study.arguments import USUAL_K, Asked, asked_of, k_grid, listed, workers_of
from clusterability.study.sections import Draws

__all__ = [
    "Partition",
    "UserError",
    "Weights",
    "agreement",
    "cluster",
    "list_measures",
    "load",
    "score",
    "verdict",
]

DEFAULT_NULLS = {"shuffle": 99, "labels": 99}
"""As in config.yaml."""

_BETTER = {1: "higher", -1: "lower", 0: "neither"}


# Arrays are not equal or different as a whole.
@dataclass(frozen=True, eq=False)
class Partition:
    """Clusters of one weight matrix [out, in]: cluster a of the rows goes with a of the columns.

    Attributes:
        method: how they were found.
        k: clusters asked for, on each side.
        rows: int64 [out], labels 0 to k - 1 of the output units; -1 for dead ones.
        columns: int64 [in], labels of the input units.
    """

    method: str
    k: int
    rows: np.ndarray
    columns: np.ndarray

    def order(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the rows and of the columns, cluster by cluster; dead units come first.

        >>> found = Partition("matched", 2, np.array([1, 0, 1]), np.array([1, 0]))
        >>> rows, columns = found.order()
        >>> rows.tolist(), columns.tolist()  # matrix[rows][:, columns] shows the blocks
        ([1, 0, 2], [1, 0])
        """
        return np.argsort(self.rows, kind="stable"), np.argsort(self.columns, kind="stable")


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
    """The weight matrices of a network, from a file or from arrays by name.

    Args:
        source: a file of one of the kinds in docs/your-own-matrix.md, or the index or folder of a
            model in several; a module of PyTorch; a dict of arrays or tensors; or one matrix.
        layers: names of the arrays that are layers, or patterns such as `*.mlp.*`. None: all 2-D
            arrays but embeddings, and integers beside floats.
        chain: whether the outputs of each layer are the inputs of the next, from the input on, as
            `whole` and `unit-norm` need it. None: only of a plain MLP, whose names differ by one
            number and whose shapes fit in one way.
        transpose: whether arrays are [in, out], as Keras and GPT-2's Conv1D keep them. A chain
            whose shapes fit both ways has to say it.
        convolutions: how kernels [out, in, taps] become matrices: `sum` of the sizes over taps, or
            their L2 `norm`; with `transpose` they are [taps, in, out]. None: they are left out.
        header, index: of a table, whether the first row and the first column are names. None: as
            the table shows; one that may be read in two ways is refused.
        edges: of a table that lists edges, its columns of sources, targets and, if there are any,
            weights: names or numbers from 1. The matrix is sources by targets, 0 where there is no
            edge. False: a table that looks like such a list is a matrix.

    Returns:
        float32 [out, in] by layer: each by itself under the name of its array, in the order of the
        file; or `fc1`, `fc2`, … of a chain, and `fc1` of a file or a matrix that has one array
        without a name. Printed, it says how the file was read and what was left out. Its name,
        which random streams go by, is that of the file in small letters; `units` are names of rows
        and columns by layer, where there are some.

    Warns:
        UserWarning: where numbers in the first row or column are read as names.

    Raises:
        UserError: where the file is missing, damaged or of another kind; where a matrix has a
            number that is not finite or too large for float32; where a chain does not fit, or fits
            both ways.

    >>> load({"0.weight": np.ones((3, 4)), "0.bias": np.ones(3), "2.weight": np.ones((2, 3))})
    Weights 'weights': fc1 [3, 4] from '0.weight', fc2 [2, 3] from '2.weight' (read as a chain \
4-3-2, arrays [out, in])
    """
    names = [layers] if isinstance(layers, str) else layers
    table = table_reading(header, index, edges)
    reading = Reading(names, chain, transpose, table, convolutions)
    return _told(load_weights(source, reading), source)


def _told(found: Weights, source: Source) -> Weights:
    """The weights; a warning says what was taken for granted in reading them."""
    if not isinstance(source, Weights):
        for line in found.told:
            warnings.warn(line, UserWarning, stacklevel=3)
    return found


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
    """Clusters the units on both sides of each weight matrix.

    Bipartite spectral clustering (Dhillon 2001): the singular vectors of the matrix of absolute
    weights, normalised by the units' strengths, then k-means.

    Args:
        weights: one matrix [out, in]; or matrices by layer, as `load` gives them; a file; or a
            module of PyTorch.
        k: clusters on each side.
        method: `matched` (each side alone, clusters paired by the Hungarian method), `joint` (both
            sides in one k-means), `notebook` (one start, paired as they come), `refined` (the
            largest modularity), `described` (the most saved bits, in at most k clusters), or
            `whole` (the units of all layers at once, which needs all layers of a network).
        scaling: `none`; `unit-norm` or `balanced`, which do not change when a ReLU unit is
            rescaled; or `ranked`, which leaves out what single units bring along.
        restarts: starts of k-means.
        name: decides the random numbers, with the layer's name. None: that of the weights.
        chain, transpose: as for `load`.

    Returns:
        A `Partition` of the one matrix, or one for each layer. By `whole`, a hidden unit has the
        same label as a row of its own layer and as a column of the next.

    Raises:
        UserError: where a layer cannot hold k clusters, or an argument is none of these.

    >>> found = cluster([[9, 8, 0, 1], [7, 9, 1, 0], [0, 1, 8, 9], [1, 0, 9, 7]], k=2)
    >>> found.rows.tolist(), found.columns.tolist()
    ([1, 1, 0, 0], [1, 1, 0, 0])
    """
    found = _told(as_weights(weights, Reading(None, chain, transpose)), weights)
    asked = asked_of(
        found.name if name is None else name, k_grid(k), [method], [scaling], {}, restarts
    )
    networks = as_networks(found, asked.name)
    if len(asked.k_values) > 1:
        raise UserError(f"k: found {k!r}, expected one number of clusters")
    if METHODS[method].whole:
        partitions = _whole_partitions(networks, asked)
    else:
        in_files = zip(found, networks.weights, strict=True)
        partitions = {layer: _find(networks, name, asked) for layer, name in in_files}
    return partitions if has_layers(weights) else next(iter(partitions.values()))


def _find(networks: Networks, layer: str, asked: Asked) -> Partition:
    """The partition of a layer, at the only k, method and scaling that is asked for."""
    (k,), (method,), (scaling,) = asked.k_values, asked.methods, asked.scalings
    check_chain(networks, [layer], [scaling])
    check_k(networks, [layer], [k])
    (scaled,) = scaled_layers(networks, layer, [scaling])
    given = (scaled.matrices, scaled.streams)
    found = cluster_matrices(*given, [k], [method], asked.restarts)[method, k]
    if not found.feasible[0]:
        raise UserError(f"scaling: found {scaling!r}, expected one that {layer} can be brought to")
    rows, columns = (labels[0].astype(np.int64) for labels in (found.rows, found.columns))
    return Partition(method, k, rows, columns)


def _whole_partitions(networks: Networks, asked: Asked) -> dict[str, Partition]:
    """The partition of the whole network, layer by layer."""
    found = _find(networks, NETWORK, asked)
    stacks = list(networks.weights.values())
    sizes = [stacks[0].shape[-1], *(stack.shape[-2] for stack in stacks)]
    even, odd = network_units(sizes)
    labels = np.empty(sum(sizes), np.int64)
    labels[even], labels[odd] = found.rows, found.columns
    of_units = np.split(labels, np.cumsum(sizes)[:-1])
    return {
        layer: Partition(found.method, found.k, of_units[number + 1], of_units[number])
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
    restarts: int = 3,
    name: str | None = None,
    progress: Said | None = None,
    jobs: int = 1,
    memory: float = DRAWS_MEMORY,
    groups: Any = None,
    chain: bool | None = None,
    transpose: bool | None = None,
) -> pd.DataFrame:
    """How good the clusters of each layer are, over a grid of k, beside what chance gives.

    The numbers are those of a study, to the bit, whose config imports the same file under the same
    name with the same k, methods, nulls and restarts.

    Args:
        weights: one matrix [out, in]; or matrices by layer, as `load` gives them; or a file.
        k: numbers of clusters, such as 4, "2-12,16" or [2, 3, 4]. None: 2 to 12, as far as some
            layer can hold so many.
        methods: any of `notebook`, `matched`, `joint`, `refined`, `described` for each layer, and
            `whole` for the network: its rows have the layer `network`.
        scalings: of the weights: any of `none`, `unit-norm`, `balanced`, `ranked`. Rows of the
            last three have methods such as `matched-balanced`.
        nulls: random models to number of draws: of `shuffle`, `shuffle_nonzero`, `strength`,
            `degrees`, `rotated_u`, `rotated_v` and `labels`. {}: none, and then no z and no p.
        draws: `fixed`, as many as `nulls` says; or `adaptive`, of nulls that cluster each draw at
            most so many: at least 19, and no more once ten were as good as each value.
        restarts: starts of k-means, for the weights and for each draw.
        name: of the network: it is the column `condition`, and decides the random numbers with the
            names of the layers. Small letters, digits and _. None: that of the weights.
        progress: is called with a text, such as `print`, before each step.
        jobs: draws at a time, one a core. The numbers are the same.
        memory: gigabytes for the draws that are worked on: of large layers, fewer at a time.
        groups: known groups of units, which are scored as they are (docs/your-own-matrix.md): the
            file of a table or a data frame with the columns `side` (U: rows, V: columns), `unit`
            (name, or number from 0), `group` and, of several layers, `layer`; or a pair (of the
            rows, of the columns; None: not known), a `Partition`, or a dict of these by layer.
            Their rows have the method `groups`, and `labels` as the only null.
        chain, transpose: as for `load`.

    Returns:
        One row for each layer, method, k, measure and null, with the columns of a study's
        `scores.parquet` (docs/measures.md): `condition`, `seed` (-1), `layer`, `method`, `k`,
        `k_effective`, `measure`, `value` (nats, where it is an information), `null`, `null_mean`,
        `null_sd`, `null_n`, `z` (positive is better than chance), `p`, `p_two_sided`, `q` (empty:
        it needs several seeds), `status` (`infeasible` where the layer cannot hold k), `excess`
        (value - null mean, in the measure's units) and `z_error` (Monte Carlo standard error of z).

    Raises:
        UserError: where the weights are not finite, no layer can hold some k, or an argument is
            none of these; where a unit is missing in `groups`, unknown or there twice.

    >>> blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    >>> scores = score(blocks, k=2, nulls={"shuffle": 19})
    >>> scores.query("measure == 'barber_q'")[["k", "value", "p"]].round(2).to_dict("list")
    {'k': [2], 'value': [0.45], 'p': [0.05]}
    """
    found = _told(as_weights(weights, Reading(None, chain, transpose)), weights)
    lists = (k_grid(USUAL_K if k is None else k), listed(methods), listed(scalings))
    asked = asked_of(found.name if name is None else name, *lists, nulls, restarts, draws)
    workers = workers_of(jobs, memory)
    networks = as_networks(found, asked.name)
    known = groups_in_files(groups, found, networks)
    if k is None:
        asked = usual_k(networks, asked)
    return evaluate(networks, asked, Work(progress), workers, known).rows


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
    """How far the clusters of each layer agree with known groups of its units, side by side.

    Adjusted mutual information (Vinh, Epps & Bailey 2010) and adjusted Rand index (Hubert & Arabie
    1985): 1 where both are the same, 0 on average over permuted labels.

    Args:
        weights, groups, k, methods, scalings, restarts, name: as for `score`.
        draws: permutations of the labels.

    Returns:
        One row for each layer, method, k, side and measure (`ami`, `ari`, `nmi`), with the columns
        of a study's `agreement.parquet` (docs/results.md).

    Raises:
        UserError: as `score`.

    >>> blocks = np.kron(np.eye(2), np.ones((4, 6))) + np.arange(96).reshape(8, 12) / 960
    >>> found = agreement(blocks, (list("aaaabbbb"), None), k=2)
    >>> found[["side", "measure", "value"]].to_dict("list")
    {'side': ['U', 'U', 'U'], 'measure': ['ami', 'ari', 'nmi'], 'value': [1.0, 1.0, 1.0]}
    """
    found = _told(as_weights(weights), weights)
    lists = (k_grid(USUAL_K if k is None else k), listed(methods), listed(scalings))
    asked = asked_of(found.name if name is None else name, *lists, {}, restarts)
    networks = as_networks(found, asked.name)
    known = groups_in_files(groups, found, networks)
    asked = usual_k(networks, asked) if k is None else asked
    return group_agreement(asked.name, evaluate(networks, asked).found, known, draws)


def verdict(
    weights: Source,
    *,
    nulls: Mapping[str, int] | None = None,
    restarts: int = 3,
    name: str | None = None,
    progress: Said | None = None,
    jobs: int = 1,
    memory: float = DRAWS_MEMORY,
) -> pd.DataFrame:
    """Whether clusters of each layer pay for themselves, and beyond what (docs/bits.md).

    The search `described` on the weights as they are and at the scale `ranked`, for at most 12
    clusters a side; where these save 20 bits, the same search on draws of nulls.

    Args:
        weights, restarts, name, progress, jobs, memory: as of `score`.
        nulls: random models to number of draws. None: 19 of `strength`, or of `degrees` where
            weights are zeros and ones or counts, and 19 of `rotated_u`.

    Returns:
        One row a layer with two live units on either side, with the columns of a study's
        `verdict.csv` (docs/results.md): `verdict`, `bits`, `beyond_strength`, `same_bits_ami` …

    Raises:
        UserError: where the weights are not finite, or an argument is none of these.

    >>> noise = np.random.default_rng(0).normal(size=(12, 30))
    >>> verdict(noise)[["layer", "verdict", "bits"]].to_dict("list")
    {'layer': ['fc1'], 'verdict': ['none that pay'], 'bits': [0.0]}
    """
    found = as_weights(weights)
    known = found.name if name is None else name
    asked = asked_of(known, [2], [VERDICT_METHOD], VERDICT_SCALINGS, nulls or {}, restarts)
    return layer_verdicts(
        as_networks(found, asked.name),
        asked.restarts,
        nulls=None if nulls is None else asked.nulls,
        contrast=detectable_contrast,
        work=Work(progress),
        workers=workers_of(jobs, memory),
    )


def list_measures() -> pd.DataFrame:
    """The structural measures: `measure`, `label`, `better` and `meaning`.

    `better` says which values are: `higher`, `lower` or `neither`. docs/measures.md has formulas,
    sources, and what misleads each of them.

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
