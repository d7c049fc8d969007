"""What the jobs of a run really load of the project, seen from inside of each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

WATCHER = """
import atexit, json, os, re, sys


def tell():
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if job is None or not hasattr(job, "rule"):
        return
    files = {str(getattr(module, "__file__", None) or "") for module in sys.modules.values()}
    loaded = sorted(file for file in files if re.search("/(src/clusterability|scripts)/", file))
    digests = dict(job.params.items()).get("code")
    said = {"rule": job.rule, "loaded": loaded, "digests": digests and sorted(digests)}
    with open(os.path.join(os.environ["LOADED"], f"{os.getpid()}.json"), "w") as file:
        json.dump(said, file)


atexit.register(tell)
"""


@dataclass(frozen=True)
class Loaded:
    """One job.

    Attributes:
        rule: its name.
        files: of the project that it loaded, from the project's folder on.
        digests: files whose digests are among its parameters; None where it has none.
    """

    rule: str
    files: frozenset[str]
    digests: frozenset[str] | None


@contextmanager
def watched_jobs(folder: Path) -> Iterator[Path]:
    """Lets each job that is started meanwhile say what it has loaded, into the folder."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WATCHER)
    with pytest.MonkeyPatch.context() as shell:
        shell.setenv("PYTHONPATH", str(folder))
        shell.setenv("LOADED", str(folder))
        yield folder


def read_loaded(folder: Path) -> list[Loaded]:
    """What the jobs have said."""
    found = []
    for file in sorted(folder.glob("*.json")):
        said = json.loads(file.read_text())
        digests = None if said["digests"] is None else frozenset(said["digests"])
        files = frozenset(_from_the_project_on(name) for name in said["loaded"])
        found.append(Loaded(said["rule"], files, digests))
    return found


def _from_the_project_on(name: str) -> str:
    parts = Path(name).parts
    # The last: the checkout itself may lie in a folder of such a name.
    place = max(i for i, part in enumerate(parts) if part in ("src", "scripts"))
    return "/".join(parts[place:])


def holds_docstring_alone(file: Path) -> bool:
    """Whether a module decides nothing: its text is one string."""
    text = file.read_text().strip()
    return text.startswith('"""') and text.count('"""') == 2 and text.endswith('"""')
