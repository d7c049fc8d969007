"""Sentences of the page on the status of a value, and on known groups."""

from __future__ import annotations

from clusterability.measures.function_catalogue import INACCURATE, OTHER_INPUTS, SEVERAL_HEADS

STATUSES_SAY = {
    "ok": "",
    "infeasible": "infeasible: k is larger than the number of units that can be clustered on one"
    " side, or the layer cannot be balanced",
    "undefined": "undefined: the measure has no value here",
    INACCURATE: "not asked: the network is right on too few images for a loss to mean anything",
    OTHER_INPUTS: "not asked: the network does not take the images of the data set",
    SEVERAL_HEADS: "not asked: the network tells several classes of an image",
}
"""In the order of the codes that stand for them."""

KNOWN_GROUPS_SAY = "known groups of units, scored as they are; nothing was clustered"
