"""`make watch`: what a run in another terminal has done, what it does, and what it finds."""

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
"""Between two looks."""
CLEAR = "\x1b[H\x1b[J"
"""What empties a terminal."""


def main(words: Sequence[str]) -> None:
    """Says it once, or in a terminal again and again until the run ends."""
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
    """What a terminal has room for."""
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
