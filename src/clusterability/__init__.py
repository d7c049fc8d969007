"""Quality of the co-clusters of a weight matrix: the functions to begin with in a notebook.

>>> import clusterability as cl
>>> weights = {"fc1": [[9, 8, 0, 1], [7, 9, 1, 0], [0, 1, 8, 9], [1, 0, 9, 7]]}
>>> cl.cluster(weights, k=2)["fc1"].rows.tolist()
[1, 1, 0, 0]

`load`, `cluster`, `score`, `agreement`, `verdict`, `explore` and `list_measures` are described in
docs/python.md.
"""

from importlib import import_module

# Imported on first use. This file is part of the code digest of every job, and so would be the
# modules that it imports. It also keeps `import clusterability.names` from loading SciPy.
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


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("clusterability.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
