"""Common frame of all jobs: a log, a record of the files, and one line for an error."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from clusterability_workflow.records import Record, record_path

from clusterability.errors import UserError

logger = logging.getLogger("job")


@contextmanager
def running(job: Any) -> Iterator[None]:
    """Log messages and tracebacks of a job, and record the files that it made.

    A UserError ends the job with its message on standard error and no traceback.

    Args:
        job: the object `snakemake` of a rule's script.
    """
    _log_to(Path(job.log[0]))
    before, started = time.process_time(), time.perf_counter()
    named = ", ".join(f"{name} {value}" for name, value in job.wildcards.items())
    logger.info("%s: %s; CPU threads: %d", job.rule, named or "the whole study", job.threads)
    try:
        yield
        _record(job)
    except UserError as error:
        _end(error)
    except MemoryError as error:
        logger.exception("the job failed")
        _end(f"not enough memory for rule {job.rule}, {named}: {str(error) or 'none left'}")
    except Exception:
        logger.exception("the job failed")
        raise
    logger.info(
        "done: %.2f s, %.2f CPU s, after %.2f CPU s for Python and its packages",
        time.perf_counter() - started, time.process_time() - before, before,
    )  # fmt: skip


def _end(told: object) -> NoReturn:
    logger.error("%s", told)
    print(told, file=sys.stderr)
    sys.exit(1)


def _log_to(file: Path) -> None:
    # Do not report a full disk or a read-only folder twice: the job itself meets it, too.
    logging.raiseExceptions = False
    handler: logging.Handler = logging.StreamHandler()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(file, mode="w")
    except OSError as error:
        print(f"{file}: no log can be written: {error.strerror}", file=sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _record(job: Any) -> None:
    """Write the digests of the job's files, which `make verify` compares."""
    wildcards, params = dict(job.wildcards.items()), dict(job.params.items())
    record = Record.of_files(job.rule, wildcards, params, list(job.output))
    record.write(record_path(Path(job.log[0])))
