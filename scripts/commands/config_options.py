"""Options of a command that takes one switch and the configs of a study."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from clusterability.errors import UserError


def parsed(command: str, switch: str, words: Sequence[str]) -> argparse.Namespace:
    """Parse the switch, under its name, and `configfile`, a list that is empty without configs.

    Raises:
        UserError: for anything else, since other options of Snakemake could name other results.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument(f"--{switch}", action="store_true")
    parser.add_argument("--configfile", "--configfiles", nargs="+", action="extend", default=[])
    try:
        options, others = parser.parse_known_args(words)
    except argparse.ArgumentError:
        options, others = argparse.Namespace(), list(words)
    if others:
        raise UserError(
            f"{command}: found {' '.join(others)!r}, expected --{switch}, or --configfile with a"
            " config"
        )
    return options
