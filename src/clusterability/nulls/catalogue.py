"""Catalogue of the nulls by name; `clusterability.nulls` holds their functions."""

from __future__ import annotations

from dataclasses import dataclass

from clusterability.extensions import Catalogue


@dataclass(frozen=True)
class NullEntry:
    """Description of a null model.

    Attributes:
        says: what the null randomises, as a phrase that follows its name.
        redrawn: whether the null redraws weights, by `redraw` in its module, and clusters each
            draw.
        caveat: what readers must know about it, as a phrase that follows its name.
    """

    says: str
    redrawn: bool = True
    caveat: str | None = None


NULLS: dict[str, NullEntry] = Catalogue("null", NullEntry)
NULLS |= {
    "shuffle": NullEntry(
        "the weights of a layer permuted among its live units and clustered again"
        " (Filan et al. 2021)"
    ),
    "shuffle_nonzero": NullEntry(
        "the weights that are not zero permuted among their own places and clustered again"
    ),
    "strength": NullEntry(
        "weights dealt out anew, every unit's sum of absolute weights kept, clustered again"
    ),
    "degrees": NullEntry(
        "zeros and ones, or counts, drawn anew such that every unit keeps its degree, clustered"
        " again (Strona et al. 2014)"
    ),
    "within": NullEntry(
        "the weights of each output unit permuted among input units that are alike in a covariate"
        " (`strata`), clustered again; of layers that have one"
    ),
    "rotated_u": NullEntry(
        "output units replaced by random orthogonal mixtures of them, clustered again"
    ),
    "rotated_v": NullEntry(
        "input units replaced by random orthogonal mixtures of them, clustered again"
    ),
    "labels": NullEntry(
        "the labels of both sides permuted, sizes fixed",
        redrawn=False,
        caveat="which nearly every partition beats",
    ),
    "untrained": NullEntry(
        "fresh networks of the same architecture, clustered again", redrawn=False
    ),
}
"""Figures show the first null that gives a z score; nulls with a caveat come last."""
