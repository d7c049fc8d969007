"""What the audit reads of a study's folder, against files that are written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from audit.__main__ import line_of
from audit.study_files import StudyFiles, in_tables
from clusterability.networks.layer_names import file_names

MATRICES = {"z": np.ones((1, 2, 3), "f4"), "h.0~2Fmlp": np.full((1, 4, 5), 2, "f4")}


@pytest.fixture
def study(tmp_path) -> StudyFiles:
    """A study of one network whose two matrices are each by itself, and its draws."""
    (tmp_path / "tables").mkdir()
    for name in ("scores.parquet", "partitions.parquet", "summary.csv", "networks.csv"):
        (tmp_path / "tables" / name).touch()
    write(tmp_path / "networks/theirs/imported.safetensors", MATRICES, matrices=list(MATRICES))
    draws = tmp_path / "nulls/theirs/imported/h.0~2Fmlp/2-3.shuffle.npz"
    draws.parent.mkdir(parents=True)
    np.savez(draws, **{"matched/2/value": np.array([[7.0]])})
    return StudyFiles(tmp_path)


def write(path: Path, layers: dict[str, np.ndarray], **described: object) -> None:
    path.parent.mkdir(parents=True)
    about = {"condition": "theirs", "recipe": {}, "seeds": [-1], **described}
    arrays = {f"{name}.weight": stack for name, stack in layers.items()}
    save_file(arrays, path, {"clusterability": json.dumps(about)})


def test_matrices_by_themselves_are_called_as_in_tables_and_keep_their_order(study):
    found = study.weights("theirs", -1, "none")
    assert list(found) == ["z", "h.0/mlp"]
    assert found["h.0/mlp"].tolist() == MATRICES["h.0~2Fmlp"][0].tolist()
    drawn = study.arrays("nulls", "theirs", -1, "h.0/mlp", ".shuffle", "matched/2/")
    assert drawn["value"].tolist() == [7]


def test_layers_of_a_chain_come_from_the_input_on(study):
    layers = {f"fc{n}": np.full((1, 2, 2), n, "f4") for n in (1, 2, 10)}
    write(study.folder / "networks/chain/imported.safetensors", layers)
    assert list(study.weights("chain", -1, "none")) == ["fc1", "fc2", "fc10"]


@pytest.mark.parametrize("name", ["..", "a b", "fc1", "Ä/~", "A", "a"])
def test_names_are_decoded_as_the_library_codes_them(name):
    assert in_tables(file_names(["a", "A", name])[name]) == name


def test_cells_that_cannot_be_recomputed_are_counted():
    alone = "draws: nothing to check (z and p)"
    skipped = "; 3 skipped: the study keeps nothing to recompute them from"
    assert line_of("draws", "z and p", [], 0) == alone
    assert line_of("draws", "z and p", [], 3) == alone + skipped
