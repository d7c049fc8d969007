"""Progress of a Snakemake run, read from its log.

Every run writes a log to `.snakemake/log`, whether it runs on this machine or on a cluster, and
whether or not a terminal shows bars. This module does not contact the run itself.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clusterability_workflow.lock_and_config import living_holder
from clusterability_workflow.records import LOGS

from clusterability.errors import UserError

LOG_FOLDER = Path(".snakemake") / "log"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
STATES = (DONE, RUNNING, WAITING, FAILED)

_BEGINS_WITHIN = 600.0
"""Seconds after which a run whose log names no job is no longer expected to begin."""

_TIME = re.compile(r"\[(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4})\]")
_BLOCK = re.compile(r"(local)?(?:rule|checkpoint) (\w+):")
_ERROR = re.compile(r"Error in rule (\w+):")
_ITEM = re.compile(r"    (message|log|jobid|wildcards): (.*)")
_FINISHED = re.compile(r"Finished jobid: (\d+) ")
_SUBMITTED = re.compile(r"Job \d+ has been submitted with ")
_RESTARTED = re.compile(r"Trying to restart job (\d+)\.")
_STEPS = re.compile(r"(\d+) of (\d+) steps \(")
_COUNT = re.compile(r"(\w+) +(\d+)")
_SHOWN_LOG = re.compile(r"Logfile .+:")
_RULED = re.compile(r"={10,}")
_CONFIGS = re.compile(r"  Config file\(s\): (.*)")


@dataclass
class Job:
    """A job that has begun.

    Attributes:
        rule, number: its rule, and its number in Snakemake's numbering of this run.
        wildcards: values of its wildcards, in the rule's order.
        log: its log; None if it has none.
        message: the cluster's message on its failure; may be empty.
        submitted: whether it was submitted to a cluster, where it may wait.
        state: RUNNING, DONE or FAILED, or WAITING if Snakemake is about to restart it.
        begun, ended: seconds since 1970; ended is 0 while it runs.
    """

    rule: str
    number: str = ""
    wildcards: tuple[str, ...] = ()
    log: Path | None = None
    message: str = ""
    submitted: bool = False
    state: str = RUNNING
    begun: float = 0.0
    ended: float = 0.0

    @property
    def name(self) -> str:
        """Rule and wildcards, such as `null trained 0-9 fc1 2-12 shuffle`."""
        return " ".join((self.rule, *self.wildcards))

    @property
    def in_queue(self) -> bool:
        """Whether a cluster has yet to start the job, which rewrites its log when it starts."""
        return self.submitted and (self.log is None or _changed_at(self.log) < self.begun)


@dataclass
class Run:
    """A run, as far as its log has been read.

    Attributes:
        jobs: jobs that have begun, by number.
        planned: number of jobs by rule.
        total: number of all jobs.
        steps: number of jobs done.
        configs: config files, as the log writes them.
        exceptions: number of jobs that ended with an exception; a quiet log does not name them.
        over: whether the log says that the run has ended.
        stopped: whether it starts no more jobs.
        time: last time in the log, in seconds since 1970.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    planned: dict[str, int] = field(default_factory=dict)
    total: int = 0
    steps: int = 0
    configs: str = ""
    exceptions: int = 0
    over: bool = False
    stopped: bool = False
    time: float = 0.0
    _block: Job | None = None
    _is_error: bool = False
    _in_stats: bool = False
    _shown: int = 0
    _header: bool = False

    def read(self, lines: Iterable[str]) -> None:
        """Parse further lines of the log."""
        for line in lines:
            if not self._is_of_shown_log(line):
                self._take(line)

    def _is_of_shown_log(self, line: str) -> bool:
        """Whether a line is part of a failed job's log, which another Snakemake may have written.

        Such a log is shown between two lines of `=`, and may itself show logs. If its closing line
        is missing, the next line that only this run can have written ends it.
        """
        header, self._header = self._header, bool(_SHOWN_LOG.fullmatch(line))
        if _RULED.fullmatch(line) and (header or self._shown):
            self._shown += 1 if header else -1
            return True
        steps = _STEPS.match(line)
        if (steps and int(steps[2]) == self.total) or _SUBMITTED.match(line):
            self._shown = 0
        return self._shown > 0

    def _take(self, line: str) -> None:
        if item := _ITEM.fullmatch(line):
            self._take_item(item[1], item[2])
        elif self._in_stats:
            self._take_count(line)
        elif match := _TIME.fullmatch(line):
            self.time = time.mktime(time.strptime(match[1]))
        elif match := _BLOCK.fullmatch(line):
            self._block = Job(match[2], submitted=not match[1], begun=self.time)
            self._is_error = False
        elif match := _ERROR.fullmatch(line):
            self._block, self._is_error = Job(match[1], begun=self.time), True
        elif match := _FINISHED.match(line):
            self._set(match[1], DONE)
        elif match := _RESTARTED.match(line):
            self._set(match[1], WAITING)
        elif match := _STEPS.match(line):
            self.steps, self.total = int(match[1]), int(match[2])
        elif match := _CONFIGS.fullmatch(line):
            self.configs = match[1]
        else:
            self._take_sentence(line)

    def _take_sentence(self, line: str) -> None:
        if line == "Job stats:":
            self._in_stats = True
        elif line == "RuleException:":
            self.exceptions += 1
        elif line.startswith(("Complete log(s):", "Nothing to be done", "Creating report")):
            self.over = True
        elif line.startswith(("Exiting because", "Will exit after", "Terminating processes")):
            self.stopped = True

    def _take_item(self, key: str, text: str) -> None:
        """Parse a line of the block of a job that begins or has failed."""
        block = self._block
        if block is None:
            return
        if key == "log":
            block.log = Path(text.split(" (check log")[0].split(", ")[0])
        elif key == "message":
            block.message = "" if text == "None" else text
        elif key == "wildcards":
            block.wildcards = tuple(pair.split("=", 1)[-1] for pair in text.split(", "))
        elif self._is_error:
            self.jobs.setdefault(text, block).message = block.message
            self._set(text, FAILED)
        else:
            block.number = text
            self.jobs[text] = block

    def _take_count(self, line: str) -> None:
        """Parse a line of the table of jobs by rule, which ends with a total and an empty line."""
        count = _COUNT.fullmatch(line.strip())
        if count and count[1] == "total":
            self.total = int(count[2])
        elif count:
            self.planned[count[1]] = int(count[2])
        self._in_stats = bool(line.strip())

    def _set(self, number: str, state: str) -> None:
        if number in self.jobs:
            self.jobs[number].state = state
            self.jobs[number].ended = 0.0 if state == WAITING else self.time

    def of_state(self, state: str) -> list[Job]:
        """Jobs that have begun and are now in a state, in the order in which they began."""
        return [job for job in self.jobs.values() if job.state == state]

    def counts(self) -> dict[str, int]:
        """Number of jobs in each state; a log of `--quiet rules` shows no running jobs."""
        running, failed = len(self.of_state(RUNNING)), len(self.of_state(FAILED))
        failed = failed if self.jobs else self.exceptions
        waiting = max(self.total - self.steps - running - failed, 0)
        return {DONE: self.steps, RUNNING: running, WAITING: waiting, FAILED: failed}

    def began(self, now: float) -> float:
        """Time at which the first job began; `now` if none has."""
        return min((job.begun for job in self.jobs.values()), default=now)

    @property
    def results(self) -> Path | None:
        """Folder of the study, which holds the logs; None before the first job."""
        for job in self.jobs.values():
            if job.log is not None and LOGS in job.log.parts:
                return Path(*job.log.parts[: job.log.parts.index(LOGS)])
        return None


@dataclass
class RunLog:
    """The log of a run, and the run as far as the log has been read."""

    file: Path
    run: Run = field(default_factory=Run)
    _offset: int = 0
    _rest: bytes = b""

    def read(self) -> Run:
        """Read the new lines; an incomplete line waits for its end."""
        try:
            with self.file.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
        except OSError:  # removed meanwhile
            content = b""
        self._offset += len(content)
        *lines, self._rest = (self._rest + content).split(b"\n")
        self.run.read(line.decode(errors="replace") for line in lines)
        return self.run

    @property
    def begins(self) -> bool:
        """Whether the run may have yet to begin its first job."""
        fresh = time.time() - _changed_at(self.file) < _BEGINS_WITHIN
        return fresh and not (self.run.steps or self.run.jobs or self.run.over)

    @property
    def is_over(self) -> bool:
        """Whether the run has ended: its log says so, or no process holds its folder."""
        results = self.run.results
        if self.run.over or self.begins:
            return self.run.over
        return results is None or living_holder(results) is None


def latest_run(folder: Path, configs: Sequence[str] = ()) -> RunLog:
    """Find the log of the last run that has jobs or is about to plan them.

    Args:
        folder: folder of Snakemake's logs.
        configs: config files of the run; empty: any run.

    Raises:
        UserError: if no run is found.
    """
    for file in sorted(folder.glob("*.snakemake.log"), reverse=True):
        log = RunLog(file)
        run = log.read()
        if (run.total or log.begins) and (not configs or run.configs == str(list(configs))):
            return log
    of = f" of {', '.join(configs)}" if configs else ""
    raise UserError(f"{folder}: found no run{of}, expected one: make study in another terminal")


def _changed_at(file: Path) -> float:
    """Time of the last change, in seconds since 1970; 0 if the file is gone."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
