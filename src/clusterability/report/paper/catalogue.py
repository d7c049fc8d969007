"""Catalogue of printed tables, with the study's tables behind them; names of figures."""

from __future__ import annotations

PAPER_TABLES = {
    "verdict": "verdict",
    "networks": "networks",
    "quality": "summary",
    "z_scores": "summary",
    "best_k": "best_k",
    "detection": "validity",
    "prediction": "validity",
    "findings": "findings",
    "agreement": "agreement",
    "paired": "paired",
}
"""Table of the study by printed table; `clusterability.report.paper.tables` has the functions."""


def paper_name(figure: str) -> str:
    """Name of a figure in LaTeX, where a dot would start the file extension.

    >>> paper_name("z_scores.matched")
    'z_scores-matched'
    """
    return figure.replace(".", "-")
