"""What could run code out of data stands in few places; names of a config stay in their folders."""

from __future__ import annotations

import ast
import contextlib
import io
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from clusterability.errors import UserError
from clusterability.names import OWN_FOLDERS
from clusterability.networks.importing import torch_pickle
from clusterability.study import config_files
from clusterability.study.loading import load_study
from clusterability.training import download as sources
from clusterability.training.download import SourceError
from malicious import MALICIOUS
from project import LIBRARY, ROOT

CODE = sorted(
    file
    for name in ("src", "scripts", "benchmarks", "envs")
    for file in (ROOT / name).rglob("*.py")
)

# --- what code may call ------------------------------------------------------------------------

DANGEROUS = re.compile(
    r"(pickle|cPickle|_pickle|dill|cloudpickle|joblib|shelve|marshal|jsonpickle|runpy)\b.*|(code|pty)\..+"
    r"|torch\.(load|jit\.load|package\b.*)|numpy\.(load|fromregex|loadtxt|genfromtxt)|.*\.read_pickle"
    r"|yaml\.(\w*load\w*)|tarfile\b.*|shutil\.unpack_archive|.*\.(extractall|extract)"
    r"|eval|exec|compile|__import__|importlib\.(import_module|metadata\.EntryPoint)|os\.(system|popen|exec\w*|spawn\w*)"
    r"|subprocess\.(run|Popen|call|check_\w+|get\w+)|asyncio\.create_subprocess\w*|multiprocessing\..+|ctypes\b.*|pandas\.(eval|read_hdf)|.*\.allow_pickle"
)

ALLOWED = {
    # pip, uv and Python; Sphinx; tools of a release; sacct; git; snakemake; pip; Python for what is
    # timed: by lists of words.
    ("scripts/commands/build_site.py", "subprocess.run"),
    ("scripts/commands/real.py", "subprocess.run"),
    ("scripts/commands/release.py", "subprocess.run"),
    ("scripts/commands/release_metadata.py", "yaml.safe_load"),
    ("envs/environment.py", "subprocess.run"),
    ("scripts/clusterability_workflow/slurm.py", "subprocess.run"),
    ("src/clusterability/report/paper/manifest.py", "subprocess.run"),
    ("src/clusterability/training/download.py", "subprocess.run"),
    ("scripts/commands/paper_example.py", "subprocess.run"),
    ("scripts/commands/report.py", "subprocess.run"),
    ("scripts/commands/verify.py", "subprocess.run"),
    ("benchmarks/growth.py", "subprocess.run"),
    ("benchmarks/large.py", "subprocess.run"),
    ("benchmarks/workflow.py", "subprocess.run"),
    ("benchmarks/workflow.py", "yaml.safe_load"),
    ("src/clusterability/nulls/redrawing.py", "importlib.import_module"),
    # Measures, methods and nulls of installed packages that are asked for by name.
    ("src/clusterability/extensions.py", "importlib.metadata.EntryPoint"),
    # The functions for notebooks, when they are first asked for.
    ("src/clusterability/__init__.py", "importlib.import_module"),
    ("scripts/plot.py", "importlib.import_module"),
    ("src/clusterability/measures/structure.py", "importlib.import_module"),
    ("src/clusterability/clustering/problem.py", "importlib.import_module"),
    ("src/clusterability/study/config_files.py", "yaml.load"),
    ("src/clusterability/networks/importing/torch_file.py", "pickle.UnpicklingError"),
    # Of which only the reading of opcodes is taken; classes and functions are its own.
    ("src/clusterability/networks/importing/torch_pickle.py", "pickle._Unpickler"),
    ("src/clusterability/networks/importing/torch_pickle.py", "pickle._Unpickler.dispatch"),
    ("src/clusterability/networks/importing/torch_pickle.py", "pickle.UnpicklingError"),
    # To give memory back to the system, by a function of its C library.
    ("src/clusterability/numerics.py", "ctypes.CDLL"),
    # To call a function of LAPACK, which SciPy has, without the interpreter's lock.
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.CFUNCTYPE"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.byref"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.c_char_p"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.c_double"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.c_int"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.c_void_p"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.py_object"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.pythonapi.PyCapsule_GetName"),
    ("src/clusterability/clustering/eigenpairs.py", "ctypes.pythonapi.PyCapsule_GetPointer"),
    ("src/clusterability/training/download.py", "pickle.Unpickler"),
    ("src/clusterability/training/download.py", "pickle.UnpicklingError"),
    ("scripts/clusterability_workflow/verification.py", "numpy.load"),
    ("scripts/audit/study_files.py", "numpy.load"),
    # With weights_only: of files that are known by their hashes.
    ("scripts/audit/real_networks.py", "torch.load"),
}


def imported_names(tree: ast.AST) -> dict[str, str]:
    """What a module calls what it imports: name to the whole name."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def whole_name(node: ast.expr, names: dict[str, str]) -> str | None:
    """The dotted name of an expression, with what its first part was imported as."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        before = whole_name(node.value, names)
        return f"{before or '?'}.{node.attr}"
    return None


def used(source: str) -> Iterator[tuple[str, ast.AST]]:
    """Every name that a module uses, whole, and where; names that it only imports, too."""
    tree = ast.parse(source)
    names = imported_names(tree)
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in inner:
            yield str(whole_name(node, names)), node
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def dangerous(source: str) -> set[str]:
    return {name for name, _ in used(source) if DANGEROUS.fullmatch(name)}


def calls(source: str, name: str) -> list[ast.Call]:
    """Calls of a name in a module."""
    tree = ast.parse(source)
    names = imported_names(tree)
    every = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in every if whole_name(call.func, names) == name]


def keywords(call: ast.Call) -> dict[str, str]:
    return {str(keyword.arg): ast.unparse(keyword.value) for keyword in call.keywords}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pickle\npickle.loads(b'')", {"pickle.loads"}),
        ("import numpy as np\nnp.load('x')", {"numpy.load"}),
        ("from torch import load as read\nread('x')", {"torch.load"}),
        ("import torch\ndef f():\n    return torch.load", {"torch.load"}),
        ("import pandas as pd\npd.read_pickle('x')", {"pandas.read_pickle"}),
        ("eval('1')\nexec('')", {"eval", "exec"}),
        ("import os\nos.system('true')", {"os.system"}),
        ("archive.extractall('x')", {"archive.extractall"}),
        ("open('x').extractall()", {"?.extractall"}),
        (
            "import yaml\nyaml.unsafe_load('x')\nyaml.safe_load",
            {"yaml.unsafe_load", "yaml.safe_load"},
        ),
        ("import re\nre.compile('x')\nnetworks.load_networks('x')\nmodel.eval()", set()),
    ],
)
def test_the_search_finds_what_it_is_for(source, found):
    assert dangerous(source) == found


def test_code_runs_and_unpickles_nothing_but_in_known_places():
    assert len(CODE) > 80
    found = {
        (file.relative_to(ROOT).as_posix(), name)
        for file in CODE
        for name in dangerous(file.read_text())
    }
    assert found == ALLOWED


def assigned(text: str, name: str) -> list[str]:
    """All that a module assigns to a name."""
    return [
        ast.unparse(node.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Assign) and name in map(ast.unparse, node.targets)
    ]


def test_known_places_are_restricted():
    read = torch_pickle._TensorUnpickler
    assert read.find_class is not pickle._Unpickler.find_class
    for known in torch_pickle._KNOWN.values():
        assert type(known).__module__ == torch_pickle.__name__ or known in (
            torch_pickle.PlainDict,
            torch_pickle._DefaultDict,
        )
    workflow = ROOT / "scripts" / "clusterability_workflow"
    for array in calls((workflow / "verification.py").read_text(), "numpy.load"):
        assert keywords(array)["allow_pickle"] == "False"
    (load,) = calls((ROOT / "scripts" / "audit" / "real_networks.py").read_text(), "torch.load")
    assert keywords(load)["weights_only"] == "True"
    (read,) = calls((LIBRARY / "study" / "config_files.py").read_text(), "yaml.load")
    assert keywords(read) == {"Loader": "_Loader"}
    assert issubclass(config_files._Loader, config_files.yaml.SafeLoader)
    assert sources._ArrayUnpickler.find_class is not pickle.Unpickler.find_class
    (load,) = calls((LIBRARY / "__init__.py").read_text(), "importlib.import_module")
    assert ast.unparse(load.args[0]) == "'clusterability.api'"
    by_name = [ROOT / "scripts" / "plot.py"]
    by_name += [LIBRARY / "nulls" / "redrawing.py", LIBRARY / "clustering" / "problem.py"]
    for file in by_name:
        (load,) = calls(file.read_text(), "importlib.import_module")
        name = ast.unparse(load.args[0])
        known = assigned(file.read_text(), name) or [name]
        assert all(value.startswith("f'clusterability.") for value in known)
    (load,) = calls((LIBRARY / "measures" / "structure.py").read_text(), "importlib.import_module")
    assert ast.unparse(load.args[0]) == "f'{added.__name__}.{name}'"


def test_no_command_goes_through_a_shell():
    started = 0
    for file in CODE:
        for function in ("run", "Popen", "call", "check_call", "check_output"):
            for call in calls(file.read_text(), f"subprocess.{function}"):
                started += 1
                assert keywords(call).get("shell", "False") == "False", file
                # A list of arguments, or a name of one: no text that something could slip into.
                assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), file
    assert started >= 3


def test_rules_run_scripts_and_nothing_else():
    for file in [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]:
        lines = file.read_text().splitlines()
        code = [line.partition("#")[0] for line in lines]
        odd = re.compile(
            r"^\s*(shell|run|notebook|wrapper|cwl)\s*:|\b(eval|exec|system|pickle)\s*\("
        )
        assert not [line for line in code if odd.search(line)], file


# --- pickles that run code ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["system", "eval", "in a state dict", "in an array", "opcode inst"]
)
def test_malicious_pickles_do_run_where_nobody_restricts_them(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(MALICIOUS[name])
    assert [path.name for path in tmp_path.iterdir()] == ["pwned"]


@pytest.mark.parametrize("name", MALICIOUS)
def test_the_unpickler_of_mnist_refuses_malicious_pickles(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"not a pickle of arrays: refused to load \w+"):
        sources._unpickle_arrays(io.BytesIO(MALICIOUS[name]))
    assert list(tmp_path.iterdir()) == []


# --- names that become paths -------------------------------------------------------------------


@pytest.mark.parametrize("folder", sorted(OWN_FOLDERS))
def test_results_may_not_lie_in_the_folders_of_a_study(folder):
    for results in (f"results/{folder}", f"results/mine/{folder}", f"results/{folder}/mine"):
        with pytest.raises(UserError, match=rf"results: found '{results}', expected .*{folder}"):
            load_study({"results": results})
    assert load_study({"results": f"results/{folder}_2"}).results == f"results/{folder}_2"


def test_folders_of_a_study_are_those_that_its_rules_write_to():
    rules = "".join(file.read_text() for file in (ROOT / "rules").glob("*.smk"))
    written = set(re.findall(r"<results>/(\w+)/", rules)) | {"data", "checkpoints"}
    assert {"networks", "clusters", "tables", "figures", "logs"} <= written <= set(OWN_FOLDERS)


@pytest.mark.parametrize(
    "results",
    [
        "/tmp/x", "../results", "results/..", "results/../x", "results/", "results//a",
        "results/.a", "results/a.b", "results/-a", "results\n", "results/a\n", "results/ü",
        "results/" + "a" * 61,
        "results" + "/a" * 5, "Results", "", None, 3, ["results"],
    ],
)  # fmt: skip
def test_results_lie_in_results(results):
    with pytest.raises(UserError, match=r"^config: results: found [^\n]+, expected [^\n]+$"):
        load_study({"results": results})


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/b",
        ".",
        "",
        "A",
        "1a",
        "a-b",
        "a b",
        "a\n",
        "ä",
        "a٢",
        "a" * 41,
        "fresh-784-10",
        "{a}",
    ],
)
@pytest.mark.parametrize("section", ["conditions", "synthetic", "networks"])
def test_names_of_networks_are_plain(section, name):
    value = {"path": "a.npz"} if section == "networks" else {}
    with pytest.raises(UserError, match=r"^config: \w+\.[^\n]*: found [^\n]+, expected a name of "):
        load_study({"conditions": {"a": {}}, section: {name: value}})


@pytest.mark.parametrize("key", ["dataset", "networks"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "a\0b",
        "a\nb",
        "a{b}",
        "<results>/a.npz",
        "*.npz",
        "http://a.b/c.npz",
        "x" * 1001,
        3,
        True,
    ],
)
def test_paths_are_those_of_files(key, path):
    config = {"dataset": {"path": path}, "networks": {"mine": {"path": path}}}
    with pytest.raises(
        UserError, match=rf"^config: {key}[^\n]*\.path: found [^\n]+, expected a path"
    ):
        load_study({"conditions": {"a": {}}, key: config[key]})


@pytest.mark.parametrize(
    "path", ["results/networks/a/0.safetensors", "./results/x/../scores/a.npy"]
)
def test_a_network_is_not_imported_from_the_studys_own_results(path):
    with pytest.raises(
        UserError, match=r"networks\.mine\.path: .* not one of the study's own results"
    ):
        load_study({"networks": {"mine": {"path": path}}})
    assert load_study({"networks": {"mine": {"path": path}}, "results": "results/mine"})


@pytest.mark.parametrize(
    "architecture", ["784-1٢-10", "784-10\n", "784-²-10", "784-" + "9-" * 60 + "10"]
)
def test_an_architecture_becomes_a_name_of_digits(architecture):
    with pytest.raises(UserError, match=r"recipe\.architecture: found "):
        load_study({"recipe": {"architecture": architecture}})


# --- the audit of packages ---------------------------------------------------------------------


def test_an_audit_that_could_not_look_is_no_success(tmp_path):
    """As pip-audit does that reaches no advisories: it says so, and with --strict it fails."""
    for name in ("Makefile", "envs"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    tool = tmp_path / ".venv-audit" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    command = ["make", "audit", f"VENV={sys.prefix}"]
    for status, text in (
        (1, '#!/bin/sh\necho "$@"\ncase " $* " in *" --strict "*) exit 1;; esac\n'),
        (0, "#!/bin/sh\nexit 0\n"),
    ):
        tool.write_text(text)
        tool.chmod(0o755)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert bool(done.returncode) == bool(status), done.stderr
        if status:
            assert "--require-hashes --requirement envs/study.lock" in done.stdout


# --- checkpoints of PyTorch ----------------------------------------------------------------------


@pytest.mark.parametrize("name", MALICIOUS)
def test_the_unpickler_of_checkpoints_runs_nothing(name, tmp_path, monkeypatch):
    """Classes and functions become `Unknown`, or the pickle is refused; nothing is imported."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    with contextlib.suppress(Exception):
        found = torch_pickle.unpickle(io.BytesIO(MALICIOUS[name]))
        assert isinstance(found, torch_pickle.Unknown | dict | list | tuple | str | int | None)
    more = set(sys.modules) - before
    assert not {name for name in more if not name.startswith("encodings.")}
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_changes_nothing_of_the_functions_that_it_may_call():
    """BUILD would set attributes of what it is given: of a function, of a class."""
    known = [b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n"]
    for admitted in known:
        for state in (b"}U\x04nameU\x04evils", b"(N}U\x08__call__U\x04evilst"):
            with pytest.raises((pickle.UnpicklingError, AttributeError, TypeError)):
                torch_pickle.unpickle(io.BytesIO(b"\x80\x02" + admitted + state + b"b."))
    assert not hasattr(torch_pickle.PlainDict, "name")


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x05\x96" + (2**62).to_bytes(8, "little") + b".",  # a bytearray of 4 EB
        b"\x80\x04\x82\x01.",  # an extension
        b"\x80\x05\x97.",  # a buffer
        b"\x80\x04\x8d" + (2**62).to_bytes(8, "little") + b"a.",  # a text of 4 EB
    ],
)
def test_opcodes_that_no_checkpoint_needs_are_refused(content):
    with pytest.raises((KeyError, pickle.UnpicklingError, EOFError, MemoryError)) as error:
        torch_pickle.unpickle(io.BytesIO(content))
    assert not isinstance(error.value, MemoryError)


def test_a_number_of_a_pickles_memory_takes_no_memory():
    """Python's own unpickler in C sets aside eight bytes for every number up to it."""
    content = b"\x80\x02K\x01r\xff\xff\xff\x7f."
    assert torch_pickle.unpickle(io.BytesIO(content)) == 1
