"""Files of blocks of a made-up study, of any size, as the workflow names and shapes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from clusterability.blocks import Block
from clusterability.measures.catalogue import MEASURES
from clusterability.measures.function_catalogue import FUNCTION_MEASURES, GROUPS
from clusterability.results.columns import SCORE_COLUMNS
from clusterability.results.function_columns import (
    ABLATION_COLUMNS,
    CLUSTER_COLUMNS,
    CLUSTERS,
    LESION_COLUMNS,
)

ABLATIONS = ["zero", "others_zero", "mean", "others_mean"]


@dataclass
class StudyBlocks:
    """What files there are; every one of them has rows for each of its combinations."""

    folder: Path
    conditions: Sequence[str]
    seeds: Sequence[str]
    k_grid: Sequence[str]
    layers: Sequence[str] = ("fc1", "fc2", "fc3")
    methods: Sequence[str] = ("notebook", "matched", "joint")
    nulls: Sequence[str] = ("shuffle", "labels")
    probed: Sequence[int] = (2, 4, 8)
    source: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def file(self, place: Sequence[str], kind: str) -> str:
        condition, layer, seeds, k = place
        path = self.folder / "scores" / condition / seeds / layer / f"{k}.{kind}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return str(path)

    def places(self, layers: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
        """In the order of the workflow's lists of files."""
        for condition in self.conditions:
            for layer in layers:
                for seeds in self.seeds:
                    for k in self.k_grid:
                        yield condition, layer, seeds, k

    def structure(self, conditions: Sequence[str] | None = None) -> list[str]:
        chosen = conditions or self.conditions
        files = []
        for place in self.places(self.layers):
            if place[0] in chosen:
                keys = [(m, k) for m in self.methods for k in Block.parse(place[3])]
                rows = self._scores(place, keys, list(MEASURES), self.nulls or [None])
                files.append(self._write(place, "structure", rows))
        return files

    def function(self) -> list[str]:
        files = []
        for place in self.places(self.layers[:-1]):
            keys = self._probed_keys(place)
            if keys:
                rows = self._scores(place, keys, list(FUNCTION_MEASURES), [GROUPS])
                files.append(self._write(place, "function", rows.sort_values("seed")))
        return files

    def clusters(self) -> list[str]:
        files = []
        for place in self.places(self.layers):
            keys = [(m, k) for m in self.methods for k in Block.parse(place[3])]
            rows = self._clusters(place, keys)
            for name in ("barber_term", "ncut_term", "mi_term", "cluster_bits", "bits_if_merged"):
                rows[name] = self.source.standard_normal(len(rows))
            rows["merge_with"] = self.source.integers(0, 4, len(rows)).astype(float)
            rows["mean_strength"] = self.source.random(len(rows))
            files.append(self._write(place, "clusters", rows))
        return files

    def function_clusters(self) -> list[str]:
        files = []
        for place in self.places(self.layers[:-1]):
            keys = self._probed_keys(place)
            if keys:
                rows = self._clusters(place, keys).drop(columns="v_size")
                for name in CLUSTER_COLUMNS:
                    rows[name] = self.source.standard_normal(len(rows))
                files.append(self._write(place, "function_clusters", rows[CLUSTERS]))
        return files

    def ablations(self) -> list[str]:
        files = []
        for place in self.places(self.layers[:-1]):
            keys = self._probed_keys(place)
            if keys:
                rows = self._clusters(place, keys).drop(columns="v_size")
                rows = rows.merge(pd.DataFrame({"ablation": ABLATIONS}), "cross")
                rows = rows.merge(pd.DataFrame({"class": np.arange(10), "images": 200}), "cross")
                for name in ABLATION_COLUMNS[-5:]:
                    rows[name] = self.source.random(len(rows))
                # The intact network's does not depend on what is ablated.
                rows["accuracy"] = rows.groupby(["seed", "class"])["accuracy"].transform("first")
                files.append(self._write(place, "ablations", rows[ABLATION_COLUMNS]))
        return files

    def lesions(self) -> list[str]:
        files = []
        for place in self.places(self.layers[:-1]):
            keys = self._probed_keys(place)
            if keys:
                rows = self._clusters(place, keys).drop(columns="v_size")
                rows = rows.assign(groups=99, category="important")
                for name in (name for name in LESION_COLUMNS if name not in rows):
                    rows[name] = self.source.integers(1, 101, len(rows)) / 100
                files.append(self._write(place, "lesions", rows[LESION_COLUMNS]))
        return files

    def networks(self) -> pd.DataFrame:
        every = [seed for block in self.seeds for seed in Block.parse(block)]
        rows = pd.DataFrame([(c, s) for c in self.conditions for s in every])
        rows.columns = ["condition", "seed"]
        return rows.assign(test_accuracy=self.source.random(len(rows)))

    def _probed_keys(self, place: Sequence[str]) -> list[tuple[str, int]]:
        return [(m, k) for m in self.methods for k in Block.parse(place[3]) if k in self.probed]

    def _write(self, place: Sequence[str], kind: str, rows: pd.DataFrame) -> str:
        file = self.file(place, kind)
        rows.to_parquet(file, index=False)
        return file

    def _scores(self, place, keys, measures, nulls) -> pd.DataFrame:
        """Rows by (method, k), measure and null, the networks of the block in each."""
        condition, layer, seeds, _ = place
        block = list(Block.parse(seeds))
        names = pd.MultiIndex.from_product([range(len(keys)), measures, nulls, block])
        count, source = len(names), self.source
        key = names.get_level_values(0).to_numpy()
        draws = 99 if nulls[0] else 0
        value, mean, z, p, two = source.standard_normal((5, count))
        p = np.floor(np.abs(np.tanh(p)) * 100 + 1) / 101
        lost = source.random(count) < 0.02
        rows = pd.DataFrame(
            {
                "condition": condition,
                "seed": names.get_level_values(3).to_numpy(),
                "layer": layer,
                "method": np.array([m for m, _ in keys], object)[key],
                "k": np.array([k for _, k in keys])[key],
                "k_effective": np.array([k for _, k in keys])[key],
                "measure": names.get_level_values(1),
                "value": np.where(lost, np.nan, value),
                "null": names.get_level_values(2) if draws else None,
                "null_mean": mean if draws else np.nan,
                "null_sd": np.abs(two) if draws else np.nan,
                "null_n": draws,
                "z": np.where(lost | (draws == 0), np.nan, z + value / 4),
                "p": np.where(lost | (draws == 0), np.nan, p),
                "p_two_sided": np.where(lost | (draws == 0), np.nan, np.minimum(2 * p, 1)),
                "status": np.where(lost, "undefined", "ok"),
            }
        )
        rows.loc[rows["measure"].isin(["mi_total", "dominance"]), ["z", "p"]] = np.nan
        return rows[SCORE_COLUMNS]

    def _clusters(self, place, keys) -> pd.DataFrame:
        condition, layer, seeds, _ = place
        block = list(Block.parse(seeds))
        frames = [
            pd.DataFrame(
                {
                    "condition": condition,
                    "seed": np.repeat(block, k),
                    "layer": layer,
                    "method": method,
                    "k": k,
                    "cluster": np.tile(np.arange(k), len(block)),
                    "u_size": self.source.integers(1, 30, k * len(block)),
                    "v_size": self.source.integers(1, 90, k * len(block)),
                }
            )
            for method, k in keys
        ]
        return pd.concat(frames, ignore_index=True)
