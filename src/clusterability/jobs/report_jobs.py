"""What the page of all networks and the files of a paper are made for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageJob:
    """What decides the page of all networks, beside the files that it shows.

    Attributes:
        drawn_k, drawn_method: at which the page opens.
        groups: random groups of units that clusters are compared with.
        k: numbers of clusters, rising.
        methods: that cluster layers, at each scale.
        nulls: draws by null.
        probed_k: numbers of clusters that are probed, rising.
        whole: whether whole networks are clustered, too.
    """

    drawn_k: int
    drawn_method: str | None
    groups: int
    k: Sequence[int]
    methods: Sequence[str]
    nulls: Mapping[str, int]
    probed_k: Sequence[int]
    whole: bool


@dataclass(frozen=True)
class PaperJob:
    """What decides the files of a paper, beside figures and tables.

    Attributes:
        config: the resolved config.
        k, method: shown in tables for print.
        nulls: draws by null.
        recipes: the whole recipe of each condition.
        seeds: blocks of seeds.
        tables: names of the tables that those for print are made of.
    """

    config: Mapping[str, Any]
    k: int
    method: str
    nulls: Mapping[str, int]
    recipes: Mapping[str, Mapping[str, Any]]
    seeds: Sequence[str]
    tables: Sequence[str]
