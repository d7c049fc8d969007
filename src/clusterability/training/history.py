"""Results of training a block of networks: histories and final evaluation."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from clusterability.networks.network_table import HEAD_COLUMNS, weight_columns
from clusterability.networks.stacked import Networks
from clusterability.training.planting import planted_clusterability
from clusterability.training.recipe import Recipe


@dataclass(frozen=True)
class HistoryRow:
    """One network at one step: the loss of the step's batch, and the test accuracy after the step.

    Steps and epochs are numbered from 1 and continue the parent run's numbering.
    """

    seed: int
    step: int
    epoch: int
    loss: float
    test_accuracy: float


@dataclass(frozen=True)
class NetworkRow:
    """Evaluation of one trained network.

    Accuracies are means over heads and losses are sums; `head_accuracies` are test accuracies by
    head. `seconds` is the block's training time divided by its number of networks.
    """

    seed: int
    train_accuracy: float
    train_loss: float
    test_accuracy: float
    test_loss: float
    seconds: float
    device: str
    head_accuracies: tuple[float, ...] = ()


@dataclass(frozen=True)
class TrainingResult:
    """Trained networks of a block, their histories and their evaluation."""

    networks: Networks
    history: list[HistoryRow]
    rows: list[NetworkRow]


def history_table(result: TrainingResult) -> pd.DataFrame:
    """History of the networks of a block, one row per network and recorded step."""
    names = ["seed", "step", "epoch", "loss", "test_accuracy"]
    return pd.DataFrame([asdict(row) for row in result.history], columns=names)


def network_table(result: TrainingResult) -> pd.DataFrame:
    """One row per network: accuracies and losses, dead units by layer, digest of the weights.

    `planted_clusterability` is C of the planted partition, if the recipe plants one;
    `test_accuracy_head1`, … are accuracies by head, empty for networks with one head.
    """
    networks = result.networks
    planted = planted_clusterability(Recipe.model_validate(networks.recipe), networks)
    rows = []
    for number, row in enumerate(result.rows):
        columns = {"condition": networks.condition} | asdict(row)
        heads = columns.pop("head_accuracies")
        columns["planted_clusterability"] = planted[number]
        shown = heads if len(heads) == len(HEAD_COLUMNS) else [np.nan] * len(HEAD_COLUMNS)
        columns |= dict(zip(HEAD_COLUMNS, shown, strict=True))
        rows.append(columns | weight_columns(networks, number))
    return pd.DataFrame(rows)
