"""docs/results.md has every file, table, column and status that the code writes, and no others.

Tables that a study really wrote are compared with it in test_workflow.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clusterability.analysis import (
    calibration_bits,
    findings,
    lesion_networks,
    snapshots,
    validity,
    verdict,
)
from clusterability.analysis.agreement import AGREEMENT_COLUMNS, summarise_agreement
from clusterability.analysis.calibration import calibration_cells, calibration_nulls
from clusterability.analysis.choosing_k import best_k_rows
from clusterability.measures.function_catalogue import FUNCTION_MEASURES
from clusterability.names import COMPARISONS
from clusterability.networks.live_units import DEAD
from clusterability.networks.network_table import network_rows
from clusterability.networks.partitions import Partitions
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import Networks, save_networks
from clusterability.report.catalogue import figure_items
from clusterability.report.figures import (
    ablations,
    best_k,
    bits_by_k,
    class_activity,
    learning_curves,
    validity_scatter,
    z_scores,
)
from clusterability.report.figures import calibration as calibration_figure
from clusterability.report.figures import lesions as lesions_figure
from clusterability.report.figures import measures as measures_figure
from clusterability.report.figures import validity as validity_figure
from clusterability.report.figures import verdict as verdict_figure
from clusterability.results import aggregation, untrained
from clusterability.results.columns import EQUAL_SIZE, SCORES, SUMMARY
from clusterability.results.function_columns import ABLATION_COLUMNS, CLUSTERS, LESION_COLUMNS
from clusterability.results.npz_files import save_items
from clusterability.results.reading import read_parquet
from clusterability.results.structure_rows import cluster_rows, observed_tables, partition_rows
from clusterability.results.summary import read_networks, summary_of
from clusterability.study.study import Study
from clusterability.training.history import HistoryRow, NetworkRow, TrainingResult
from clusterability.training.history import history_table as history
from clusterability.training.history import network_table as trained_rows
from project import LIBRARY, ROOT
from result_tables import (
    TEXT,
    assert_is_described,
    described_columns,
    described_figures,
    described_statuses,
    described_tables,
    of_any_layer,
)
from study_blocks import StudyBlocks

# --- made data ---------------------------------------------------------------------------------


def small_networks() -> Networks:
    """Two networks of two layers, with the seeds 2 and 3."""
    source = np.random.default_rng(0)
    weights = {"fc1": source.normal(size=(2, 6, 9)), "fc2": source.normal(size=(2, 4, 6))}
    return Networks("trained", (2, 3), {}, {k: w.astype(np.float32) for k, w in weights.items()})


def halves_of(rows: int, columns: int) -> Partitions:
    """Two clusters on each side of two matrices."""
    sides = [np.tile(np.arange(size, dtype=np.int16) % 2, (2, 1)) for size in (rows, columns)]
    return Partitions(*sides, feasible=np.array([True, True]))


@pytest.fixture(scope="module")
def blocks(tmp_path_factory) -> StudyBlocks:
    """A study of twenty seeds, which is enough for a verdict of calibration."""
    return StudyBlocks(
        tmp_path_factory.mktemp("blocks"),
        conditions=["untrained", "trained"],
        seeds=["0-9", "10-19"],
        k_grid=["2-4"],
        layers=["fc1", "fc2"],
        methods=["matched"],
    )


@pytest.fixture(scope="module")
def written(blocks) -> dict[str, pd.DataFrame]:
    """Tables as the workflow's functions write them, by their names in the document."""
    scores = aggregation.BlockScores(blocks.structure(), (), blocks.function())
    folder, found = blocks.folder, scores.cells()
    scores.write(found, folder / "scores.parquet", folder / "scores.csv")
    aggregation.write_clusters(
        folder / "clusters.parquet", blocks.clusters(), blocks.function_clusters()
    )
    aggregation.write_rows(folder / "ablations.parquet", blocks.ablations(), ABLATION_COLUMNS)
    lesions = blocks.lesions()
    aggregation.write_rows(folder / "lesions.parquet", lesions, LESION_COLUMNS)
    rows = read_parquet(folder / "scores.parquet")
    return {
        "scores": rows,
        "summary": summary_of(found, blocks.networks()),
        "clusters": read_parquet(folder / "clusters.parquet"),
        "ablations": read_parquet(folder / "ablations.parquet"),
        "lesions": read_parquet(folder / "lesions.parquet"),
        "lesions_networks": lesion_networks.lesion_networks(lesions),
        "paired": scores.paired({"trained": "untrained"}),
        "calibration": calibration_cells(rows),
        "calibration_nulls": calibration_nulls(rows),
        "findings": findings.findings(rows, blocks.networks(), [], "matched"),
    }


# --- columns -----------------------------------------------------------------------------------


def test_every_table_is_described_and_no_other():
    named = set()
    for rule in (ROOT / "rules").glob("*.smk"):
        named |= set(re.findall(r'"<results>/tables/(\w+\.(?:csv|parquet))"', rule.read_text()))
    agreement = {"agreement.parquet", "agreement.csv"}
    names = {name.rpartition(".")[0] for name in named - agreement} | agreement
    # A rule of its own writes these, whatever their names.
    names |= set(COMPARISONS.values())
    assert sorted(described_tables()) == sorted(names | {"history"})


@pytest.mark.parametrize(
    "name",
    [
        "scores",
        "summary",
        "clusters",
        "ablations",
        "lesions",
        "lesions_networks",
        "paired",
        "findings",
        "calibration",
        "calibration_nulls",
    ],
)
def test_tables_of_made_blocks_have_the_columns_of_the_document(written, name):
    assert len(written[name])
    assert list(written[name]) == described_columns(name)


def test_columns_that_the_library_names_are_those_of_the_document():
    named = {
        "scores": SCORES,
        "summary": SUMMARY,
        "equal_size": EQUAL_SIZE,
        "ablations": ABLATION_COLUMNS,
        "lesions": LESION_COLUMNS,
        "lesions_networks": lesion_networks.COLUMNS,
        "best_k": best_k_rows.BEST_K_COLUMNS,
        "best_k_networks": best_k_rows.BEST_K_NETWORKS_COLUMNS,
        "agreement.parquet": AGREEMENT_COLUMNS,
        "verdict": verdict.VERDICT_COLUMNS,
        "validity": validity.COLUMNS,
        "findings": findings.COLUMNS,
        "snapshots": snapshots.COLUMNS,
        "calibration_bits": calibration_bits.COLUMNS,
    }
    assert {name: described_columns(name) for name in named} == named


def test_clusters_are_those_of_structure_and_then_those_of_function():
    networks = small_networks()
    partitions = {("matched", 2): halves_of(6, 9)}
    layers = layers_of_methods(networks, "fc1", partitions)
    observed = observed_tables(layers, partitions, {})
    structure = cluster_rows(networks, "fc1", partitions, observed, layers)
    function = [name for name in CLUSTERS if name not in structure]
    assert described_columns("clusters") == [*structure, *function]


def test_rows_of_partitions_have_the_columns_of_the_document():
    rows = partition_rows("trained", (2, 3), "fc1", [9, 6], {("matched", 2): halves_of(6, 9)})
    assert_is_described("partitions", rows)
    assert DEAD == -1


def test_networks_trained_or_not_have_the_columns_of_the_document(tmp_path):
    networks = small_networks()
    measured = [NetworkRow(seed, 0.9, 0.3, 0.8, 0.4, 1.5, "cpu") for seed in networks.seeds]
    described = described_columns("networks")
    recipe = {"architecture": "784-6-10"}
    trained = trained_rows(
        TrainingResult(Networks("trained", (2, 3), recipe, networks.weights), [], measured)
    )
    for number, rows in enumerate((trained, network_rows(networks))):
        assert of_any_layer(list(rows)) == described
        rows.to_csv(tmp_path / f"{number}.csv", index=False)
    files = [str(tmp_path / f"{number}.csv") for number in range(2)]
    assert_is_described("networks", read_networks(files))


def test_the_history_has_the_columns_of_the_document():
    rows = history(TrainingResult(small_networks(), [HistoryRow(2, 1, 1, 2.3, 0.1)], []))
    assert_is_described("history", rows)


def test_agreement_has_the_columns_of_the_document():
    rows = pd.DataFrame([dict.fromkeys(AGREEMENT_COLUMNS, 0.5)] * 2)
    found = summarise_agreement(rows.assign(status="ok"))
    assert list(found) == described_columns("agreement.csv")
    nothing = summarise_agreement(pd.DataFrame(columns=AGREEMENT_COLUMNS))
    assert list(nothing) == described_columns("agreement.csv")[: len(list(nothing))]


def test_what_training_changed_has_its_columns_without_rows_too():
    nothing = untrained.less_initial(pd.DataFrame(columns=untrained.OBSERVED), {})
    found = untrained.with_change_q(nothing)
    assert list(found) == described_columns("paired")


# --- figures -----------------------------------------------------------------------------------


def test_every_figure_is_described_and_no_other():
    assert list(described_figures()) == sorted(figure_items(Study()))


def test_rows_of_figures_have_the_columns_of_the_document(blocks, written):
    scores = blocks.folder / "scores.parquet"
    found = {
        "ablations": list(ablations.rows(blocks.folder / "ablations.parquet", "x", "matched", 4)),
        "best_k": [*best_k.COLUMNS, "test_accuracy"],
        "calibration": calibration_figure.COLUMNS,
        "class_activity": class_activity.COLUMNS,
        "function": [*z_scores.rows(scores, "matched", list(FUNCTION_MEASURES)), "test_accuracy"],
        "learning_curves": learning_curves._COLUMNS,
        "lesions": lesions_figure.COLUMNS,
        "bits_by_k": [*bits_by_k.rows(scores, "matched"), "test_accuracy"],
        "verdict": [*verdict_figure.COLUMNS, "test_accuracy"],
        "measures": [*measures_figure.rows(scores, "mi"), "test_accuracy"],
        "validity": validity_figure.COLUMNS,
        "validity_scatter": list(validity_scatter.rows(scores, "matched", None)),
        "z_scores": [*z_scores.rows(scores, "matched"), "test_accuracy"],
    }
    described = described_figures()
    assert {name: described[name] for name in found} == found


# --- files -------------------------------------------------------------------------------------


def written_files() -> set[str]:
    """Patterns of the files that rules write, as the document shows them."""
    found = set()
    for rule in (ROOT / "rules").glob("*.smk"):
        outputs = re.findall(r"^( +)output:\n((?:\1    .*\n)+)", rule.read_text(), re.M)
        for _, output in outputs:
            found |= set(re.findall(r'"(<results>/[^"]+)"', output))
    braces = str.maketrans("{}", "<>")
    return {name.replace("<results>", "results").translate(braces) for name in found}


@pytest.mark.parametrize("file", sorted(written_files()))
def test_every_file_of_a_rule_is_in_the_document(file):
    folder, _, name = file.rpartition("/")
    if folder == "results/tables":
        assert f"`{file}`" in TEXT or f"`{name}`" in TEXT
        return
    stem, ending = re.fullmatch(r"(.*?)(\.[a-z_.]+|\.<null>\.npz|\.<ending>)", name).groups()
    # Files that differ in their ending alone are in one line, the first with its folder.
    lines = [line for line in TEXT.splitlines() if f"`{folder}/{stem}" in line]
    assert any(f"{stem}{ending}`" in line or f"`{ending}`" in line for line in lines), file


# --- statuses ----------------------------------------------------------------------------------


def constants() -> dict[str, str]:
    """Texts that modules of the library give a name in capitals."""
    found = {}
    for file in LIBRARY.rglob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                found |= {ast.unparse(target): node.value.value for target in node.targets}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def status_expressions(tree: ast.Module) -> Iterator[ast.expr]:
    """What a module gives a variable, an argument or a key `status`, or returns as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.keyword) and "status" in _target(node):
            yield node.value
        elif isinstance(node, ast.Dict):
            keys = [isinstance(key, ast.Constant) and key.value == "status" for key in node.keys]
            yield from (value for value, ours in zip(node.values, keys, strict=True) if ours)
        elif isinstance(node, ast.FunctionDef) and node.name in ("_status", "cell_status"):
            yield from (n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value)


def _target(node: ast.Assign | ast.keyword) -> str:
    """What is given a value."""
    return node.arg or "" if isinstance(node, ast.keyword) else ast.unparse(node.targets[0])


def statuses_of(expression: ast.expr, named: dict[str, str]) -> set[str]:
    """Statuses that an expression may give; what it calls, compares and indexes is none."""
    if isinstance(expression, ast.Constant):
        return {expression.value} if isinstance(expression.value, str) else set()
    if isinstance(expression, ast.Name):
        return {named[expression.id]} if expression.id in named else set()
    if isinstance(expression, ast.IfExp):
        return statuses_of(expression.body, named) | statuses_of(expression.orelse, named)
    if isinstance(expression, ast.Call) and ast.unparse(expression.func) == "np.where":
        _, *branches = expression.args
        return set().union(*(statuses_of(branch, named) for branch in branches))
    return set()


def test_statuses_are_those_of_the_code():
    named = constants()
    found = {
        status
        for file in LIBRARY.rglob("*.py")
        for expression in status_expressions(ast.parse(file.read_text()))
        for status in statuses_of(expression, named)
    }
    assert found == set(described_statuses())


# --- examples ----------------------------------------------------------------------------------


@pytest.fixture
def small_study(written, blocks, tmp_path) -> Path:
    """A folder with the files that the document's examples open."""
    tables = tmp_path / "results" / "tables"
    tables.mkdir(parents=True)
    written["scores"].to_parquet(tables / "scores.parquet", index=False)
    blocks.networks().to_csv(tables / "networks.csv", index=False)
    weights = np.arange(10 * 3 * 3, dtype=np.float32).reshape(10, 3, 3)
    networks = Networks("trained", tuple(range(10)), {}, {"fc1": weights, "fc2": weights})
    save_networks(tmp_path / "results/networks/trained/0-9.safetensors", networks)
    labels = np.tile(np.arange(10, dtype=np.int16)[:, None] % 4, (1, 3))
    found = Partitions(labels, labels, np.ones(10, bool))
    save_items(tmp_path / "results/clusters/trained/0-9/fc2/2-12.npz", {("matched", 4): found})
    return tmp_path


SNIPPETS = re.findall(r"```python\n(.+?)```", TEXT, re.S)


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda text: text.split()[1])
def test_examples_run(snippet, small_study, monkeypatch):
    if "polars" in snippet:
        pytest.importorskip("polars")
    monkeypatch.chdir(small_study)
    names: dict[str, object] = {}
    exec(compile(snippet, "docs/results.md", "exec"), names)
    if "both" in names:
        assert len(names["both"]) == 2 * 20 * 2 * 3
        assert names["both"]["test_accuracy"].notna().all()
    if "pc" in names:
        assert set(names["means"]["condition"]) == {"untrained", "trained"}
        assert names["means"]["z_mean"].notna().all()
    if "fc2" in names:
        assert names["fc2"].tolist() == (27 + np.arange(9).reshape(3, 3)).tolist()
    if "u_labels" in names:
        assert names["u_labels"].tolist() == [3, 3, 3]


def test_examples_are_all_that_the_document_promises():
    text = "\n".join(SNIPPETS)
    for package in ("pandas", "pyarrow", "safetensors", "numpy", "polars"):
        assert re.search(rf"^(import|from) {package}\b", text, re.M)
