"""MNIST and data sets of its format: verification and loading of the four IDX files.

`download` gets the files. Whatever their source, files are trusted for their digests alone.

References:
    LeCun, Cortes & Burges 1998, The MNIST database of handwritten digits.
    Xiao, Rasul & Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747.
    Clanuwat et al. 2018, Deep Learning for Classical Japanese Literature, arXiv:1812.01718
    (KMNIST).
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
from clusterability.randomness import generator

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
"""SHA-256 of each uncompressed IDX file of MNIST."""


@dataclass(frozen=True)
class DataSet:
    """A data set in MNIST's format: 60,000 and 10,000 images of 28 x 28 pixels in ten classes.

    Attributes:
        title: name in messages.
        digests: SHA-256 of each uncompressed IDX file by file name, or MD5; see `digest_kind`.
        mean, standard_deviation: of all pixels of the training images, from 0 (paper) to 1 (ink),
            to four decimals.
    """

    title: str
    digests: Mapping[str, str]
    mean: float
    standard_deviation: float


DATA_SETS: dict[str, DataSet] = {
    "mnist": DataSet(
        title="MNIST",
        digests=FILES,
        mean=0.1307,
        standard_deviation=0.3081,
    ),
    "fashion_mnist": DataSet(
        title="Fashion-MNIST",
        # Computed from Debian's package dataset-fashion-mnist; others have published the same.
        digests={
            TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
        mean=0.2860,
        standard_deviation=0.3530,
    ),
    "kmnist": DataSet(
        title="KMNIST",
        digests={
            # MD5 of the key in github.com/datasets-mila/datasets--kmnist; no SHA-256 of the
            # uncompressed file was found. The other three keys in that repository agree with
            # the SHA-256 below, which are of the content of archives with published checksums.
            TRAIN_IMAGES: "92be26ec9822e900ac425d0a0aa84ced",
            TRAIN_LABELS: "2a16eeae62da984b8bd24fa32e31d47291f01dac3fe84d5594f304f71e7d374b",
            TEST_IMAGES: "76fbd229ce87db80dd281af5e6670de4ad0e42fb30a7bd643972994c47c1f42e",
            TEST_LABELS: "a11dc742be8e781a40a92f53d6a4957e7b7d36df2faa097659131ebfd8fd60c6",
        },
        # As published; the values of the other data sets were computed from the files.
        mean=0.1918,
        standard_deviation=0.3483,
    ),
}
"""Data sets by `dataset.name` of the config; each has a folder of results/data."""

MNIST = "mnist"

# Number of dimensions by magic number of an IDX file of unsigned bytes.
IDX_MAGICS = {0x00000801: 1, 0x00000803: 3}

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Mnist:
    """MNIST, or another data set of its format, in memory.

    Attributes:
        train_images, test_images: [images, 784] uint8, from 0 (paper) to 255 (ink), row by row of
            28 x 28 pixels.
        train_labels, test_labels: [images] int64, classes 0 to 9.
        name: a key of DATA_SETS.
    """

    train_images: Bytes
    train_labels: npt.NDArray[np.int64]
    test_images: Bytes
    test_labels: npt.NDArray[np.int64]
    name: str = MNIST


def verify_mnist(
    folder: Path,
    digests: Mapping[str, str] | None = None,
    remove: bool = False,
    name: str = MNIST,
) -> None:
    """Check that a folder contains each file of a data set with its digest.

    Args:
        folder: the folder.
        digests: digests by file name; None takes those of the data set.
        remove: remove files with wrong digests, so that they are fetched again.
        name: a key of DATA_SETS.

    Raises:
        UserError: lists each missing or wrong file with the digests found and expected.
    """
    data = DATA_SETS[name]
    digests = data.digests if digests is None else digests
    results = {name: digest_problem(folder / name, digest) for name, digest in digests.items()}
    problems = {name: problem for name, problem in results.items() if problem}
    if problems:
        if remove:
            for name in problems:
                (folder / name).unlink(missing_ok=True)
        remedy = "Removed; run again to get them again." if remove else "Get them again."
        raise UserError(
            "\n".join([f"{folder}: not the files of {data.title}", *problems.values(), remedy])
        )


def digest_kind(digest: str) -> str:
    """Kind of a digest, as `file_digest` names it.

    MD5 is used only where no SHA-256 is known. Collisions of MD5 are feasible, but a second
    preimage of a given digest is not.
    """
    return "MD5" if len(digest) == 32 else "SHA-256"


def digest_problem(file: Path, expected: str) -> str | None:
    """One line on a file whose digest is not `expected`; None if it is right."""
    kind = digest_kind(expected)
    try:
        value = file_digest(file, kind)
    except FileNotFoundError:
        return f"{file.name}: missing, expected {kind} {expected}"
    except OSError as error:
        return f"{file.name}: cannot be read: {error.strerror or error}"
    return None if value == expected else f"{file.name}: found {kind} {value}, expected {expected}"


def load_mnist(
    folder: Path,
    train_subset: int | None = None,
    test_subset: int | None = None,
    digests: Mapping[str, str] | None = None,
    remove: bool = False,
    name: str = MNIST,
) -> Mnist:
    """Verify the files in a folder and load them.

    Args:
        folder: the folder.
        train_subset, test_subset: number of leading images to keep; None keeps all.
        digests, remove, name: see `verify_mnist`.

    Raises:
        UserError: if a file is missing or wrong, or a subset is larger than the data set.
    """
    verify_mnist(folder, digests, remove, name)
    train = _load_images(folder, TRAIN_IMAGES, TRAIN_LABELS, train_subset, "dataset.train_images")
    test = _load_images(folder, TEST_IMAGES, TEST_LABELS, test_subset, "dataset.test_images")
    return Mnist(*train, *test, name)


def read_idx(file: Path) -> Bytes:
    """Read an IDX file of labels (one dimension) or images (three) as uint8.

    The format is a magic number, 0x00000801 or 0x00000803, and the length of each dimension, as
    big-endian 32-bit integers, followed by one byte per value.

    Raises:
        UserError: if the file cannot be read or has another format.
    """
    try:
        content = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror or error}") from error
    magic = int.from_bytes(content[:4].tobytes(), "big")
    if len(content) < 4 or magic not in IDX_MAGICS:
        shown = content[:4].tobytes().hex() or "an empty file"
        expected = " or ".join(f"{number:08x}" for number in IDX_MAGICS)
        raise UserError(f"{file}: found magic number {shown}, expected {expected}")
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


def normalise(images: Bytes, name: str = MNIST) -> npt.NDArray[np.float32]:
    """Standardise images by the mean and standard deviation of the data set's pixels.

    Pixels are scaled to [0, 1] first. Gives the same bits as torchvision's ToTensor and Normalize;
    for MNIST the mean is 0.1307 and the standard deviation 0.3081.

    Args:
        images: [images, 784] uint8.
        name: a key of DATA_SETS.

    Returns:
        float32 of the same shape.
    """
    return _standardised(_ink(images), name)


def _ink(images: Bytes | npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Values from 0 (paper) to 1 (ink); floats already are and are not copied."""
    values = images.astype(np.float32, copy=False)
    if images.dtype == np.uint8:
        values /= np.float32(_INK)
    return values


def _standardised(values: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    """Standardise values by the mean and standard deviation of the data set, in place."""
    data = DATA_SETS[name]
    # Two operations, each rounded to float32; combining them would change the last bit.
    values -= np.float32(data.mean)
    values /= np.float32(data.standard_deviation)
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


_INK = 255


Labels = npt.NDArray[np.int64]


def network_inputs(
    images: Bytes | npt.NDArray[np.float32], normalised: bool, name: str = MNIST
) -> npt.NDArray[np.float32]:
    """Images [images, 784] as network inputs: standardised, or from 0 (paper) to 1 (ink).

    Args:
        images: bytes, with ink 255; or floats, with ink 1, which are overwritten.
        normalised: whether to standardise.
        name: data set whose mean and standard deviation are used.
    """
    values = _ink(images)
    return _standardised(values, name) if normalised else values


def left_out_pixels(train_images: Bytes, least_deviation: float) -> npt.NDArray[np.bool_]:
    """Mask [784] of pixels whose standard deviation over images is below a bound.

    Removing the weights of these pixels is equivalent to removing the pixels.

    Args:
        train_images: [images, 784] uint8, with ink 255.
        least_deviation: bound, in units of ink; 0 leaves out none.
    """
    # Exact in integers, so that constant pixels have standard deviation 0.
    count = len(train_images)
    values = train_images.astype(np.uint16)  # 255 squared fits
    total = values.sum(axis=0, dtype=np.int64)
    squares = (values**2).sum(axis=0, dtype=np.int64)
    variance = (count * squares - total**2) / (count * _INK) ** 2
    return np.sqrt(variance) < least_deviation


def training_labels(labels: Labels, permuted: bool, seed: int) -> Labels:
    """Training labels [images, ...] of this seed's network, permuted or not."""
    return generator("labels", seed).permutation(labels) if permuted else labels
