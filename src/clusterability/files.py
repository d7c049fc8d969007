"""Files appear whole or not at all."""

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

# MD5 also where the system allows it for no security; `training.images.digest_kind` says why it is
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
"""What a system says when a file cannot be written, and the user can help."""

_SCARCE = 1 << 20  # bytes
"""Free space below which a failed writing is put down to a full disk.

Some libraries report one without its error number: NumPy counts the bytes that it could not write,
and safetensors and Arrow have errors of their own.
"""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name when the block ends well.

    On an error nothing is left behind and a file that was there before stays as it was. What is
    there under its name is on the disk, whatever happens to the machine then.

    Raises:
        UserError: where the disk is full or may not be written.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The ending stays, because writers such as numpy's and matplotlib's go by it.
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
        told = refusal(error, path)
        if told is None:
            raise
        raise UserError(f"{path}: {told}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Writes `content` to `path` as `whole_file` does."""
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


def write_parquet(path: Path, table: pd.DataFrame) -> None:
    """Writes a table whole or not at all."""
    with whole_file(path) as temporary:
        table.to_parquet(temporary, index=False)


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Writes a table whole or not at all; the same rows give the same bytes."""
    write_whole(path, table.to_csv(index=False, lineterminator="\n").encode())


def file_digest(path: Path, kind: str = "SHA-256") -> str:
    """Digest of a file's content, in hexadecimal digits.

    Args:
        path: the file.
        kind: "SHA-256", or "MD5" where nothing better was published.
    """
    with path.open("rb") as content:
        return hashlib.file_digest(content, _DIGESTS[kind]).hexdigest()


def _to_disk(file: Path) -> None:
    """Waits until the disk has the file: a network file system tells only then that it is full."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def refusal(error: Exception, path: Path) -> str | None:
    """What to tell of a file that could not be written, if that is the system's doing."""
    if isinstance(error, OSError) and error.errno in _REFUSALS:
        return _REFUSALS[error.errno]
    folder = next((parent for parent in path.parents if parent.is_dir()), None)
    if folder is not None and shutil.disk_usage(folder).free < _SCARCE:
        return _REFUSALS[errno.ENOSPC]
    return None
