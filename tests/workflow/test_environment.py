"""The lock files, and how make keeps the environment that is made from them."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

import environment
from project import ROOT

ENVS = ROOT / "envs"
REQUIREMENT = re.compile(r"^([\w.-]+)==([^\s;]+)(.*(?:\n    --hash=.*)*)", re.MULTILINE)


# --- the files ---------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Versions by package."""
    return {match[1]: match[2] for match in REQUIREMENT.finditer((ENVS / name).read_text())}


@pytest.mark.parametrize("name", ["study.lock", "development.lock"])
def test_every_package_is_locked_with_a_hash(name):
    text = (ENVS / name).read_text()
    requirements = list(REQUIREMENT.finditer(text))
    assert len(requirements) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 50
    assert [match[1] for match in requirements if "--hash=sha256:" not in match[3]] == []


def test_development_holds_the_study_at_the_same_versions():
    development = locked("development.lock")
    study = locked("study.lock")
    assert {name: development.get(name) for name in study} == study


def test_conda_pins_what_the_lock_has():
    conda = yaml.safe_load((ENVS / "clusterability.yaml").read_text())
    pins = conda["dependencies"][-1]["pip"]
    study = locked("study.lock")
    direct = environment.direct_packages("study")
    assert pins == [f"{name}=={study[name]}" for name in direct]


def test_direct_packages_are_locked():
    assert set(environment.direct_packages("study")) <= set(locked("study.lock"))
    assert set(environment.direct_packages("development")) <= set(locked("development.lock"))


# --- what make does with an environment --------------------------------------------------------


@pytest.fixture
def locks(tmp_path) -> Path:
    """A folder with two lock files that hold nothing."""
    folder = tmp_path / "locks"
    folder.mkdir()
    for name in ("study", "development"):
        (folder / f"{name}.lock").write_text(f"# {name}\n")
    return folder


@pytest.fixture
def installed(monkeypatch) -> list[str]:
    """Locks that were installed; nothing is, and an environment is a link to this Python."""

    def create(directory: Path, python: str) -> None:
        (directory / "bin").mkdir(parents=True)
        (directory / "bin" / "python").symlink_to(sys.executable)

    names: list[str] = []
    monkeypatch.setattr(environment, "create", create)
    monkeypatch.setattr(environment, "install", lambda _, lock, __: names.append(lock.stem))
    return names


@pytest.fixture
def directory(tmp_path) -> Path:
    return tmp_path / "venv"


def test_it_is_made_once(directory, locks, installed, capsys):
    environment.prepare(directory, "study", locks)
    environment.prepare(directory, "study", locks)
    assert installed == ["study"]
    assert capsys.readouterr().out.endswith(f"environment: {directory} is current\n")


def test_a_changed_lock_makes_it_anew(directory, locks, installed):
    environment.prepare(directory, "study", locks)
    (directory / "left over").mkdir()
    (locks / "study.lock").write_text("# other\n")
    environment.prepare(directory, "study", locks)
    assert installed == ["study", "study"]
    assert not (directory / "left over").exists()


def test_tests_add_to_the_environment_of_the_study(directory, locks, installed):
    environment.prepare(directory, "study", locks)
    (directory / "kept").mkdir()
    environment.prepare(directory, "development", locks)
    environment.prepare(directory, "study", locks)
    assert installed == ["study", "development"]
    assert (directory / "kept").exists()


def test_a_new_test_tool_leaves_the_study_alone(directory, locks, installed):
    environment.prepare(directory, "development", locks)
    (locks / "development.lock").write_text("# other\n")
    environment.prepare(directory, "study", locks)
    assert installed == ["development"]
    environment.prepare(directory, "development", locks)
    assert installed == ["development", "development"]


def test_an_interrupted_installation_is_made_anew(directory, locks, installed, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(environment, "install", interrupt)
        with pytest.raises(KeyboardInterrupt):
            environment.prepare(directory, "study", locks)
    assert environment.outdated(directory, "study", locks) == "the last installation did not finish"
    environment.prepare(directory, "study", locks)
    assert installed == ["study"]


def test_what_make_did_not_make_stays(directory, locks, installed):
    directory.mkdir()
    (directory / "mine").touch()
    with pytest.raises(environment.Refusal, match="was not made by make"):
        environment.prepare(directory, "study", locks)
    assert (directory / "mine").exists()
    assert installed == []


def test_a_moved_environment_is_made_anew(directory, locks, installed):
    environment.prepare(directory, "study", locks)
    moved = directory.rename(directory.with_name("moved"))
    environment.prepare(moved, "study", locks)
    assert installed == ["study", "study"]


def test_an_environment_without_its_python_is_made_anew(directory, locks, installed):
    environment.prepare(directory, "study", locks)
    (directory / "bin" / "python").unlink()
    environment.prepare(directory, "study", locks)
    assert installed == ["study", "study"]


def test_a_missing_lock_is_one_line(directory, locks, installed, capsys):
    (locks / "study.lock").unlink()
    directory.mkdir()
    environment.write_record(directory, {"locks": {}})
    arguments = ["study", "--directory", str(directory), "--locks", str(locks)]
    assert environment.main(arguments) == 1
    assert re.fullmatch(r"environment: \S+study.lock is missing: .*\n", capsys.readouterr().err)


def test_the_second_of_two_makes_waits(directory, locks, installed, capsys):
    second = threading.Thread(target=environment.prepare, args=(directory, "study", locks))
    with environment.alone(directory) as descriptor:
        second.start()
        said, deadline = "", time.monotonic() + 5
        while "waiting for it" not in said and time.monotonic() < deadline:
            time.sleep(0.01)
            said += capsys.readouterr().out
        environment.make(directory, "study", locks, None, descriptor)
    second.join()
    assert "another make works on" in said
    assert installed == ["study"]


def test_a_full_disk_is_refused_before_anything_is_made(directory, locks, installed, monkeypatch):
    monkeypatch.setattr(environment, "size_of", lambda *_: environment.Size(3.0, 6.0))
    usage = environment.shutil.disk_usage(ROOT)._replace(free=10**9)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage)
    monkeypatch.delenv("PIP_NO_CACHE_DIR", raising=False)
    with pytest.raises(environment.Refusal, match=r"needs 12 GB of free disk and found 1 GB"):
        environment.prepare(directory, "study", locks)
    assert not directory.exists()


@pytest.mark.slow
def test_with_pip(directory, locks, monkeypatch, capfd):
    """An environment is made with pip, and a pip that fails is told in one line."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environment.prepare(directory, "study", locks)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert environment.version_of(directory / "bin" / "python") == version
    (locks / "development.lock").write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    arguments = ["development", "--directory", str(directory), "--locks", str(locks)]
    assert environment.main(arguments) == 1
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("environment: pip could not install ")
    assert all(line.startswith("  pip: ") for line in lines[:-1])
    assert environment.read_record(directory) == {}


# --- which Python, and environments of the user ------------------------------------------------


@pytest.mark.parametrize(
    ("version", "venv", "compiler", "reason"),
    [
        ([3, 10], True, True, "too old"),
        ([3, 11], True, False, None),
        ([3, 12], False, True, "without venv"),
        ([3, 14], True, True, None),
        ([3, 14], True, False, "C compiler"),
        ([3, 15], True, True, "too new"),
    ],
)
def test_which_python_is_fit(version, venv, compiler, reason, monkeypatch):
    monkeypatch.setattr(environment.shutil, "which", lambda _: "/usr/bin/cc" if compiler else None)
    found = environment.unfit({"version": version, "venv": venv, "headers": True})
    assert found is None if reason is None else reason in found


def test_an_unfit_python_is_one_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\necho \'{"version": [3, 9], "release": "3.9.6", "venv": true}\'\n')
    old.chmod(0o755)
    with pytest.raises(environment.Refusal, match=r"needs Python 3\.11 to .* is 3\.9\.6, too old"):
        environment.find_python(str(old))


def test_an_environment_of_the_user_is_checked(monkeypatch, capsys):
    monkeypatch.setattr(environment, "direct_packages", lambda _: ["pytest", "no-such-package"])
    with pytest.raises(environment.Refusal, match="lacks no-such-package; it is used as it is"):
        environment.check_existing(Path(sys.prefix), "study")
    monkeypatch.setattr(environment, "direct_packages", lambda _: ["pytest"])
    environment.check_existing(Path(sys.prefix), "study")
    assert capsys.readouterr().out == f"environment: {sys.prefix} is used as it is\n"


def test_a_folder_without_python_is_no_environment(tmp_path):
    with pytest.raises(environment.Refusal, match="does not run"):
        environment.check_existing(tmp_path, "study")
    assert list(tmp_path.iterdir()) == []


# --- small parts -------------------------------------------------------------------------------


def test_setuptools_is_taken_from_the_lock_with_its_hashes():
    lines = environment.requirement(ENVS / "study.lock", "setuptools").splitlines()
    assert lines[0] == f"setuptools=={locked('study.lock')['setuptools']} \\"
    assert all(line.lstrip().startswith("--hash=sha256:") for line in lines[1:])
    assert not lines[-1].endswith("\\")


def test_progress_counts_packages(capsys):
    progress = environment.Progress(total=3)
    progress.last -= 60
    progress.see("Ignoring colorama: markers \"sys_platform == 'win32'\" don't match\n")
    progress.see("Collecting torch==2.14.1 (from -r envs/study.lock (line 1))\n")
    progress.see("Requirement already satisfied: numpy==2.4.6 in ./.venv\n")
    progress.see("Installing collected packages: torch\n")
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "environment: fetching, 1 of 2: torch"
    assert out[1].startswith("environment: unpacking")
    assert progress.seen == 2


def run_make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True)


def test_help_lists_every_target():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make (\w+)\t", run_make("help").stdout, re.MULTILINE)
    assert listed == targets


def test_no_python_is_one_line():
    done = run_make("study", "VENV=/nonexistent", "PYTHON=/nonexistent")
    assert done.returncode
    assert done.stderr.splitlines()[0] == (
        "make: needs Python 3.11 or newer; none was found; PYTHON=/path/to/python names one"
    )
