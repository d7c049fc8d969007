"""`make clean`: list the files that a study wrote, ask, and remove them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import project_folders  # noqa: F401

from config_options import parsed

from clusterability_workflow.cleaning import find_written
from clusterability_workflow.lock_and_config import hold
from clusterability_workflow.planning import readable

from clusterability.errors import UserError
from clusterability.study.config_files import DEFAULT, check_configs, read_config
from clusterability.study.loading import load_study
from clusterability.study.study import Study


def main(words: list[str]) -> None:
    """List the study's files, ask, and remove them."""
    options = parsed("clean", "yes", words)
    configs = [Path(file) for file in options.configfile]
    results = Path(_study(configs or [DEFAULT]).results)
    if not find_written(results).own_paths:
        print(f"{results}: found nothing that a study wrote: nothing removed")
        return
    warning = hold(results)
    written = find_written(results)
    print("\n".join([warning, *written.lines()] if warning else written.lines()))
    if not options.yes:
        _ask()
    print(f"{results}: removed {readable(written.remove())}")


def _study(configs: Sequence[Path]) -> Study:
    """Study described by these configs, merged as Snakemake merges them."""
    check_configs(configs)
    first, *others = map(read_config, configs)
    config: dict[str, Any] = first
    if others:
        from snakemake.utils import update_config  # imported late: it takes a second

        for changes in others:
            update_config(config, changes)
    return load_study(config, source=", ".join(map(str, configs)))


def _ask() -> None:
    """End the command unless the user agrees."""
    if not sys.stdin.isatty():
        raise UserError("clean: found nobody to ask, expected ARGS=--yes; nothing removed")
    try:
        answer = input("Remove it? [y/N] ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        sys.exit("clean: not confirmed; nothing removed")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
