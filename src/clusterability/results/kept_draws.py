"""Draws that an interrupted job of a null has made: the next one goes on from them.

They lie outside the job's outputs, which Snakemake removes before a job starts, and go when the job
has succeeded. Those that other weights, another job or other code made are not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from clusterability.clustering.block_sums import KeyedTables, Tables, stack_by_key
from clusterability.errors import UserError
from clusterability.names import CHECKPOINTS
from clusterability.results.npz_files import load_items, save_items

logger = logging.getLogger(__name__)


class DrawFiles:
    """Draws of a null in files of some each, in their order; a file is named by its first draw.

    Those of a call that ran beside this one fit, too.

    Attributes:
        folder: where they lie.
        damage: what is wrong with the file that reading ended at, if any.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.damage = folder, ""
        # How many the files hold, and those that wait: one value, since an interruption may come
        # between any two statements, and draws that are written again come into the same file.
        self._state: tuple[int, list[KeyedTables]] = (0, [])

    def found(self) -> list[KeyedTables]:
        """The draws that the files hold, up to one that is damaged."""
        draws: list[KeyedTables] = []
        try:
            while (path := self._path(len(draws))).exists() and (read := _one_by_one(path)):
                draws += read
        except UserError as error:
            self.damage = str(error)
        self._state = (len(draws), [])
        return draws

    def add(self, draw: KeyedTables) -> None:
        """A draw that is to be written."""
        self._state[1].append(draw)

    def write(self) -> None:
        """Writes those that wait, each file whole or not at all.

        Raises:
            OSError, UserError: where that cannot be done; what is left waits.
        """
        count, waiting = self._state
        # Draws that other methods cluster have files of their own.
        for _, draws in groupby(waiting, list):
            alike = list(draws)
            save_items(self._path(count), stack_by_key(alike))
            count, waiting = count + len(alike), waiting[len(alike) :]
            self._state = count, waiting

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:07}.npz"


def _one_by_one(path: Path) -> list[KeyedTables]:
    """The draws of a file."""
    stacked = load_items(path, Tables)
    count = min((len(tables.mi_total) for tables in stacked.values()), default=0)
    return [{key: tables.at(draw) for key, tables in stacked.items()} for draw in range(count)]


@dataclass
class KeptDraws:
    """The draws that one job keeps while it runs, in files of some each, in their order.

    Attributes:
        folder: where they lie; its name says what they are of.
        seconds_between: from one file to the next.
        stopped: whether the job was asked to stop.
    """

    folder: Path
    seconds_between: float
    stopped: bool = False
    _last: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._files = DrawFiles(self.folder)

    @classmethod
    def of_job(
        cls, tables: Path, weights: str, parameters: Mapping[str, Any], seconds: float
    ) -> KeptDraws:
        """Those of the job that makes a file of tables.

        Args:
            tables: `…/nulls/{condition}/{seeds}/{layer}/{k}.{null}.npz`.
            weights: digest of their file.
            parameters: all else that decides its bits, other code and other packages among them.
            seconds: from one file to the next.
        """
        text = json.dumps([weights, parameters], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        results = tables.parents[4]
        folder = results / CHECKPOINTS / tables.relative_to(results).with_suffix("") / key
        return cls(folder, seconds)

    def found(self) -> list[KeyedTables]:
        """The draws that are kept, from the first one on; what another job kept is removed."""
        for other in self.folder.parent.glob("*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)
        draws = self._files.found()
        if self._files.damage:
            logger.warning("%s; drawing anew from there", self._files.damage)
        if draws:
            logger.info("going on from draw %d, by %s", len(draws), self.folder)
        return draws

    def keeping(self, draws: Iterator[KeyedTables]) -> Iterator[KeyedTables]:
        """Passes draws on, and writes those that are new every `seconds_between`.

        Raises:
            UserError: where the job was asked to stop.
        """
        for draw in draws:
            self._files.add(draw)
            yield draw
            if self.stopped or time.monotonic() - self._last >= self.seconds_between:
                self.keep()

    def stop(self) -> None:
        """Keeps what is drawn and ends, as soon as the draws that are worked on are done."""
        self.stopped = True

    def remove(self) -> None:
        """Removes them, once the job has its outputs."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        for folder in list(self.folder.parents)[1:6]:
            with suppress(OSError):  # another job's lie in it
                folder.rmdir()

    def keep(self) -> None:
        """Writes those that are new, whole or not at all; a full disk does not end the job.

        Raises:
            UserError: where the job was asked to stop.
        """
        said = "what is drawn is kept for the next run"
        try:
            self._files.write()
        except (OSError, UserError) as error:
            said = f"no draws could be kept: {error}"
            logger.warning("%s", said)
        self._last = time.monotonic()
        if self.stopped:
            raise UserError(f"the null was stopped by a signal; {said}")
