"""clusterability.training.images: verifying and loading MNIST and data sets of its format."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import typing
from pathlib import Path

import numpy as np
import pytest

from clusterability_workflow.provenance import code_digests

from builders import ARRAYS, CLASSES, CONTENTS, DIGESTS, MOMENTS, put
from clusterability.errors import UserError
from clusterability.study import sections
from clusterability.training.images import (
    DATA_SETS,
    FILES,
    TEST_IMAGES,
    TEST_LABELS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    load_mnist,
    normalise,
    read_idx,
    verify_mnist,
)
from project import LIBRARY

# A small data set of the same form: 5 training images and 4 test images.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mnist"


def test_names_are_those_of_the_study() -> None:
    assert tuple(FILES) == sections.MNIST_FILES
    annotation = sections.Dataset.model_fields["name"].annotation
    assert typing.get_args(annotation) == tuple(DATA_SETS)


def test_each_data_set_has_files_of_the_same_names_and_digests_of_its_own() -> None:
    digests = [digest for data in DATA_SETS.values() for digest in data.digests.values()]
    assert {tuple(data.digests) for data in DATA_SETS.values()} == {tuple(FILES)}
    assert len(set(digests)) == 12
    assert {len(bytes.fromhex(digest)) for digest in digests} == {16, 32}


def test_verify_names_every_missing_and_wrong_file(folder: Path) -> None:
    put(folder, {**CONTENTS, TRAIN_IMAGES: CONTENTS[TRAIN_IMAGES][:-1]})
    (folder / TEST_LABELS).unlink()
    with pytest.raises(UserError) as raised:
        verify_mnist(folder, DIGESTS)
    found = hashlib.sha256(CONTENTS[TRAIN_IMAGES][:-1]).hexdigest()
    assert str(raised.value).splitlines() == [
        f"{folder}: not the files of MNIST",
        f"{TRAIN_IMAGES}: found SHA-256 {found}, expected {DIGESTS[TRAIN_IMAGES]}",
        f"{TEST_LABELS}: missing, expected SHA-256 {DIGESTS[TEST_LABELS]}",
        "Get them again.",
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [("mnist", "MNIST"), ("fashion_mnist", "Fashion-MNIST"), ("kmnist", "KMNIST")],
)
def test_the_files_are_verified_to_be_those_of_the_data_set_asked_for(
    folder: Path, name: str, title: str
) -> None:
    put(folder, CONTENTS)
    with pytest.raises(UserError) as raised:
        load_mnist(folder, name=name)
    first, *lines, _ = str(raised.value).splitlines()
    assert first == f"{folder}: not the files of {title}"
    assert [line.partition(":")[0] for line in lines] == list(FILES)
    for file, line in zip(FILES, lines, strict=True):
        assert line.endswith(f"expected {DATA_SETS[name].digests[file]}")


def test_a_file_may_be_known_by_its_md5(folder: Path) -> None:
    put(folder, CONTENTS)
    right = hashlib.md5(CONTENTS[TRAIN_IMAGES]).hexdigest()
    verify_mnist(folder, DIGESTS | {TRAIN_IMAGES: right})
    (folder / TRAIN_IMAGES).write_bytes(b"wrong")
    with pytest.raises(UserError) as raised:
        verify_mnist(folder, DIGESTS | {TRAIN_IMAGES: right})
    found = hashlib.md5(b"wrong").hexdigest()
    assert f"\n{TRAIN_IMAGES}: found MD5 {found}, expected {right}\n" in str(raised.value)


@pytest.mark.parametrize("name", FILES)
def test_read_idx_reads_what_was_written(folder: Path, name: str) -> None:
    array = read_idx(put(folder, CONTENTS) / name)
    np.testing.assert_array_equal(array, ARRAYS[name], strict=True)
    assert array.flags.writeable  # torch.from_numpy warns about an array that is not


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found magic number an empty file, expected 00000801 or 00000803"),
        (b"\0\0\x08", "found magic number 000008, expected"),
        (b"\0\0\x08\x02" + bytes(8), "found magic number 00000802, expected"),
        (b"\0\0\x0d\x01" + bytes(4), "found magic number 00000d01, expected"),
        (b"\x1f\x8b\x08\0", "found magic number 1f8b0800, expected"),
        (b"\0\0\x08\x03" + bytes(8), "found 12 bytes, expected a header of 16"),
        (
            b"\0\0\x08\x01\0\0\0\x02\x07",
            r"found 1 bytes after the header, expected 2 for .* \(2,\)",
        ),
        (b"\0\0\x08\x01\0\0\0\x02abc", "found 3 bytes after the header, expected 2"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "found 0 bytes after the header, expected 7922816"),
    ],
)
def test_read_idx_refuses_a_malformed_file(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "malformed"
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"malformed: {message}"):
        read_idx(file)


def test_read_idx_names_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none: cannot be read: No such file or directory"):
        read_idx(tmp_path / "none")


def test_load_gives_flat_images_and_wide_labels(folder: Path) -> None:
    mnist = load_mnist(put(folder, CONTENTS), digests=DIGESTS)
    assert mnist.train_images.shape == (5, 784)
    assert mnist.test_images.shape == (4, 784)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels.dtype == mnist.test_labels.dtype == np.int64
    np.testing.assert_array_equal(mnist.test_images[3], ARRAYS[TEST_IMAGES][3].ravel())
    np.testing.assert_array_equal(mnist.train_labels, ARRAYS[TRAIN_LABELS])
    assert mnist.name == "mnist"
    assert load_mnist(folder, digests=DIGESTS, name="kmnist").name == "kmnist"


def test_load_keeps_the_first_images(folder: Path) -> None:
    put(folder, CONTENTS)
    whole = load_mnist(folder, digests=DIGESTS)
    mnist = load_mnist(folder, 2, 3, DIGESTS)
    np.testing.assert_array_equal(mnist.train_images, whole.train_images[:2])
    np.testing.assert_array_equal(mnist.train_labels, whole.train_labels[:2])
    np.testing.assert_array_equal(mnist.test_images, whole.test_images[:3])
    np.testing.assert_array_equal(mnist.test_labels, whole.test_labels[:3])


@pytest.mark.parametrize("wrong", [0, -1, 6, 60000])
def test_load_refuses_a_subset_that_is_not_there(folder: Path, wrong: int) -> None:
    put(folder, CONTENTS)
    with pytest.raises(
        UserError, match=rf"^dataset\.train_images: found {wrong}, expected 1 to 5$"
    ):
        load_mnist(folder, train_subset=wrong, digests=DIGESTS)
    with pytest.raises(UserError, match=rf"^dataset\.test_images: found {wrong}, expected 1 to 4$"):
        load_mnist(folder, test_subset=wrong, digests=DIGESTS)


def test_load_refuses_a_corrupted_file(folder: Path) -> None:
    put(folder, {**CONTENTS, TRAIN_LABELS: CONTENTS[TRAIN_LABELS][:-1] + b"\x0b"})
    with pytest.raises(UserError, match=f"{TRAIN_LABELS}: found SHA-256"):
        load_mnist(folder, digests=DIGESTS)


def test_fetching_is_no_part_of_training() -> None:
    assert "src/clusterability/training/download.py" not in code_digests("scripts/train.py")


def test_import_loads_numpy_and_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import clusterability.training.images; "
        "print(*{m.partition('.')[0] for m in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(LIBRARY.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"clusterability", "numpy"}


def test_normalise_has_the_known_range() -> None:
    levels = np.arange(256, dtype=np.uint8)[None]
    found = normalise(levels)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (levels / 255 - 0.1307) / 0.3081, rtol=1e-5)
    np.testing.assert_array_equal(found[0, [0, -1]], np.float32([-0.42421296, 2.8214867]))


@pytest.mark.slow  # importing torchvision takes seconds
@pytest.mark.parametrize("name", MOMENTS)
def test_normalise_has_the_bits_of_torchvision(name: str) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    mean, deviation = MOMENTS[name]
    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((mean,), (deviation,))]
    )
    every_level = np.resize(np.arange(256, dtype=np.uint8), (3, 28, 28))
    images = np.concatenate([every_level, ARRAYS[TRAIN_IMAGES]])
    expected = np.stack([transform(image[:, :, None]).numpy().ravel() for image in images])
    found = normalise(images.reshape(-1, 784), name)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32), strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA_SETS)
def test_names_are_those_of_torchvision(name: str) -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    names = [file for file, _ in getattr(datasets, CLASSES[name]).resources]
    assert [f"{file}.gz" for file in DATA_SETS[name].digests] == names
