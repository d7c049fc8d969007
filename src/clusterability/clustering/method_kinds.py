"""Properties of clustering methods besides their labels.

They are separate from the catalogue so that a new entry there does not rerun any clustering. Names
may include a scale of the weights, as in `described-ranked`. Unlisted methods, and labels made by
hand, have none of these properties.
"""

from __future__ import annotations

_CHOOSING = ("described",)
_OF_NETWORKS = ("whole",)
_STARTS = {"described": 6, "refined": 4}


def chooses(method: str) -> bool:
    """Whether k is only the maximum number of clusters per side, and the method chooses by bits.

    >>> chooses("described-ranked"), chooses("matched")
    (True, False)
    """
    return _base(method) in _CHOOSING


def of_networks(method: str) -> bool:
    """Whether the method clusters the units of all layers at once."""
    return _base(method) in _OF_NETWORKS


def starts_of(method: str, restarts: int) -> int:
    """Number of restarts of a method, where k-means has `restarts`."""
    return _STARTS.get(_base(method), restarts)


def _base(method: str) -> str:
    return method.partition("-")[0]
