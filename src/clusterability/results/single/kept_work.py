"""Work kept by an interrupted score, from which the same call continues.

Partitions and draws are stored in a folder next to the output, in a subfolder per weights, options
and code. The folder exists only during a score or after an interruption.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np

import clusterability
from clusterability.clustering.all_scales import ClusteredLayer
from clusterability.clustering.block_sums import KeyedTables, Tables
from clusterability.errors import UserError
from clusterability.networks.partitions import HeldOut, Key, Partitions, Starts
from clusterability.networks.stacked import Networks
from clusterability.results.kept_draws import DrawFiles
from clusterability.results.npz_files import load_items, save_items
from clusterability.results.single.progress import Progress
from clusterability.results.single.work import Work
from clusterability.study.arguments import ScoringArguments

SECONDS_BETWEEN = 30.0
"""Time between two writes: about the most work that a kill can lose. A shorter score writes no
files."""

_NUMERICAL = ("numba", "numpy", "scipy")


class KeptWork(Work):
    """Steps that are shown and kept; threads can share it.

    Attributes:
        folder: folder of the kept work, `{output}.unfinished/{key}`.
        progress: display of the steps.
    """

    def __init__(self, output: Path, key: str, progress: Progress) -> None:
        super().__init__(progress.step)
        self.folder = output.with_name(f"{output.stem}.unfinished") / key
        self.progress = progress
        self._unwritten: list[_Items | _Draws] = []
        self._last = time.monotonic()
        self._refused = False
        self._writing = RLock()

    def begin(self, cost: float) -> None:
        self.progress.begin(cost)

    def skip(self, cost: float) -> None:
        self.progress.advance(cost, kept=True)

    def clusters(
        self, step_name: str, cost: float, make: Callable[[], ClusteredLayer]
    ) -> ClusteredLayer:
        paths = [self.folder / f"{step_name}.{kind}.npz" for kind in ClusteredLayer._fields]
        stored = None
        if all(path.exists() for path in paths):
            with suppress(UserError):  # damaged: made again
                partitions, starts, held_out = paths
                stored = ClusteredLayer(
                    load_items(partitions, Partitions),
                    load_items(starts, Starts),
                    load_items(held_out, HeldOut),
                )
        self.progress.advance(cost if stored else 0.0, kept=True)
        if stored:
            return stored
        made = make()
        kinds: Iterable[Mapping[Key, Any]] = made
        for path, items in zip(paths, kinds, strict=True):
            self._keep(_Items(path, items))
        self.progress.advance(cost)
        return made

    def permuted(self, step_name: str, cost: float, make: Callable[[], KeyedTables]) -> KeyedTables:
        path = self.folder / f"{step_name}.npz"
        if path.exists():
            with suppress(UserError):
                stored = load_items(path, Tables)
                self.progress.advance(cost, _count(stored), kept=True)
                return stored
        made = make()
        self._keep(_Items(path, made))
        self.progress.advance(cost, _count(made))
        return made

    def draws(
        self, step_name: str, cost: float, make: Callable[[int], Iterator[KeyedTables]]
    ) -> Iterator[KeyedTables]:
        files = DrawFiles(self.folder / step_name)
        stored, unwritten = files.found(), _Draws(files)  # from a damaged file on, drawn again
        self.progress.advance(cost * len(stored), len(stored), kept=True)
        yield from stored
        self._keep(unwritten)
        try:
            for draw in make(len(stored)):
                files.add(draw)
                self.progress.advance(cost, 1)
                self._write_if_due()
                yield draw
        finally:
            unwritten.finished = True

    def _keep(self, unwritten: _Items | _Draws) -> None:
        with self._writing:
            self._unwritten.append(unwritten)
            self._write_if_due()

    def _write_if_due(self) -> None:
        with self._writing:
            if time.monotonic() - self._last >= SECONDS_BETWEEN:
                self.write()

    def write(self) -> None:
        """Write finished work atomically; a full disk does not end the work."""
        try:
            for unwritten in self._unwritten if not self._refused else ():
                unwritten.write()
        except (OSError, UserError) as error:
            self._refused = True
            self.progress.tell(f"clusterability: nothing can be kept for another call: {error}")
        self._unwritten = [item for item in self._unwritten if not item.finished]
        self._last = time.monotonic()

    @contextmanager
    def going_on(self, fresh: bool = False) -> Iterator[None]:
        """Continue from kept work; remove it at the end, or write what is done at Ctrl-C.

        Args:
            fresh: remove the work of earlier calls first.

        Raises:
            KeyboardInterrupt: with a message that says where work is kept.
        """
        if fresh:
            shutil.rmtree(self.folder.parent, ignore_errors=True)
        self._say_what_is_there()
        try:
            yield
        except KeyboardInterrupt:
            self.progress.close()
            self.write()
            where = f"{self.folder} keeps what is done: the same call goes on from it"
            raise KeyboardInterrupt(where if self._kept() else "nothing was done yet") from None
        finally:
            self.progress.close()
        self._remove()

    def _say_what_is_there(self) -> None:
        if self._kept():
            self.progress.tell(f"clusterability: going on from {self.folder} (--fresh: anew)")
        elif any(self.folder.parent.glob("*")):
            self.progress.tell(
                f"clusterability: {self.folder.parent} keeps work on other weights, by other"
                " options or other code: beginning anew (--fresh removes it)"
            )

    def _kept(self) -> bool:
        """Whether work is stored for another call."""
        return any(self.folder.glob("**/*.npz"))

    def _remove(self) -> None:
        """Remove the kept work once it is not needed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # other calls' work is in it, or nothing was kept
            self.folder.parent.rmdir()


class _Items:
    """Partitions or tables to be written."""

    finished = True

    def __init__(self, path: Path, items: Mapping[Key, Any]) -> None:
        self.path, self.items = path, items

    def write(self) -> None:
        save_items(self.path, self.items)


class _Draws:
    """Draws of one null, those in files and new ones.

    Attributes:
        finished: whether no more draws are to come.
    """

    def __init__(self, files: DrawFiles) -> None:
        self._files, self.finished = files, False

    def write(self) -> None:
        self._files.write()


def _count(tables: KeyedTables) -> int:
    """Number of draws in tables [networks, draws, ...]."""
    return next(iter(tables.values())).mi_total.shape[1] if tables else 0


def key_of(networks: Networks, arguments: ScoringArguments) -> str:
    """16-character digest of everything that determines a score: weights, options and code."""
    digest = hashlib.sha256()
    options = [arguments.model_dump(mode="json"), networks.chain, [version(n) for n in _NUMERICAL]]
    digest.update(json.dumps(options, sort_keys=True).encode())
    for layer, stack in networks.weights.items():
        digest.update(f"{layer} {stack.shape} {stack.dtype}".encode())
        digest.update(np.ascontiguousarray(stack).data)
    for each in arguments.extensions:
        digest.update(f"{each.described} {each.version} {each.digest()}".encode())
    for file in _sources():
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Sequence[Path]:
    return sorted(Path(clusterability.__file__).parent.rglob("*.py"))
