"""Records of jobs: the files that each job made, their digests, and the job's parameters.

A record has the path of the job's log, in the folder `records` instead of `logs`. A job writes it
after all its files, so that a job without a record has not succeeded. The records form the manifest
of a study.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clusterability.errors import UserError
from clusterability.files import file_digest, write_whole

LOGS, RECORDS = "logs", "records"


@dataclass(frozen=True)
class Record:
    """Files of a job, with SHA-256 by path from the project's folder, and the job's parameters."""

    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    files: dict[str, str]

    @classmethod
    def of_files(
        cls,
        rule: str,
        wildcards: Mapping[str, str],
        params: Mapping[str, Any],
        files: Sequence[str],
    ) -> Record:
        """Make the record of a job that has written these files."""
        digests = {str(file): file_digest(Path(file)) for file in files}
        return cls(rule, dict(wildcards), dict(params), digests)

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all; it names no time and no host."""
        write_whole(path, (json.dumps(asdict(self), sort_keys=True, indent=1) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read a record that `write` wrote.

        Raises:
            UserError: if the file is missing or damaged.
        """
        try:
            record = cls(**json.loads(path.read_bytes()))
            if not all(isinstance(item, str) for pair in record.files.items() for item in pair):
                raise ValueError("files without digests")
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{path}: found no record of a job ({error}), expected one") from None
        return record


def record_path(log: Path) -> Path:
    """Path of the record of the job that has this log.

    >>> record_path(Path("results/smoke/logs/train/trained/0-1.log")).as_posix()
    'results/smoke/records/train/trained/0-1.json'
    """
    index = log.parts.index(LOGS)
    return Path(*log.parts[:index], RECORDS, *log.parts[index + 1 :]).with_suffix(".json")
