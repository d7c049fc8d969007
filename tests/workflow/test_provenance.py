"""Digests of code: of the modules that a script really imports, and of no others."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import tokenize
from importlib.metadata import version
from pathlib import Path

import pytest

from clusterability_workflow import provenance, sources
from clusterability_workflow.provenance import code_digests, made_by, software_versions
from clusterability_workflow.sources import code_of, source_of


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
    ],
)
def test_editing_a_module_changes_the_digests_of_its_users_only(copy, edited, script, changes):
    forget()
    before = made_by(script)
    with (copy / "src" / "clusterability" / edited).open("a") as file:
        file.write("\nEDITED = True\n")
    forget()
    assert (made_by(script) != before) is changes


@pytest.mark.parametrize("edited", ["training/recipe.py", "training/__init__.py"])
def test_a_comment_reruns_nothing(copy, edited):
    forget()
    before = made_by("train.py")
    with (copy / "src" / "clusterability" / edited).open("a") as file:
        file.write("\n# edited\n")
    forget()
    assert made_by("train.py") == before


SOURCE = '''"""A module."""

# A comment.
LIMIT = 3
"""Of a variable,
in two lines."""
TEXT = """
# no comment

"""


def f(x):
    """Double.

    # no comment either
    """
    # twice
    return 2 * x  # the same line


class Empty: "not in a line of its own"
'''


def test_code_is_what_is_left_without_comments_and_docstrings(tmp_path):
    file = tmp_path / "module.py"
    file.write_text(SOURCE)
    nodes = list(ast.walk(ast.parse(SOURCE)))
    lines = code_of(SOURCE.encode(), nodes).decode().split("\n")
    assert lines == [
        "LIMIT = 3",
        'TEXT = """',
        "# no comment",
        "",
        '"""',
        "def f(x):",
        "    return 2 * x  # the same line",
        'class Empty: "not in a line of its own"',
    ]


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# A comment.\n", "", True),
        ("# A comment.", "# Other words.\n# In two lines.", True),
        ("A module.", "Another module.", True),
        ("in two lines", "in as many", True),
        ("# no comment either", "words", True),
        ("# no comment\n", "# another text\n", False),
        ("LIMIT = 3", "LIMIT = 4", False),
        ("return 2", "return 3", False),
    ],
)
def test_a_digest_changes_with_the_code(tmp_path, old, new, same):
    before, after = tmp_path / "before.py", tmp_path / "after.py"
    before.write_text(SOURCE)
    after.write_text(SOURCE.replace(old, new, 1))
    assert after.read_text() != SOURCE
    assert (source_of(before).digest == source_of(after).digest) is same


def test_what_is_left_of_the_library_has_all_tokens_but_comments_and_docstrings():
    for file in sorted((provenance.PROJECT / "src").rglob("*.py")):
        content = file.read_bytes()
        kept = code_of(content, list(ast.walk(ast.parse(content))))
        assert words(kept) == words(content), file


def words(content: bytes) -> list[str]:
    """Tokens of all lines that are no text alone, by Python's tokenizer."""
    line: list[tokenize.TokenInfo] = []
    found: list[str] = []
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type == tokenize.NEWLINE:
            if any(each.type != tokenize.STRING for each in line):
                found.extend(each.string for each in line)
            line = []
        elif token.type not in LAYOUT:
            line.append(token)
    return found


LAYOUT = {
    getattr(tokenize, name)
    for name in ("ENCODING", "COMMENT", "NL", "INDENT", "DEDENT", "ENDMARKER")
}


def test_what_is_kept_says_the_same_as_reading_anew(tmp_path, monkeypatch):
    file, kept = tmp_path / "module.py", tmp_path / "kept.json"
    file.write_text(SOURCE + "from clusterability.names import NETWORK\n")
    monkeypatch.setattr(sources, "KEPT", kept)
    forget()
    first = source_of(file)
    assert {"clusterability.names", "clusterability.names.NETWORK"} == first.modules
    sources._keep("reader", sources._kept(), 0)
    assert not kept.with_suffix(f".{os.getpid()}").exists()
    read = json.loads(kept.read_text())
    assert list(read["answers"]) == [sources._sha(file.read_bytes())]
    kept.write_text(
        json.dumps(read | {"reader": sources._sha(Path(sources.__file__).read_bytes())})
    )
    forget()
    monkeypatch.setattr(sources, "_read", None)  # nothing is read
    assert source_of(file) == first


@pytest.mark.parametrize("content", ["", "{", '{"reader": "another", "answers": {"a": 1}}'])
def test_what_another_version_or_a_crash_left_is_not_taken(tmp_path, monkeypatch, content):
    kept = tmp_path / "kept.json"
    kept.write_text(content)
    monkeypatch.setattr(sources, "KEPT", kept)
    forget()
    assert sources._kept() == {}


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
        sources.source_of,
        sources._kept,
        provenance._files,
        provenance._module_files,
        provenance._imported_files,
    ):
        cached.cache_clear()


def test_versions():
    assert software_versions("scripts/train.py") == {n: version(n) for n in ("numpy", "torch")}
    assert software_versions("scripts/cluster.py") == {
        n: version(n) for n in ("numba", "numpy", "scipy")
    }
    figure = made_by("plot.py", "report/figures/measures.py")["software"]
    assert {"matplotlib", "scipy"} <= set(figure)
