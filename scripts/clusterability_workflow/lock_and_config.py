"""One run at a time in a folder of results, and one config for all jobs of a run.

The lock is a file that names its holder: host, process and start time. If the process has died on
this host, as after a kill or a power cut, the next run takes over the lock. Processes on other
hosts cannot be checked from here; the message then says how to remove the file.
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
"""Environment variable that names the config of a run to its jobs, wherever these start."""

_SECONDS_TO_WRITE = 10.0
"""Seconds after which an unreadable lock is taken to be left by a process that died writing it."""


@dataclass(frozen=True)
class Holder:
    """The process that holds a folder of results."""

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

        Another process may have the same number by now, but then its start time differs.
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
    """Take the lock of a folder until this process ends.

    Returns:
        Message about a lock that a dead process left; None without one.

    Raises:
        UserError: if another process holds the lock, or if the folder cannot be written.
    """
    path, message = folder / LOCK, None
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
        message = f"{folder}: {holder or 'a run'} ended without a word; going on from what it left"
    # The caller may change the working folder before the release.
    atexit.register(_release, path.absolute(), os.getpid())
    return message


def living_holder(folder: Path) -> Holder | None:
    """Process that holds a folder now, None without one; the lock is not taken."""
    holder = _holder(folder / LOCK)
    return holder if holder and not holder.is_dead else None


def _take(path: Path) -> bool:
    """Create the lock file; return whether it did not exist."""
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
    """Holder that a lock file names; None if the file is unreadable or gone."""
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _age(path: Path) -> float:
    """Seconds since the file was last written; 0 if it is gone."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _release(path: Path, process: int) -> None:
    if os.getpid() == process:  # not in a fork of it
        path.unlink(missing_ok=True)


parsed: tuple[Any, Any] | None = None
"""Workflow and study that this process parsed last."""


def begin(
    config: Mapping[str, Any], results: Path, shared: Path, shared_files: Sequence[str]
) -> list[str]:
    """Begin a run, before its first job: take its locks and freeze its config.

    Args:
        config: the config, as read from YAML.
        results: folder that only this run may write.
        shared: folder that all studies read. If a shared file is missing, the run writes it, and
            therefore locks this folder, too.
        shared_files: names of the shared files.

    Returns:
        Messages to the user.

    Raises:
        UserError: if another run holds a folder, or if a folder cannot be written.
    """
    folders = [results]
    if not all((shared / name).is_file() for name in shared_files):
        folders.append(shared)
    messages = [hold(folder) for folder in folders]
    freeze(config, results)
    return [line for line in messages if line]


PRODUCTS = {
    "tables": "summary.csv, scores.parquet and more (docs/results.md)",
    "figures/index.png": "all figures on one sheet",
    "explore.html": "every network, to look at in a browser",
    "answer.md": "how good are the clusters, and which measure should I trust?",
    "paper": "figures, tables and numbers for a paper",
    "report.html": "the answer, all figures and tables in one file",
}
"""Products to open first, by path from the folder of results."""


def closing_lines(results: Path) -> list[str]:
    """Messages of a successful run: the paths of its products, and the answer in a sentence."""
    files = {results / name: text for name, text in PRODUCTS.items() if (results / name).exists()}
    width = max((len(str(path)) for path in files), default=0)
    lines = [f"{path!s:<{width}}  {text}" for path, text in files.items()]
    answer = answer_in_short(results / "answer.md")
    return [*lines, f"Answer: {answer}"] if answer else lines


def answer_in_short(file: Path) -> str:
    """First bold paragraph of answer.md, without its markup; empty without one."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        return ""
    bold = re.search(r"^\*\*(.+?)\*\*$", text, re.M)
    return bold[1].replace("`", "") if bold else ""


# --- the config of a run -----------------------------------------------------------------------


def freeze(config: Mapping[str, Any], results: Path) -> None:
    """Write a copy of the config for the jobs of this run, and pass them its path.

    A job on a cluster reads its config when it starts, which may be hours later. Without a copy, it
    would see edits made meanwhile. The copy is named by its content, so that queued jobs of an
    earlier run keep their own.
    """
    content = json.dumps(config, indent=1).encode()
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = (results / "configs" / f"{digest}.json").absolute()
    if not path.exists():
        write_whole(path, content)
    os.environ[CONFIG_VARIABLE] = str(path)


def frozen() -> dict[str, Any] | None:
    """Config of the run that this job belongs to; None if it was not frozen."""
    try:
        config: dict[str, Any] = json.loads(Path(os.environ[CONFIG_VARIABLE]).read_bytes())
    except (KeyError, OSError):
        return None
    return config
