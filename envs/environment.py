"""Make, keep and check the Python environment of the study. The Makefile runs this.

    environment.py study         what runs the study, from study.lock
    environment.py development   the same and the tools for tests and checks, from development.lock
    environment.py lock          writes both locks again, from study.in and development.in

An environment records which locks it was made from. It is made anew when one of them changes,
when its Python or its folder did, and after an installation that did not finish. Only the standard
library is imported: this runs before anything is installed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
RECORD = "made-from.json"
OLDEST, NEWEST = (3, 11), (3, 14)
"""The Pythons that all locked packages exist for. `make lock` may find newer ones."""

CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11", "python3.14")

COMPILED_FROM = {"immutables": (3, 14)}
"""Packages without wheels from that Python on: they are compiled, which needs a C compiler."""

LOCKS_OF = {"study": ("study",), "development": ("study", "development")}
"""development.lock holds all of study.lock, at the same versions."""


class Size(NamedTuple):
    """Gigabytes (10^9 bytes)."""

    download: float
    disk: float


# Measured in November 2026, with Python 3.11. Download: sum of the sizes of the wheels that pip
# chooses. Disk: `du` of the environment on Linux x86_64; elsewhere the wheels unpacked to blocks of
# 4 kB and the 0.3 GB that compiled modules took on Linux x86_64.
SIZES = {
    ("Linux", "x86_64"): {"study": Size(3.27, 6.7), "development": Size(3.31, 6.9)},
    ("Linux", "aarch64"): {"study": Size(3.40, 6.6), "development": Size(3.43, 6.7)},
    ("Darwin", "arm64"): {"study": Size(0.31, 1.6), "development": Size(0.34, 1.7)},
}


class Refusal(Exception):  # noqa: N818
    """Why there is no environment, in one line."""


def say(text: str) -> None:
    print(f"environment: {text}", flush=True)


# --- what an environment was made from ---------------------------------------------------------


def digest(lock: Path) -> str:
    """SHA-256 of a lock file."""
    try:
        return hashlib.sha256(lock.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise Refusal(f"{lock} is missing: get it back with git, or `make lock`") from None


def read_record(directory: Path) -> dict[str, Any]:
    """What the environment says of itself; empty while it is being made."""
    try:
        record = json.loads((directory / RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(directory: Path, record: dict[str, Any]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    beside = directory / f"{RECORD}.new"
    beside.write_text(json.dumps(record, indent=1) + "\n")
    beside.replace(directory / RECORD)


def full_record(directory: Path, kind: str, locks: Path) -> dict[str, Any]:
    """The record of an environment that is complete and current."""
    return {
        "path": str(directory.absolute()),
        "python": version_of(directory / "bin" / "python"),
        "locks": {name: digest(locks / f"{name}.lock") for name in LOCKS_OF[kind]},
    }


def outdated(directory: Path, kind: str, locks: Path) -> str | None:
    """Why the environment cannot serve as it is; None if it can."""
    if not directory.exists() or not any(directory.iterdir()):
        return "there is none yet"
    if not (directory / RECORD).exists():
        raise Refusal(
            f"{directory} was not made by make, and stays as it is: "
            f"use it with VENV={directory}, or remove it"
        )
    record, wanted = read_record(directory), full_record(directory, kind, locks)
    if not record:
        return "the last installation did not finish"
    if record.get("path") != wanted["path"]:
        return f"it was made as {record.get('path')}"
    if record.get("python") != wanted["python"]:
        return f"its Python was {record.get('python')} and is {wanted['python'] or 'gone'}"
    for name, value in wanted["locks"].items():
        made_from = record.get("locks", {}).get(name)
        if made_from is None:
            return f"it lacks what {name}.lock adds"
        if made_from != value:
            return f"{name}.lock has changed"
    return None


# --- which Python ------------------------------------------------------------------------------

VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"

ABILITIES = """
import importlib.util, json, os, sys, sysconfig
print(json.dumps({
    "executable": sys.executable,
    "release": sys.version.split()[0],
    "version": sys.version_info[:2],
    "venv": all(map(importlib.util.find_spec, ("venv", "ensurepip"))),
    "headers": os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")),
}))
"""


def output_of(python: str | Path, code: str) -> str | None:
    """What a Python prints; None where it does not run."""
    try:
        done = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def version_of(python: Path) -> str | None:
    """As `3.11`; None where the Python does not run."""
    return output_of(python, VERSION)


def unfit(abilities: dict[str, Any]) -> str | None:
    """Why a Python cannot make the environment; None if it can."""
    version = tuple(abilities["version"])
    if version < OLDEST:
        return "too old"
    if version > NEWEST:
        return "too new for the locked packages"
    if not abilities["venv"]:
        return "without venv: Debian and Ubuntu have it in the package python3-venv"
    for package, first in COMPILED_FROM.items():
        if version >= first and not (abilities["headers"] and shutil.which("cc")):
            return f"for which {package} has no wheel: needs a C compiler and Python's headers"
    return None


def find_python(wanted: str | None) -> tuple[str, str]:
    """Path and release of the Python that makes the environment: the one wanted, or the first fit.

    Raises:
        Refusal: none is fit; says what was found.
    """
    # The environment's own Python may run this, and is about to be removed: take its base.
    running = getattr(sys, "_base_executable", sys.executable)
    found = []
    for candidate in [wanted] if wanted else [running, *CANDIDATES]:
        answer = output_of(candidate, ABILITIES)
        if answer is None:
            continue
        abilities = json.loads(answer)
        reason = unfit(abilities)
        if reason is None:
            return abilities["executable"], abilities["release"]
        found.append(f"{candidate} is {abilities['release']}, {reason}")
    what = "; ".join(dict.fromkeys(found)) or f"{wanted or 'python3'} does not run"
    limits = " to ".join(f"{major}.{minor}" for major, minor in (OLDEST, NEWEST))
    raise Refusal(f"needs Python {limits}: {what} (PYTHON=/path/to/python names another)")


# --- making it ---------------------------------------------------------------------------------


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[int]:
    """Hold the lock beside the environment, and give its descriptor; wait for who holds it."""
    with open(directory.with_name(f"{directory.name}.lock"), "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another make works on {directory}: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            say("this file system has no locks: run one make at a time")
        yield file.fileno()


def size_of(kind: str, locks: Path, has_study: bool) -> Size | None:
    """What is to be downloaded and stored; None where nobody measured it."""
    if locks.resolve() != HERE:
        return None
    here = platform.system(), platform.machine()
    if here == ("Darwin", "x86_64"):
        raise Refusal("PyTorch has no packages for Intel Macs (or this Python runs under Rosetta)")
    sizes = SIZES.get(here)
    if sizes is None:
        return None
    if not has_study:
        return sizes[kind]
    return Size(*(all_ - part for all_, part in zip(sizes[kind], sizes["study"], strict=True)))


def check_disk(directory: Path, size: Size | None) -> None:
    """Say what the installation takes, and refuse where the disk has not enough."""
    if size is None:
        say("how much it downloads and takes on disk was not measured for this lock and platform")
        return
    # While pip installs, its temporary files hold the download, and so does its cache.
    without_cache = bool(os.environ.get("PIP_NO_CACHE_DIR"))
    needed = size.disk + size.download * (1 if without_cache else 2)
    free = shutil.disk_usage(directory.absolute().parent).free / 1e9
    say(
        f"this downloads {size.download:.2g} GB (less what pip's cache has) and takes "
        f"{size.disk:.2g} GB of disk, {needed:.2g} GB while it installs"
    )
    if free < needed:
        hint = "" if without_cache else f"; PIP_NO_CACHE_DIR=1 needs {size.download:.2g} GB less"
        raise Refusal(f"needs {needed:.2g} GB of free disk and found {free:.2g} GB{hint}")


def empty(directory: Path) -> None:
    """Remove all but the record, which tells the next make that the rest may go.

    The folder itself stays: it may be a link to a disk with more room.
    """
    for path in directory.iterdir():
        if path.name == RECORD:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def requirement(lock: Path, package: str) -> str:
    """The lines of one package, with its hashes; empty if the lock does not have it."""
    pattern = rf"^{re.escape(package)}==.*(?:\n    --hash=.*)*"
    found = re.search(pattern, lock.read_text(), re.MULTILINE)
    return found.group().rstrip(" \\") + "\n" if found else ""


class Progress:
    """What pip does, in a line: rewritten on a terminal, every half minute elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.seen = total, 0
        self.terminal = sys.stdout.isatty()
        self.last = time.monotonic()

    def see(self, line: str) -> None:
        """Read one line of pip's output."""
        package = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
        if package:
            self.seen += 1
            self.show(f"fetching, {self.seen} of {self.total}: {package.group(1)}")
        elif line.startswith("Ignoring "):
            self.total -= 1
        elif line.startswith("WARNING: Retrying"):
            self.show("the network does not answer; pip tries again", always=True)
        elif line.startswith("Installing collected packages"):
            self.show("unpacking; this takes a minute or two", always=True)

    def show(self, text: str, always: bool = False) -> None:
        if self.terminal:
            print(f"\r\033[Kenvironment: {text}", end="", flush=True)
        elif always or time.monotonic() - self.last > 30:
            self.last = time.monotonic()
            say(text)

    def close(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", flush=True)


def pip_install(directory: Path, lock: Path, descriptor: int, quiet: bool = False) -> None:
    """Install a lock file, every package by its hash.

    Raises:
        Refusal: pip failed; its last lines have been printed.
    """
    version = tuple(map(int, (version_of(directory / "bin" / "python") or "0").split(".")))
    compiled = [name for name, first in COMPILED_FROM.items() if version >= first]
    command = [str(directory / "bin" / "python"), "-I", "-m", "pip", "install"]
    command += ["--require-hashes", "--disable-pip-version-check", "--no-input"]
    # Wheels only, but for one pure Python package that has none. It is built with the locked
    # setuptools: build isolation would fetch one without a hash.
    command += ["--only-binary", ":all:", "--no-binary", ",".join(["connection-pool", *compiled])]
    command += ["--no-build-isolation", "--progress-bar", "off", "--requirement", str(lock)]
    # Downloads may be larger than /tmp.
    temporary = directory / "tmp"
    temporary.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(temporary.absolute()), "PIP_USER": "0"}
    progress = Progress(len(re.findall(r"^[\w.-]+==", lock.read_text(), re.MULTILINE)))
    tail: collections.deque[str] = collections.deque(maxlen=12)
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # A pip that outlives this process keeps the lock, so that nobody works beside it.
        pass_fds=[descriptor],
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            tail.append(line.rstrip())
            if not quiet:
                progress.see(line)
    progress.close()
    shutil.rmtree(temporary, ignore_errors=True)
    if pip.returncode:
        print("\n".join(f"  pip: {line}" for line in tail), file=sys.stderr)
        raise Refusal(
            f"pip could not install {lock} (its last lines are above); run make again when that "
            "is solved: packages that were downloaded whole are in pip's cache"
        )


def install(directory: Path, lock: Path, descriptor: int) -> None:
    """Install setuptools of the lock, which builds what has no wheel, and then the whole lock."""
    setuptools = requirement(lock, "setuptools")
    if setuptools:
        first = directory / f"setuptools-of-{lock.name}"
        first.write_text(setuptools)
        pip_install(directory, first, descriptor, quiet=True)
        first.unlink()
    pip_install(directory, lock, descriptor)


def create(directory: Path, python: str) -> None:
    """An environment with nothing but pip, in a folder that holds the record."""
    done = subprocess.run(
        [python, "-I", "-m", "venv", str(directory)], capture_output=True, text=True
    )
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        raise Refusal(f"{python} -m venv failed: {lines[-1]}")


def make(directory: Path, kind: str, locks: Path, python: str | None, descriptor: int) -> None:
    """Make the environment, or add to it what tests need if it can run the study already."""
    started = time.monotonic()
    lock = locks / f"{kind}.lock"
    has_study = directory.exists() and outdated(directory, "study", locks) is None
    executable, release = ("", "") if has_study else find_python(python)
    say(f"adding {lock}" if has_study else f"making it with Python {release} from {lock}")
    check_disk(directory, size_of(kind, locks, has_study))
    # From here on until the full record is written, the environment counts as unfinished.
    write_record(directory, {})
    if not has_study:
        empty(directory)
        create(directory, executable)
    install(directory, lock, descriptor)
    write_record(directory, full_record(directory, kind, locks))
    say(f"{directory} is ready, after {time.monotonic() - started:.0f} s")


def prepare(directory: Path, kind: str, locks: Path = HERE, python: str | None = None) -> None:
    """See to it that the environment serves: leave it alone if it does, else make it.

    Args:
        directory: the environment's folder.
        kind: `study` or `development`.
        locks: folder of the lock files.
        python: the Python to make it with; None looks for one.

    Raises:
        Refusal: it cannot be made, or the folder holds something that make did not make.
    """
    if outdated(directory, kind, locks) is None:
        say(f"{directory} is current")
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    with alone(directory) as descriptor:
        # Asked again: another make may have been at work meanwhile.
        reason = outdated(directory, kind, locks)
        if reason is not None:
            say(f"{directory} is to be made: {reason}")
            make(directory, kind, locks, python, descriptor)


# --- somebody else's environment, and the locks ------------------------------------------------

MISSING = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        print(name)
"""


def direct_packages(kind: str) -> list[str]:
    """What an environment that was not made here must have at the least."""
    names = re.findall(r"^[\w.-]+", (HERE / "study.in").read_text(), re.MULTILINE)
    names = [name for name in names if not name.startswith("-")]
    return [*names, "pytest"] if kind == "development" else names


def check_existing(directory: Path, kind: str) -> None:
    """Check an environment that the user names, and change nothing in it.

    Raises:
        Refusal: it has no Python, an old one, or packages are missing.
    """
    python = directory / "bin" / "python"
    version = version_of(python)
    if version is None:
        raise Refusal(f"VENV={directory} is no environment: {python} does not run")
    if tuple(map(int, version.split("."))) < OLDEST:
        raise Refusal(f"VENV={directory} has Python {version}; needs 3.11 or newer")
    command = [str(python), "-I", "-c", MISSING, *direct_packages(kind)]
    missing = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if missing:
        raise Refusal(f"VENV={directory} lacks {', '.join(missing)}; it is used as it is")
    say(f"{directory} is used as it is")


def find_uv(directory: Path, python: str | None) -> str:
    """Path of uv: from the PATH, or from an environment of its own."""
    found = shutil.which("uv") or shutil.which(directory / "bin" / "uv")
    if found:
        return found
    executable, _ = find_python(python)
    say(f"uv is not installed: putting it into {directory}")
    create(directory, executable)
    done = subprocess.run([directory / "bin" / "python", "-m", "pip", "install", "--quiet", "uv"])
    if done.returncode:
        raise Refusal("pip could not install uv")
    return str(directory / "bin" / "uv")


def lock_all(uv: str, arguments: Sequence[str]) -> None:
    """Write study.lock and development.lock again, for all platforms and Pythons at once."""
    for name in ("study", "development"):
        command = [uv, "pip", "compile", f"envs/{name}.in", "--output-file", f"envs/{name}.lock"]
        command += ["--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--fork-strategy", "fewest", "--no-header", "--quiet", *arguments]
        if subprocess.run(command, cwd=HERE.parent).returncode:
            raise Refusal(f"uv could not lock envs/{name}.in (its message is above)")
        say(f"wrote envs/{name}.lock")
    say("make test compares envs/clusterability.yaml, which is written by hand, with the locks")


# --- command line ------------------------------------------------------------------------------


def parse(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("what", choices=["study", "development", "lock"])
    parser.add_argument("--directory", type=Path, default=Path(".venv"), help="its folder")
    parser.add_argument("--existing", action="store_true", help="check it, change nothing")
    parser.add_argument("--locks", type=Path, default=HERE, help="folder of the lock files")
    parser.add_argument("--python", help="Python to make it with")
    options, others = parser.parse_known_args(arguments)
    if others and options.what != "lock":
        parser.error(f"does not know {' '.join(others)}")
    return options, others


def main(arguments: Sequence[str] | None = None) -> int:
    options, others = parse(arguments)
    try:
        if options.what == "lock":
            lock_all(find_uv(HERE.parent / ".venv-uv", options.python), others)
        elif options.existing:
            check_existing(options.directory, options.what)
        else:
            prepare(options.directory, options.what, options.locks, options.python or None)
    except Refusal as refusal:
        print(f"environment: {refusal}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nenvironment: interrupted; the next make starts it anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
