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

RESERVED_FOLDERS = frozenset(
    {
        "benchmarks",
        "checkpoints",
        "clusters",
        "data",
        "figures",
        "logs",
        "manifest",
        "networks",
        "nulls",
        "paper",
        "plan",
        "records",
        "report",
        "scores",
        "tables",
        "verify",
    }
)
"""What a study's own folders are called: another study's results in one would mix with them."""
