"""What training says of a block of networks: the history of each, and how well each does."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from clusterability.networks.stacked import HEAD_COLUMNS, Networks, weight_columns
from clusterability.training.planting import planted_clusterability
from clusterability.training.recipe import Recipe


@dataclass(frozen=True)
class HistoryRow:
    """One network at one step: the loss on the step's images, the test accuracy after the step.

    Steps and epochs count from 1, through those that a network had before it was gone on from.
    """

    seed: int
    step: int
    epoch: int
    loss: float
    test_accuracy: float


@dataclass(frozen=True)
class NetworkRow:
    """One trained network: how well it does, and what it cost.

    Accuracies are means over heads, losses sums; `head_accuracies` are those on test images, by
    head. `seconds` is the block's training time divided by its networks.
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
    networks: Networks
    history: list[HistoryRow]
    rows: list[NetworkRow]


def history_table(result: TrainingResult) -> pd.DataFrame:
    """The history of the block's networks, one row a network and recorded step."""
    names = ["seed", "step", "epoch", "loss", "test_accuracy"]
    return pd.DataFrame([asdict(row) for row in result.history], columns=names)


def network_table(result: TrainingResult) -> pd.DataFrame:
    """One row a network: how well it does, its dead units by layer, digest of its weights.

    `planted_clusterability` is C of the partition that the recipe plants, if it does;
    `test_accuracy_head1` and so on are accuracies by head, empty where there is one.
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
