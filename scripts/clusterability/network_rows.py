"""Rows of the table of networks for networks that were not trained here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clusterability.networks import Networks, weight_columns


def network_rows(networks: Networks) -> pd.DataFrame:
    """One row a network, as `training.network_table` gives; what only training knows is empty."""
    unknown = dict.fromkeys(
        ("train_accuracy", "train_loss", "test_accuracy", "test_loss", "seconds"), np.nan
    )
    return pd.DataFrame(
        [
            {"condition": networks.condition, "seed": seed, **unknown, "device": None}
            | {"planted_clusterability": np.nan}
            | weight_columns(networks, number)
            for number, seed in enumerate(networks.seeds)
        ]
    )
