"""Mean directed z of function measures as heat maps: condition and hidden layer against k."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from clusterability.jobs.figure_job import FigureJob
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.report.figures import z_scores as z_scores
from clusterability.report.figures.accuracy import with_accuracy
from clusterability.report.figures.inputs import Inputs, paths

DIRECTED = [name for name, measure in FUNCTION_MEASURES.items() if measure.direction]
"""Function measures with a z."""

CAPTION = """What the units of a cluster do: directed z of each function measure (panels) against
random groups of units of the same sizes, mean over networks, by condition and hidden layer (rows)
and number of clusters k (columns); method {item}. A dot marks q at most 0.05, a dash z at most -2.
With each condition, its mean test accuracy. Intervals of z over seeds are in the table summary."""


def make(inputs: Inputs, item: str, job: FigureJob) -> tuple[Figure, pd.DataFrame]:
    """The figure of the method `item` and its rows, from the table `scores`.

    It is drawn like `figures.z_scores`, for function measures against random groups of units.
    """
    table = with_accuracy(z_scores.rows(paths(inputs, "scores")[0], item, DIRECTED), inputs)
    return z_scores.draw(table), table
