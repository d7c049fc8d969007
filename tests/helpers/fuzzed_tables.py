"""Tables and sparse matrices for `fuzzing`: sound files, and what they say by another reading."""

from __future__ import annotations

import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import scipy.io
import scipy.sparse

NUMBER = re.compile(r"\s*[-+]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][-+]?[0-9]+)?\s*")
"""As numbers are written everywhere: Python also reads 1_0 and the digits of all scripts."""


def matrix_of(source: random.Random) -> np.ndarray:
    """Weights or counts, one of them odd in some cases."""
    draw = np.random.default_rng(source.randrange(2**32))
    matrix = draw.standard_normal((5, 4)) if source.random() < 0.6 else draw.poisson(3, (5, 4))
    if source.random() < 0.2:
        matrix = matrix.astype(float)
        matrix[2, 1] = source.choice([np.nan, np.inf, 1e300, 1e-60])
    return matrix


def frame_of(source: random.Random) -> pd.DataFrame:
    """A matrix with names of either kind, or a list of edges."""
    matrix = matrix_of(source)
    if source.random() < 0.15:
        return pd.DataFrame({"user": [1, 1, 2, 2, 3], "item": [4, 5, 4, 6, 7], "r": matrix[:, 0]})
    rows = source.choice([None, list("abcde"), range(7, 12), [3, 9, 4, 8, 1]])
    columns = source.choice([None, list("wxyz"), range(2015, 2019)])
    return pd.DataFrame(matrix, rows, columns)


def text_table(source: random.Random, **options: str) -> bytes:
    """A frame as pandas writes it, with names or without."""
    header, index = source.random() < 0.5, source.random() < 0.5
    return frame_of(source).to_csv(header=header, index=index, **options).encode()


def packed(source: random.Random) -> bytes:
    return gzip.compress(text_table(source), mtime=0)


def matrix_market(source: random.Random) -> bytes:
    stream, matrix = io.BytesIO(), matrix_of(source)
    matrix = np.where(np.abs(matrix) > 0.5, matrix, 0)
    full = source.random() < 0.3
    scipy.io.mmwrite(stream, matrix if full else scipy.sparse.coo_array(matrix), symmetry="general")
    return stream.getvalue()


def parquet(source: random.Random) -> bytes:
    stream, frame = io.BytesIO(), frame_of(source)
    frame.columns = frame.columns.map(str)
    compression = source.choice([None, "snappy", "gzip", "zstd"])
    frame.to_parquet(stream, compression=compression)
    return stream.getvalue()


def sparse_archive(source: random.Random) -> bytes:
    stream, matrix = io.BytesIO(), matrix_of(source)
    kind = source.choice(["csr", "csc", "coo", "bsr", "dia"])
    made = scipy.sparse.coo_array(np.where(matrix > 0, matrix, 0)).asformat(kind)
    scipy.sparse.save_npz(stream, made, compressed=source.random() < 0.5)
    return stream.getvalue()


TABLES: dict[str, tuple[str, Callable[[random.Random], bytes]]] = {
    "tsv": ("mine.tsv", lambda source: text_table(source, sep="\t")),
    "semicolons": ("mine.csv", lambda source: text_table(source, sep=";", decimal=",")),
    "blanks": ("mine.txt", lambda source: text_table(source, sep=" ")),
    "packed": ("mine.csv.gz", packed),
    "mtx": ("mine.mtx", matrix_market),
    "parquet": ("mine.parquet", parquet),
    "sparse": ("mine.npz", sparse_archive),
}
"""Kinds of files: how one is called, and what writes a sound one."""


def read_by_hand(kind: str, content: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The matrix of a file that was accepted with this shape."""
    if kind == "mtx":
        return market_by_hand(content)
    if kind == "sparse":
        return sparse_by_hand(content)
    if kind == "parquet":
        # Without what pandas adds to the schema: its index is the last column there.
        table = pq.read_table(io.BytesIO(content)).replace_schema_metadata(None)
        frame = table.to_pandas()
        frame = frame[[name for name in frame if not name.startswith("__index_level_")]]
        return frame.iloc[:, frame.shape[1] - shape[1] :].to_numpy(float)
    return text_by_hand(gzip.decompress(content) if kind == "packed" else content, shape)


def text_by_hand(content: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The numbers at the bottom right of a table of this shape."""
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line]
    separator = next((s for s in ";\t, " if s in re.sub('".*?"', "", lines[0]).strip(" ")), ",")
    if separator == " ":
        lines = [re.sub(" +", " ", line.strip(" \t")) for line in lines if line.strip(" \t")]
    rows = [line.split(separator)[-shape[1] :] for line in lines][-shape[0] :]
    cells = [[cell.strip('"') for cell in row] for row in rows]
    assert all(NUMBER.fullmatch(cell) for row in cells for cell in row)
    return np.array([[float(cell.replace(",", ".")) for cell in row] for row in cells])


def market_by_hand(content: bytes) -> np.ndarray:
    """The matrix of a general real Matrix Market file."""
    first, *others = [line.split() for line in content.decode("utf-8-sig").splitlines()]
    kind, field, symmetry = (word.lower() for word in first[2:])
    lines = [line for line in others if line and not line[0].startswith("%")]
    rows, columns = int(lines[0][0]), int(lines[0][1])
    if kind == "array":
        assert symmetry == "general"
        values = [float(value) for line in lines[1:] for value in line]
        return np.array(values).reshape(columns, rows).T
    matrix, sign = np.zeros((rows, columns)), {"symmetric": 1, "skew-symmetric": -1}
    for row, column, *value in lines[1:]:
        place, weight = (int(row) - 1, int(column) - 1), float(*value) if field != "pattern" else 1
        matrix[place] = weight
        if symmetry != "general" and place[0] != place[1]:
            matrix[place[::-1]] = sign[symmetry] * weight
    return matrix


def sparse_by_hand(content: bytes) -> np.ndarray:
    """The matrix of an archive of SciPy, by its kind's definition."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    arrays = {name[:-4]: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    kind, data = bytes(arrays["format"].item()).decode(), arrays["data"]
    matrix = np.zeros(arrays["shape"])
    for row, column, value in _entries(kind, arrays, data, matrix.shape):
        matrix[row, column] += value
    return matrix


def _entries(
    kind: str, arrays: dict[str, np.ndarray], data: np.ndarray, shape: Sequence[int]
) -> list[tuple[int, int, float]]:
    if kind == "coo":
        return list(zip(arrays["row"], arrays["col"], data, strict=True))
    if kind == "dia":
        return [
            (column - offset, column, diagonal[column])
            for offset, diagonal in zip(arrays["offsets"].tolist(), data, strict=True)
            for column in range(min(len(diagonal), shape[1]))
            if 0 <= column - offset < shape[0]
        ]
    height, width = data.shape[1:] if kind == "bsr" else (1, 1)
    blocks, pointers = data.reshape(-1, height, width), arrays["indptr"]
    found = []
    for line in range(len(pointers) - 1):
        for number in range(pointers[line], pointers[line + 1]):
            ends = (line, int(arrays["indices"][number]))
            row, column = ends[::-1] if kind == "csc" else ends
            found += [
                (row * height + i, column * width + j, blocks[number, i, j])
                for i in range(height)
                for j in range(width)
            ]
    return found
