"""Names of measures that are compared with the study's own where the true clusters are known.

They are separate from their computation, which tables and figures do not need.
"""

from __future__ import annotations

from clusterability.measures.measure import Measure

CONTENDERS: dict[str, Measure] = {
    "spectral": Measure(
        "spectral",
        1,
        "Share of the weights that leading singular vectors explain beyond strengths, whatever"
        " the partition.",
    ),
    "held_out_entries": Measure(
        "held-out entries [nats]",
        1,
        "Information that clusters carry about weights that they were not found from.",
        standardised=False,
    ),
}
"""Contenders in the order of tables and figures; their functions are in `contenders`."""

PLANTED_SHARE = "planted_share"
"""Share of abs(W) inside the clusters planted by training: a strength of planting, no measure."""
