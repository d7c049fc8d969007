"""What a run of Snakemake has done so far, as its log tells.

Every run writes a log to `.snakemake/log`, on this machine or on a cluster, with bars in a terminal
or without. Nothing here asks the run itself.
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
"""Seconds after which a log that names no job is not that of a run which is about to begin."""

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
    """A job that was begun.

    Attributes:
        rule, number: its rule, and Snakemake's number of it in this run.
        wildcards: their values, in the rule's order.
        log: its log; None where it has none.
        message: what a cluster said of its failure; may be empty.
        submitted: whether it was handed to a cluster, where it may wait.
        state: RUNNING, DONE, FAILED, or WAITING where it is about to be begun again.
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
        """The rule and its wildcards: `null trained 0-9 fc1 2-12 shuffle`."""
        return " ".join((self.rule, *self.wildcards))

    @property
    def in_queue(self) -> bool:
        """Whether a cluster has not started it yet: a job writes its log anew when it starts."""
        return self.submitted and (self.log is None or _changed_at(self.log) < self.begun)


@dataclass
class Run:
    """A run, as far as its log has been read.

    Attributes:
        jobs: jobs that were begun, by number.
        planned: number of jobs by rule.
        total: number of all jobs.
        steps: of them, how many are done.
        configs: the config files, as the log has them.
        exceptions: jobs that ended with an exception, which a quiet log does not name.
        over: whether the log says that the run has ended.
        stopped: whether it starts no more jobs.
        time: of the last line that has one, in seconds since 1970.
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
        """Takes further lines of the log."""
        for line in lines:
            if not self._is_of_shown_log(line):
                self._take(line)

    def _is_of_shown_log(self, line: str) -> bool:
        """Whether a line stands in the log of a failed job, which may be another Snakemake's.

        Such a log lies between two lines of `=`, and may show further logs. Where its end is lost,
        what only this run says ends it.
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
        elif found := _TIME.fullmatch(line):
            self.time = time.mktime(time.strptime(found[1]))
        elif found := _BLOCK.fullmatch(line):
            self._block = Job(found[2], submitted=not found[1], begun=self.time)
            self._is_error = False
        elif found := _ERROR.fullmatch(line):
            self._block, self._is_error = Job(found[1], begun=self.time), True
        elif found := _FINISHED.match(line):
            self._set(found[1], DONE)
        elif found := _RESTARTED.match(line):
            self._set(found[1], WAITING)
        elif found := _STEPS.match(line):
            self.steps, self.total = int(found[1]), int(found[2])
        elif found := _CONFIGS.fullmatch(line):
            self.configs = found[1]
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
        """A line of the block of a job that begins or that failed."""
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
        """A line of the table of jobs by rule, which ends with their total and an empty line."""
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
        """Jobs that were begun and are in this state now, the first begun first."""
        return [job for job in self.jobs.values() if job.state == state]

    def counts(self) -> dict[str, int]:
        """Number of jobs in each state; none is seen to run in a log of `--quiet rules`."""
        running, failed = len(self.of_state(RUNNING)), len(self.of_state(FAILED))
        failed = failed if self.jobs else self.exceptions
        waiting = max(self.total - self.steps - running - failed, 0)
        return {DONE: self.steps, RUNNING: running, WAITING: waiting, FAILED: failed}

    def began(self, now: float) -> float:
        """When its first job began; `now` where none has."""
        return min((job.begun for job in self.jobs.values()), default=now)

    @property
    def results(self) -> Path | None:
        """The folder of the study, which holds the logs; None before the first job."""
        for job in self.jobs.values():
            if job.log is not None and LOGS in job.log.parts:
                return Path(*job.log.parts[: job.log.parts.index(LOGS)])
        return None


@dataclass
class RunLog:
    """The log of a run, and the run as far as it was read."""

    file: Path
    run: Run = field(default_factory=Run)
    _offset: int = 0
    _rest: bytes = b""

    def read(self) -> Run:
        """Reads what is new; half a line waits for its end."""
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
        """Whether it may be that of a run which has yet to begin its first job."""
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
    """The log of the last run that had jobs, or that is about to plan them.

    Args:
        folder: of Snakemake's logs.
        configs: only runs with these config files count; empty: any run.

    Raises:
        UserError: where there is none.
    """
    for file in sorted(folder.glob("*.snakemake.log"), reverse=True):
        log = RunLog(file)
        run = log.read()
        if (run.total or log.begins) and (not configs or run.configs == str(list(configs))):
            return log
    of = f" of {', '.join(configs)}" if configs else ""
    raise UserError(f"{folder}: found no run{of}, expected one: make study in another terminal")


def _changed_at(file: Path) -> float:
    """Seconds since 1970; 0 where the file is gone."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
