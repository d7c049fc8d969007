"""Make the Python environment of the study, keep it current, or check one. The Makefile runs this.

It is made anew when a lock, its Python or its folder changes, and after what did not finish.
"""

import configparser
import fcntl
import hashlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib import parse, request

HERE = Path(__file__).resolve().parent
RECORD = "made-from.txt"
LOCKS_OF = {"study": ["study.lock"], "development": ["study.lock", "development.lock"]}
INDEX, PIP = "https://pypi.org/simple", "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
# Download and disk in GB (10^9 bytes), of the study and what development adds: as pip makes it with
# Python 3.11, in November 2026; disk elsewhere than on Linux x86_64 from unpacked wheels.
SIZES = {
    "Linux x86_64": [(3.27, 6.7), (0.07, 0.3)],
    "Linux aarch64": [(3.40, 6.6), (0.06, 0.2)],
    "Darwin arm64": [(0.31, 1.6), (0.05, 0.2)],
}
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
PACKAGES = "import importlib.metadata as m; print(*(d.metadata['Name'] for d in m.distributions()))"


class Refusal(Exception):  # noqa: N818
    """Why there is no environment, in one line."""


def say(text: str) -> None:
    print(f"environment: {text}", flush=True)


def output_of(*command: str | Path) -> str:
    """What a command prints; empty where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def state(directory: Path, kind: str, locks: Path) -> list[str]:
    """The record of an environment that is complete and current."""
    version = output_of(directory / "bin" / "python", "-I", "-c", VERSION)
    record = [f"its folder: {directory.absolute()}", f"its Python: {version}"]
    for lock in [locks / name for name in LOCKS_OF[kind]]:
        if not lock.exists():
            raise Refusal(f"{lock} is missing: get it back with git, or `make lock`")
        record.append(f"{lock.name}: {hashlib.sha256(lock.read_bytes()).hexdigest()}")
    return record


def outdated(directory: Path, kind: str, locks: Path) -> str | None:
    """Why the environment cannot serve as it is; None if it can."""
    if not directory.exists() or not any(directory.iterdir()):
        return "there is none yet"
    if not any(directory.glob("made-from.*")):  # earlier versions wrote made-from.json
        hint = f"use it with VENV={directory}, or remove it"
        raise Refusal(f"{directory} was not made by make, and stays as it is: {hint}")
    if not (directory / RECORD).exists():
        return "an earlier version made it"
    made_from = (directory / RECORD).read_text(errors="replace").splitlines()
    there = f"its folder: {directory.resolve()}"
    if directory.is_symlink() and there in made_from:  # made for where it is, and used there
        hint = f"use that one with VENV={directory.resolve()}, or remove the link"
        raise Refusal(f"{directory} is a link to the environment {directory.resolve()}: {hint}")
    changed = [line for line in state(directory, kind, locks) if line not in made_from]
    if changed and made_from:
        return f"{changed[0].split(':')[0]} is new or has changed"
    return None if made_from else "the last installation did not finish"


def alone(directory: Path) -> IO[str]:
    """The lock beside the environment, held until it is closed; waits for who holds it."""
    file = open(directory.with_name(f"{directory.name}.lock"), "a")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"another make works on {directory}: waiting for it")
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        say("this file system has no locks: run one make at a time")
    return file


def check_disk(directory: Path, kind: str, locks: Path, has_study: bool) -> None:
    """Say what the installation takes, and refuse where the disk has not enough."""
    system = f"{os.uname().sysname} {os.uname().machine}" if locks.resolve() == HERE else ""
    if system == "Darwin x86_64":
        raise Refusal("PyTorch has no packages for Intel Macs (or this Python runs under Rosetta)")
    if system not in SIZES:
        say("how much it downloads and takes on disk was not measured for this lock and platform")
        return
    download, disk = map(sum, zip(*SIZES[system][has_study : len(LOCKS_OF[kind])], strict=True))
    # Temporary files hold the download, too, and so does the cache.
    cached = not os.environ.get("PIP_NO_CACHE_DIR")
    needed = disk + download * (2 if cached else 1)
    takes = f"takes {disk:.2g} GB of disk, {needed:.2g} GB while it installs"
    say(f"this downloads {download:.2g} GB (less what is in the cache) and {takes}")
    free = shutil.disk_usage(directory if directory.exists() else directory.absolute().parent).free
    if free < needed * 1e9:
        hint = f"; PIP_NO_CACHE_DIR=1 needs {download:.2g} GB less" if cached else ""
        raise Refusal(f"needs {needed:.2g} GB of free disk and found {free / 1e9:.2g} GB{hint}")


def pip_wheel() -> bytes:
    """The wheel of pip that is pinned, from the index that pip's settings name."""
    config = configparser.RawConfigParser(strict=False)
    files = ("/etc/pip.conf", "~/.config/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE", ""))
    config.read(map(os.path.expanduser, files))
    index = os.environ.get("PIP_INDEX_URL") or config.get("global", "index-url", fallback=INDEX)
    cert = os.environ.get("PIP_CERT") or config.get("global", "cert", fallback=None)
    secure = ssl.create_default_context(cafile=cert)
    page = re.sub(r"(?<=//)[^/@]*@|/(?=/pip/$)", "", f"{index}/pip/")  # no passwords, no // in it
    names = request.urlopen(page, timeout=60, context=secure).read().decode()
    address = parse.urljoin(page, (re.findall(rf'[^"]*{PIP}', names) or [PIP])[0])
    wheel: bytes = request.urlopen(address, timeout=60, context=secure).read()
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        raise ValueError(f"found another file than the {PIP} that is pinned")
    return wheel


def create(directory: Path, python: str) -> None:
    """An environment with nothing but pip, in a folder that holds the record."""
    if subprocess.run([python, "-I", "-m", "venv", "--without-pip", directory]).returncode:
        raise Refusal(f"{python} -m venv failed: its message is above")
    ours, wheel = directory / "bin" / "python", directory / PIP
    if not output_of(ours, "-I", "-m", "ensurepip", "--default-pip"):
        try:
            wheel.write_bytes(pip_wheel())
        except Exception as error:  # whatever an index may answer
            raise Refusal(f"{python} has no ensurepip, and pip was not fetched: {error}") from None
        output_of(ours, "-I", wheel / "pip", "install", "--no-index", wheel)


def install(directory: Path, lock: Path, file: IO[str]) -> None:
    """Install a lock, every package by its hash: by uv where pip has no settings, else by pip."""
    python, temporary = str(directory / "bin" / "python"), directory.absolute() / "tmp"
    name, pip = "pip", [python, "-I", "-m", "pip"]
    command = [*pip, "install", "--disable-pip-version-check", "--no-input"]
    if (uv := shutil.which("uv")) and not output_of(*pip, "config", "list"):
        name, command = "uv", [uv, "pip", "install", "--compile-bytecode", "--python", python]
    # Wheels only, but for what has none. It is built with the locked setuptools, which come first:
    # build isolation would fetch some without a hash.
    sources = "connection-pool" + ",immutables" * (directory / "lib" / "python3.14").exists()
    command += ["--require-hashes", "--no-build-isolation", "--only-binary=:all:"]
    temporary.mkdir(exist_ok=True)
    first = temporary / "setuptools.txt"
    lines = re.findall(r"^setuptools==.*(?:\n    --hash=.*)*", lock.read_text(), re.MULTILINE)
    first.write_text("".join(lines).rstrip(" \\"))
    # Downloads may be larger than /tmp. A pip that outlives this process keeps the lock.
    environment = {**os.environ, "TMPDIR": str(temporary), "PIP_USER": "0"}
    for each in (first, lock):
        call = [*command, f"--no-binary={sources}", "--requirement", str(each)]
        if subprocess.run(call, env=environment, pass_fds=[file.fileno()]).returncode:
            raise Refusal(
                f"{name} could not install {lock} (its last lines are above); run make again when "
                f"that is solved: packages that were downloaded whole are in {name}'s cache"
            )
    shutil.rmtree(temporary, ignore_errors=True)


def make(directory: Path, kind: str, locks: Path, file: IO[str]) -> None:
    """Make the environment, or add to it what tests need if it can run the study already."""
    started, lock = time.monotonic(), locks / f"{kind}.lock"
    has_study = directory.exists() and not outdated(directory, "study", locks)
    making = f"making it with Python {sys.version.split()[0]} from"
    say(f"{'adding' if has_study else making} {lock}")
    check_disk(directory, kind, locks, has_study)
    # From here on until the full record is written, the environment counts as unfinished.
    directory.mkdir(exist_ok=True)
    (directory / RECORD).write_text("")
    if not has_study:
        # The folder itself stays: it may be a link to a disk with more room.
        for path in {*directory.iterdir()} - {directory / RECORD}:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        # The environment's own Python may run this, and is gone now: take its base.
        create(directory, getattr(sys, "_base_executable", sys.executable))
    install(directory, lock, file)
    (directory / RECORD).write_text("\n".join(state(directory, kind, locks)))
    say(f"{directory} is ready, after {time.monotonic() - started:.0f} s")


def prepare(directory: Path, kind: str, locks: Path = HERE) -> None:
    """See to it that the environment serves: leave it alone if it does, else make it."""
    if not outdated(directory, kind, locks):
        say(f"{directory} is current")
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    with alone(directory) as file:
        # Asked again: another make may have been at work meanwhile.
        if reason := outdated(directory, kind, locks):
            say(f"{directory} is to be made: {reason}")
            make(directory, kind, locks, file)


def check_existing(directory: Path, kind: str) -> None:
    """Check an environment that the user names, and change nothing in it."""
    python = directory / "bin" / "python"
    if not (version := output_of(python, "-I", "-c", VERSION)):
        raise Refusal(f"VENV={directory} is no environment: {python} does not run")
    if tuple(map(int, version.split("."))) < (3, 11):
        raise Refusal(f"VENV={directory} has Python {version}; needs 3.11 or newer")
    names = re.findall(r"- ([\w.-]+)==", (HERE / "clusterability.yaml").read_text())
    names += ["pytest"] * (kind == "development")
    there = re.sub(r"[-_.]+", "-", output_of(python, "-I", "-c", PACKAGES).lower()).split()
    if missing := [name for name in names if name not in there]:
        raise Refusal(f"VENV={directory} lacks {', '.join(missing)}; it is used as it is")
    say(f"{directory} is used as it is")


def main(kind: str, directory: str, locks: str = str(HERE), existing: str = "") -> int:
    try:
        if existing:
            check_existing(Path(directory), kind)
        else:
            prepare(Path(directory), kind, Path(locks))
    except (Refusal, OSError) as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nenvironment: interrupted; the next make starts it anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
