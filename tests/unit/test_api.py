"""The functions for notebooks: the numbers of the workflow, and an error in one line."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from clusterability_workflow import job
from clusterability_workflow.provenance import code_digests

import clusterability as cl
from clusterability.jobs.clustering_job import LabelsJob
from clusterability.jobs.import_job import ImportJob
from clusterability.measures.catalogue import MEASURES
from clusterability.networks.partitions import Partitions
from clusterability.release import VERSION
from clusterability.results.aggregation import BlockScores
from clusterability.results.columns import SCORES
from clusterability.results.npz_files import load_items
from clusterability.study.arguments import ScoringArguments, asked_of
from clusterability.study.job_parameters import clustering_job, null_job
from project import DOCS, LIBRARY, PATH, ROOT
from workflows import copy_workflow

SOUTHERN_WOMEN = DOCS / "examples" / "southern_women.csv"
PLANTED = np.kron(np.eye(3), np.ones((6, 8))) + 0.1

ENVIRONMENT = os.environ | {"PYTHONPATH": PATH}


def python(code: str, folder: Path) -> str:
    """What Python says that runs the code by itself."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def network_file(folder: Path) -> Path:
    """Layers of 20-12-12-5 units, two of them dead, with biases between them."""
    source = np.random.default_rng(0)
    first, second, third = (source.standard_normal(s) for s in ((12, 20), (12, 12), (5, 12)))
    first[:, 3], first[7] = 0, 0
    bias = np.ones(12)
    path = folder / "mine.npz"
    np.savez(
        path, **{"l1.weight": first, "l1.bias": bias, "l2.weight": second, "l10.weight": third}
    )
    return path


# --- the workflow's numbers ---------------------------------------------------------------------


class Named(SimpleNamespace):
    """Paths by name, as Snakemake gives them."""

    def items(self):
        return vars(self).items()

    def get(self, name, default=None):
        return vars(self).get(name, default)


class Jobs:
    """The scripts of the workflow's rules, run one after the other on a network from a file."""

    def __init__(self, folder: Path, asked: ScoringArguments, monkeypatch) -> None:
        self.folder, self.asked = folder, asked
        monkeypatch.setattr(job, "_log_to", lambda file: None)
        monkeypatch.setattr(job, "_record", lambda done: None)

    def run(self, script: str, wildcards: dict, params: dict, inputs: dict, outputs: dict) -> None:
        given = SimpleNamespace(
            wildcards=Named(**wildcards),
            params=Named(**params),
            input=Named(**inputs),
            output=Named(**outputs),
            log=["log"],
            rule=Path(script).stem,
            threads=1,
            config={},
        )
        runpy.run_path(str(ROOT / "scripts" / script), init_globals={"snakemake": given})

    def scores(self, path: Path) -> pd.DataFrame:
        """The table `scores` as the workflow writes it."""
        asked, name = self.asked, self.asked.name
        networks = str(self.folder / "networks" / name / "imported.safetensors")
        rows = str(self.folder / "rows.csv")
        imported = {"networks": networks, "rows": rows}
        self.run(
            "import_network.py",
            {"condition": name},
            {"job": {name: asdict(ImportJob(str(path)))}},
            {"files": [str(path)]},
            imported,
        )
        weights = cl.load(path)
        files = [
            self.block_scores(name, networks, layer, block)
            for layer in asked.clustering.clustered_layers(list(weights))
            for block in asked.k_blocks
        ]
        blocks = BlockScores(files)
        table = self.folder / "scores.parquet"
        blocks.write(blocks.cells(), table, self.folder / "scores.csv")
        return pd.read_parquet(table)

    def block_scores(self, name: str, networks: str, layer: str, block) -> str:
        asked = self.asked
        folder = self.folder / "scores" / name / "imported" / layer
        folder.mkdir(parents=True, exist_ok=True)
        files = {
            kind: str(folder / f"{block.name}.{kind}.npz")
            for kind in ("partitions", "starts", "held_out", *asked.nulls)
        }
        k_values = list(block)
        params = {"job": asdict(clustering_job(asked.clustering, layer)), "k_values": k_values}
        found = {kind: files[kind] for kind in ("partitions", "starts", "held_out")}
        self.run("cluster.py", {"layer": layer}, params, {"networks": networks}, found)
        clustered = {"networks": networks} | found
        for null, draws in asked.nulls.items():
            clustered_again = null_job(asked.clustering, null, draws, layer)
            given = LabelsJob(draws) if null == "labels" else clustered_again
            self.run(
                "null_labels.py" if null == "labels" else "null.py",
                {"layer": layer, "null": null},
                {"job": asdict(given), "k_values": k_values},
                clustered,
                {"tables": files[null]},
            )
        scores = str(folder / f"{block.name}.structure.parquet")
        self.run(
            "score.py",
            {"layer": layer},
            {"nulls": list(asked.nulls), "choosing": []},
            clustered | {"nulls": [files[null] for null in asked.nulls]},
            {
                "scores": scores,
                "clusters": str(folder / f"{block.name}.clusters.parquet"),
                "draws": str(folder / f"{block.name}.draws.npz"),
            },
        )
        return scores


ASKED = {
    "a matrix": {"k": "2-4,6", "nulls": {"shuffle": 5, "labels": 5}},
    "a network": {
        "k": "2-3,6",
        "methods": ["notebook", "matched", "whole"],
        "scalings": ["none", "balanced"],
        "nulls": {"shuffle_nonzero": 2, "strength": 3, "labels": 2},
        "restarts": 2,
        "name": "theirs",
    },
    "no nulls": {"k": "2", "nulls": {}},
}


@pytest.mark.parametrize(
    "case", ["a matrix", pytest.param("a network", marks=pytest.mark.slow), "no nulls"]
)
def test_scores_are_those_of_the_workflows_jobs_to_the_bit(case, tmp_path, monkeypatch):
    path = network_file(tmp_path) if case == "a network" else SOUTHERN_WOMEN
    asked = ASKED[case]
    found = cl.score(path, **asked)
    checked = asked_of(
        asked.get("name", "southern_women"),
        asked["k"].split(","),
        asked.get("methods", ["matched"]),
        asked.get("scalings", ["none"]),
        asked["nulls"],
        asked.get("restarts", 3),
    )
    expected = Jobs(tmp_path, checked, monkeypatch).scores(path)
    assert list(found) == SCORES
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found["status"].isin(["ok", "infeasible", "undefined"]).all()


def test_labels_are_those_of_the_workflows_jobs(tmp_path, monkeypatch):
    path = network_file(tmp_path)
    asked = asked_of("mine", ["2-4"], ["matched", "joint", "whole"], ["balanced"], {}, 3)
    Jobs(tmp_path, asked, monkeypatch).scores(path)
    weights = cl.load(path)
    for method in ("matched", "joint"):
        for layer, found in cl.cluster(weights, 3, method, scaling="balanced").items():
            file = tmp_path / "scores" / "mine" / "imported" / layer / "2-4.partitions.npz"
            expected = load_items(file, Partitions)[f"{method}-balanced", 3]
            assert found.rows.tolist() == expected.rows[0].tolist()
            assert found.columns.tolist() == expected.columns[0].tolist()


@pytest.mark.slow
def test_scores_are_those_of_a_study_that_snakemake_runs(tmp_path):
    workflow = copy_workflow(tmp_path)
    path = network_file(tmp_path)
    asked = {"k": "2-3", "methods": ["matched"], "nulls": {"strength": 3, "labels": 3}}
    config = {
        "networks": {"mine": {"path": path.name}},
        "k_grid": ["2-3"],
        "clustering": {"methods": asked["methods"]},
        "nulls": asked["nulls"],
        "probe": {"k": []},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    target = "results/scores/mine/imported/fc2/2-3.structure.parquet"
    done = workflow.snakemake(target)
    assert done.returncode == 0, done.stdout
    expected = pd.read_parquet(tmp_path / target)
    found = cl.score(path, **asked).query("layer == 'fc2'").reset_index(drop=True)
    added = ["q", "excess", "z_error"]  # of tables, not of blocks
    pd.testing.assert_frame_equal(found.drop(columns=added), expected, check_exact=True)


# --- weights ------------------------------------------------------------------------------------


def test_weights_of_a_file_say_where_they_come_from(tmp_path):
    weights = cl.load(network_file(tmp_path))
    assert {layer: matrix.shape for layer, matrix in weights.items()} == {
        "fc1": (12, 20),
        "fc2": (12, 12),
        "fc3": (5, 12),
    }
    assert weights.arrays == {"fc1": "l1.weight", "fc2": "l2.weight", "fc3": "l10.weight"}
    assert repr(weights).startswith("Weights 'mine': fc1 [12, 20] from 'l1.weight', fc2 [12, 12]")
    assert all(matrix.dtype == np.float32 for matrix in weights.values())


def test_a_state_dict_of_pytorch_and_chosen_layers():
    model = torch.nn.Sequential(torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    weights = cl.load(model.state_dict())
    assert weights.arrays == {"fc1": "0.weight", "fc2": "2.weight"}
    assert np.array_equal(weights["fc2"], model[2].weight.detach().numpy())
    assert cl.load(model.state_dict(), ["2.weight"]).arrays == {"2.weight": "2.weight"}
    assert cl.load(model.state_dict(), ["2.weight"], chain=True).arrays == {"fc1": "2.weight"}
    assert cl.load(cl.load(SOUTHERN_WOMEN)).name == "southern_women"
    # A parameter, which wants gradients, as a matrix.
    assert cl.cluster(model[0].weight, 2).rows.shape == (4,)
    assert cl.cluster({"fc1": model[0].weight.bfloat16()}, 2)["fc1"].columns.shape == (6,)


def test_a_file_its_weights_and_its_matrix_under_its_name_give_the_same_rows():
    asked = {"k": [2, np.int64(3)], "nulls": {"shuffle": np.int32(3)}, "restarts": np.int8(2)}
    expected = cl.score(SOUTHERN_WOMEN, **asked)
    frame = pd.read_csv(SOUTHERN_WOMEN, index_col=0)
    for weights in (str(SOUTHERN_WOMEN), cl.load(SOUTHERN_WOMEN), frame, frame.to_numpy().tolist()):
        found = cl.score(weights, name="southern_women", **asked)
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    other = cl.score(frame, **asked)
    assert (other["condition"] == "weights").all()
    assert not other["null_mean"].equals(expected["null_mean"])


def test_progress_is_told_of_each_step():
    steps: list[str] = []
    cl.score(PLANTED, "2,3", nulls={"labels": 2}, progress=steps.append)
    assert steps == [f"fc1, k = {k}: {step}" for k in (2, 3) for step in ("clusters", "labels")]


def test_weights_are_not_changed():
    matrix = PLANTED.copy()
    cl.score(matrix, 2, methods=["matched"], scalings=["balanced"], nulls={"shuffle": 2})
    assert np.array_equal(matrix, PLANTED)


# --- partitions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["notebook", "matched", "joint"])
def test_planted_clusters_are_found(method):
    found = cl.cluster(PLANTED, 3, method)
    blocks = found.rows.reshape(3, 6)
    assert (blocks == blocks[:, :1]).all()
    assert len(set(blocks[:, 0].tolist())) == 3
    if method != "notebook":
        assert found.columns.reshape(3, 8)[:, 0].tolist() == blocks[:, 0].tolist()
    rows, _ = found.order()
    assert sorted(rows.tolist()) == list(range(18))
    assert (np.diff(found.rows[rows]) >= 0).all()


def test_whole_gives_a_hidden_unit_one_label_in_both_of_its_layers(tmp_path):
    weights = cl.load(network_file(tmp_path))
    found = cl.cluster(weights, 3, "whole")
    assert list(found) == ["fc1", "fc2", "fc3"]
    for layer, partition in found.items():
        assert (partition.rows.size, partition.columns.size) == weights[layer].shape
    assert np.array_equal(found["fc1"].rows, found["fc2"].columns)
    assert np.array_equal(found["fc2"].rows, found["fc3"].columns)
    assert found["fc1"].columns[3] == -1


# --- errors -------------------------------------------------------------------------------------

NAN = np.where(np.eye(3) == 1, np.nan, 1.0)


@pytest.mark.parametrize(
    ("weights", "asked", "message"),
    [
        ("no.npz", {}, "path: found no file no.npz, expected"),
        ("no.xlsx", {}, "path: found no.xlsx with ending '.xlsx', expected one of"),
        (NAN, {}, "weights: found nan at [0, 0], expected a finite number"),
        ({"a": NAN}, {}, "weights: layer 'a': found nan at [0, 0]"),
        (np.ones(3), {}, "weights: found shape [3], expected [out, in]"),
        ([[1, 2], [3]], {}, "weights: found setting an array element with a sequence"),
        ([["a", "b"]], {}, "weights: found <U1, expected booleans"),
        ({}, {}, "weights: found no layers, expected"),
        ({"network": PLANTED}, {}, "weights: layer 'network': found this name"),
        ({3: PLANTED}, {}, "weights: layer 3: found this name"),
        (
            {"a": PLANTED, "b": PLANTED},
            {"chain": True},
            "weights: found 'a' [18, 24] before 'b' [18, 24]",
        ),
        (
            {"a": PLANTED, "b": PLANTED},
            {"methods": "whole"},
            "chain: found matrices each by itself, expected a chain for the method 'whole'",
        ),
        (
            {"a": PLANTED, "b": PLANTED},
            {"scalings": "unit-norm"},
            "chain: found matrices each by itself, expected a chain for the scaling 'unit-norm'",
        ),
        (
            {"a": PLANTED[:, :18], "b": PLANTED[:, :18]},
            {"chain": True},
            "transpose: found nothing, expected true ([in, out], as Keras",
        ),
        (PLANTED, {"k": 19}, "k: found 19, expected k that fc1 can hold (at most 18"),
        (np.zeros((4, 4)), {"k": 2}, "k: found 2, expected k that fc1 can hold (at most 0"),
        (PLANTED, {"k": "2-x"}, "k: found ['2-x'], expected a block such as"),
        (PLANTED, {"k": 2.5}, "k: found [2.5], expected a block such as"),
        (PLANTED, {"k": True}, "k: found [True], expected a block"),
        (PLANTED, {"k": []}, "k: found [], expected a list of blocks"),
        (PLANTED, {"k": 0}, "k: found [0], expected numbers that are at least 1"),
        (PLANTED, {"k": "2-4,3"}, "k: found ['2-4', '3'], expected blocks that do not overlap"),
        (PLANTED, {"k": 2, "methods": "spectral"}, "methods[0]: found 'spectral', expected"),
        (PLANTED, {"k": 2, "scalings": ["log"]}, "scalings[0]: found 'log', expected 'none'"),
        (PLANTED, {"k": 2, "nulls": {"none": 3}}, "nulls.none: found 'none', expected 'shuffle'"),
        (PLANTED, {"k": 2, "nulls": {"labels": 0}}, "nulls.labels: found 0, expected a number of"),
        (PLANTED, {"k": 2, "nulls": {"untrained": 3}}, "nulls: found 'untrained', expected of"),
        (
            PLANTED,
            {"k": 2, "nulls": {"within": 3}},
            "nulls: found 'within', expected of shuffle, shuffle_nonzero, strength, degrees,"
            " rotated_u, rotated_v, labels: which columns are alike, only a study knows",
        ),
        (
            np.eye(6) + np.eye(6)[::-1],
            {"k": 2, "nulls": {"shuffle": 3, "rotated_v": 3}},
            "nulls: found 'rotated_v', expected layers of whose weights between live units at most"
            " 5% are zero: fc1 has more",
        ),
        (PLANTED, {"k": 2, "restarts": 0}, "restarts: found 0, expected a number of at least 1"),
        (PLANTED, {"k": 2, "name": "My net"}, "name: found 'My net', expected a name of"),
    ],
)
def test_what_a_caller_can_mend_is_told_in_one_line(weights, asked, message):
    with pytest.raises(cl.UserError) as told:
        cl.score(weights, **asked)
    assert str(told.value).startswith(message)
    assert "\n" not in str(told.value)


def test_what_clusters_cannot_be_is_told_in_one_line():
    for asked, message in (
        ({"k": 19}, "k: found 19, expected k that fc1 can hold"),
        ({"k": "2-3"}, "k: found '2-3', expected one number of clusters"),
        ({"k": 2, "method": "x"}, "methods[0]: found 'x', expected"),
    ):
        with pytest.raises(cl.UserError, match=re.escape(message)):
            cl.cluster(PLANTED, **asked)
    triangular = np.array([[1.0, 0.0], [1.0, 1.0]])
    with pytest.raises(cl.UserError, match="scaling: found 'balanced', expected one that fc1"):
        cl.cluster(triangular, 2, scaling="balanced")


def test_all_faults_are_in_the_one_line():
    with pytest.raises(cl.UserError, match=r"^k: found .*; methods\[0\]: .*; restarts: found"):
        cl.score(PLANTED, "x", methods=["y"], restarts=-1)


def test_a_layer_that_cannot_hold_k_has_rows_that_say_so():
    weights = {"fc1": PLANTED, "fc2": np.ones((3, 18))}
    rows = cl.score(weights, [3, 4], nulls={"labels": 2}).query("measure == 'mi'")
    found = rows.set_index(["layer", "k"])["status"].to_dict()
    ok = {("fc1", 3): "ok", ("fc1", 4): "ok", ("fc2", 3): "ok"}
    assert found == ok | {("fc2", 4): "infeasible"}


# --- the list of measures -----------------------------------------------------------------------


def test_measures_are_listed_in_the_words_of_the_docs():
    listed = cl.list_measures().set_index("measure")
    assert list(listed.index) == list(MEASURES)
    text = (DOCS / "measures.md").read_text()
    for name, row in listed.iterrows():
        says = re.search(rf"^### `{name}`\n- \*\*Says:\*\* (.+?\.)(?=\s)", text, re.M | re.S)
        first = re.split(r"(?<=\.) ", " ".join(says[1].split()))[0]
        said = re.sub(r"^(.*?)\. No partition.*", r"\1.", first)
        assert row["meaning"] == said[0].upper() + said[1:]
        assert row["better"] in ("higher", "lower", "neither")
    assert listed["better"].to_dict()["ncut_per_cluster"] == "lower"


# --- the package --------------------------------------------------------------------------------


def test_public_names_are_there_and_hide_no_module():
    library = LIBRARY
    stub = (library / "__init__.pyi").read_text()
    for name in cl.__all__:
        assert getattr(cl, name).__doc__
        assert f"import {name} as {name}\n" in stub
        assert not (library / f"{name}.py").exists()
        assert not (library / name).exists()
    assert set(cl.__all__) <= set(dir(cl))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cl.nothing  # noqa: B018


def test_jobs_do_not_run_again_for_the_functions_of_notebooks():
    for script in ("train.py", "cluster.py", "null.py", "score.py", "plot.py", "aggregate.py"):
        files = code_digests(f"scripts/{script}")
        assert "src/clusterability/__init__.py" in files
        unused = {"api.py", "networks/weights.py"}
        assert not {f"src/clusterability/{file}" for file in unused} & set(files)


def test_neither_scores_nor_files_of_pytorch_need_it(tmp_path):
    torch.save({"a": torch.ones(3, 4)}, tmp_path / "w.pt")
    code = f"""
import sys
class Missing:
    def find_spec(self, name, *others):
        if name.split(".")[0] in ("torch", "torchvision", "snakemake", "sklearn", "matplotlib"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
import clusterability as cl
cl.score({str(SOUTHERN_WOMEN)!r}, 2, methods=["matched", "joint", "whole"], nulls={{"strength": 2}})
print(cl.load({str(tmp_path / "w.pt")!r})["a"].tolist())
"""
    assert python(code, tmp_path) == f"{np.ones((3, 4)).tolist()}\n"


def test_a_submodule_is_imported_without_the_functions(tmp_path):
    code = "import sys; from clusterability import names; print('numpy' in sys.modules)"
    assert python(code, tmp_path) == "False\n"


def test_the_version_is_the_one_to_cite():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == VERSION
