"""The lock files, and how make keeps the environment that is made from them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from ensurepip import _bundled
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement

import environment
from project import ROOT

ENVS = ROOT / "envs"
REQUIREMENT = re.compile(r"^([\w.-]+)==([^\s;]+)(.*(?:\n    --hash=.*)*)", re.MULTILINE)


# --- the files ---------------------------------------------------------------------------------


def locked(name: str) -> dict[str, str]:
    """Versions by package."""
    return {match[1]: match[2] for match in REQUIREMENT.finditer((ENVS / name).read_text())}


@pytest.mark.parametrize("name", ["study.lock", "development.lock", "release.lock", "site.lock"])
def test_every_package_is_locked_with_a_hash(name):
    text = (ENVS / name).read_text()
    requirements = list(REQUIREMENT.finditer(text))
    assert len(requirements) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 50
    assert [match[1] for match in requirements if "--hash=sha256:" not in match[3]] == []


def test_development_holds_the_study_at_the_same_versions():
    development = locked("development.lock")
    study = locked("study.lock")
    assert {name: development.get(name) for name in study} == study


def named(group: str) -> list[Requirement]:
    """What pyproject.toml names for the study, or for its development."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    entries = list(settings["dependency-groups"][group])
    if {"include-group": "study"} in entries:
        entries.remove({"include-group": "study"})
        entries += settings["dependency-groups"]["study"]
    return [Requirement(entry) for entry in settings["project"]["dependencies"] + entries]


@pytest.mark.parametrize("group", ["study", "development"])
def test_locks_hold_what_pyproject_names(group):
    versions = locked(f"{group}.lock")
    unmet = [each for each in named(group) if not each.specifier.contains(versions[each.name])]
    assert unmet == []


def test_the_site_is_locked_at_versions_of_development():
    site, development = locked("site.lock"), locked("development.lock")
    assert {"sphinx", "myst-parser", "furo"} <= site.keys()
    shared = site.keys() & development.keys()
    assert {name: site[name] for name in shared} == {name: development[name] for name in shared}


def test_conda_pins_what_the_lock_has():
    conda = yaml.safe_load((ENVS / "clusterability.yaml").read_text())
    study = locked("study.lock")
    pins = [f"{each.name}=={study[each.name]}" for each in named("study")]
    assert sorted(conda["dependencies"][-1]["pip"]) == sorted(pins)


def test_pixi_and_the_image_take_a_python_that_serves():
    pixi = tomllib.loads((ROOT / "pixi.toml").read_text())
    image = re.search(r"^FROM python:([\d.]+)", (ENVS / "Dockerfile").read_text(), re.MULTILINE)
    assert image is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for version in (pixi["dependencies"]["python"].removesuffix(".*"), image[1]):
        assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_pixi_calls_targets_that_exist():
    pixi = tomllib.loads((ROOT / "pixi.toml").read_text())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {f"make {target}" for target in targets} >= set(pixi["tasks"].values())


def test_the_image_uses_the_environment_that_it_makes():
    text = (ENVS / "Dockerfile").read_text()
    (made,) = re.findall(r"environment\.py study (\S+)", text)
    assert f'ENTRYPOINT ["make", "VENV={made}"]' in text
    assert f"PATH={made}/bin:$PATH" in text
    (target,) = re.findall(r'^CMD \["([a-z]+)"\]', text, re.MULTILINE)
    assert f"\n{target}:" in (ROOT / "Makefile").read_text()


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


def test_an_environment_behind_a_link_stays(directory, locks, installed):
    """Where the link lies it is outdated, but others use it where it is."""
    environment.prepare(directory, "study", locks)
    link = directory.with_name("link")
    link.symlink_to(directory)
    with pytest.raises(environment.Refusal, match=f"link is a link to the environment {directory}"):
        environment.prepare(link, "study", locks)
    assert environment.outdated(directory, "study", locks) is None
    assert installed == ["study"]


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
    (directory / environment.RECORD).write_text("its folder: elsewhere\n")
    assert environment.main("study", str(directory), str(locks)) == 1
    assert re.fullmatch(r"environment: \S+study.lock is missing: .*\n", capsys.readouterr().err)


def test_the_second_of_two_makes_waits(directory, locks, installed, capsys):
    second = threading.Thread(target=environment.prepare, args=(directory, "study", locks))
    with environment.alone(directory) as file:
        second.start()
        said, deadline = "", time.monotonic() + 5
        while "waiting for it" not in said and time.monotonic() < deadline:
            time.sleep(0.01)
            said += capsys.readouterr().out
        environment.make(directory, "study", locks, file)
    second.join()
    assert "another make works on" in said
    assert installed == ["study"]


def test_what_an_earlier_version_made_is_made_anew(directory, locks, installed):
    directory.mkdir()
    (directory / "made-from.json").write_text('{"path": "", "python": "3.11", "locks": {}}')
    (directory / "left over").touch()
    assert environment.outdated(directory, "study", locks) == "an earlier version made it"
    environment.prepare(directory, "study", locks)
    assert installed == ["study"]
    assert {path.name for path in directory.iterdir()} == {"bin", environment.RECORD}


def test_a_folder_on_another_disk_stays_a_link(directory, locks, installed, tmp_path):
    (tmp_path / "larger").mkdir()
    directory.symlink_to(tmp_path / "larger")
    environment.prepare(directory, "study", locks)
    (locks / "study.lock").write_text("# other\n")
    environment.prepare(directory, "study", locks)
    assert directory.is_symlink()
    assert installed == ["study", "study"]


@pytest.fixture
def measured(locks, monkeypatch) -> None:
    """A system on which the study takes 3 GB of download and 6 GB of disk, tests 1 GB of each."""
    monkeypatch.setattr(environment, "HERE", locks.resolve())
    monkeypatch.setattr(environment, "SIZES", {"BeOS i586": [(3.0, 6.0), (1.0, 1.0)]})
    monkeypatch.delenv("PIP_NO_CACHE_DIR", raising=False)
    run_on(monkeypatch, "BeOS", "i586")


def run_on(monkeypatch, system: str, machine: str) -> None:
    name = SimpleNamespace(sysname=system, machine=machine)
    monkeypatch.setattr(environment.os, "uname", lambda: name)


def leave_free(monkeypatch, gigabytes: int) -> list[Path]:
    """Let disks have so much room; gives the folders that are asked about."""
    usage = environment.shutil.disk_usage(ROOT)._replace(free=gigabytes * 10**9)
    asked: list[Path] = []
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: asked.append(path) or usage)
    return asked


@pytest.mark.usefixtures("measured")
def test_a_full_disk_is_refused_before_anything_is_made(directory, locks, installed, monkeypatch):
    leave_free(monkeypatch, 1)
    refusal = r"needs 12 GB of free disk and found 1 GB; PIP_NO_CACHE_DIR=1 needs 3 GB less$"
    with pytest.raises(environment.Refusal, match=refusal):
        environment.prepare(directory, "study", locks)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(environment.Refusal, match=r"needs 9 GB of free disk and found 1 GB$"):
        environment.prepare(directory, "study", locks)
    assert not directory.exists()
    assert installed == []


@pytest.mark.usefixtures("measured", "installed")
def test_what_it_takes_is_said_before(directory, locks, monkeypatch, capsys):
    asked = leave_free(monkeypatch, 100)
    environment.prepare(directory, "study", locks)
    environment.prepare(directory, "development", locks)
    (locks / "study.lock").write_text("# other\n")
    environment.prepare(directory, "development", locks)
    said = re.findall(
        r"downloads (\S+) GB \(.*\) and takes (\S+) GB.*, (\S+) GB", capsys.readouterr().out
    )
    assert said == [("3", "6", "12"), ("1", "1", "3"), ("4", "7", "15")]
    assert asked == [directory.parent, directory, directory]


@pytest.mark.usefixtures("measured", "installed")
def test_of_another_system_no_size_is_said(directory, locks, monkeypatch, capsys):
    run_on(monkeypatch, "Plan 9", "mips")
    environment.prepare(directory, "study", locks)
    assert "was not measured for this lock and platform" in capsys.readouterr().out


@pytest.mark.usefixtures("measured")
def test_an_intel_mac_is_refused(directory, locks, installed, monkeypatch):
    run_on(monkeypatch, "Darwin", "x86_64")
    with pytest.raises(environment.Refusal, match="PyTorch has no packages for Intel Macs"):
        environment.prepare(directory, "study", locks)
    assert installed == []


@pytest.mark.slow
def test_with_pip(directory, locks, monkeypatch, capfd):
    """An environment is made with pip, and a pip that fails is told in one line, below its own."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    environment.prepare(directory, "study", locks)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = directory / "bin" / "python"
    assert environment.output_of(python, "-I", "-c", environment.VERSION) == version
    (locks / "development.lock").write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    assert environment.main("development", str(directory), str(locks)) == 1
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("environment: pip could not install ")
    assert lines[-1].endswith("in pip's cache")
    assert any("no-such-package" in line for line in lines[:-1])
    again = environment.outdated(directory, "study", locks)
    assert again == "the last installation did not finish"


# --- what installs -----------------------------------------------------------------------------


@pytest.fixture
def commands(directory, monkeypatch) -> list[list[str]]:
    """Commands that would install; none is run. Each ends with the packages that it is given."""
    (directory / "bin").mkdir(parents=True)
    found: list[list[str]] = []

    def run(command: list[str], env: dict[str, str], pass_fds: list[int]) -> SimpleNamespace:
        found.append([*command[:-1], Path(command[-1]).read_text()])
        assert Path(env["TMPDIR"]).parent == directory
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(environment.subprocess, "run", run)
    monkeypatch.setattr(environment, "output_of", lambda *_: "")
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    return found


def install(directory: Path, lock: Path) -> None:
    with environment.alone(directory) as file:
        environment.install(directory, lock, file)


def test_setuptools_of_the_lock_come_first_with_their_hashes(directory, commands):
    install(directory, ENVS / "study.lock")
    first, whole = (command[-1] for command in commands)
    assert whole == (ENVS / "study.lock").read_text()
    lines = first.splitlines()
    assert lines[0] == f"setuptools=={locked('study.lock')['setuptools']} \\"
    assert all(line.lstrip().startswith("--hash=sha256:") for line in lines[1:])
    assert not lines[-1].endswith("\\")


@pytest.mark.parametrize(
    ("uv", "settings", "used"),
    [
        (None, "", "pip"),
        ("/bin/uv", "", "uv"),
        ("/bin/uv", "global.index-url='https://mirror.example'", "pip"),
    ],
)
def test_uv_installs_where_pip_has_no_settings(
    uv, settings, used, directory, commands, monkeypatch
):
    monkeypatch.setattr(environment.shutil, "which", lambda _: uv)
    monkeypatch.setattr(environment, "output_of", lambda *_: settings)
    install(directory, ENVS / "study.lock")
    python = str(directory / "bin" / "python")
    by_pip, by_uv = [python, "-I", "-m", "pip", "install"], [uv, "pip", "install"]
    assert len(commands) == 2
    for command in commands:
        assert command[: 3 if used == "uv" else 5] == (by_uv if used == "uv" else by_pip)
        assert {"--require-hashes", "--only-binary=:all:", "--no-build-isolation"} <= {*command}
    assert (python in commands[0][3:]) == (used == "uv")
    assert not (directory / "tmp").exists()


@pytest.mark.parametrize(("python", "compiled"), [("3.13", ""), ("3.14", ",immutables")])
def test_what_has_no_wheel_is_compiled(python, compiled, directory, commands):
    (directory / "lib" / f"python{python}").mkdir(parents=True)
    install(directory, ENVS / "study.lock")
    assert all(f"--no-binary=connection-pool{compiled}" in command for command in commands)


# --- a Python without ensurepip ----------------------------------------------------------------


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder; gives the address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path, monkeypatch) -> Iterator[str]:
    """An index with one wheel, of the pip that this Python brings, and no other way to get pip."""
    wheel = next((Path(_bundled.__path__[0])).glob("pip-*.whl"))
    page = tmp_path / "mirror" / "simple" / "pip" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{wheel.name}#sha256=0">{wheel.name}</a>')
    (tmp_path / "mirror" / "files").mkdir()
    (tmp_path / "mirror" / "files" / wheel.name).write_bytes(wheel.read_bytes())
    output_of = environment.output_of
    monkeypatch.setattr(
        environment, "output_of", lambda *words: "" if "ensurepip" in words else output_of(*words)
    )
    monkeypatch.setattr(environment, "PIP", wheel.name)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setattr(environment, "PIP_SHA256", digest)
    for variable in ("PIP_INDEX_URL", "PIP_CERT", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    with served(tmp_path / "mirror") as address:
        yield f"{address}/simple/"


@pytest.mark.slow
def test_a_python_without_ensurepip_gets_the_wheel_from_the_mirror(
    directory, mirror, tmp_path, monkeypatch
):
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {mirror}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    environment.create(directory, sys.executable)
    python = directory / "bin" / "python"
    said = environment.output_of(python, "-I", "-m", "pip", "--version")
    assert said.startswith(f"pip {environment.PIP.split('-')[1]} ")


def test_another_wheel_than_the_pinned_one_is_refused(directory, mirror, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", mirror)
    monkeypatch.setattr(environment, "PIP_SHA256", "0" * 64)
    with pytest.raises(environment.Refusal, match=r"has no ensurepip, .* pinned"):
        environment.create(directory, sys.executable)
    assert not (directory / environment.PIP).exists()


def test_an_index_that_does_not_answer_is_one_line_without_its_password(
    directory, mirror, monkeypatch
):
    del mirror
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:1/simple")
    with pytest.raises(environment.Refusal, match="has no ensurepip, and pip was") as refusal:
        environment.create(directory, sys.executable)
    assert "secret" not in str(refusal.value)


# --- which Python, and environments of the user ------------------------------------------------


def run_make(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **variables}
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, env=env)


@pytest.mark.parametrize(
    ("version", "venv", "compiler", "said"),
    [
        ((3, 10), True, True, "3.10, too old"),
        ((3, 11), True, False, None),
        ((3, 12), False, True, "3.12, without venv"),
        ((3, 14), True, True, None),
        ((3, 14), True, False, "3.14, without a C compiler and headers"),
        ((3, 15), True, True, "3.15, too new for the locked packages"),
    ],
)
def test_which_python_serves(version, venv, compiler, said, monkeypatch, capsys):
    code = re.search(r"-c '(import .*?)' 2>", run_make("-n", "study").stdout)[1]
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: venv or None)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/cc" if compiler else None)
    monkeypatch.setattr("os.path.exists", lambda _: True)
    with pytest.raises(SystemExit) as end:
        exec(code, {})
    monkeypatch.undo()
    assert bool(end.value.code) == (said is not None)
    assert capsys.readouterr().out.strip() == (said or f"{version[0]}.{version[1]}")


def stand_in(file: Path, release: str, serves: bool) -> None:
    """A Python that says of itself what it is told to, and names what it is given to run."""
    status = 0 if serves else 1
    file.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] && {{ echo "{release}"; exit {status}; }}\necho "$@"\n'
    )
    file.chmod(0o755)


def test_an_unfit_python_is_one_line(tmp_path):
    stand_in(tmp_path / "python3", "3.9, too old", serves=False)
    old = tmp_path / "python3"
    assert run_make("study", f"PYTHON={old}").stderr.splitlines()[0] == (
        f"make: needs Python 3.11 to 3.14; {old} is 3.9, too old; PYTHON=/path/to/python names one"
    )


def test_the_first_python_that_serves_is_taken(tmp_path):
    stand_in(tmp_path / "python3", "3.15, too new for the locked packages", serves=False)
    stand_in(tmp_path / "python3.12", "3.12", serves=True)
    make = shutil.which("make")
    command = [make, "lint", "VENV=/nonexistent"]
    env = {"PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env)
    said = "envs/environment.py development /nonexistent envs existing"
    assert done.stdout.splitlines()[0] == said


@pytest.mark.parametrize("kind", ["study", "development"])
def test_an_environment_of_the_user_is_checked(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(environment, "HERE", tmp_path)
    conda = tmp_path / "clusterability.yaml"
    conda.write_text("  - pip:\n      - pyyaml==6\n      - no-such-package==1\n")
    with pytest.raises(environment.Refusal, match="lacks no-such-package; it is used as it is"):
        environment.check_existing(Path(sys.prefix), kind)
    conda.write_text("  - pip:\n      - pyyaml==6\n")
    environment.check_existing(Path(sys.prefix), kind)
    assert capsys.readouterr().out == f"environment: {sys.prefix} is used as it is\n"


def test_an_old_environment_of_the_user_is_refused(directory):
    (directory / "bin").mkdir(parents=True)
    stand_in(directory / "bin" / "python", "3.9", serves=True)
    text = (directory / "bin" / "python").read_text().replace('"$1"', '"$2"')
    (directory / "bin" / "python").write_text(text)
    with pytest.raises(environment.Refusal, match=r"has Python 3\.9; needs 3\.11 or newer"):
        environment.check_existing(directory, "study")


def test_a_folder_without_python_is_no_environment(tmp_path):
    with pytest.raises(environment.Refusal, match="does not run"):
        environment.check_existing(tmp_path, "study")
    assert list(tmp_path.iterdir()) == []


# --- the Makefile ------------------------------------------------------------------------------


def test_help_lists_every_target():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make (\w+)\t", run_make("help").stdout, re.MULTILINE)
    assert listed == targets


@pytest.fixture
def copied(tmp_path, monkeypatch) -> Path:
    """What `make lock` reads and writes, and a uv that knows one package, or fails if told so."""
    for name in ("Makefile", "pyproject.toml", "envs"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text(
        '#!/bin/sh\necho "$@" >> calls\n[ ! -e broken ] || exit 2\n'
        'while [ "$1" != --output-file ]; do shift; done\necho numpy==3.0 > "$2"\n'
    )
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}:{os.environ['PATH']}")
    return tmp_path


def test_make_lock_writes_locks_and_the_conda_file(copied):
    done = run_make("-C", str(copied), "lock", "ARGS=--upgrade")
    assert done.returncode == 0, done.stderr
    calls = (copied / "calls").read_text().splitlines()
    assert ["--upgrade" in call for call in calls] == [True, True, True, True, False]
    assert ["--generate-hashes" in call for call in calls] == [True, True, True, True, False]
    assert [call.split("--group ")[1].split()[0] for call in calls] == [
        "study",
        "development",
        "release",
        "site",
        "study",
    ]
    assert ["pyproject.toml" in call for call in calls] == [True, True, False, False, True]
    for name in ("study.lock", "development.lock", "release.lock", "site.lock"):
        assert (copied / "envs" / name).read_text() == "numpy==3.0\n"
    ours, theirs = (
        yaml.safe_load((folder / "clusterability.yaml").read_text())
        for folder in (copied / "envs", ENVS)
    )
    assert ours["dependencies"].pop() == {"pip": ["numpy==3.0"]}
    assert ours["dependencies"] == theirs["dependencies"][:-1]
    left = {path.name for path in (copied / "envs").iterdir()} - {"__pycache__"}
    locks = {"development.lock", "release.lock", "site.lock", "study.lock"}
    assert left == {"clusterability.yaml", "Dockerfile", "environment.py", *locks}


def test_a_lock_that_uv_cannot_write_is_one_line(copied):
    (copied / "broken").touch()
    done = run_make("-C", str(copied), "lock")
    assert done.returncode
    said = "make: uv could not lock what pyproject.toml names (its message is above)"
    assert done.stderr.splitlines()[0] == said
    assert (copied / "envs" / "study.lock").read_bytes() == (ENVS / "study.lock").read_bytes()


def test_no_python_is_one_line():
    done = run_make("study", "VENV=/nonexistent", "PYTHON=/nonexistent")
    assert done.returncode
    assert done.stderr.splitlines()[0] == (
        "make: needs Python 3.11 to 3.14; none was found; PYTHON=/path/to/python names one"
    )
