"""Atomic writing of files: a file appears complete or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clusterability.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

# `usedforsecurity=False` allows MD5 on FIPS systems; `training.images.digest_kind` says why MD5 is
# enough.
_DIGESTS: dict[str, Callable[[], Any]] = {
    "SHA-256": hashlib.sha256,
    "MD5": partial(hashlib.md5, usedforsecurity=False),
}

_REFUSALS = {
    errno.ENOSPC: "found no space left on the disk, expected room for it",
    errno.EDQUOT: "found the disk quota used up, expected room for it",
    errno.EROFS: "found a read-only file system, expected to write there",
    errno.EACCES: "found no permission to write, expected a folder that can be written",
    errno.EPERM: "found no permission to write, expected a folder that can be written",
}
"""Messages for errors of the operating system that the user can fix, by error number."""

_SCARCE = 1 << 20  # bytes
"""Free space below which a failed write is attributed to a full disk.

Some libraries report a full disk without an error number: NumPy reports the number of bytes that it
could not write, and safetensors and Arrow raise errors of their own.
"""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` if the block succeeds.

    If the block fails, the temporary file is removed and an existing file at `path` stays
    unchanged. After a success the content is on the disk and survives a crash of the machine.

    Raises:
        UserError: if the disk is full or cannot be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # NumPy and Matplotlib choose the format by the file's extension.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _to_disk(temporary)
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except UserError:
        raise
    except Exception as error:
        message = refusal(error, path)
        if message is None:
            raise
        raise UserError(f"{path}: {message}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, atomically."""
    with whole_file(path) as temporary:
        table.to_parquet(temporary, index=False)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically; equal tables give equal bytes."""
    write_whole(path, table.to_csv(index=False, lineterminator="\n").encode())


def file_digest(path: Path, kind: str = "SHA-256") -> str:
    """Hexadecimal digest of a file's content.

    Args:
        path: the file.
        kind: "SHA-256", or "MD5" for files of which nothing better is published.
    """
    with path.open("rb") as content:
        return hashlib.file_digest(content, _DIGESTS[kind]).hexdigest()


def _to_disk(file: Path) -> None:
    """Flush a file to the disk. A network file system reports only now that it is full."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refusal(error: Exception, path: Path) -> str | None:
    """Message for a write that failed because of the disk or permissions; None for other errors."""
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return _REFUSALS[error.errno]
    folder = next((parent for parent in path.parents if parent.is_dir()), None)
    if folder is not None and shutil.disk_usage(folder).free < _SCARCE:
        return _REFUSALS[errno.ENOSPC]
    return None
