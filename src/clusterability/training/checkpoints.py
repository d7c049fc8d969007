"""Checkpoints of training, from which an interrupted job resumes to the same bits.

They are outside the job's outputs, which Snakemake removes before a job starts, and are removed
when the job succeeds. A checkpoint of another recipe, code version or kind of device is ignored.
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
"""Name of the tensor that encodes everything else as JSON."""
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class TrainingState:
    """State of training after `step` steps, sufficient to continue.

    Attributes:
        step: number of steps done.
        seconds: training time so far.
        history: rows of the history so far, as plain values.
        tensors: tensors by name, on any device.
    """

    step: int
    seconds: float
    history: list[list[Any]]
    tensors: dict[str, torch.Tensor]


@dataclass
class Checkpoints:
    """Checkpoints of one job.

    Attributes:
        folder: contains one file per block of seeds.
        key: digest of everything that determines the trained bits.
        seconds_between: minimal time between two checkpoints.
        stopped: whether the job was asked to stop.
    """

    folder: Path
    key: str
    seconds_between: float = 30.0
    stopped: bool = False
    _last: float = field(default_factory=time.monotonic)

    @classmethod
    def of_job(cls, networks: Path, parameters: Mapping[str, Any], seconds: float) -> Checkpoints:
        """Checkpoints of the job that writes a file of networks.

        Args:
            networks: the output, `…/networks/{condition}/{seeds}.safetensors`.
            parameters: everything that determines its bits; another recipe, code or package version
                trains anew.
            seconds: minimal time between two checkpoints.
        """
        results, condition = networks.parents[2], networks.parent.name
        key = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
        return cls(results / CHECKPOINTS / condition / networks.stem, key, seconds)

    def due(self) -> bool:
        """Whether a checkpoint is due."""
        return self.stopped or time.monotonic() - self._last >= self.seconds_between

    def keep(self, seeds: Sequence[int], device: torch.device, state: TrainingState) -> None:
        """Write the state atomically; a full disk does not end the training.

        Raises:
            UserError: if the job was asked to stop.
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
        """State left by an earlier job, if it belongs to the same training."""
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
        """Remove the checkpoints of a finished job."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for folder in (self.folder.parent, self.folder.parents[1]):
            with suppress(OSError):  # not empty: other blocks have checkpoints
                folder.rmdir()

    def stop(self) -> None:
        """Request a checkpoint after the current step, and then the end of the job."""
        self.stopped = True

    def _path(self, seeds: Sequence[int]) -> Path:
        return self.folder / f"{seeds[0]}-{seeds[-1]}.checkpoint"


def _checked(content: bytes) -> bytes:
    """Content without its leading SHA-256; ValueError if the digest is wrong."""
    digest, rest = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(rest).digest() != digest:
        raise ValueError("found another SHA-256 than it begins with")
    return rest
