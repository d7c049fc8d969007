"""`make record`: the rows and figures of a study that documents quote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from clusterability_workflow import recording
from clusterability_workflow.recording import Quoted, record

from clusterability.errors import UserError

STUDY = Quoted("validity", "0123456789ab", "matched", 4)


def test_cells_of_a_calibration_are_summed_up_by_method_and_by_measure(results, tmp_path):
    cells = pd.DataFrame(
        {"condition": "untrained", "null": "shuffle", "method": ["joint", "joint", "whole"]}
        | {"measure": ["mi", "ncut", "mi"], "n": [200, 200, 0], "share": [0.04, 0.08, None]}
        | {"replicate_share": [0.1, 0.05, None]}
    )
    cells.to_csv(results / "tables" / "calibration.csv", index=False)
    docs = tmp_path / "docs"
    record(replace(STUDY, name="calibration"), results, docs)
    rows = pd.read_csv(docs / "calibration.calibration.csv")
    # Without the cell that has no p.
    assert rows["method"].dropna().tolist() == ["joint"]
    joint = rows[rows["method"] == "joint"].iloc[0]
    assert joint[["cells", "least", "most", "most_replicate"]].tolist() == [2, 0.04, 0.08, 0.1]
    assert joint["mean"] == pytest.approx(0.06)
    by_measure = rows[rows["method"].isna()].set_index("measure")
    assert by_measure["mean"].to_dict() == pytest.approx({"mi": 0.04, "ncut": 0.08})


@pytest.fixture
def results(tmp_path) -> Path:
    """Tables of two conditions, and a figure."""
    folder = tmp_path / "results"
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    (tmp_path / "docs" / "images").mkdir(parents=True)
    (tmp_path / "README.md").write_text("validity.verdict.csv, default.verdict.csv")
    named = ["validity.networks.csv", "validity.validity.csv", "calibration.calibration.csv"]
    (tmp_path / "docs" / "answer.md").write_text(", ".join(named))
    tables = {
        "verdict": {"condition": ["a", "b"], "layer": "fc1", "bits": [1.5, 20.0]},
        "networks": {"condition": ["a", "a", "b"], "test_accuracy": [0.5, 0.7, None]}
        | {"train_accuracy": [0.5, 0.7, 0.9], "seed": [0, 1, 0]},
        "validity": {"method": [*["matched"] * 5, "joint"], "estimate": range(6)}
        | {"condition": [None, "a", "a", None, None, None], "function": None}
        | {"measure": ["ncut", "mi", "ncut", "held_out", "held_out", "mi"]}
        | {"analysis": [*["detection"] * 4, "networks", "detection"]}
        | {"form": "z", "null": "shuffle"},
    }
    for name, columns in tables.items():
        pd.DataFrame(columns).to_csv(folder / "tables" / f"{name}.csv", index=False)
    (folder / "figures" / "validity.all.png").write_bytes(b"picture")
    return folder


def test_a_table_that_no_document_names_is_not_recorded(results, tmp_path):
    docs = tmp_path / "docs"
    (docs / "answer.md").write_text("<!-- numbers: validity.networks.csv, defined -->")
    written = record(STUDY, results, docs)
    names = [file.name for file in written]
    assert names == ["validity.verdict.csv", "validity.networks.csv", "validity.all.png"]


def test_rows_that_are_quoted_name_study_and_commit(results, tmp_path):
    docs = tmp_path / "docs"
    written = record(STUDY, results, docs)
    names = [file.relative_to(docs).as_posix() for file in written]
    tables = [f"validity.{name}.csv" for name in ("verdict", "networks", "validity")]
    assert names == [*tables, "images/validity.all.png"]
    for name in tables:
        rows = pd.read_csv(docs / name)
        assert rows[["study", "commit"]].drop_duplicates().values.tolist() == [
            ["validity", "0123456789ab"]
        ]
    assert pd.read_csv(docs / tables[0])["bits"].tolist() == [1.5, 20]
    means = pd.read_csv(docs / tables[1]).set_index("condition")
    assert means["n"].to_dict() == {"a": 2, "b": 1}
    assert means.loc["a", "test_accuracy"] == pytest.approx(0.6)
    # Half of 0.2 times the t quantile of one degree of freedom.
    assert means.loc["a", "test_accuracy_high"] == pytest.approx(0.6 + 0.1 * 12.706, abs=1e-4)
    # Means over doses, and each of mutual information, of the method that figures show. Of whole
    # networks, only what documents discuss.
    assert pd.read_csv(docs / tables[2])["estimate"].tolist() == [0, 1, 3]
    assert (docs / "images" / "validity.all.png").read_bytes() == b"picture"


def test_a_study_takes_its_own_figures_alone(results, tmp_path):
    written = record(replace(STUDY, name="default"), results, tmp_path / "docs")
    assert not list((tmp_path / "docs" / "images").iterdir())
    assert {file.name for file in written} >= {"default.verdict.csv"}


def test_a_file_that_would_be_large_is_refused(results, tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "LARGEST", 50)
    with pytest.raises(UserError, match=r"verdict.csv: found 2 rows of \d+ bytes, expected at"):
        record(STUDY, results, tmp_path / "docs")
    assert not list((tmp_path / "docs").glob("*.csv"))
