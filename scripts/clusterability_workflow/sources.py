"""Content of each file of the project: its code without comments, and the modules it imports.

Reading a file takes milliseconds, and a run of Snakemake asks about some 300. Answers are kept
beside Python's own compiled modules, by the SHA-256 of the file.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

KEPT = Path(__file__).parent / "__pycache__" / "sources.json"
"""Answers of earlier runs."""
MOST_KEPT = 2000
"""Answers that are kept at most: several times the project's files."""


class Source(NamedTuple):
    """One file.

    Attributes:
        digest: of its code without comments and docstrings; of a file that is not Python, of all.
        modules: that it imports, anywhere in it, and the names that it takes from them.
        decides: whether it holds more than comments and docstrings.
    """

    digest: str
    modules: frozenset[str]
    decides: bool


@cache
def source_of(file: Path) -> Source:
    """Read a file, or take what is kept of a file with the same bytes."""
    content = file.read_bytes()
    if file.suffix != ".py":
        return Source(_sha(content), frozenset(), True)
    kept, sha = _kept(), _sha(content)
    if sha not in kept:
        kept[sha] = _read(content)
    digest, modules, decides = kept[sha]
    return Source(digest, frozenset(modules), decides)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _read(content: bytes) -> tuple[str, list[str], bool]:
    nodes = list(ast.walk(ast.parse(content)))
    code = code_of(content, nodes)
    return _sha(code), sorted(_modules(nodes)), bool(code)


def code_of(content: bytes, nodes: Sequence[ast.AST]) -> bytes:
    """The lines of a module that decide what it does.

    Left out are empty lines and lines with nothing but a comment or a docstring, that of a variable
    included.

    Args:
        content: of the module.
        nodes: all nodes of its syntax tree.
    """
    lines, texts = content.splitlines(), set[int]()
    for node in nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.lineno < (node.end_lineno or 0):
            texts.update(range(node.lineno, node.end_lineno or 0))
    docstrings = {
        number
        for node in nodes
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and not lines[node.lineno - 1][: node.col_offset].strip()
        and not lines[(node.end_lineno or 0) - 1][node.end_col_offset :].strip()
        for number in range(node.lineno - 1, node.end_lineno or 0)
    }
    return b"\n".join(
        line
        for number, line in enumerate(lines)
        if number not in docstrings
        # Within a text of several lines, a line may begin with #.
        and (number in texts or line.strip()[:1] not in (b"", b"#"))
    )


def _modules(nodes: Sequence[ast.AST]) -> set[str]:
    modules: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            modules.add(node.module)
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
    return modules


@cache
def _kept() -> dict[str, Any]:
    """Answers by SHA-256, written at the end of the process if there are new ones."""
    # Another way of reading, in this module, is another answer.
    reader = _sha(Path(__file__).read_bytes())
    try:
        kept = json.loads(KEPT.read_bytes())
    except (OSError, ValueError):
        kept = {}
    answers = kept.get("answers", {}) if kept.get("reader") == reader else {}
    atexit.register(_keep, reader, answers, len(answers))
    return answers


def _keep(reader: str, answers: dict[str, Any], before: int) -> None:
    if len(answers) == before:
        return
    newest = dict(list(answers.items())[-MOST_KEPT:])
    temporary = KEPT.with_suffix(f".{os.getpid()}")
    # A folder that cannot be written, as of a shared installation, keeps nothing.
    with contextlib.suppress(OSError):
        KEPT.parent.mkdir(exist_ok=True)
        temporary.write_text(json.dumps({"reader": reader, "answers": newest}))
        temporary.replace(KEPT)
