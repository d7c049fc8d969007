"""What every job does around its work: a log, and one line for an error of the user's."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clusterability.errors import UserError

logger = logging.getLogger("job")


@contextmanager
def logged(log: str) -> Iterator[None]:
    """Sends messages to the job's log, and tracebacks too.

    A UserError ends the job with its own text on standard error and no traceback.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=log,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    try:
        yield
    except UserError as error:
        logger.error("%s", error)
        print(error, file=sys.stderr)
        sys.exit(1)
    except Exception:
        logger.exception("the job failed")
        raise
    logger.info("done")
