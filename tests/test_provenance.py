"""Digests of code: of the modules that a script really imports, and of no others."""

from __future__ import annotations

import shutil
from importlib.metadata import version

import pytest

from clusterability import provenance
from clusterability.provenance import code_digests, software_versions


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """The scripts in a folder of their own, free to edit."""
    folder = tmp_path / "scripts"
    shutil.copytree(provenance.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "SCRIPTS", folder)
    return folder


def modules(script: str) -> set[str]:
    return {name.removeprefix("clusterability/") for name in code_digests(script)}


def test_digests_follow_imports_through_other_modules():
    assert {"train.py", "training.py", "perceptron.py", "dataset.py"} <= modules("train.py")
    assert {"nulls/redrawn.py", "clustering.py", "kmeans.py"} <= modules("null.py")
    assert {"measures/__init__.py", "registry/measures.py", "comparison.py"} <= modules("score.py")


def test_digests_leave_out_what_is_not_imported():
    assert not modules("train.py") & {"measures/__init__.py", "clustering.py", "sources.py"}
    assert not modules("cluster.py") & {"measures/__init__.py", "training.py", "statistics.py"}
    # Which null it is, a wildcard says: the rule adds that null's module.
    assert not modules("null.py") & {
        "measures/__init__.py",
        "training.py",
        "held_out.py",
        "nulls/strength.py",
    }
    assert not modules("null_labels.py") & {"clustering.py", "kmeans.py", "measures/__init__.py"}
    assert not modules("score.py") & {"training.py", "kmeans.py"}


@pytest.mark.parametrize(
    ("edited", "script", "changes"),
    [
        ("measures/__init__.py", "score.py", True),
        ("measures/__init__.py", "cluster.py", False),
        ("registry/methods.py", "cluster.py", False),
        ("kmeans.py", "null.py", True),
        ("kmeans.py", "train.py", False),
        ("sources.py", "train.py", False),
        ("study.py", "train.py", False),
        ("recipe.py", "train.py", True),
    ],
)
def test_editing_a_module_changes_the_digests_of_its_users_only(copy, edited, script, changes):
    before = code_digests(script)
    with (copy / "clusterability" / edited).open("a") as file:
        file.write("\n# edited\n")
    caches = (
        provenance._digest,
        provenance._modules,
        provenance._imported_files,
        provenance._files,
    )
    for cached in caches:
        cached.cache_clear()
    assert (code_digests(script) != before) is changes


def test_versions():
    assert software_versions("train.py") == {n: version(n) for n in ("numpy", "torch")}
    assert software_versions("cluster.py") == {n: version(n) for n in ("numba", "numpy", "scipy")}
    figure = software_versions("plot.py", "clusterability/figures/measures.py")
    assert {"matplotlib", "scipy"} <= set(figure)
