"""The library as a package: installed without a checkout, it scores a matrix by itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml

from clusterability.release import VERSION
from project import DOCS, LIBRARY, ROOT
from workflows import copy_workflow

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
OTHERS = {"pyyaml": "yaml"}
"""Packages whose modules have another name."""


def run(*command: str, folder: Path, **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | variables
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A fresh environment with the package; it finds others in this one, nothing is fetched."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", str(environment), folder=folder)
    python = environment / "bin" / "python"
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "theirs.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    run(str(python), "-m", "pip", "install", *options, str(source), folder=folder)
    return environment


@pytest.mark.slow
@pytest.mark.release
def test_what_is_installed_scores_a_matrix(installed, tmp_path):
    matrix = str(DOCS / "examples" / "southern_women.csv")
    command = str(installed / "bin" / "clusterability")
    options = ("--k", "2", "--nulls", "shuffle=3", "--html", "page.html")
    said = run(command, "score", matrix, *options, folder=tmp_path)
    assert "0.3184" in said
    page = (tmp_path / "page.html").read_text()
    assert "Evelyn Jefferson" in page
    assert "function drawMatrix" in page
    assert (tmp_path / "southern_women.scores.csv").is_file()
    assert run(command, "--version", folder=tmp_path) == f"clusterability {VERSION}\n"
    code = "import clusterability as cl; print(cl.__file__)"
    file = run(str(installed / "bin" / "python"), "-c", code, folder=tmp_path)
    assert file.startswith(str(installed))


@pytest.mark.slow
@pytest.mark.release
def test_all_of_the_library_and_nothing_else_is_installed(installed):
    (site,) = installed.glob("lib/python*/site-packages")
    ours = {
        file.relative_to(LIBRARY.parent).as_posix()
        for file in LIBRARY.rglob("*")
        if file.suffix in (".css", ".html", ".mjs", ".py", ".pyi", ".typed")
    }
    ours.add("clusterability/py.typed")
    (description,) = site.glob("clusterability-*.dist-info")
    record = (description / "RECORD").read_text().splitlines()
    names = {line.split(",")[0] for line in record}
    python = {name for name in names if name.startswith("clusterability/") and ".pyc" not in name}
    assert python == ours
    elsewhere = {name.split("/")[0] for name in names - python} - {"..", "clusterability"}
    assert elsewhere == {description.name}


@pytest.mark.slow
@pytest.mark.release
def test_its_types_are_known_to_a_type_checker(installed, tmp_path):
    (tmp_path / "use.py").write_text(
        "import clusterability as cl\n"
        "reveal_type(cl.cluster([[1.0]], 1))\n"
        "reveal_type(cl.cluster('w.npz', 1))\n"
        "reveal_type(cl.score('w.npz', '2-4'))\n"
        "cl.score('w.npz', seeds=3)\n"
    )
    python = str(installed / "bin" / "python")
    command = [sys.executable, "-m", "mypy", "--python-executable", python, "use.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    for found in (
        '"clusterability.api.Partition"',
        "str, clusterability.api.Partition]",
        "DataFrame",
        'Unexpected keyword argument "seeds" for "score"',
    ):
        assert found in done.stdout


def test_dependencies_are_those_that_the_study_locks():
    project = SETTINGS["project"]
    ours = {entry.split(">=")[0] for entry in project["dependencies"]}
    lock = (ROOT / "envs" / "study.lock").read_text()
    study = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    training = {entry.split(">=")[0] for entry in project["optional-dependencies"]["training"]}
    assert ours | training <= study
    sources = [file.read_text() for file in LIBRARY.rglob("*.py")]
    for name in ours | training:
        module = OTHERS.get(name, name)
        used = any(f"import {module}" in text or f"from {module}" in text for text in sources)
        # pandas makes LaTeX with it.
        assert used or name == "jinja2", name


@pytest.mark.slow
@pytest.mark.release
def test_a_study_runs_its_own_library_where_a_release_is_installed(installed, tmp_path):
    """The release in the environment is made to end whatever imports it."""
    environment = tmp_path / "environment"
    shutil.copytree(installed, environment, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "clusterability" / "__init__.py").write_text("raise SystemExit('a release')\n")
    python = str(environment / "bin" / "python")
    broken = subprocess.run([python, "-c", "import clusterability"], cwd=tmp_path)
    assert broken.returncode == 1
    workflow = copy_workflow(tmp_path / "study")
    np.savetxt(workflow.folder / "matrix.csv", np.arange(20.0).reshape(4, 5) % 3, delimiter=",")
    config = {"k_grid": [2], "networks": {"mine": {"path": "matrix.csv"}}, "nulls": {"shuffle": 3}}
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(config))
    target = "results/scores/mine/imported/fc1/2.structure.parquet"
    run(python, "-m", "snakemake", "--cores", "1", target, folder=workflow.folder)
    run(python, "scripts/commands/plan.py", target, folder=workflow.folder)
    assert (workflow.folder / target).is_file()
