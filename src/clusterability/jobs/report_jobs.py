"""Parameters of the page of all networks and of the files of a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageJob:
    """Parameters of the page of all networks, apart from the files that it shows.

    Attributes:
        drawn_k, drawn_method: the view that the page opens with.
        groups: number of random groups of units that clusters are compared with.
        k: numbers of clusters, ascending.
        methods: names of the scaled methods that cluster layers.
        nulls: number of draws by null, or the range of the numbers.
        probed_k: numbers of clusters that are probed, ascending.
        restarts: of the clustering, for the shuffles that the page clusters.
        whole: whether whole networks are clustered too.
    """

    drawn_k: int
    drawn_method: str | None
    groups: int
    k: Sequence[int]
    methods: Sequence[str]
    nulls: Mapping[str, int | str]
    probed_k: Sequence[int]
    restarts: int
    whole: bool


@dataclass(frozen=True)
class PaperJob:
    """Parameters of the files of a paper, apart from figures and tables.

    Attributes:
        config: the resolved config.
        k, method: shown in the printed tables.
        nulls: number of draws by null, or the range of the numbers.
        recipes: the complete recipe of each condition.
        seeds: blocks of seeds.
        tables: names of the tables that the printed ones are made from.
    """

    config: Mapping[str, Any]
    k: int
    method: str
    nulls: Mapping[str, int | str]
    recipes: Mapping[str, Mapping[str, Any]]
    seeds: Sequence[str]
    tables: Sequence[str]
