"""Names shared by files, tables and the workflow. Imports nothing: the workflow reads it too."""

from __future__ import annotations

NETWORK = "network"
"""Layer name that stands for the whole network."""
IMPORTED = "imported"
"""Name of the block of seeds of an imported network."""
IMPORTED_SEED = -1
"""The only seed of an imported network."""
FRESH = "fresh-"
"""Prefix of the conditions of networks for the null `untrained`; an architecture follows."""
GLOROT = "glorot-"
"""Inserted between `FRESH` and the architecture for Glorot initialisation."""
CHECKPOINTS = "checkpoints"
"""Folder of a study that holds the checkpoints of interrupted training jobs."""
OWN_FOLDERS = (
    "benchmarks",
    "checkpoints",
    "clusters",
    "configs",
    "data",
    "figures",
    "logs",
    "networks",
    "nulls",
    "paper",
    "records",
    "report",
    "scores",
    "slurm",
    "tables",
)
"""Subfolders of a study's results; a study nested in them must not have one of these names."""

COMPARISONS = {
    "scores": "replication",
    "history": "replication_history",
    "sizes": "replication_sizes",
}
"""Tables of the comparison, by the file's key in the config section `replication`."""
