"""Read the files of a finished study, described in docs/results.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from safetensors import safe_open

from audit.cells import AuditError
from audit.scales import base_and_scaling, matrix_of, scaled

CELL = ["condition", "layer", "method", "k", "measure", "null"]
_TEXTS = {"condition", "layer", "method", "measure", "null", "status", "side", "comparison"}
_TEXTS |= {"other_condition", "other_layer", "initial", "plateau"}
_TABLES = ("scores.parquet", "partitions.parquet", "summary.csv", "networks.csv")


@dataclass(frozen=True)
class Block:
    """Networks of one file.

    Attributes:
        file: `…/networks/<condition>/<seeds>.safetensors`.
        seeds: seeds in the order of the file.
        recipe: training recipe; empty if they were not trained.
        matrices: names in the file, in order, of layers that do not form a chain; None for a chain.
    """

    file: Path
    seeds: list[int]
    recipe: dict[str, Any]
    matrices: list[str] | None = None

    def in_files(self, layer: str) -> str:
        """Name in files of a layer in tables; files encode characters that names cannot have."""
        return next((name for name in self.matrices or [] if in_tables(name) == layer), layer)


def in_tables(name: str) -> str:
    """Name in tables of a layer, decoded from its name in files.

    >>> in_tables("h.0~2Fmlp")
    'h.0/mlp'
    """
    return unquote(name.replace("~", "%"), errors="surrogatepass")


class StudyFiles:
    """Tables, weights, partitions and draws of a study, read on demand."""

    def __init__(self, folder: Path) -> None:
        """Check for the tables that every finished study has.

        Args:
            folder: results of a study.

        Raises:
            AuditError: if the folder or one of these tables is missing.
        """
        self.folder = folder
        if not folder.is_dir():
            raise AuditError(f"{folder}: found no folder, expected results: make study makes them")
        missing = [name for name in _TABLES if not (folder / "tables" / name).is_file()]
        if missing:
            raise AuditError(
                f"{folder}: found no tables/{missing[0]}, expected the results of a finished study:"
                " make study goes on with it"
            )
        self._weights = lru_cache(maxsize=64)(self._read_weights)
        self._arrays = lru_cache(maxsize=256)(self._read_arrays)

    # --- tables --------------------------------------------------------------------------------

    def table(self, name: str) -> pd.DataFrame:
        """Read a table; missing texts become "", and a missing table is empty.

        Raises:
            AuditError: if the table cannot be read.
        """
        path = self.folder / "tables" / name
        if not path.is_file():
            return pd.DataFrame()
        with _told(path):
            if path.suffix == ".csv":
                # A list of one number, such as a plateau, must stay a text.
                texts = dict.fromkeys(_TEXTS, str)
                rows = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
            else:
                known = [name for name in pq.read_schema(path).names if name in _TEXTS]
                rows = pq.read_table(path, read_dictionary=known).to_pandas()
        for column in _TEXTS & set(rows):
            rows[column] = rows[column].astype(object).where(rows[column].notna(), "")
        return rows

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Table `scores`; a missing null is an empty text."""
        rows = self.table("scores.parquet")
        return rows.astype({name: "category" for name in _TEXTS if name in rows})

    @cached_property
    def networks(self) -> pd.DataFrame:
        """Table `networks`, indexed by condition and seed."""
        return self.table("networks.csv").set_index(["condition", "seed"], drop=False)

    @cached_property
    def observed(self) -> pd.DataFrame:
        """One value per condition, seed, layer, method, k and measure, whatever the null."""
        names = ["condition", "seed", "layer", "method", "k", "measure"]
        rows = self.scores[[*names, "value"]].drop_duplicates(names)
        return rows.astype({name: str for name in ("condition", "layer", "method", "measure")})

    @cached_property
    def _observed_groups(self) -> dict[tuple[Any, ...], pd.Series]:
        groups = self.observed.groupby(["condition", "layer", "method", "measure"])
        return {key: group.set_index(["seed", "k"])["value"].sort_index() for key, group in groups}

    def values(self, condition: str, layer: str, method: str, measure: str) -> pd.DataFrame:
        """Values of a measure, [seeds, k], both ascending."""
        return self._observed_groups[condition, layer, method, measure].unstack("k")

    @cached_property
    def _adaptive(self) -> dict[str, tuple[int, dict[str, int]]]:
        """Maximum numbers of draws of nulls with a stopping rule: in general, and by method."""
        limits: dict[str, tuple[int, dict[str, int]]] = {}
        for file in (self.folder / "records").glob("score*/**/*.json"):
            with _told(file):
                rules = json.loads(file.read_text())["params"].get("adaptive", {})
                for null, most in rules.items():
                    _, fewer = limits.get(null, (0, {}))
                    limits[null] = (most["draws"], fewer | most["fewer"])
        return limits

    def most(self, null: str, method: str) -> int:
        """Maximum number of draws if a stopping rule ended them, else 0."""
        draws, fewer = self._adaptive.get(null, (0, {}))
        return fewer.get(method, draws)

    # --- weights -------------------------------------------------------------------------------

    @cached_property
    def blocks(self) -> dict[str, list[Block]]:
        """Blocks of networks by condition, including those of fresh networks."""
        blocks: dict[str, list[Block]] = {}
        for file in sorted((self.folder / "networks").glob("*/*.safetensors")):
            with _told(file), safe_open(file, framework="numpy") as stored:
                about = json.loads(stored.metadata()["clusterability"])
                seeds = [int(seed) for seed in about["seeds"]]
                block = Block(file, seeds, about["recipe"] or {}, about.get("matrices"))
            blocks.setdefault(file.parent.name, []).append(block)
        return blocks

    def block_of(self, condition: str, seed: int) -> tuple[Block, int]:
        """Block that holds a network, and its index in the block.

        Raises:
            AuditError: if no file has its weights.
        """
        for block in self.blocks.get(condition, []):
            if seed in block.seeds:
                return block, block.seeds.index(seed)
        raise AuditError(
            f"{self.folder / 'networks' / condition}: found no weights of seed {seed}, expected"
            " those of all networks in the tables: make study makes them"
        )

    def weights(self, condition: str, seed: int, scaling: str) -> dict[str, np.ndarray]:
        """All layers of a network at a scaling, [out, in] by layer, from the input on."""
        layers: dict[str, np.ndarray] = self._weights(condition, seed, scaling)
        return layers

    def _read_weights(self, condition: str, seed: int, scaling: str) -> dict[str, np.ndarray]:
        block, index = self.block_of(condition, seed)
        with _told(block.file), safe_open(block.file, framework="numpy") as stored:
            arrays = [name for name in stored.keys() if name.endswith(".weight")]  # noqa: SIM118
            names = block.matrices or sorted(
                (name.removesuffix(".weight") for name in arrays),
                key=lambda name: int(name.removeprefix("fc")),
            )
            layers = {
                in_tables(name): stored.get_slice(f"{name}.weight")[index : index + 1][0]
                for name in names
            }
        return scaled(layers, scaling, (condition, seed))

    def matrix(self, condition: str, seed: int, layer: str, method: str) -> np.ndarray:
        """Weights that a method clusters, [m, n]."""
        return matrix_of(self.weights(condition, seed, base_and_scaling(method)[1]), layer)

    # --- partitions and draws ------------------------------------------------------------------

    def labels(
        self, condition: str, seed: int, layer: str, method: str, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Labels of the U and the V side of a partition, from the table `partitions`."""
        wanted = {"condition": condition, "seed": seed, "layer": layer, "method": method, "k": k}
        rows = pq.read_table(
            self.folder / "tables" / "partitions.parquet",
            columns=["side", "unit", "label"],
            filters=[(name, "==", value) for name, value in wanted.items()],
        ).to_pandas()
        rows = rows.sort_values("unit")
        u, v = (rows.loc[rows["side"] == side, "label"].to_numpy(int) for side in ("U", "V"))
        return u, v

    def planted(self, condition: str, seed: int, layer: str) -> dict[str, np.ndarray]:
        """Labels of planted clusters, `rows` and `columns`; empty if none were planted."""
        block, index = self.block_of(condition, seed)
        path = block.file.with_name(f"{block.file.stem}.planted.npz")
        arrays = self._arrays(path, f"{block.in_files(layer)}/") if path.is_file() else {}
        return {name.rpartition("/")[2]: array[index] for name, array in arrays.items()}

    def arrays(
        self, kind: str, condition: str, seed: int, layer: str, ending: str, prefix: str
    ) -> dict[str, np.ndarray]:
        """Arrays of one network, from the file of its block that has them; empty if none has.

        Args:
            kind: folder of the files, such as `nulls`.
            condition, seed, layer: network and layer.
            ending: end of the file's name, after its block of k, such as `.starts` or `.shuffle`.
            prefix: prefix of the arrays' names, such as `matched/4/`. It is removed.
        """
        block, index = self.block_of(condition, seed)
        folder = self.folder / kind / condition / block.file.stem / block.in_files(layer)
        for file in sorted(folder.glob(f"*{ending}.npz")):
            if file.name.count(".") == ending.count(".") + 1 and not file.name.startswith("."):
                arrays = self._arrays(file, prefix)
                if arrays:
                    return {name: array[index] for name, array in arrays.items()}
        return {}

    def _read_arrays(self, file: Path, prefix: str) -> dict[str, np.ndarray]:
        # NumPy refuses pickled objects.
        with _told(file), np.load(file) as stored:
            names = [name for name in stored.files if name.startswith(prefix)]
            return {name.removeprefix(prefix): stored[name] for name in names}


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Report a damaged file in one line."""
    try:
        yield
    except Exception as error:
        raise AuditError(
            f"{file}: found what cannot be read ({type(error).__name__}), expected a file of a"
            " finished study: make verify finds damaged ones"
        ) from error


class Row(dict[str, Any]):
    """Row of a table by column; a missing column raises an `AuditError`."""

    def __missing__(self, name: str) -> Any:
        raise AuditError(
            f"found no column {name} in a table of {', '.join(list(self)[:4])}, …, expected the"
            " tables of this release: make study makes them again"
        )


def rows_of(table: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows of a table."""
    for row in table.to_dict("records"):
        yield Row({str(name): value for name, value in row.items()})
