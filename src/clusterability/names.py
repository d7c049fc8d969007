"""Names that files, tables and the workflow share. Imports nothing: a workflow reads it, too."""

from __future__ import annotations

NETWORK = "network"
"""The layer that stands for the whole network."""
IMPORTED = "imported"
"""Block of seeds of an imported network."""
IMPORTED_SEED = -1
"""Its only seed."""
FRESH = "fresh-"
"""With an architecture, the condition of the networks that the null `untrained` compares with."""
GLOROT = "glorot-"
"""Between the two where their initial weights are those of Glorot and Bengio."""
CHECKPOINTS = "checkpoints"
"""Folder of a study in which interrupted training jobs leave what they go on from."""
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
"""Folders that a study makes in that of its results; no other study may be named so."""

COMPARISONS = {
    "scores": "replication",
    "history": "replication_history",
    "sizes": "replication_sizes",
}
"""Tables of the comparison, by the key of the file in the config's section `replication`."""
