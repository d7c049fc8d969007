"""Draws kept by an interrupted job of a null, from which the next run continues.

They are stored outside the job's outputs, which Snakemake removes before a job starts, and removed
once the job has succeeded. Draws of other weights, another job or other code are not used.
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
    """Draws of a null, stored in order, several per file; a file is named by its first draw.

    Files of a call that ran at the same time fit in, too.

    Attributes:
        folder: folder of the files.
        damage: error of the file at which reading ended, or empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.damage = folder, ""
        # Number of stored draws, and draws to be written. One value, since an interruption may come
        # between any two statements: draws written twice go to the same file.
        self._state: tuple[int, list[KeyedTables]] = (0, [])

    def found(self) -> list[KeyedTables]:
        """Draws in the files, up to the first damaged one."""
        draws: list[KeyedTables] = []
        try:
            while (path := self._path(len(draws))).exists() and (read := _one_by_one(path)):
                draws += read
        except UserError as error:
            self.damage = str(error)
        self._state = (len(draws), [])
        return draws

    def add(self, draw: KeyedTables) -> None:
        """Queue a draw for writing."""
        self._state[1].append(draw)

    def write(self) -> None:
        """Write the queued draws, each file atomically.

        Raises:
            OSError, UserError: if writing fails; the remaining draws stay queued.
        """
        count, waiting = self._state
        # Draws clustered by different methods go to separate files.
        for _, draws in groupby(waiting, list):
            alike = list(draws)
            save_items(self._path(count), stack_by_key(alike))
            count, waiting = count + len(alike), waiting[len(alike) :]
            self._state = count, waiting

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:07}.npz"


def _one_by_one(path: Path) -> list[KeyedTables]:
    """Read the draws of a file."""
    stacked = load_items(path, Tables)
    count = min((len(tables.mi_total) for tables in stacked.values()), default=0)
    return [{key: tables.at(draw) for key, tables in stacked.items()} for draw in range(count)]


@dataclass
class KeptDraws:
    """Draws that one job keeps while it runs, in order, several per file.

    Attributes:
        folder: folder of the files; its name identifies the job, its inputs and its code.
        seconds_between: time between two files.
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
        """Kept draws of the job that makes a file of tables.

        Args:
            tables: `…/nulls/{condition}/{seeds}/{layer}/{k}.{null}.npz`.
            weights: digest of the file of weights.
            parameters: everything else that determines the bits, including code and packages.
            seconds: time between two files.
        """
        text = json.dumps([weights, parameters], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        results = tables.parents[4]
        folder = results / CHECKPOINTS / tables.relative_to(results).with_suffix("") / key
        return cls(folder, seconds)

    def found(self) -> list[KeyedTables]:
        """Kept draws from the first one on; draws of other jobs in the folder are removed."""
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
        """Yield the draws, and write new ones every `seconds_between`.

        Raises:
            UserError: if the job was asked to stop.
        """
        for draw in draws:
            self._files.add(draw)
            yield draw
            if self.stopped or time.monotonic() - self._last >= self.seconds_between:
                self.keep()

    def stop(self) -> None:
        """Keep the draws and stop, as soon as the draws in progress are done."""
        self.stopped = True

    def remove(self) -> None:
        """Remove the draws, once the job has its outputs."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        for folder in list(self.folder.parents)[1:6]:
            with suppress(OSError):  # not empty: another job's draws
                folder.rmdir()

    def keep(self) -> None:
        """Write new draws atomically; a full disk does not end the job.

        Raises:
            UserError: if the job was asked to stop.
        """
        outcome = "what is drawn is kept for the next run"
        try:
            self._files.write()
        except (OSError, UserError) as error:
            outcome = f"no draws could be kept: {error}"
            logger.warning("%s", outcome)
        self._last = time.monotonic()
        if self.stopped:
            raise UserError(f"the null was stopped by a signal; {outcome}")
