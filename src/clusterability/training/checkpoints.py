"""Checkpoints of training: what an interrupted job goes on from, to the same bits.

They lie outside the job's outputs, which Snakemake removes before a job starts, and go when the job
has succeeded. One that another recipe, other code or another kind of device made is not used.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from clusterability.errors import UserError
from clusterability.files import write_whole
from clusterability.names import CHECKPOINTS

logger = logging.getLogger(__name__)

_DESCRIPTION = "description"
"""Name of the tensor that holds, as JSON, all that is no tensor."""
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class TrainingState:
    """Everything that the rest of training depends on, after so many steps.

    tensors: by name, wherever they lie. history: rows of the history so far, as plain values.
    seconds: what training has taken so far.
    """

    step: int
    seconds: float
    history: list[list[Any]]
    tensors: dict[str, torch.Tensor]


@dataclass
class Checkpoints:
    """The checkpoints of one job.

    folder: where they lie, a file a block of seeds. key: says what is trained, by which code.
    """

    folder: Path
    key: str
    seconds_between: float = 30.0
    stopped: bool = False
    _last: float = field(default_factory=time.monotonic)

    @classmethod
    def of_job(cls, networks: Path, parameters: Mapping[str, Any], seconds: float) -> Checkpoints:
        """Those of the job that makes the file `…/networks/{condition}/{seeds}.safetensors`.

        Args:
            networks: that file.
            parameters: all that decides its bits: another recipe, other code or other versions of
                packages train anew.
            seconds: between two checkpoints.
        """
        results, condition = networks.parents[2], networks.parent.name
        key = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        return cls(results / CHECKPOINTS / condition / networks.stem, key, seconds)

    def due(self) -> bool:
        """Whether it is time for one."""
        return self.stopped or time.monotonic() - self._last >= self.seconds_between

    def keep(self, seeds: Sequence[int], device: torch.device, state: TrainingState) -> None:
        """Writes the state, whole or not at all; a full disk does not end the training.

        Raises:
            UserError: where the job was asked to stop.
        """
        description = {
            "device": device.type,
            "history": state.history,
            "key": self.key,
            "seconds": state.seconds,
            "step": state.step,
        }
        tensors = {name: t.detach().cpu().contiguous() for name, t in state.tensors.items()}
        tensors[_DESCRIPTION] = torch.frombuffer(
            bytearray(json.dumps(description).encode()), dtype=torch.uint8
        )
        content = save(tensors)
        path = self._path(seeds)
        try:
            write_whole(path, hashlib.sha256(content).digest() + content)
            kept = f"goes on from step {state.step} when it runs again"
        except (OSError, UserError) as error:
            kept = f"no checkpoint could be written: {error}"
            logger.warning("%s", kept)
        self._last = time.monotonic()
        if self.stopped:
            raise UserError(f"training was stopped by a signal; {kept}")

    def find(self, seeds: Sequence[int], device: torch.device) -> TrainingState | None:
        """The state that an earlier job left, if it is of the same training."""
        path = self._path(seeds)
        try:
            tensors = load(_checked(path.read_bytes()))
            description = json.loads(tensors.pop(_DESCRIPTION).numpy().tobytes())
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError, ValueError) as error:
            logger.warning("%s: no whole checkpoint (%s); training anew", path, error)
            return None
        if (description["key"], description["device"]) != (self.key, device.type):
            logger.info("%s: of another recipe, code or device; training anew", path)
            return None
        step, seconds, history = (description[name] for name in ("step", "seconds", "history"))
        logger.info("going on from step %d, by %s", step, path)
        return TrainingState(step, seconds, history, tensors)

    def remove(self) -> None:
        """Removes them, once the job has its outputs."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in (self.folder.parent, self.folder.parents[1]):
            with suppress(OSError):  # another block's lie in it
                folder.rmdir()

    def stop(self) -> None:
        """A checkpoint after the step that is worked on, and then the end."""
        self.stopped = True

    def _path(self, seeds: Sequence[int]) -> Path:
        return self.folder / f"{seeds[0]}-{seeds[-1]}.checkpoint"


def _checked(content: bytes) -> bytes:
    """A checkpoint without the SHA-256 that it begins with: a wrong one would train on unseen."""
    digest, rest = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(rest).digest() != digest:
        raise ValueError("found another SHA-256 than it begins with")
    return rest
