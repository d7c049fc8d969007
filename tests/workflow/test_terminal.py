"""What a run shows in a terminal, what it says in the end, and what logs of jobs begin with."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from clusterability_workflow import job
from clusterability_workflow.lock_and_config import closing_lines

from workflows import OURS, copy_workflow

CONFIG = {"synthetic": {"noise": {"rows": 8, "columns": 9}}, "seeds": ["0"], "k_grid": [2]}


def test_a_run_ends_with_its_products_and_the_answer(tmp_path):
    assert closing_lines(tmp_path) == []
    (tmp_path / "tables").mkdir()
    (tmp_path / "answer.md").write_text("# Title\n\n**The z of `mi` tells.**\n\n**Other.** More.\n")
    lines = closing_lines(tmp_path)
    assert [line.split("  ")[0] for line in lines[:2]] == [
        f"{tmp_path}/tables",
        f"{tmp_path}/answer.md",
    ]
    assert lines[2:] == ["Answer: The z of mi tells."]


def test_a_jobs_log_says_what_it_was_and_how_long_it_took(tmp_path):
    given = SimpleNamespace(
        rule="score",
        wildcards={"condition": "trained", "seeds": "0-9", "layer": "fc1", "k": "2-12"},
        params={},
        output=[],
        threads=1,
        log=[str(tmp_path / "logs" / "score.log")],
    )
    with job.running(given):
        pass
    first, last = Path(given.log[0]).read_text().splitlines()
    assert first.endswith("score: condition trained, seeds 0-9, layer fc1, k 2-12; CPU threads: 1")
    assert re.search(r"done: \d+\.\d\d s, \d+\.\d\d CPU s", last)


@pytest.mark.slow
def test_bars_tell_what_runs_and_how_long_still(tmp_path):
    workflow = copy_workflow(tmp_path)
    (workflow.folder / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    environment |= {"PYTHONPATH": "scripts/terminal", "TERM": "xterm", "COLUMNS": "120"}
    started = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "networks", "--logger", "study"],
        cwd=workflow.folder,
        env=environment,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 1 << 16):
            said += part
    except OSError:  # how Linux tells that the other end is closed
        pass
    assert started.wait() == 0, said.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
    assert "Total Progress" in text
    assert "synthesise" in text
    assert re.search(r"(\d:\d\d:\d\d|-:--:--) left", text)
