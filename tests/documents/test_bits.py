"""Numbers of the example in docs/bits.md are those of the two blocks that it tells of."""

from __future__ import annotations

import numpy as np
import pytest

import clusterability as cl
from clusterability.clustering.cluster_bits import cluster_bits
from clusterability.clustering.code_lengths import classes_length, labels_length
from clusterability.clustering.saved_bits import MatrixBits
from project import ROOT

TEXT = " ".join((ROOT / "docs" / "bits.md").read_text().split())
BLOCKS = np.kron(np.eye(2), np.ones((4, 4)))
TWO, FOUR = np.repeat([0, 1], 4), np.repeat([0, 1, 2, 3], 2)


def saved(rows: np.ndarray, columns: np.ndarray, k: int) -> float:
    return float(MatrixBits(BLOCKS).saved({("any", k): (rows, columns)})["any", k].blocks)


def merged(labels: np.ndarray, k: int) -> tuple[float, float]:
    """Bits of each cluster, all being alike, and what merging one with its nearest loses."""
    found = cluster_bits(MatrixBits(BLOCKS), {("any", k): (labels, labels)})["any", k]
    for values in (found.bits, found.if_merged):
        assert values == pytest.approx(values[0])
    return float(found.bits[0]), float(found.if_merged[0])


def said(number: float) -> str:
    return f"{number:.2f}".replace("-", "\N{MINUS SIGN}")


def test_what_weights_and_labels_take():
    whole = classes_length(np.array([32, 32])) / np.log(2)
    block = classes_length(np.array([16, 0])) / np.log(2)
    labels = labels_length(np.array([4, 4])) / np.log(2)
    assert f"take {said(whole)} bits in whatever order they come" in TEXT
    assert f"takes {said(block)} bits to find that out: {said(4 * block)} bits for all" in TEXT
    assert f"log2(9 · 70) = {said(labels)} bits a side, {said(2 * labels)} for both" in TEXT


def test_what_clusters_save():
    displaced = np.r_[1, TWO[1:]]
    costs = "67.33 \N{MINUS SIGN} 11.35 \N{MINUS SIGN} 18.60"
    assert f"clusters save {costs} = **{said(saved(TWO, TWO, 2))} bits**" in TEXT
    assert f"wrong cluster, and they save {said(saved(displaced, TWO, 2))}." in TEXT
    assert f"units a side, {said(saved(FOUR, FOUR, 4))} bits are left" in TEXT


def test_what_clusters_of_shuffled_weights_save():
    shuffled = np.random.default_rng(0).permutation(BLOCKS.ravel()).reshape(8, 8)
    scores = cl.score(shuffled, k=2, methods=["matched"], nulls={})
    (bits,) = scores.value[scores.measure == "bits"]
    assert f"what spectral clustering (`matched`) finds saves {said(bits)} bits" in TEXT


def test_what_one_cluster_saves():
    strong, distinct = merged(TWO, 2)
    assert f"clusters has {said(strong)} bits, and merging them loses all {said(distinct)}" in TEXT
    strong, distinct = merged(FOUR, 4)
    assert f"still worth {said(strong)} bits, but merging it with its twin *gains* " in TEXT
    assert f"*gains* {said(-distinct)}:" in TEXT
