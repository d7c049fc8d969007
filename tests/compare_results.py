"""Whether two trees of the project give the same results, byte for byte.

    python tests/compare_results.py OLD NEW --work FOLDER

Runs the smoke study and the small study that asks for everything in a copy of each tree, with this
Python, and compares tables, figures with their rows and captions, weights, partitions, draws and
scores. What a run says of itself is left out: logs, benchmarks, the records of `make verify` with
their digests of code, configs, the seconds of training. Results in FOLDER are kept and used again.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "helpers"))
from everything import EVERYTHING_TARGETS, write_everything

PARTS = ("Snakefile", "rules", "scripts", "src", "envs", "profiles", "studies", "config.yaml")
QUIET = ("--cores", "2", "--quiet", "rules")
OF_THE_RUN = ("logs", "benchmarks", "configs", "records")


def main(words: list[str]) -> int:
    """Runs, compares, tells; returns 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of the results")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's files (else downloaded)")
    options = parser.parse_args(words)
    differences = 0
    for study in ("smoke", "everything"):
        old, new = (
            run(tree, options.work / label / study, study, options.mnist)
            for label, tree in (("old", options.old), ("new", options.new))
        )
        differences += compare(study, old, new)
    return 1 if differences else 0


def run(tree: Path, folder: Path, study: str, mnist: Path | None) -> Path:
    """The folder of results of a study as this tree computes it; run unless it is there."""
    results = folder / "results"
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for part in filter(lambda name: (tree / name).exists(), PARTS):
            copy = shutil.copytree if (tree / part).is_dir() else shutil.copy
            copy(tree / part, folder / part)
        arguments = arguments_of(study, folder, mnist)
        command = [sys.executable, "-m", "snakemake"]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        subprocess.run([*command, *arguments, *QUIET], cwd=folder, env=environment, check=True)
        (folder / "done").touch()
    return results


def arguments_of(study: str, folder: Path, mnist: Path | None) -> list[str]:
    """Snakemake's arguments for a study in this folder, whose files are written there."""
    if mnist:
        shutil.copytree(mnist, folder / "results" / "data" / "mnist")
    if study == "smoke":
        return ["--configfile", "studies/smoke.yaml"]
    write_everything(folder)
    return EVERYTHING_TARGETS


def compare(study: str, old: Path, new: Path) -> int:
    """Prints what differs between two folders of results; returns how many files do."""
    first, second = digests(old), digests(new)
    differing = sorted(
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    )
    for name in differing:
        missing = "only in the old" if name not in second else "only in the new"
        print(f"  {name}: {missing if name not in first or name not in second else 'differs'}")
    print(f"{study}: {len(first)} files of the old tree, {len(differing)} differ")
    return len(differing)


def digests(results: Path) -> dict[str, str]:
    """SHA-256 by name of all files that a study's numbers decide."""
    found = {}
    for file in sorted(path for path in results.rglob("*") if path.is_file()):
        place = file.relative_to(results)
        if set(place.parts).isdisjoint(OF_THE_RUN) and place.parts[0] != "data":
            content = file.read_bytes()
            if file.name.endswith("networks.csv"):
                content = without_column(content, b"seconds")
            found[place.as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def without_column(content: bytes, name: bytes) -> bytes:
    """A CSV file, none of whose cells holds a comma, without a column."""
    rows = [line.split(b",") for line in content.splitlines()]
    if not rows or name not in rows[0]:
        return content
    place = rows[0].index(name)
    return b"\n".join(b",".join(row[:place] + row[place + 1 :]) for row in rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
