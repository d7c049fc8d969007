"""The audit is a process of its own, which never sees the library."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from audit.__main__ import main
from audit.cells import AuditError
from project import ROOT

TELL = """
import pkgutil, sys, importlib, audit
for module in pkgutil.iter_modules(audit.__path__):
    importlib.import_module(f"audit.{module.name}")
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    """As `verify.py` runs it, but with the library on the path: an import would succeed."""
    path = os.pathsep.join([str(ROOT / "scripts"), str(ROOT / "src")])
    return subprocess.run(
        [sys.executable, "-P", *words],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )


def test_no_module_of_the_audit_imports_the_library_or_the_workflow():
    loaded = ran("-c", TELL).stdout.split()
    assert {"audit", "numpy", "scipy", "sklearn"} <= set(loaded)
    assert not {name for name in loaded if name.startswith(("clusterability", "snakemake"))}


def test_modules_are_short():
    for file in (ROOT / "scripts" / "audit").glob("*.py"):
        assert len(file.read_text().splitlines()) <= 300, file.name


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "a table"])
def test_what_is_no_finished_study_is_told_in_one_line(tmp_path, there):
    folder = tmp_path / "results"
    if there != "nothing":
        (folder / "tables").mkdir(parents=True)
    if there == "a table":
        (folder / "tables" / "scores.parquet").touch()
    done = ran("-m", "audit", str(folder))
    assert done.returncode == 2
    missing = {
        "nothing": "found no folder, expected results: make study makes them",
        "an empty folder": "found no tables/scores.parquet, expected the results of a finished"
        " study: make study goes on with it",
        "a table": "found no tables/partitions.parquet, expected the results of a finished"
        " study: make study goes on with it",
    }
    assert done.stderr == f"{folder}: {missing[there]}\n"


def test_a_damaged_table_is_named(tmp_path):
    tables = tmp_path / "tables"
    tables.mkdir()
    for name in ("scores.parquet", "partitions.parquet", "summary.csv", "networks.csv"):
        (tables / name).write_text("something else")
    with pytest.raises(AuditError, match=r"scores\.parquet: found what cannot be read"):
        main([str(tmp_path)])
