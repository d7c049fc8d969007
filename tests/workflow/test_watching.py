"""`make watch`, on logs that Snakemake wrote: those of run_logs/, without their lists of files."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clusterability_workflow.lock_and_config import hold
from clusterability_workflow.run_log import Run, RunLog, latest_run
from clusterability_workflow.watching import report, time_left

from clusterability.errors import UserError
from project import ROOT

LOGS = Path(__file__).with_name("run_logs")
BEST_K = "condition,layer,method,measure,null,k,value,value_low,value_high\n"


@pytest.fixture
def study(tmp_path, monkeypatch) -> Path:
    """An empty folder of a study, entered."""
    (tmp_path / ".snakemake" / "log").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_log(study: Path, *names: str, at: str = "2026-12-01T231458.854173") -> RunLog:
    """The log of a run of this time: logs of `run_logs`, one after the other."""
    file = study / ".snakemake" / "log" / f"{at}.snakemake.log"
    file.write_text("".join((LOGS / f"{name}.txt").read_text() for name in names))
    return latest_run(file.parent)


def write(file: str, text: str) -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text)


def at(clock: str) -> float:
    return time.mktime(time.strptime(f"2026-12-01 {clock}", "%Y-%m-%d %H:%M:%S"))


def read(name: str, until: str | None = None) -> Run:
    """A run, as its log tells up to a line."""
    lines = (LOGS / f"{name}.txt").read_text().splitlines()
    run = Run()
    run.read(lines[: lines.index(until) + 1] if until else lines)
    return run


def test_jobs_of_a_run_on_this_machine():
    run = read("local")
    assert run.counts() == {"done": 4, "running": 1, "waiting": 265, "failed": 0}
    assert [job.name for job in run.of_state("running")] == ["train random_labels 0-9"]
    assert (run.planned["null"], run.planned["plot"], sum(run.planned.values())) == (63, 85, 270)
    assert run.results == Path("results")
    assert not any(job.in_queue for job in run.of_state("running"))


def test_a_job_that_failed_is_named_with_the_end_of_its_log(study):
    log = write_log(study, "local", "stopped")
    name = "results/logs/null/clusterable/0-9/fc1/2-12.strength.log"
    write(name, "".join(f"line {number}\n" for number in range(9)))
    lines = report(log, at("23:50:00"))
    assert log.is_over
    assert lines[0] == "results: 37 of 270 jobs done (13 %), 232 not run, 1 failed"
    place = lines.index(f"Failed: null ({name})")
    assert lines[place + 1 : place + 5] == [f"  line {number}" for number in (5, 6, 7, 8)]


def test_jobs_of_a_cluster_wait_in_its_queue_until_they_write_their_log(study):
    log = write_log(study, "slurm")
    hold(study / "results")
    # 4 of 20 are done, one of the failed ones runs again, and all the rest were handed over.
    assert log.run.counts() == {"done": 4, "running": 6, "waiting": 10, "failed": 0}
    first = report(log, at("23:10:00"))[0]
    assert "4 of 20 jobs done (20 %), 0 running, 6 in the cluster's queue, 10 waiting" in first
    started = "results/logs/null/trained/0-1/fc3/2-3.shuffle.log"
    write(started, "")
    os.utime(started, (at("23:09:30"), at("23:09:30")))
    lines = report(log, at("23:10:00"))
    assert "1 running, 5 in the cluster's queue" in lines[0]
    assert "  null trained 0-1 fc3 2-3 shuffle, for 41 s" in lines


def test_what_the_cluster_said_stands_for_a_log_that_was_not_written(study):
    lines = (LOGS / "slurm.txt").read_text().splitlines()
    last = lines.index("    external_jobid: 6")
    file = study / ".snakemake" / "log" / "a.snakemake.log"
    file.write_text("\n".join([*lines[: last + 1], ""]))
    shown = report(latest_run(file.parent), at("23:10:00"))
    place = shown.index(
        "Failed: null trained 0-1 fc3 2-3 shuffle"
        " (results/logs/null/trained/0-1/fc3/2-3.shuffle.log)"
    )
    assert shown[place + 1].startswith("  SLURM-job '6' failed, SLURM status is: 'CANCELLED'.")


def test_a_log_of_another_snakemake_in_the_log_is_no_part_of_the_run():
    """A failed job on a cluster shows its own: with jobs, errors and an end of their own."""
    run = read("slurm", "Trying to restart job 3.")
    assert run.counts() == {"done": 1, "running": 0, "waiting": 19, "failed": 0}
    assert (run.stopped, run.over, run.configs, run.total) == (False, False, "['config.yaml']", 20)


def test_a_shown_log_that_was_cut_hides_nothing_of_what_follows():
    lines = (LOGS / "slurm.txt").read_text().splitlines()
    rules = [place for place, line in enumerate(lines) if line == "=" * 80]
    run = Run()
    run.read(line for place, line in enumerate(lines) if place != rules[-1])
    assert run.steps == 4


def test_the_time_left_is_that_of_jobs_like_those_that_are_done(study):
    run = Run()
    run.read(
        "Job stats:\njob  count\n---  ---\ntrain  4\nall  1\ntotal  5\n\n"
        "[Tue Dec  1 23:00:00 2026]\nlocalrule train:\n    jobid: 1\n"
        "[Tue Dec  1 23:00:00 2026]\nlocalrule train:\n    jobid: 2\n"
        "[Tue Dec  1 23:01:00 2026]\nFinished jobid: 1 (Rule: train)\n1 of 5 steps (20%) done\n"
        "[Tue Dec  1 23:01:00 2026]\nlocalrule train:\n    jobid: 3\n".splitlines()
    )
    # Three jobs of 60 s each are left, of which 60 s and 20 s are done, and two run at a time.
    left, whole = time_left(run, at("23:01:20"))
    assert left == pytest.approx((3 * 60 - 60 - 20) / 2)
    assert whole


def test_rules_of_which_no_job_has_run_are_counted_by_earlier_runs_or_said_to_be_missing(study):
    log = write_log(study, "local")
    seconds, whole = time_left(log.run, at("23:22:00"))
    assert not whole
    write("results/benchmarks/null/trained/0-9/fc1/2-12.shuffle.tsv", "s\th:m:s\n100.0\t0:01:40\n")
    more, _ = time_left(log.run, at("23:22:00"))
    assert more > seconds + 63 * 100 / 2.1


def test_first_results_as_they_come(study):
    log = write_log(study, "local")
    write("results/networks/l1/0-1.networks.csv", "seed,test_accuracy\n0,0.5\n1,0.6\n")
    write("results/networks/l1/2.networks.csv", "seed,test_accuracy\n2,0.7\n")
    write("results/networks/theirs/imported.networks.csv", "seed,test_accuracy\n0,\n")
    rows = [
        "l1,fc1,matched,mi,shuffle,2,5,,",
        "l1,fc1,matched,bits,shuffle,2,7,,",
        "l1,fc1,described,bits,shuffle,3,2072.2,1736.8,2407.6",
    ]
    write("results/scores/l1/fc1.best_k.csv", BEST_K + "\n".join(rows) + "\n")
    lines = report(log, at("23:20:00"))
    assert "  l1   60.0 %  (n = 3)" in lines
    assert not any("theirs" in line for line in lines)
    assert lines[-1] == "  l1 fc1  2072 [1737, 2408], k 3, described"


def test_files_that_are_only_half_there_end_in_no_traceback(study):
    log = write_log(study, "slurm", "stopped")
    networks, rows = "seed,test_accuracy\n0,0.5\n", BEST_K + "l1,fc1,matched,bits,shuffle,2,7,1,9\n"
    for text, file in ((networks, "networks/l1/0.networks.csv"), (rows, "scores/l1/a.best_k.csv")):
        for length in range(len(text) + 1):
            write(f"results/{file}", text[:length])
            assert report(log, at("23:20:00"))
    Path("results/networks/l1/0.networks.csv").write_bytes(b"\xff\x00,\n\x00")
    assert report(log, at("23:20:00"))
    whole = log.file.read_bytes()
    for length in range(0, len(whole), 97):
        log.file.write_bytes(whole[:length])
        cut = RunLog(log.file)
        cut.read()
        assert report(cut, at("23:20:00"))


def test_a_log_is_read_on_from_where_it_was_read(study):
    file, whole = study / "a.snakemake.log", (LOGS / "slurm.txt").read_bytes()
    log = RunLog(file)
    for end in range(0, len(whole) + 331, 331):
        file.write_bytes(whole[:end])
        log.read()
    assert log.run == read("slurm")


def test_the_last_run_that_had_jobs_is_watched(study):
    write_log(study, "slurm", at="2026-12-01T100000")
    later = study / ".snakemake" / "log" / "2026-12-01T110000.snakemake.log"
    later.write_text("Building DAG of jobs...\nCreating report...\nReport created.\n")
    assert latest_run(later.parent).run.total == 20
    assert latest_run(later.parent, ["config.yaml"]).run.total == 20
    later.write_text("Building DAG of jobs...\n")
    assert latest_run(later.parent).run.total == 0
    with pytest.raises(UserError, match=r"found no run of studies/smoke\.yaml, expected one"):
        latest_run(later.parent, ["studies/smoke.yaml"])


# --- the command -------------------------------------------------------------------------------

COMMAND = [sys.executable, str(ROOT / "scripts" / "commands" / "watch.py")]


def test_the_command_says_it_once_without_a_terminal(study):
    write_log(study, "local", "stopped")
    done = subprocess.run(COMMAND, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("results: 37 of 270 jobs done (13 %)")
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], ".snakemake/log: found no run, expected one: make study in another terminal\n"),
        (["--twice"], "watch: found '--twice', expected --once, or --configfile with a config\n"),
    ],
)
def test_without_a_run_and_with_other_words_it_ends_in_one_line(study, words, told):
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_in_a_terminal_it_looks_again_until_the_run_ends(study):
    log = write_log(study, "local")
    hold(study / "results")  # as the run that goes on
    ours, theirs = pty.openpty()
    started = subprocess.Popen(COMMAND, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while b"265 waiting" not in said:
        said += os.read(ours, 1 << 16)
    with log.file.open("a") as stream:
        stream.write((LOGS / "stopped.txt").read_text())
    try:
        while part := os.read(ours, 1 << 16):
            said += part
    except OSError:  # how Linux tells that the other end is closed
        pass
    assert started.wait() == 0
    assert re.search(r"\x1b\[H\x1b\[Jresults: 37 of 270 jobs done", said.decode())
