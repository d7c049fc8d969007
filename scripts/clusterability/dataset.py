"""MNIST: verify the four IDX files and load them. `sources` gets them.

Whatever a file came from, it is trusted for its SHA-256 alone. The data set: LeCun, Cortes and
Burges (1998), "The MNIST database of handwritten digits".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from clusterability.errors import UserError
from clusterability.files import file_digest

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"

FILES: dict[str, str] = {
    TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""SHA-256 of each IDX file, uncompressed."""

MEAN = 0.1307
STANDARD_DEVIATION = 0.3081

# The magic number of an IDX file of unsigned bytes, by how many dimensions it has.
IDX_MAGICS = {0x00000801: 1, 0x00000803: 3}

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Mnist:
    """MNIST in memory.

    train_images, test_images: [images, 784] uint8, 0 is the paper and 255 is the ink, row by row
    of 28 x 28. train_labels, test_labels: [images] int64, the digits 0 to 9.
    """

    train_images: Bytes
    train_labels: npt.NDArray[np.int64]
    test_images: Bytes
    test_labels: npt.NDArray[np.int64]


def verify_mnist(folder: Path, digests: Mapping[str, str] = FILES, remove: bool = False) -> None:
    """Raise UserError unless `folder` holds each file with its SHA-256.

    The message names each file that is missing or wrong, with the digest found and expected.

    remove: remove the wrong files, so that they are fetched again.
    """
    found = {name: digest_problem(folder / name, digest) for name, digest in digests.items()}
    problems = {name: problem for name, problem in found.items() if problem}
    if problems:
        if remove:
            for name in problems:
                (folder / name).unlink(missing_ok=True)
        remedy = "Removed; run again to get them again." if remove else "Get them again."
        raise UserError("\n".join([f"{folder}: not MNIST", *problems.values(), remedy]))


def digest_problem(file: Path, expected: str) -> str | None:
    """What is wrong with a file that should have the SHA-256 `expected`, in one line."""
    try:
        found = file_digest(file)
    except FileNotFoundError:
        return f"{file.name}: missing, expected SHA-256 {expected}"
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror or error}"
    return None if found == expected else f"{file.name}: found SHA-256 {found}, expected {expected}"


def load_mnist(
    folder: Path,
    train_subset: int | None = None,
    test_subset: int | None = None,
    digests: Mapping[str, str] = FILES,
    remove: bool = False,
) -> Mnist:
    """Verify the files in `folder`, then load them.

    train_subset, test_subset: how many images to keep, the first ones; None keeps all.
    remove: remove wrong files, as verify_mnist does.

    Raises UserError where a file is missing or wrong, or a subset is larger than what there is.
    """
    verify_mnist(folder, digests, remove)
    train = _load_images(folder, TRAIN_IMAGES, TRAIN_LABELS, train_subset, "dataset.train_images")
    test = _load_images(folder, TEST_IMAGES, TEST_LABELS, test_subset, "dataset.test_images")
    return Mnist(*train, *test)


def read_idx(file: Path) -> Bytes:
    """Read an IDX file of labels (one dimension) or images (three): uint8, shaped as it says.

    The format: magic number 0x00000801 or 0x00000803 and the size of each dimension, each a
    big-endian 32-bit integer, then one byte a value.

    Raises UserError that names the file, what was found and what was expected.
    """
    try:
        content = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror or error}") from error
    magic = int.from_bytes(content[:4].tobytes(), "big")
    if len(content) < 4 or magic not in IDX_MAGICS:
        found = content[:4].tobytes().hex() or "an empty file"
        expected = " or ".join(f"{number:08x}" for number in IDX_MAGICS)
        raise UserError(f"{file}: found magic number {found}, expected {expected}")
    start = 4 + 4 * IDX_MAGICS[magic]
    if len(content) < start:
        raise UserError(f"{file}: found {len(content)} bytes, expected a header of {start}")
    shape = tuple(int(size) for size in content[4:start].view(">u4"))
    if len(content) - start != math.prod(shape):
        raise UserError(
            f"{file}: found {len(content) - start} bytes after the header, "
            f"expected {math.prod(shape)} for the shape {shape}"
        )
    return content[start:].reshape(shape)


def normalise(images: Bytes) -> npt.NDArray[np.float32]:
    """Scale to [0, 1], then subtract the mean of MNIST's pixels and divide by their deviation.

    images: [images, 784] uint8. Returns float32 of the same shape, the same bits as
    torchvision's ToTensor and Normalize(0.1307, 0.3081) give.
    """
    # One operation after the other, each rounded to float32: to fold them changes the last bit.
    values = images.astype(np.float32)
    values /= np.float32(255)
    values -= np.float32(MEAN)
    values /= np.float32(STANDARD_DEVIATION)
    return values


def _load_images(
    folder: Path, images_name: str, labels_name: str, subset: int | None, key: str
) -> tuple[Bytes, npt.NDArray[np.int64]]:
    images = read_idx(folder / images_name)
    labels = read_idx(folder / labels_name)
    if subset is not None and not 1 <= subset <= len(images):
        raise UserError(f"{key}: found {subset}, expected 1 to {len(images)}")
    flat = images.reshape(len(images), -1)
    return flat[:subset], labels[:subset].astype(np.int64)
