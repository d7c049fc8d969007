"""Messages that the code shows to a user, as they stand in its source; … is what varies."""

from __future__ import annotations

import ast
import itertools
import re
from functools import cache
from pathlib import Path

from project import ROOT

VARIES = "…"
RAISED = ("UserError", "AuditError", "Refusal", "sys.exit", "_refuse")
"""What ends a command with a message."""
PRINTED_WITH = {"envs/environment.py": "environment: "}
"""What stands before the messages of a file when they are printed."""
CHECKS = "src/clusterability/study/checks.py"
"""Yields faults of a config, before which the config's name is printed."""


def sources() -> list[Path]:
    """Everything in Python that a user runs."""
    folders = [ROOT / name for name in ("scripts", "src")]
    found = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    return [*found, ROOT / "envs" / "environment.py"]


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def texts(node: ast.expr) -> list[str]:
    """All texts that an expression may give."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else VARIES for part in node.values]
        return ["".join(map(str, parts))]
    if isinstance(node, ast.IfExp):
        return texts(node.body) + texts(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in texts(value)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = itertools.product(texts(node.left), texts(node.right))
        return [first + second for first, second in both]
    if _is_join(node):
        return _joined(node)
    return [VARIES]


def _is_join(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == r"'\n'.join"


def _joined(node: ast.expr) -> list[str]:
    """Of lines that are put together, the first: the others are told beside it."""
    assert isinstance(node, ast.Call)
    (lines,) = node.args
    if isinstance(lines, ast.List):
        return texts(lines.elts[0])
    return texts(lines.elt) if isinstance(lines, ast.GeneratorExp) else [VARIES]


def raised() -> dict[str, str]:
    """Messages that end a command or a job, and the file that each is in."""
    found = {}
    for file in sources():
        place = file.relative_to(ROOT).as_posix()
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Call) and _name(node).endswith(RAISED) and node.args:
                for text in _message(node):
                    first = PRINTED_WITH.get(place, "") + text.split("\n")[0]
                    found[first] = place
    return found | system_refusals()


def _name(node: ast.Call) -> str:
    return ast.unparse(node.func)


def _message(node: ast.Call) -> list[str]:
    if _name(node) != "_refuse":
        return texts(node.args[0])
    # (path, found, expected) of a config that cannot be read.
    both = itertools.product(texts(node.args[1]), texts(node.args[2]))
    return [f"{VARIES}: found {found}, expected {expected}" for found, expected in both]


def system_refusals() -> dict[str, str]:
    """What is told of files that the system does not let be written."""
    file = ROOT / "src/clusterability/files.py"
    for node in tree_of(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_REFUSALS":
            assert isinstance(node.value, ast.Dict)
            said = [f"{VARIES}: {text}" for value in node.value.values for text in texts(value)]
            return dict.fromkeys(said, file.relative_to(ROOT).as_posix())
    raise AssertionError("files.py has no _REFUSALS")


def of_the_makefile() -> set[str]:
    """Messages of the Makefile's own."""
    echoed = re.findall(r'echo "(make: [^"]+)" >&2', (ROOT / "Makefile").read_text())
    return {re.sub(r"\$\$\{.*?\}", VARIES, text) for text in echoed}


@cache
def said() -> set[str]:
    """Every text of the code that could be a line, or the first of some, whoever it is shown to."""
    found = set()
    for file in sources():
        place = file.relative_to(ROOT).as_posix()
        before = f"{VARIES}: " if place == CHECKS else PRINTED_WITH.get(place, "")
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
                lines = [text.strip().split("\n")[0] for text in texts(node)]
                found |= {start + line for line in lines for start in ("", before)}
    return found | set(raised()) | of_the_makefile()


def words_of(message: str) -> str:
    """Its letters, without what varies."""
    return "".join(re.findall(r"[A-Za-z]+", message.replace(VARIES, " ")))


def could_be(line: str, message: str) -> bool:
    """Whether a line may be this message: what varies may be said in more detail."""
    return _pattern(message).fullmatch(line) is not None


@cache
def _pattern(message: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in re.split(rf"{VARIES}|%[sd]", message)]
    return re.compile(".*".join(parts))
