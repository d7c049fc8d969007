"""State of a finished study, recorded so that the next call need not plan it again.

Snakemake takes seconds to find that nothing is to be done. It decides by files: those of the jobs,
the workflow, the library and the config. If all have the size and time that they had when a run
left nothing to do, the answer is the same. In any doubt, Snakemake decides: other arguments, a file
that changed while jobs ran, or results that are not on this disk.

`make` runs this file as a script, before anything that takes time to import. It needs only Python.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(".snakemake") / "settled"
CODE = ("Snakefile", "rules", "scripts", "src", "profiles", "envs", "config.yaml")
"""Files and folders that determine jobs, besides the files that they read and write."""
OPTIONS = (
    *("--configfile", "--configfiles", "--profile", "--workflow-profile"),
    *("--cores", "-c", "--jobs", "-j"),
)
"""Arguments that do not change the jobs to be done, apart from the files that they name."""
LOGGER = ("--logger", "study")
"""Arguments that `make` adds in a terminal."""
NOTHING = "Nothing to be done (all requested files are present and up to date)."
"""Message of Snakemake."""

State = dict[str, list[int] | None]
"""Time of the last change, in nanoseconds, and size of each file; None for a missing one."""


def main(arguments: Sequence[str]) -> int:
    """Print Snakemake's line and return 0 if nothing is to be done; return 1 if it has to plan."""
    record = record_of(arguments)
    if record is None or any(os.scandir(".snakemake/incomplete")):
        return 1
    recorded: State = json.loads(record.read_bytes())
    if recorded != state([*code_files(arguments), *recorded]):
        return 1
    print(NOTHING)
    return 0


def record_of(arguments: Sequence[str]) -> Path | None:
    """Path of the record for these targets and configs; None if an argument is not in OPTIONS."""
    words = [word for word in arguments if word not in LOGGER]
    if any(word.startswith("-") and word not in OPTIONS for word in words):
        return None
    settings = {name: text for name, text in os.environ.items() if name.startswith("SNAKEMAKE")}
    key = json.dumps([words, sorted(settings.items())])
    return FOLDER / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def code_files(arguments: Sequence[str]) -> Iterator[str]:
    """Files of CODE as they are now, and the arguments that are files, such as configs."""
    for name in CODE:
        if os.path.isdir(name):
            for folder, folders, files in os.walk(name):
                folders[:] = [inner for inner in folders if inner != "__pycache__"]
                yield from (os.path.join(folder, file) for file in files)
        else:
            yield name
    yield from (word for word in arguments if not word.startswith("-") and os.path.isfile(word))


def state(files: Iterable[str]) -> State:
    """State of each file."""
    return {file: _of_file(file) for file in files}


def _of_file(file: str) -> list[int] | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


def watch(workflow: Any, project: Path) -> None:
    """Record at the end of Snakemake's process that it left nothing to do, if that is certain.

    Args:
        workflow: Snakemake's workflow, while it is parsed.
        project: folder of the workflow, from which `make` starts it.
    """
    started_here = Path(workflow.main_snakefile) == project / "Snakefile" and Path.cwd() == project
    record = record_of(sys.argv[1:])
    if record is not None and started_here and workflow.is_main_process:
        atexit.register(_Run(workflow, record).ended, os.getpid())


class _Run:
    """A run of Snakemake, with the state of the code when it began."""

    def __init__(self, workflow: Any, record: Path) -> None:
        self._workflow, self._record = workflow, record
        self._began = time.time_ns()
        self._code = state(code_files(sys.argv[1:]))

    def ended(self, process: int) -> None:
        """Write the record, or remove one that no longer holds."""
        if os.getpid() != process or self._workflow.dag is None:  # in a fork of it, or not planned
            return
        self._record.unlink(missing_ok=True)
        files = self._settled(self._workflow.dag)
        if files is not None:
            self._record.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._record.with_suffix(f".{os.getpid()}")
            temporary.write_text(json.dumps(files))
            temporary.replace(self._record)

    def _settled(self, dag: Any) -> State | None:
        """State of all files; None if a job is left or a file changed meanwhile."""
        left = next(iter(dag.needrun_jobs()), None)
        if left is not None or self._workflow.storage_settings.default_storage_provider:
            return None
        jobs = [(list(map(str, job.input)), list(map(str, job.output))) for job in dag.jobs]
        made = state(file for _, outputs in jobs for file in outputs)
        taken = state(file for inputs, _ in jobs for file in inputs if file not in made)
        unchanged = state(self._code) == self._code and all(
            stamp is not None and stamp[0] < self._began for stamp in taken.values()
        )
        everything = self._code | taken | made
        return everything if unchanged and all(in_order(everything, *job) for job in jobs) else None


def in_order(files: State, inputs: Sequence[str], outputs: Sequence[str]) -> bool:
    """Whether no input of a job was changed after an output of it was made.

    >>> files = {"a": [1, 0], "b": [2, 0], "gone": None}
    >>> in_order(files, ["a", "gone"], ["b"]), in_order(files, ["b"], ["a"])
    (True, False)
    """
    inputs_changed = [stamp[0] for file in inputs if (stamp := files[file])]
    made = [stamp[0] for file in outputs if (stamp := files[file])]
    return not inputs_changed or not made or max(inputs_changed) <= min(made)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError):  # no record, or one that cannot be read
        sys.exit(1)
