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
from clusterability.files import file_digest
from clusterability.names import CHECKPOINTS
from clusterability.results.npz_files import load_items, save_items

logger = logging.getLogger(__name__)


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
    _made: list[KeyedTables] = field(default_factory=list)
    _kept: int = 0
    _last: float = field(default_factory=time.monotonic)

    @classmethod
    def of_job(
        cls, tables: Path, networks: Path, parameters: Mapping[str, Any], seconds: float
    ) -> KeptDraws:
        """Those of the job that makes a file of tables.

        Args:
            tables: `…/nulls/{condition}/{seeds}/{layer}/{k}.{null}.npz`.
            networks: the file of the weights.
            parameters: all else that decides its bits, other code and other packages among them.
            seconds: from one file to the next.
        """
        text = json.dumps([file_digest(networks), parameters], sort_keys=True)
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        results = tables.parents[4]
        folder = results / CHECKPOINTS / tables.relative_to(results).with_suffix("") / key
        return cls(folder, seconds)

    def found(self) -> list[KeyedTables]:
        """The draws that are kept, from the first one on; what another job kept is removed.

        A file is named by its first draw: those of a job that ran beside this one fit, too.
        """
        for other in self.folder.parent.glob("*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)
        draws: list[KeyedTables] = []
        while (path := self._path(len(draws))).exists():
            try:
                draws += _one_by_one(load_items(path, Tables))
            except UserError as error:
                logger.warning("%s; drawing anew from there", error)
                break
        if draws:
            logger.info("going on from draw %d, by %s", len(draws), self.folder)
        self._kept = len(draws)
        return draws

    def keeping(self, draws: Iterator[KeyedTables]) -> Iterator[KeyedTables]:
        """Passes draws on, and writes those that are new every `seconds_between`.

        Raises:
            UserError: where the job was asked to stop.
        """
        for draw in draws:
            self._made.append(draw)
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
            # Of draws that other methods cluster, each kind has files of its own.
            for _, draws in groupby(self._made, list):
                alike = list(draws)
                save_items(self._path(self._kept), stack_by_key(alike))
                self._kept += len(alike)
            self._made = []
        except (OSError, UserError) as error:
            said = f"no draws could be kept: {error}"
            logger.warning("%s", said)
        self._last = time.monotonic()
        if self.stopped:
            raise UserError(f"the null was stopped by a signal; {said}")

    def _path(self, first: int) -> Path:
        return self.folder / f"{first:07}.npz"


def _one_by_one(stacked: KeyedTables) -> list[KeyedTables]:
    count = len(next(iter(stacked.values())).mi_total)
    return [{key: tables.at(number) for key, tables in stacked.items()} for number in range(count)]
