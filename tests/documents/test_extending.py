"""The steps of docs/extending.md, done as they stand there, and what runs again for each."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import yaml

from project import DOCS
from workflows import Workflow, copy_workflow

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.release]

TEXT = (DOCS / "extending.md").read_text()
CONFIG = {
    # Units are asked what they do, so that it is seen that a measure asks nothing again.
    "probe": {"k": [2], "images": 50, "groups": 5},
    "conditions": {"baseline": {}},
    "clustering": {"methods": ["matched"], "restarts": 1},
    "nulls": {"shuffle": 3},
}
AFTER_SCORES = {"aggregate", "choose_k", "validate", "answer", "find", "explore", "contact_sheet"}
AFTER_SCORES |= {"plot"}
NEW_FIGURES = ("results/figures/sizes.all.png", "results/figures/measures.heaviest_block.png")
"""The other figures are left out of the last run: each is a job."""


def section(title: str) -> str:
    return re.search(rf"^## {title}\n(.*?)(?=^## )", TEXT, re.M | re.S)[1]


def take(workflow: Workflow, title: str) -> None:
    """Does what a section says: writes its files, adds its lines, changes the config."""
    text = section(title)
    for block in re.finditer(r"^```(\w+)\n(.*?)^```", text, re.M | re.S):
        language, code = block.groups()
        paragraph = text[: block.start()].strip().rsplit("\n\n", 1)[-1]
        (file,) = re.findall(r"`([\w/.]+\.(?:py|yaml))`", paragraph)
        dictionary = re.match(r"At the end of `(\w+)` in", paragraph)
        if language == "yaml":
            change_config(workflow, yaml.safe_load(code))
        elif dictionary:
            add_line(workflow, file, dictionary[1], code)
        else:
            path = workflow.folder / file
            assert not path.exists()
            path.write_text(code)


def change_config(workflow: Workflow, changes: dict) -> None:
    file = workflow.folder / "config.yaml"
    config = yaml.safe_load(file.read_text())
    for key, value in changes.items():
        config[key] = config.get(key, {}) | value
    file.write_text(yaml.safe_dump(config))


def add_line(workflow: Workflow, file: str, name: str, line: str) -> None:
    """As the last entry of the dictionary of that name."""
    path = workflow.folder / file
    text = path.read_text()
    start = text.index(f"\n{name}: dict")
    end = text.index("\n}\n", start) + 1
    path.write_text(text[:end] + line + text[end:])


def rules(workflow: Workflow) -> set[str]:
    return set(workflow.planned_rules())


@pytest.fixture(scope="module")
def extended(tmp_path_factory, mnist) -> Workflow:
    """A study that was extended step by step, and has run in the end."""
    workflow = copy_workflow(tmp_path_factory.mktemp("extended"), edited=True)
    workflow.configure(**CONFIG)
    change_config(workflow, {"dataset": {"path": str(mnist)}})
    ran = workflow.snakemake()
    assert ran.returncode == 0, ran.stdout

    take(workflow, "A figure")
    assert rules(workflow) == {"plot", "contact_sheet"}
    take(workflow, "A measure")
    change_config(workflow, {"figures": {"measures": ["heaviest_block"]}})
    assert rules(workflow) == {"score", *AFTER_SCORES}
    take(workflow, "A null")
    planned = workflow.planned()
    assert {job.get("null") for job in planned if job["rule"] == "null"} == {"by_row"}
    assert not {"train", "cluster"} & {job["rule"] for job in planned}
    take(workflow, "A method")
    assert "train" not in rules(workflow)
    take(workflow, "An optimiser")
    assert "train" in rules(workflow)
    change_config(workflow, {"conditions": {"baseline": {"optimizer": "adamw"}}})
    ran = workflow.snakemake("networks")
    assert ran.returncode == 0, ran.stdout
    take(workflow, "A condition")
    trained = [job for job in workflow.planned() if job["rule"] == "train"]
    assert {job["condition"] for job in trained} == {"decay"}
    ran = workflow.snakemake("tables", *NEW_FIGURES)
    assert ran.returncode == 0, ran.stdout
    return workflow


def test_the_new_ones_are_in_the_tables(extended):
    scores = pd.read_parquet(extended.folder / "results" / "tables" / "scores.parquet")
    scores = scores[scores.null != "groups"]  # what units do
    assert set(scores.condition) == {"baseline", "decay"}
    assert set(scores.method) == {"matched", "quantiles"}
    assert set(scores.null) == {"shuffle", "by_row"}
    found = scores[scores.measure == "heaviest_block"]
    assert len(found) == len(scores) / scores.measure.nunique()
    assert (found.status == "ok").all()
    assert found.value.between(1 / found.k**2, 1).all()
    partitions = pd.read_parquet(extended.folder / "results" / "tables" / "partitions.parquet")
    parts = partitions[(partitions.method == "quantiles") & (partitions.label >= 0)]
    sizes = parts.groupby(["condition", "seed", "layer", "k", "side", "label"]).size()
    cells = sizes.groupby(["condition", "seed", "layer", "k", "side"])
    assert (cells.max() - cells.min()).max() <= 1


def test_the_new_figure_has_all_its_files_and_a_caption(extended):
    figures = extended.folder / "results" / "figures"
    assert {file.suffix for file in figures.glob("sizes.all.*")} == {
        ".pdf", ".svg", ".png", ".csv", ".txt",
    }  # fmt: skip
    assert "number of clusters k" in (figures / "sizes.all.txt").read_text()
    assert (figures / "measures.heaviest_block.png").exists()


def test_then_there_is_nothing_to_be_done(extended):
    assert extended.planned("tables", *NEW_FIGURES) == []
