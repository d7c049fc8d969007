"""Catalogue of the figures by name: their inputs, and the labels by which readers find them.

Each is drawn by the module of the same name in `figures`. A new figure is such a module and an
entry below; by default it is drawn once, from tables of the study.
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
"""Tables that figures may use, with the file extension."""

QUALITY = "1 How good are the clusters?"
TRUST = "2 Which number to trust?"
FUNCTION = "3 What do the clusters do?"
AGREEMENT = "4 Do clusters agree?"
NETWORKS = "5 The networks"
TABLES_SHOWN = "6 Tables"
"""Categories of the report, which sorts them by name."""
CATEGORIES = (QUALITY, TRUST, FUNCTION, AGREEMENT, NETWORKS)


# --- what figures show of a study --------------------------------------------------------------


def drawn_k(study: Study) -> int:
    """Number of clusters in the pictures of weight matrices."""
    return study.drawn_k


def drawn_pixel_k(study: Study) -> list[int]:
    """Numbers of clusters in the maps of pixel clusters."""
    return study.figures.pixel_k or study.few_k


def drawn_probed_k(study: Study) -> int | None:
    """Number of clusters in the pictures of unit functions; None if nothing is probed."""
    if drawn_k(study) in study.probed_k:
        return drawn_k(study)
    return study.probed_k[0] if study.probed_k else None


def _drawn_probed_conditions(study: Study) -> list[str]:
    """Probed conditions that have partitions of layers."""
    return study.probed_conditions if study.drawn_method is not None else []


def _probed_whole_methods(study: Study) -> list[str]:
    """Methods for whole networks at each scaling; empty if nothing is probed."""
    methods = study.clustering.methods_for(NETWORK)
    return study.variants(methods) if study.probed_conditions else []


def figure_items(study: Study) -> dict[str, list[str]]:
    """All figures of the study, each with the items that are drawn separately."""
    return {name: list(entry.items(study)) for name, entry in FIGURES.items()}


def page_job(study: Study) -> PageJob:
    """Parameters of the page of all networks, except for its files."""
    return PageJob(
        # With probes, the page opens at a probed k.
        drawn_k=drawn_probed_k(study) or drawn_k(study),
        drawn_method=study.drawn_method,
        groups=study.probe.groups,
        k=study.k_values,
        methods=study.layer_variants,
        nulls=dict(sorted(study.shown_draws.items())),
        probed_k=sorted(study.probed_k),
        restarts=study.clustering.restarts,
        whole=bool(study.clustering.methods_for(NETWORK)),
    )


def paper_job(study: Study, tables: list[str]) -> PaperJob:
    """Parameters of the files of a paper, except for figures and tables.

    Args:
        study: the study.
        tables: names of the tables behind the printed ones.
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
    """Description of a kind of figure.

    Attributes:
        category: category in the report.
        inputs: names of TABLES, `histories` (of training), `weights` (the first block of the
            condition's networks) or `partitions` (of the first block of networks).
        items: items of a study that are drawn separately; none means no such figure.
        item: type of an item.
        layers: layers shown of each network: "all", or a single layer.
        k: numbers of clusters shown in a study; None for all.
        method: whether only the study's `drawn_method` is shown; otherwise all, or the item.
    """

    category: str
    inputs: tuple[str, ...] = ("scores", "networks")
    items: Callable[[Study], Sequence[str]] = _once
    item: Literal["condition", "method", "measure", "choice", "all"] = "all"
    layers: str = "all"
    k: Callable[[Study], int | list[int] | None] | None = None
    method: bool = False

    def job(self, study: Study) -> FigureJob:
        """Parameters of the figure, except for the rows it is drawn from.

        Figures that use no table do not depend on seeds and nulls, so that adding some reruns none.
        """
        of_tables = bool(set(TABLES) & set(self.inputs))
        return FigureJob(
            k=self.k(study) if self.k else None,
            method=study.drawn_method if self.method else None,
            nulls={**study.shown_draws, GROUPS: study.probe.groups} if of_tables else None,
            seeds=study.own_seeds if of_tables else None,
        )

    def labels(self, study: Study, item: str) -> dict[str, str]:
        """Labels by which readers find the figure, with the same keys for all figures."""
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
    """Methods with z scores; draws of a search for bits have no spread."""
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
"""Figures in the order of the report and the contact sheet."""
