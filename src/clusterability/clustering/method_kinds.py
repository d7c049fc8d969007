"""What is to be known of a method beside its labels.

Apart from the catalogue, so that a new line there clusters nothing again. Names may say a scale of
the weights, as `described-ranked` does. Methods that are not named here have nothing of their own,
nor have labels made by hand.
"""

from __future__ import annotations

_CHOOSING = ("described",)
_OF_NETWORKS = ("whole",)
_STARTS = {"described": 6, "refined": 4}


def chooses(method: str) -> bool:
    """Whether k is the most clusters of a side that it takes: as many as save most bits.

    >>> chooses("described-ranked"), chooses("matched")
    (True, False)
    """
    return _base(method) in _CHOOSING


def of_networks(method: str) -> bool:
    """Whether it clusters the units of all layers at once."""
    return _base(method) in _OF_NETWORKS


def starts_of(method: str, restarts: int) -> int:
    """How many starts it has, where k-means has `restarts`."""
    return _STARTS.get(_base(method), restarts)


def _base(method: str) -> str:
    return method.partition("-")[0]
