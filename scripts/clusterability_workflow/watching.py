"""Report on a run for `make watch`: its jobs, its progress and its first results."""

from __future__ import annotations

import csv
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from clusterability_workflow.planning import BENCHMARKS, seconds_of
from clusterability_workflow.run_log import DONE, FAILED, RUNNING, STATES, WAITING, Run, RunLog

from clusterability.analysis.verdict import verdict_method

_LAST_BYTES = 4096
_LAST_LINES = 4
"""Number of lines shown of a failed job's log."""
_LOG_LINE = re.compile(r"^[-\d]+ [:,\d]+ [A-Z]+ ")
"""Prefix of a message in the log of a job: time and level."""
_NOT_RUN = "not run"
"""Label of waiting jobs once the run has ended."""


def report(log: RunLog, now: float) -> list[str]:
    """Report on a run, line by line: counts, running and failed jobs, and first results.

    Args:
        log: log of the run, as read last.
        now: seconds since 1970.
    """
    run, results = log.run, log.run.results
    if not run.total:
        return [f"{log.file}: the run plans its jobs"]
    if log.is_over:
        took = f", after {_duration(run.time - run.began(run.time))}" if run.jobs else ""
        lines = [*_counts(run, _NOT_RUN), f"The run has ended{took}."]
        lines += ["", *_rules(run, _NOT_RUN)]
    else:
        lines = [*_counts(run, WAITING), *_times(run, now)]
        lines += ["", *_rules(run, WAITING), *_running(run, now)]
    lines += _failed(run)
    if results is not None:
        lines += [*_accuracies(results), *_scores(results)]
    return lines


# --- jobs --------------------------------------------------------------------------------------


def _counts(run: Run, waiting: str) -> Iterator[str]:
    """Line with the number of jobs in each state; `waiting` is the label of waiting jobs."""
    counts = run.counts()
    queued = sum(job.in_queue for job in run.of_state(RUNNING))
    texts = [f"{counts[DONE]} of {run.total} jobs done ({100 * run.steps // run.total} %)"]
    if waiting == _NOT_RUN:
        texts.append(f"{counts[WAITING] + counts[RUNNING]} {waiting}")
    else:
        texts.append(f"{counts[RUNNING] - queued} running")
        texts += [f"{queued} in the cluster's queue"] if queued else []
        texts.append(f"{counts[WAITING]} {waiting}")
    yield f"{run.results or 'study'}: {', '.join(texts)}, {counts[FAILED]} failed"


def _times(run: Run, now: float) -> Iterator[str]:
    """Lines with the time that the run has taken, and an estimate of the time left."""
    left, whole = time_left(run, now)
    text = "not known yet" if left is None else f"about {_duration(left)}"
    text += "" if whole or left is None else ", and more for rules of which no job has run yet"
    yield f"The run has taken {_duration(now - run.began(now))}; time left: {text}."
    if run.stopped:
        yield "It starts no more jobs, and ends when those that run have ended."


def time_left(run: Run, now: float) -> tuple[float | None, bool]:
    """Estimate the seconds that a run still takes; also return whether all rules are included.

    Each remaining job is expected to take the mean time of its rule in this run, or else in earlier
    runs of the study. As many jobs are expected to run at a time as did so far. The estimate is
    None until a job is done.
    """
    done = Counter(job.rule for job in run.of_state(DONE))
    begun = [job for job in run.jobs.values() if job.state != WAITING]
    busy = sum((job.ended or now) - job.begun for job in begun)
    if not done or now <= run.began(now) or not busy:
        return None, False
    left, whole = 0.0, True
    for rule, planned in run.planned.items():
        if rule == "all" or planned <= done[rule]:
            continue
        each = _seconds_each(run, rule)
        whole &= each is not None
        running = [now - job.begun for job in run.of_state(RUNNING) if job.rule == rule]
        spent = sum(min(seconds, each or 0.0) for seconds in running)
        left += (planned - done[rule]) * (each or 0.0) - spent
    return left / max(busy / (now - run.began(now)), 1.0), whole


def _seconds_each(run: Run, rule: str) -> float | None:
    """Mean seconds of a rule's jobs; None if none has run."""
    times = _times_of(run, rule)
    if not times and run.results is not None:
        folder = run.results / BENCHMARKS
        files = [*folder.glob(f"{rule}.tsv"), *folder.glob(f"{rule}/**/*.tsv")]
        times = [seconds for file in files if (seconds := seconds_of(file)) is not None]
    return statistics.mean(times) if times else None


def _times_of(run: Run, rule: str) -> list[float]:
    return [job.ended - job.begun for job in run.of_state(DONE) if job.rule == rule]


def _rules(run: Run, waiting: str) -> Iterator[str]:
    """Table of the rules, with the number of jobs in each state and the mean time of a job."""
    shown = [state for state in STATES if state != RUNNING or waiting == WAITING]
    begun = {state: Counter(job.rule for job in run.of_state(state)) for state in shown}
    width = max(map(len, run.planned), default=4)
    heads = [waiting if state == WAITING else state for state in shown]
    yield f"  {'rule':<{width}}{''.join(f'{head:>9}' for head in heads)}  a job takes"
    for rule, planned in run.planned.items():
        counts = {state: begun[state][rule] for state in shown}
        counts[WAITING] = max(planned - sum(counts.values()) + counts[WAITING], 0)
        times = _times_of(run, rule)
        each = _duration(statistics.mean(times)) if times else ""
        numbers = "".join(f"{counts[state] or '.':>9}" for state in shown)
        yield f"  {rule:<{width}}{numbers}  {each}".rstrip()


def _running(run: Run, now: float) -> Iterator[str]:
    """Lines on each running job: its time so far, and the last line of its log if informative."""
    jobs = [job for job in run.of_state(RUNNING) if not job.in_queue]
    if jobs:
        yield from ("", "Running:")
    for job in jobs:
        last = "".join(_LOG_LINE.sub("", line) for line in last_lines(job.log, 1))
        detail = f": {last}" if last and not last.startswith(f"{job.rule}: ") else ""
        yield f"  {job.name}, for {_duration(now - job.begun)}{detail}"


def _failed(run: Run) -> Iterator[str]:
    """Lines on each failed job, with the end of its log or the cluster's message."""
    for job in run.of_state(FAILED):
        yield from ("", f"Failed: {job.name} ({job.log or 'without a log'})")
        yield from (f"  {line}" for line in last_lines(job.log, _LAST_LINES) or [job.message])


def last_lines(file: Path | None, count: int) -> list[str]:
    """Last lines of a log; empty if it cannot be read."""
    if file is None:
        return []
    try:
        with file.open("rb") as stream:
            stream.seek(max(stream.seek(0, 2) - _LAST_BYTES, 0))
            content = stream.read()
    except OSError:
        return []
    return content.decode(errors="replace").splitlines()[-count:]


# --- first results -----------------------------------------------------------------------------


def _accuracies(results: Path) -> Iterator[str]:
    """Lines with the mean test accuracy of each condition that has one."""
    accuracies: dict[str, list[float]] = {}
    for file in sorted(results.glob("networks/*/*.networks.csv")):
        numbers = (_number(row.get("test_accuracy")) for row in _rows(file))
        accuracies.setdefault(file.parent.name, []).extend(x for x in numbers if x is not None)
    shown = {name: values for name, values in accuracies.items() if values}
    if shown:
        yield from ("", "Test accuracy, mean over networks:")
    width = max(map(len, shown), default=0)
    for name, values in shown.items():
        yield f"  {name:<{width}}  {100 * statistics.mean(values):5.1f} %  (n = {len(values)})"


def _scores(results: Path) -> Iterator[str]:
    """Lines with the saved bits of each layer whose k was chosen, for the method of the verdict."""
    scores = []
    for file in sorted(results.glob("scores/*/*.best_k.csv")):
        rows = [row for row in _rows(file) if row.get("measure") == "bits"]
        rows = [row for row in rows if _number(row.get("value")) is not None]
        method = verdict_method([row["method"] for row in rows])
        scores += [row for row in rows if row["method"] == method]
    if scores:
        yield from ("", "First scores: bits that clusters save, 0 or less where none pay:")
    width = max((len(_layer(row)) for row in scores), default=0)
    yield from (f"  {_layer(row):<{width}}  {_bits(row)}" for row in scores)


def _layer(row: dict[str, str]) -> str:
    return f"{row['condition']} {row['layer']}"


def _bits(row: dict[str, str]) -> str:
    low, high = (_number(row.get(f"value_{end}")) for end in ("low", "high"))
    interval = "" if low is None or high is None else f" [{low:.0f}, {high:.0f}]"
    return f"{float(row['value']):.0f}{interval}, k {row['k']}, {row['method']}"


def _rows(file: Path) -> list[dict[str, str]]:
    """Complete rows of a CSV file; empty if it is gone or damaged."""
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return [row for row in rows if None not in row and None not in row.values()]
    except (OSError, ValueError, csv.Error):
        return []


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _duration(seconds: float) -> str:
    """Format a time, such as `8 s`, `12 min` or `3 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
