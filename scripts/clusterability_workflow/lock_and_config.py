"""One run at a time in a folder of results, and one config for all jobs of a run.

The lock is a file that says who holds it: host, process, since when. Where the process is dead on
this host, as after a kill or a power cut, the next run takes the lock over. What runs on another
host cannot be seen from here: then the message says how to remove the file.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from clusterability.errors import UserError
from clusterability.files import refusal, write_whole

LOCK = ".run.lock"
CONFIG_VARIABLE = "CLUSTERABILITY_CONFIG"
"""Names the config of the run to the jobs of the run, wherever these are started."""

_SECONDS_TO_WRITE = 10.0
"""A lock that is not readable after so long was left by a process that died while writing it."""


@dataclass(frozen=True)
class Holder:
    """The process that a folder of results belongs to."""

    host: str
    process: int
    started: float
    command: str

    @classmethod
    def this_process(cls) -> Holder:
        started = psutil.Process().create_time()
        command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
        return cls(platform.node(), os.getpid(), started, command)

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended, as far as this host can tell.

        Another process may have its number by now; that one was started at another time.
        """
        if self.host != platform.node():
            return False
        try:
            return abs(psutil.Process(self.process).create_time() - self.started) > 1
        except psutil.NoSuchProcess:
            return True

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.started).isoformat(" ", "seconds")
        return f"process {self.process} on {self.host}, since {since} ({self.command})"


def hold(folder: Path) -> str | None:
    """Takes the lock of a folder until this process ends.

    Returns:
        What to tell of a lock that a dead process had left, if there was one.

    Raises:
        UserError: where another process holds it, or the folder may not be written.
    """
    path, told = folder / LOCK, None
    if _holder(path) == Holder.this_process():
        return None
    while not _take(path):
        holder = _holder(path)
        if holder and not holder.is_dead:
            raise UserError(
                f"{folder}: held by {holder}, expected one run at a time"
                + ("" if holder.host == platform.node() else f"; if it is dead, remove {path}")
            )
        if holder is None and _age(path) < _SECONDS_TO_WRITE:
            time.sleep(0.1)
            continue
        path.unlink(missing_ok=True)
        told = f"{folder}: {holder or 'a run'} ended without a word; going on from what it left"
    atexit.register(_release, path, os.getpid())
    return told


def living_holder(folder: Path) -> Holder | None:
    """The process that holds a folder now, if there is one; takes nothing."""
    holder = _holder(folder / LOCK)
    return holder if holder and not holder.is_dead else None


def _take(path: Path) -> bool:
    """Makes the lock file, if there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except OSError as error:
        raise UserError(f"{path.parent}: {refusal(error, path) or error.strerror}") from None
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(Holder.this_process()), file)
    return True


def _holder(path: Path) -> Holder | None:
    """Who holds the lock, as the file says; None where it does not say, or is gone."""
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _age(path: Path) -> float:
    """Seconds since the file was made; 0 where it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _release(path: Path, process: int) -> None:
    if os.getpid() == process:  # not in a fork of it
        path.unlink(missing_ok=True)


parsed: tuple[Any, Any] | None = None
"""The workflow and the study that this process has parsed last."""


def begin(
    config: Mapping[str, Any], results: Path, shared: Path, shared_files: Sequence[str]
) -> list[str]:
    """What a run does before its first job: takes its locks and freezes its config.

    Args:
        config: as read from YAML.
        results: the folder that this run alone may write.
        shared: the folder that all studies read, which the run writes where a file is missing.
        shared_files: names of these files.

    Returns:
        Lines to tell the user.

    Raises:
        UserError: where another run holds a folder, or it may not be written.
    """
    folders = [results]
    if not all((shared / name).is_file() for name in shared_files):
        folders.append(shared)
    told = [hold(folder) for folder in folders]
    freeze(config, results)
    return [line for line in told if line]


PRODUCTS = {
    "tables": "summary.csv, scores.parquet and more (docs/results.md)",
    "figures/index.png": "all figures on one sheet",
    "explore.html": "every network, to look at in a browser",
    "answer.md": "how good are the clusters, and which measure should I trust?",
    "paper": "figures, tables and numbers for a paper",
    "report.html": "the answer, all figures and tables in one file",
}
"""What a reader opens first, from the folder of results."""


def closing_lines(results: Path) -> list[str]:
    """What a run that has ended well says: where its products are, and the answer in a sentence."""
    there = {results / name: text for name, text in PRODUCTS.items() if (results / name).exists()}
    width = max((len(str(path)) for path in there), default=0)
    lines = [f"{path!s:<{width}}  {text}" for path, text in there.items()]
    answer = answer_in_short(results / "answer.md")
    return [*lines, f"Answer: {answer}"] if answer else lines


def answer_in_short(file: Path) -> str:
    """The first bold paragraph of answer.md, without its markup; empty where there is none."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return ""
    bold = re.search(r"^\*\*(.+?)\*\*$", text, re.M)
    return bold[1].replace("`", "") if bold else ""


# --- the config of a run -----------------------------------------------------------------------


def freeze(config: Mapping[str, Any], results: Path) -> None:
    """Writes the config down for the jobs of this run, and names it to them.

    A job on a cluster reads its config anew when it starts, which may be hours later: without this
    an edit of the file would reach it. The file is named by its content, so that jobs of an earlier
    run that are still in a queue keep theirs.
    """
    content = json.dumps(config, indent=1).encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = (results / "configs" / f"{digest}.json").absolute()
    if not path.exists():
        write_whole(path, content)
    os.environ[CONFIG_VARIABLE] = str(path)


def frozen() -> dict[str, Any] | None:
    """The config of the run that this job belongs to, if it was written down."""
    try:
        config: dict[str, Any] = json.loads(Path(os.environ[CONFIG_VARIABLE]).read_bytes())
    except (KeyError, OSError):
        return None
    return config
