"""A score that is interrupted goes on where it was, and its rows are those of one that was not."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from clusterability.__main__ import main
from clusterability.networks.weights import as_networks, as_weights
from clusterability.results.single import kept_work
from clusterability.results.single.progress import SECONDS_BETWEEN_LINES, Progress
from clusterability.study.arguments import asked_of
from project import PATH

WAITS = """
import sys, time
from clusterability.results.single import kept_work
from clusterability.__main__ import main

save = kept_work.save_items


def save_and_wait(path, items):
    new = not path.exists()
    save(path, items)
    if new and path.parts[-3:-1] == ("b", "2-3.shuffle"):
        time.sleep(3600)


kept_work.SECONDS_BETWEEN, kept_work.save_items = 0, save_and_wait
sys.exit(main(sys.argv[1:]))
"""
"""The command, which writes everything as soon as it is done, and waits for Ctrl-C in layer b."""

ASKED = ("score", "w.npz", "--k", "2-3", "--restarts", "1", "--verdict", "none", "--jobs", "1")
NULLS = ("--nulls", "shuffle=40,labels=4,strength=3")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    source = np.random.default_rng(0)
    np.savez("w.npz", a=source.normal(size=(9, 14)), b=source.normal(size=(8, 11)))
    return tmp_path


class Stopped:
    """A `Progress` at which Ctrl-C is pressed after some draws, or some layers."""

    def __init__(self, draws: int) -> None:
        self.draws, self.kept, self.said = draws, 0, []

    def begin(self, cost: float) -> None: ...

    def step(self, text: str) -> None: ...

    def close(self) -> None: ...

    def tell(self, line: str) -> None:
        self.said.append(line)

    def advance(self, cost: float, draws: int = 0, kept: bool = False) -> None:
        self.kept += draws if kept else 0
        self.draws -= 0 if kept else draws
        if self.draws < 0:
            raise KeyboardInterrupt


def run(monkeypatch, draws: float, *more: str, nulls=NULLS) -> tuple[int, Stopped]:
    shown = Stopped(draws)
    monkeypatch.setattr("clusterability.results.single.progress.Progress", lambda: shown)
    return main([*ASKED, *nulls, *more]), shown


def whole_rows(monkeypatch, folder: Path, *more: str) -> bytes:
    """What is written without an interruption."""
    output = folder / "whole.csv"
    assert run(monkeypatch, np.inf, "--output", str(output), *more)[0] == 0
    return output.read_bytes()


@pytest.mark.parametrize("draws", [0, 42, 90])
def test_rows_are_the_same_to_the_byte_wherever_it_is_interrupted(
    draws, monkeypatch, folder, capsys
):
    expected = whole_rows(monkeypatch, folder)
    assert run(monkeypatch, draws)[0] == 130
    assert not Path("w.scores.csv").exists()
    said = capsys.readouterr().err
    kept = Path(re.search(r"interrupted; (\S+) keeps what is done", said)[1])
    assert kept.parent == Path("w.scores.unfinished")
    status, shown = run(monkeypatch, np.inf)
    assert status == 0
    assert draws < shown.kept <= draws + 4  # `labels` in one go
    assert shown.said == [f"clusterability: going on from {kept} (--fresh: anew)"]
    assert Path("w.scores.csv").read_bytes() == expected
    assert not kept.parent.exists()


def test_it_may_be_interrupted_again_and_again(monkeypatch, folder):
    expected = whole_rows(monkeypatch, folder)
    kept = [run(monkeypatch, 10)[1].kept for _ in range(3)]
    assert kept == sorted(set(kept))  # each goes on from the one before
    assert run(monkeypatch, np.inf)[0] == 0
    assert Path("w.scores.csv").read_bytes() == expected


@pytest.mark.parametrize("draws", [12, 30, 70])
def test_draws_that_end_by_a_rule_end_where_they_would_have(draws, monkeypatch, folder):
    more = ("--draws", "adaptive", "--scalings", "none,ranked")
    expected = whole_rows(monkeypatch, folder, *more)
    assert run(monkeypatch, draws, *more)[0] == 130
    status, shown = run(monkeypatch, np.inf, *more)
    assert status == 0
    assert draws < shown.kept <= draws + 4
    assert Path("w.scores.csv").read_bytes() == expected


def test_nothing_is_left_of_a_score_that_ends_well_or_that_has_done_nothing(
    monkeypatch, folder, capsys
):
    monkeypatch.setattr(kept_work, "SECONDS_BETWEEN", 0)
    assert run(monkeypatch, np.inf)[0] == 0
    assert {path.name for path in folder.iterdir()} == {"w.npz", "w.scores.csv"}
    Path("w.scores.csv").unlink()
    monkeypatch.setattr("clusterability.results.one_network.scaled_layers", interrupt)
    assert run(monkeypatch, np.inf)[0] == 130
    assert capsys.readouterr().err.endswith("interrupted; nothing was done yet\n")
    assert {path.name for path in folder.iterdir()} == {"w.npz"}


def interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_a_short_score_writes_nothing_on_its_way(monkeypatch):
    monkeypatch.setattr(kept_work, "save_items", interrupt)
    assert run(monkeypatch, np.inf)[0] == 0


def test_other_options_begin_anew_and_leave_what_is_kept(monkeypatch, folder, capsys):
    assert run(monkeypatch, 20)[0] == 130
    (kept,) = Path("w.scores.unfinished").iterdir()
    status, shown = run(monkeypatch, np.inf, "--restarts", "2")
    assert (status, shown.kept) == (0, 0)
    assert "w.scores.unfinished keeps work on other weights" in shown.said[0]
    assert kept.is_dir()
    status, shown = run(monkeypatch, np.inf, "--force")
    assert (status, shown.kept) == (0, 21)
    assert not kept.parent.exists()


def test_fresh_begins_anew_and_removes_what_is_kept(monkeypatch, folder):
    assert run(monkeypatch, 20)[0] == 130
    status, shown = run(monkeypatch, np.inf, "--fresh")
    assert (status, shown.kept, shown.said) == (0, 0, [])
    assert not Path("w.scores.unfinished").exists()


def test_damaged_files_are_made_again(monkeypatch, folder):
    expected = whole_rows(monkeypatch, folder)
    assert run(monkeypatch, 60)[0] == 130
    files = sorted(Path("w.scores.unfinished").rglob("*.npz"))
    assert len(files) >= 5
    for file in files:
        file.write_bytes(file.read_bytes()[:100])
    status, shown = run(monkeypatch, np.inf)
    assert (status, shown.kept) == (0, 0)
    assert Path("w.scores.csv").read_bytes() == expected


def test_a_disk_that_is_full_is_told_once_and_ends_nothing(monkeypatch, folder):
    expected = whole_rows(monkeypatch, folder)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_work, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(kept_work, "save_items", full)
    status, shown = run(monkeypatch, np.inf)
    assert status == 0
    (line,) = shown.said
    assert "nothing can be kept for another call: [Errno 28] No space left" in line
    assert Path("w.scores.csv").read_bytes() == expected


def test_draws_of_a_verdict_are_kept_too(monkeypatch, folder):
    planted = np.kron(np.eye(3), np.ones((12, 14))) + 0.1
    np.savez("w.npz", a=planted * np.random.default_rng(0).random(planted.shape))
    asked = ("score", "w.npz", "--k", "2", "--nulls", "none")
    shown = Stopped(np.inf)
    monkeypatch.setattr("clusterability.results.single.progress.Progress", lambda: shown)
    assert main([*asked, "--output", "whole.csv"]) == 0
    shown.draws = 25
    assert main(asked) == 130
    shown.draws, shown.kept = np.inf, 0
    assert main(asked) == 0
    assert shown.kept == 26
    assert Path("w.scores.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.slow
def test_ctrl_c_after_the_first_layer_and_the_same_command_again(folder):
    environment = os.environ | {"PYTHONPATH": PATH}
    nulls = ("--nulls", "shuffle=20,labels=4")
    command = [sys.executable, "-c", WAITS, *ASKED, *nulls]
    started = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        # What was started in the background, as these tests may be, has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        while not list(folder.glob("*.unfinished/*/b/2-3.shuffle/0000000.npz")):
            assert started.poll() is None
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate()
    finally:
        started.kill()
    assert started.returncode == 130
    assert said.splitlines()[-1].startswith("clusterability: interrupted; w.scores.unfinished/")
    (kept,) = (folder / "w.scores.unfinished").iterdir()
    assert (kept / "a" / "2-3.labels.npz").exists()  # the first layer is whole
    plain = [sys.executable, "-m", "clusterability", *ASKED, *nulls]
    again = subprocess.run(plain, capture_output=True, text=True, env=environment)
    assert again.returncode == 0, again.stderr
    assert "going on from" in again.stderr
    assert not kept.parent.exists()
    assert main([*ASKED, *nulls, "--output", "whole.csv"]) == 0
    assert Path("w.scores.csv").read_bytes() == Path("whole.csv").read_bytes()


def test_the_key_goes_by_all_that_decides_a_bit():
    matrix = np.random.default_rng(0).random((5, 6))

    def key(weights=matrix, name="mine", k="2-3", nulls=None, restarts=3) -> str:
        networks = as_networks(as_weights(weights), name)
        asked = asked_of(name, [k], ["matched"], ["none"], nulls or {}, restarts)
        return kept_work.key_of(networks, asked)

    assert key() == key()
    others = [key(matrix + 1e-6), key({"a": matrix}), key(name="other"), key(k="2-4")]
    others += [key(nulls={"shuffle": 3}), key(restarts=4), key(matrix.T)]
    assert len({key(), *others}) == 8


def test_a_line_a_minute_where_nobody_watches(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    progress = Progress()
    progress.begin(400.0)
    progress.step("fc1, k = 2-12: shuffle")
    for _ in range(100):
        now[0] += 1.5
        progress.advance(4.0, draws=10)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == int(150 // SECONDS_BETWEEN_LINES)
    assert lines[0] == "fc1, k = 2-12: shuffle; 400 draws, 40 %, about 01:30 left"
    assert lines[1] == "fc1, k = 2-12: shuffle; 800 draws, 80 %, about 00:30 left"
