"""A small study that asks for everything: nulls of all kinds, whole networks, imports, probing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

MICRO: dict[str, Any] = {
    "seeds": ["0-1"],
    "k_grid": ["2-3"],
    "dataset": {"train_images": 200, "test_images": 100},
    "recipe": {"epochs": 1, "architecture": "784-8-10"},
    "conditions": {"untrained": {"epochs": 0}, "baseline": {}},
    "clustering": {"methods": ["matched", "joint"], "restarts": 1},
    "nulls": {"shuffle": 3, "labels": 3},
    "agreement": {"draws": 5},
    "training": {"threads": 1, "history_every": 2},
    "figures": {"measures": ["mi"]},
    # What units do is asked in a test of its own: it doubles the number of jobs.
    "probe": {"k": []},
    "validity": {"resamples": 20},
}
"""A study that is done in a minute; tests change it by key."""

PUBLISHED = {
    "scores": "condition,layer,method,k,measure,null,quantity,published\n"
    "baseline,network,whole,3,ncut,shuffle,z,-4\nbaseline,,,,,,test_accuracy,0.5\n",
    "history": "condition,epoch,step,quantity,published\nbaseline,1,2,loss,2.2\n",
    "sizes": "condition,layer,method,k,side,rank,published\nbaseline,fc1,joint,3,U,1,4\n",
}

EVERYTHING_TARGETS = [
    "tables",
    "results/tables/replication.csv",
    "results/tables/replication_history.csv",
    "results/tables/replication_sizes.csv",
    "results/tables/calibration.csv",
    "results/tables/equal_size.csv",
    "results/tables/findings.csv",
    "results/tables/snapshots.csv",
    "results/answer.md",
    "results/explore.html",
    "results/figures/best_k.joint-balanced.png",
]
"""All tables, the answer, the page of all networks, and one figure."""


def write_everything(folder: Path, mnist: Path | None = None) -> None:
    """Writes the study's config, a network trained elsewhere, and published values."""
    matrix = np.random.default_rng(0).standard_normal((12, 15))
    np.savez(folder / "theirs.npz", fc1=matrix, fc2=matrix[:4, :12])
    (folder / "covariate.csv").write_text("age\n" + "".join(f"{age}\n" for age in range(15)))
    for key, text in PUBLISHED.items():
        (folder / f"{key}.csv").write_text(text)
    # So much that a few steps plant something.
    planted = {"clusterability": 1000, "planted_clusters": 2}
    changes = {
        "conditions": MICRO["conditions"] | {"clusterable": planted},
        "snapshots": {"baseline": [3]},
        "probe": {"k": [3], "images": 50, "groups": 5},
        "synthetic": {"planted": {"rows": 12, "columns": 20, "clusters": 2}},
        "networks": {"theirs": {"path": "theirs.npz", "covariate": "covariate.csv"}},
        "clustering": {
            "methods": ["joint", "whole"],
            "scalings": ["none", "balanced"],
            "restarts": 2,
        },
        "nulls": dict.fromkeys(("shuffle", "strength", "within", "labels"), 3) | {"untrained": 4},
        "strata": {"number": 4},
        "calibration": ["untrained"],
        "equal_size": {"draws": 2, "submatrices": 2, "k": [2], "methods": ["matched"]},
        "replication": {key: f"{key}.csv" for key in PUBLISHED},
    }
    config = MICRO | changes
    if mnist is not None:
        config["dataset"] = config["dataset"] | {"path": str(mnist)}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
