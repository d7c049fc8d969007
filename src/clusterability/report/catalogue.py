"""Figures by name: what each is drawn from, and how a reader finds it.

The module of the same name in `figures` draws it. A new figure is that module and a line here:
drawn once, from tables of the study, unless the line says more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from clusterability.clustering.method_kinds import chooses
from clusterability.jobs.figure_job import FigureJob
from clusterability.jobs.report_jobs import PageJob, PaperJob
from clusterability.measures.function_catalogue import GROUPS
from clusterability.names import NETWORK
from clusterability.study.planted_conditions import answers
from clusterability.study.published import published_conditions, published_measures
from clusterability.study.sections import LAYER_METHODS

if TYPE_CHECKING:
    from clusterability.study.study import Study

TABLES = {
    "ablations": "parquet",
    "agreement": "csv",
    "best_k": "csv",
    "best_k_networks": "csv",
    "calibration": "csv",
    "clusters": "parquet",
    "findings": "csv",
    "lesions": "parquet",
    "networks": "csv",
    "replication": "csv",
    "replication_history": "csv",
    "scores": "parquet",
    "snapshots": "csv",
    "summary": "csv",
    "validity": "csv",
    "verdict": "csv",
}
"""Tables that a figure may be drawn from, and the file's ending."""

QUALITY = "1 How good are the clusters?"
TRUST = "2 Which number to trust?"
FUNCTION = "3 What do the clusters do?"
AGREEMENT = "4 Do clusters agree?"
NETWORKS = "5 The networks"
TABLES_SHOWN = "6 Tables"
"""Categories of the report, which sorts them by their names."""
CATEGORIES = (QUALITY, TRUST, FUNCTION, AGREEMENT, NETWORKS)


# --- what figures show of a study --------------------------------------------------------------


def drawn_k(study: Study) -> int:
    """Number of clusters in the pictures of weight matrices."""
    return study.drawn_k


def drawn_pixel_k(study: Study) -> list[int]:
    """Numbers of clusters in the maps of pixel clusters."""
    return study.figures.pixel_k or study.few_k


def drawn_probed_k(study: Study) -> int | None:
    """Number of clusters in the pictures of what units do, if anything is probed."""
    if drawn_k(study) in study.probed_k:
        return drawn_k(study)
    return study.probed_k[0] if study.probed_k else None


def _drawn_probed_conditions(study: Study) -> list[str]:
    """Probed conditions with partitions of layers to draw."""
    return study.probed_conditions if study.drawn_method is not None else []


def _probed_whole_methods(study: Study) -> list[str]:
    """Methods of whole networks, at each scale, where anything is probed."""
    methods = study.clustering.methods_for(NETWORK)
    return study.variants(methods) if study.probed_conditions else []


def figure_items(study: Study) -> dict[str, list[str]]:
    """All figures of the study: what is drawn, and the items that each draws separately."""
    return {name: list(entry.items(study)) for name, entry in FIGURES.items()}


def page_job(study: Study) -> PageJob:
    """What decides the page of all networks, beside the files that it shows."""
    return PageJob(
        # Where something is probed, the page opens at a k at which it is.
        drawn_k=drawn_probed_k(study) or drawn_k(study),
        drawn_method=study.drawn_method,
        groups=study.probe.groups,
        k=study.k_values,
        methods=study.variants(LAYER_METHODS),
        nulls=dict(sorted(study.shown_draws.items())),
        probed_k=sorted(study.probed_k),
        whole=bool(study.clustering.methods_for(NETWORK)),
    )


def paper_job(study: Study, tables: list[str]) -> PaperJob:
    """What decides the files of a paper, beside figures and tables.

    Args:
        study: the study.
        tables: names of the tables that those for print are made of.
    """
    recipes = {name: study.recipe_of(name).model_dump() for name in study.conditions}
    return PaperJob(
        config=study.model_dump(mode="json"),
        k=drawn_k(study),
        method=study.drawn_method or study.variants()[0],
        nulls={**study.shown_draws, GROUPS: study.probe.groups},
        recipes=recipes,
        seeds=study.own_seeds,
        tables=tables,
    )


# --- figures -----------------------------------------------------------------------------------


def _once(study: Study) -> Sequence[str]:
    return ["all"]


@dataclass(frozen=True)
class FigureEntry:
    """A kind of figure.

    Attributes:
        category: where the report shows it.
        inputs: names of TABLES, or of `histories` (of training), `weights` (the first block of the
            condition's networks) and `partitions` (of the first block of networks).
        items: names of the items that are drawn separately, from the study; none: no such figure.
        item: what an item is.
        layers: what is shown of each network: "all", or the only layer.
        k: which numbers of clusters are shown, from the study; None: all.
        method: whether the study's `drawn_method` alone is shown; otherwise all are, or the item.
    """

    category: str
    inputs: tuple[str, ...] = ("scores", "networks")
    items: Callable[[Study], Sequence[str]] = _once
    item: Literal["condition", "method", "measure", "choice", "all"] = "all"
    layers: str = "all"
    k: Callable[[Study], int | list[int] | None] | None = None
    method: bool = False

    def job(self, study: Study) -> FigureJob:
        """What decides the figure, beside the rows that it is drawn from; for `make`.

        What is drawn from no table says nothing of seeds and nulls: more of these do not change it.
        """
        of_tables = bool(set(TABLES) & set(self.inputs))
        return FigureJob(
            k=self.k(study) if self.k else None,
            method=study.drawn_method if self.method else None,
            nulls={**study.shown_draws, GROUPS: study.probe.groups} if of_tables else None,
            seeds=study.own_seeds if of_tables else None,
        )

    def labels(self, study: Study, item: str) -> dict[str, str]:
        """By what a reader finds the figure: the same keys for all figures."""
        k_values = self.k(study) if self.k else study.k_grid
        shown = k_values if isinstance(k_values, list) else [k_values]
        labels = {
            "condition": "all",
            "layer": self.layers,
            "method": str(study.drawn_method) if self.method else "all",
            "measure": "all",
            "k": ", ".join(map(str, shown)),
        }
        named = {"measure": f"{item} term"} if self.item == "choice" else {self.item: item}
        return labels | {key: text for key, text in named.items() if key in labels}


def _compared(study: Study) -> list[str]:
    """Methods that have z: what a search for bits finds in draws has no spread."""
    return [method for method in study.variants() if not chooses(method)]


FIGURES: dict[str, FigureEntry] = {
    "verdict": FigureEntry(QUALITY, ("verdict", "networks")),
    "bits_by_k": FigureEntry(
        QUALITY, items=lambda study: ["all"] if study.drawn_method else [], method=True
    ),
    "z_scores": FigureEntry(QUALITY, items=_compared, item="method"),
    "snapshots": FigureEntry(
        QUALITY, ("snapshots",), lambda study: list(study.snapshots), item="condition"
    ),
    "best_k": FigureEntry(
        QUALITY,
        ("best_k", "best_k_networks", "networks"),
        lambda study: study.variants() if study.redrawn_nulls else [],
        item="method",
    ),
    "measures": FigureEntry(QUALITY, items=lambda study: study.drawn_measures, item="measure"),
    "validity": FigureEntry(
        TRUST,
        ("validity",),
        lambda study: ["all"] if answers(study) and study.drawn_method else [],
        method=True,
    ),
    "validity_scatter": FigureEntry(
        TRUST,
        ("clusters", "validity"),
        lambda study: ["best", "worst"] if study.probed_conditions and study.drawn_method else [],
        item="choice",
        method=True,
    ),
    "replication": FigureEntry(
        TRUST,
        ("replication", "networks"),
        lambda study: published_measures(study.replication.scores),
        item="measure",
    ),
    "calibration": FigureEntry(
        TRUST,
        ("scores", "calibration"),
        lambda study: study.calibration if study.nulls else [],
        item="condition",
    ),
    "function": FigureEntry(
        FUNCTION,
        items=lambda study: study.variants() if study.probed_conditions else [],
        item="method",
    ),
    "ablations": FigureEntry(
        FUNCTION,
        ("ablations",),
        lambda study: [
            name for name in _drawn_probed_conditions(study) if study.recipe_of(name).trains
        ],
        item="condition",
        k=drawn_probed_k,
        method=True,
    ),
    "lesions": FigureEntry(
        FUNCTION,
        ("lesions",),
        _probed_whole_methods,
        item="method",
        layers="hidden",
        k=drawn_probed_k,
    ),
    "class_activity": FigureEntry(
        FUNCTION,
        ("ablations",),
        _drawn_probed_conditions,
        item="condition",
        k=drawn_probed_k,
        method=True,
    ),
    "responses": FigureEntry(
        FUNCTION,
        ("weights", "partitions"),
        lambda study: list(study.conditions) if study.drawn_method else [],
        item="condition",
        layers="fc1",
        k=drawn_k,
        method=True,
    ),
    "agreement": FigureEntry(
        AGREEMENT, ("agreement", "networks"), lambda study: study.agreeing_methods, item="method"
    ),
    "learning_curves": FigureEntry(
        NETWORKS, ("histories",), lambda study: ["all"] if study.conditions else []
    ),
    "replication_history": FigureEntry(
        NETWORKS,
        ("replication_history", "histories"),
        lambda study: published_conditions(study.replication.history),
        item="condition",
    ),
    "pixels": FigureEntry(
        NETWORKS,
        ("partitions",),
        lambda study: ["all"] if study.conditions and study.drawn_method else [],
        layers="fc1",
        k=drawn_pixel_k,
        method=True,
    ),
    "weights": FigureEntry(
        NETWORKS,
        ("weights", "partitions"),
        lambda study: study.names if study.drawn_method else [],
        item="condition",
        k=drawn_k,
        method=True,
    ),
}
"""In the order in which the report and the contact sheet show them."""
