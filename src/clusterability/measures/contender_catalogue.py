"""Measures that are compared with those of the study where clusters are known: their names.

Apart from their computation, so that tables and figures know them without it.
"""

from __future__ import annotations

from clusterability.measures.measure import Measure

CONTENDERS: dict[str, Measure] = {
    "spectral": Measure(
        "spectral",
        1,
        "How much of the weights leading singular vectors explain beyond strengths, whatever the"
        " partition.",
    ),
    "held_out_entries": Measure(
        "held-out entries [nats]",
        1,
        "What clusters say of weights that they were not found from.",
        standardised=False,
    ),
}
"""In the order of tables and figures; the functions are in `contenders`."""

PLANTED_SHARE = "planted_share"
"""Share of abs(W) inside the clusters that were planted by training: a dose, and no measure."""
