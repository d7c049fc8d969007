"""`make verify`: compare all results with their records, and a sample of blocks with remade ones.

With --audit instead: recompute random numbers of the tables with code that is independent of the
library (scripts/audit).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from project_folders import PROJECT

from clusterability_workflow import verification
from clusterability_workflow.dry_run import planned_jobs
from clusterability_workflow.lock_and_config import CONFIG_VARIABLE, hold, living_holder
from clusterability_workflow.planning import PlannedJob
from clusterability_workflow.verification import Block, State

from clusterability.errors import UserError
from clusterability.study.sections import MNIST_FILES
from clusterability.study.study import Study

PARTS = ("Snakefile", "rules", "scripts", "src", "envs", "profiles")


def main(words: list[str]) -> int:
    """Check and report; return the exit status, 0 if all results are sound."""
    options, arguments = _parser().parse_known_args(words)
    study, jobs, _ = planned_jobs(arguments)
    results = Path(study.results)
    holder = living_holder(results)
    if holder:
        raise UserError(f"{results}: held by {holder}, expected no run while results are checked")
    if options.audit:
        return _audit(results, jobs, options)
    faults = _check_records(results, jobs)
    chosen = _sample(verification.blocks(jobs), options.blocks, options.seed)
    for block in chosen:
        faults += _make_again(study, block, options.cores)
    if not chosen:
        print("nothing was made again: there are no blocks, or none was asked for")
    return 1 if faults else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make verify ARGS=…", description=__doc__, epilog="Other words go to snakemake."
    )
    parser.add_argument("--blocks", type=int, default=1, help="blocks that are made again (1)")
    parser.add_argument("--seed", type=int, help="of their choice (default: another each time)")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="for making them (all)")
    parser.add_argument("--audit", action="store_true", help="work numbers out again by other code")
    parser.add_argument("--cells", help="of tables that are worked out again (200)")
    parser.add_argument("--out", help="CSV file for the numbers of the audit")
    return parser


def _audit(results: Path, jobs: list[PlannedJob], options: argparse.Namespace) -> int:
    """Run the audit in a process that cannot import the library; return its exit status.

    Raises:
        UserError: if the study is not finished.
    """
    files = [file for job in jobs for file in job.outputs if file not in job.passing]
    missing = [file for file in files if not Path(file).exists()]
    if missing:
        raise UserError(
            f"{results}: found {len(missing)} of {len(files)} files missing, such as {missing[0]},"
            " expected a finished study: make study goes on with it"
        )
    settings = [(f"--{name}", getattr(options, name)) for name in ("cells", "seed", "out")]
    words = [word for name, value in settings if value is not None for word in (name, str(value))]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "scripts")}
    command = [sys.executable, "-P", "-m", "audit", str(results), *words]
    return subprocess.run(command, env=environment).returncode


def _check_records(results: Path, jobs: list[PlannedJob]) -> int:
    """Compare all files with their records, set damaged ones aside, and return the fault count."""
    checked = verification.check_records(jobs)
    counts = Counter(item.state for item in checked)
    summary = ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])
    print(f"{results}: {len(checked)} files checked: {summary or 'there are none'}")
    wrong = [item for item in checked if item.state != State.SOUND]
    for item in wrong:
        print(f"  {item.problem}{_remedy(results, item)}")
    return len(wrong)


def _remedy(results: Path, item: verification.Checked) -> str:
    if item.state != State.DAMAGED:
        return "; make study makes it again" if item.state == State.MISSING else ""
    try:
        hold(results)
        aside = verification.set_aside(item.file)
    except (UserError, OSError) as error:
        return f"; it stays where it is ({error})"
    return f"; moved to {aside.name}, make study makes it again"


def _sample(blocks: list[Block], number: int, seed: int | None) -> list[Block]:
    number = max(0, min(number, len(blocks)))
    return random.Random(seed).sample(blocks, number)


def _make_again(study: Study, block: Block, cores: int) -> int:
    """Remake a block in a scratch folder and compare it; return the number of differences."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="verify-") as name:
        scratch = Path(name)
        _prepare(study, scratch)
        again = scratch / block.networks
        _snakemake(scratch, [block.networks], cores)
        same_device = verification.trained_on(block.networks) == verification.trained_on(again)
        compare = verification.compare_weights if same_device else verification.compare_accuracy
        problem = compare(block.networks, again)
        problems = [problem] if problem else []
        # Partitions and scores depend on the existing weights.
        again.write_bytes(block.networks.read_bytes())
        if block.results:
            _snakemake(scratch, block.results, cores)
        checks = [verification.compare_results(file, scratch / file) for file in block.results]
        problems += [problem for problem in checks if problem]
    kind = "to the bit" if same_device else "in accuracy, by another kind of device"
    print(
        f"{block.name}: made again in {time.monotonic() - started:.0f} s: networks"
        f" {'differ' if problem else 'equal ' + kind}; of {len(checks)} files of partitions, nulls"
        f" and scores {sum(item is None for item in checks)} equal"
    )
    for line in problems:
        print(f"  {line}")
    return len(problems)


def _prepare(study: Study, scratch: Path) -> None:
    """Prepare a scratch copy of the project, without results, for the same study."""
    for part in PARTS:
        (scratch / part).symlink_to(PROJECT / part)
    config: dict[str, Any] = study.model_dump(mode="json", exclude_unset=True)
    config["keep_draws"] = True  # existing draws are compared, too
    data = Path(study.data_folder)
    if any((data / name).is_file() for name in MNIST_FILES):
        config.setdefault("dataset", {})["path"] = str(data.absolute())
    for network in config.get("networks", {}).values():
        network["path"] = str(Path(network["path"]).absolute())
    published = config.get("replication", {})
    published |= {name: str(Path(path).absolute()) for name, path in published.items() if path}
    (scratch / "config.yaml").write_text(json.dumps(config))


def _snakemake(scratch: Path, targets: Iterable[Path], cores: int) -> None:
    """Make the targets in the scratch folder.

    Raises:
        UserError: with the end of Snakemake's output, if it fails.
    """
    environment = {key: value for key, value in os.environ.items() if key != CONFIG_VARIABLE}
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all", "--"]
    command += map(str, targets)
    ran = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
    if ran.returncode:
        tail = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-20:])
        raise UserError(f"a block could not be made again:\n{tail}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
