"""Digests of code: of the modules that a script really imports, and of no others."""

from __future__ import annotations

import shutil
from importlib.metadata import version

import pytest

from clusterability_workflow import provenance
from clusterability_workflow.provenance import code_digests, made_by, software_versions


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The project's code in a folder of its own, free to edit."""
    for name in ("scripts", "src"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(provenance.PROJECT / name, tmp_path / name, ignore=ignored)
    monkeypatch.setattr(provenance, "PROJECT", tmp_path)
    return tmp_path


def modules(script: str) -> set[str]:
    return {name.removeprefix("src/clusterability/") for name in code_digests(f"scripts/{script}")}


def test_digests_follow_imports_through_other_modules():
    assert {
        "scripts/train.py",
        "training/train.py",
        "training/perceptron.py",
        "training/images.py",
    } <= modules("train.py")
    assert {
        "nulls/clustered_again.py",
        "clustering/spectral.py",
        "clustering/kmeans.py",
    } <= modules("null.py")
    assert {"measures/structure.py", "measures/catalogue.py", "comparison.py"} <= modules(
        "score.py"
    )


def test_digests_leave_out_what_is_not_imported():
    structure, spectral = "measures/structure.py", "clustering/spectral.py"
    assert not modules("train.py") & {structure, spectral, "training/download.py"}
    assert not modules("cluster.py") & {structure, "training/train.py", "statistics.py"}
    # Which null it is, a wildcard says: the rule adds that null's module.
    assert not modules("null.py") & {
        structure,
        "training/train.py",
        "clustering/held_out.py",
        "nulls/strength.py",
    }
    assert not modules("null_labels.py") & {spectral, "clustering/kmeans.py", structure}
    assert not modules("score.py") & {"training/train.py", "clustering/kmeans.py"}


def test_draws_of_a_fixed_number_know_nothing_of_the_rule_that_ends_draws():
    rule = {"stopping.py", "jobs/adaptive_job.py", "results/adaptive_draws.py"}
    for script in ("null.py", "null_labels.py", "cluster.py"):
        assert not modules(script) & rule
    assert rule <= modules("null_adaptive.py") & modules("null_within_adaptive.py")


@pytest.mark.parametrize(
    ("edited", "script", "changes"),
    [
        ("measures/structure.py", "score.py", True),
        ("measures/structure.py", "cluster.py", False),
        ("measures/ablation.py", "probe.py", True),
        ("measures/ablation.py", "score.py", False),
        ("clustering/catalogue.py", "cluster.py", False),
        ("clustering/kmeans.py", "null.py", True),
        ("clustering/kmeans.py", "train.py", False),
        ("training/download.py", "train.py", False),
        ("study/study.py", "train.py", False),
        ("training/recipe.py", "train.py", True),
        # Docstrings of rooms.
        ("training/__init__.py", "train.py", False),
        ("measures/added/__init__.py", "score.py", False),
    ],
)
def test_editing_a_module_changes_the_digests_of_its_users_only(copy, edited, script, changes):
    forget()
    before = made_by(script)
    with (copy / "src" / "clusterability" / edited).open("a") as file:
        file.write("\n# edited\n")
    forget()
    assert (made_by(script) != before) is changes


def test_a_measure_in_a_module_of_its_own_counts_for_scores_only(copy):
    forget()
    scores, clusters = made_by("score.py"), made_by("cluster.py")
    (copy / "src/clusterability/measures/added/mine.py").write_text("def mine(tables): ...\n")
    forget()
    assert "src/clusterability/measures/added/mine.py" in made_by("score.py")["code"]
    assert made_by("score.py")["code"] != scores["code"]
    assert made_by("cluster.py") == clusters


def forget() -> None:
    """Empties the caches, as a new process begins."""
    for cached in (
        provenance._digest,
        provenance._files,
        provenance._body,
        provenance._module_files,
        provenance._imported_files,
        provenance._modules,
    ):
        cached.cache_clear()


def test_versions():
    assert software_versions("scripts/train.py") == {n: version(n) for n in ("numpy", "torch")}
    assert software_versions("scripts/cluster.py") == {
        n: version(n) for n in ("numba", "numpy", "scipy")
    }
    figure = made_by("plot.py", "report/figures/measures.py")["software"]
    assert {"matplotlib", "scipy"} <= set(figure)
