"""Tables for print by name: which of the study's tables each is made of; names of figures."""

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
"""The functions are in `clusterability.report.paper.tables`."""


def paper_name(figure: str) -> str:
    """A figure's name in LaTeX, where a dot would start the ending.

    >>> paper_name("z_scores.matched")
    'z_scores-matched'
    """
    return figure.replace(".", "-")
