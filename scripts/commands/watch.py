"""`make watch`: follow a run in another terminal: its jobs, its progress and its first results."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence

import project_folders  # noqa: F401

from config_options import parsed

from clusterability_workflow.run_log import LOG_FOLDER, latest_run
from clusterability_workflow.watching import report

from clusterability.errors import UserError

SECONDS = 5.0
"""Seconds between two updates."""
CLEAR = "\x1b[H\x1b[J"
"""Escape sequence that clears a terminal."""


def main(words: Sequence[str]) -> None:
    """Print the report once, or, in a terminal, update it until the run ends."""
    options = parsed("watch", "once", words)
    again = sys.stdout.isatty() and not options.once
    log = latest_run(LOG_FOLDER, options.configfile)
    while True:
        log.read()
        lines = report(log, time.time())
        if not again or log.is_over:
            print("\n".join([CLEAR + lines[0], *lines[1:]] if again else lines))
            return
        print(CLEAR + "\n".join(_fitting(lines)), end="", flush=True)
        time.sleep(SECONDS)


def _fitting(lines: Sequence[str]) -> list[str]:
    """Cut lines to the size of the terminal."""
    width, height = shutil.get_terminal_size()
    cut = [line if len(line) <= width else f"{line[: width - 1]}…" for line in lines]
    return (
        cut if len(cut) < height else [*cut[: height - 2], f"… {len(cut) - height + 2} more lines"]
    )


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
    except (KeyboardInterrupt, BrokenPipeError):
        print()
