"""GGUF files, which the package writes and quantises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize

import clusterability as cl
from clusterability.errors import UserError
from clusterability.networks.importing.lazy_arrays import facts_of
from clusterability.networks.importing.read_network import selected
from clusterability.networks.importing.readers import read_arrays
from clusterability.networks.importing.selection import Reading

MATRIX = np.random.default_rng(0).normal(size=(6, 256)).astype(np.float32)


def saved(path: Path, tensors: dict[str, tuple[np.ndarray, str | None]]) -> Path:
    writer = GGUFWriter(path, "llama")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    for name, (data, kind) in tensors.items():
        raw = None if kind is None else GGMLQuantizationType[kind]
        writer.add_tensor(name, data, raw_dtype=raw)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(
    ("kind", "relative"), [("Q8_0", 0.01), ("Q4_0", 0.2), ("Q5_1", 0.1), ("BF16", 0.005)]
)
def test_quantised_numbers_are_near_what_was_quantised(tmp_path, kind, relative):
    """Within the step of the type, and equal to the package's own dequantisation."""
    stored = quantize(MATRIX, GGMLQuantizationType[kind])
    path = saved(tmp_path / "n.gguf", {"blk.0.ffn_up.weight": (stored, kind)})
    array = read_arrays(path)["blk.0.ffn_up.weight"]
    assert array.shape == MATRIX.shape
    assert np.abs(array - MATRIX).max() <= relative * np.abs(MATRIX).max()
    assert array.tolist() == dequantize(stored, GGMLQuantizationType[kind]).tolist()


def test_q4_k_by_its_formula(tmp_path):
    """A super-block of 256: scale d and minimum m of all, 6-bit ones of each 32 (here 2 and 3)."""
    codes = np.random.default_rng(2).integers(0, 16, 256)
    scales = bytes([2] * 4 + [3] * 4 + [2 | 3 << 4] * 4)
    low_high = codes.reshape(4, 2, 32)
    quarters = (low_high[:, 0] | low_high[:, 1] << 4).astype(np.uint8).tobytes()
    halves = np.array([0.5, 0.25], np.float16).tobytes()
    block = np.frombuffer(halves + scales + quarters, np.uint8)[None]
    path = saved(tmp_path / "n.gguf", {"w": (block, "Q4_K")})
    assert read_arrays(path)["w"].tolist() == [(0.5 * 2 * codes - 0.25 * 3).tolist()]
    assert facts_of(read_arrays(path), "w").type == "Q4_K blocks"


def test_plain_types_and_axes(tmp_path):
    """What the writer is given as [out, in] comes back so; F16 is exact."""
    tensors = {
        "token_embd.weight": (MATRIX, None),
        "blk.0.attn_q.weight": (MATRIX.astype(np.float16), None),
        "blk.0.attn_k.weight": (MATRIX[:2], None),
        "blk.0.attn_norm.weight": (MATRIX[0], None),
        "blk.0.ffn_gate_exps.weight": (np.stack([MATRIX, MATRIX]), None),
    }
    path = saved(tmp_path / "n.gguf", tensors)
    arrays = read_arrays(path)
    assert arrays["blk.0.attn_q.weight"].tolist() == MATRIX.astype(np.float16).tolist()
    found = selected("mine", path)
    assert found.shapes == {"blk.0.attn_q.weight": (6, 256), "blk.0.attn_k.weight": (2, 256)}
    assert found.left["token_embd.weight"] == "embeddings"
    with pytest.raises(UserError, match="transpose: found true, expected nothing"):
        selected("mine", path, Reading(transpose=True))
    assert cl.load(path)["blk.0.attn_q.weight"].dtype == np.float32


def test_a_damaged_file_is_told_in_one_line(tmp_path):
    path = saved(tmp_path / "n.gguf", {"w": (MATRIX, None)})
    content = path.read_bytes()
    for cut in (0, 3, 20, 60, len(content) - 500):
        path.write_bytes(content[:cut])
        with pytest.raises(UserError) as error:
            cl.load(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", [8, 16])
def test_counts_beyond_the_file_are_refused_at_once(tmp_path, place):
    path = saved(tmp_path / "n.gguf", {"w": (MATRIX, None)})
    content = bytearray(path.read_bytes())
    content[place : place + 8] = (2**60).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(UserError, match="found a file that cannot be read"):
        cl.load(path)
