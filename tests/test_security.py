"""Nothing in the library runs what a file says: no pickles, no shells, no archives unpacked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "scripts").rglob("*.py"))

ALLOWED = {
    # The package that holds MNIST is a pickle: read by a reader that admits arrays alone.
    ("sources.py", "import pickle"),
    # Names the error that torch.load raises for what is no state dict.
    ("importing.py", "import pickle"),
    ("sources.py", "import subprocess"),  # pip, by a list of words
    ("accounting.py", "import subprocess"),  # sacct
    ("verify.py", "import subprocess"),  # snakemake
    # Rules name the module of a figure or a null, by a pattern.
    ("plot.py", "import importlib"),
    ("null.py", "import importlib"),
    ("provenance.py", "import importlib"),  # versions of packages
}
UNSAFE_MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "subprocess",
    "tarfile", "importlib", "runpy", "code", "pty",
}  # fmt: skip
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
UNSAFE_METHODS = {"system", "popen", "extractall", "unpack_archive", "read_pickle", "load_module"}


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Calls by the name as it is written, such as `np.load`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keywords(call: ast.Call) -> dict[str, str]:
    return {keyword.arg or "": ast.unparse(keyword.value) for keyword in call.keywords}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_module_runs_what_a_file_says(file):
    tree = ast.parse(file.read_text())
    for module in set(imports(tree)) & UNSAFE_MODULES:
        assert (file.name, f"import {module}") in ALLOWED
    for name, call in calls(tree):
        last = name.split(".")[-1]
        assert name not in UNSAFE_CALLS
        assert last not in UNSAFE_METHODS
        assert keywords(call).get("shell", "False") == "False"
        if name in ("np.load", "numpy.load"):
            assert keywords(call).get("allow_pickle") == "False"
        if name == "torch.load":
            assert keywords(call).get("weights_only") == "True"
        if name == "yaml.load":
            assert keywords(call).get("Loader") == "_Loader"  # a SafeLoader


def test_pickles_are_read_by_the_restricted_reader_alone():
    for file in FILES:
        for name, _ in calls(ast.parse(file.read_text())):
            assert name not in ("pickle.load", "pickle.loads", "pickle.Unpickler")
    sources = (ROOT / "scripts/clusterability/sources.py").read_text()
    assert len(re.findall(r"_ArrayUnpickler\(", sources)) == 2  # its definition, and one use


def test_every_locked_package_is_pinned_by_hash():
    for lock in (ROOT / "envs").glob("*.lock"):
        text = lock.read_text()
        packages = re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
        blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
        assert len(packages) == len(blocks) > 50
        assert all("--hash=sha256:" in block for block in blocks)
