"""`make modular-addition`: cluster networks whose known structure is not a block of weights.

A network that adds two numbers modulo p computes with frequencies: each hidden unit is a cosine of
both numbers (Nanda et al. 2023, arXiv 2301.05217; Gromov 2023, arXiv 2301.02679). The frequency of
each unit is known, but it makes no weights small: units of one frequency form a block only in the
Fourier basis of the inputs. The command searches for clusters in both bases.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from project_folders import PROJECT

import numpy as np
import pandas as pd
import torch

import clusterability as cl
from clusterability.files import write_csv
from clusterability.statistics import interval

MODULUS, WIDTH, SEEDS = 97, 500, range(5)
STEPS, TRAINED_SHARE, RATE, DECAY = 300, 0.5, 5e-3, 1.0
K = (2, 4, 12, 48)
Row = tuple[str, str, str, int, float]
COLUMNS = ["basis", "quantity", "method", "k", "value"]
RESULTS = PROJECT / "results" / "modular_addition.csv"
RECORDED = PROJECT / "docs" / "modular_addition.csv"


def main(words: list[str]) -> None:
    """Train and cluster one network per seed, and print means with intervals over seeds."""
    parser = argparse.ArgumentParser(prog="make modular-addition ARGS=…", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the table in docs/ again")
    options = parser.parse_args(words)
    rows: list[Row] = []
    for seed in SEEDS:
        weights, accuracy = trained(seed)
        print(f"seed {seed}: {accuracy:.4f} of the sums not trained on are right", flush=True)
        rows += [("inputs", "test_accuracy", "", 0, accuracy), *answers(weights)]
    table = over_seeds(pd.DataFrame(rows, columns=COLUMNS))
    print(table.round(3).to_string(index=False))
    RESULTS.parent.mkdir(exist_ok=True)
    write_csv(RESULTS, table)
    if options.record:
        write_csv(RECORDED, table)


def trained(
    seed: int, modulus: int = MODULUS, width: int = WIDTH, steps: int = STEPS
) -> tuple[np.ndarray, float]:
    """Train a network to add; return its first weights [width, 2 modulus] and its test accuracy.

    The network is W_2 (W_1 x)^2, with both numbers one-hot in x. Training minimises the squared
    error with AdamW on half of the sums, in full batches; the other sums are the test set.
    """
    source = torch.Generator().manual_seed(seed)
    pairs = torch.cartesian_prod(torch.arange(modulus), torch.arange(modulus))
    inputs = torch.nn.functional.one_hot(pairs, modulus).flatten(1).float()
    sums = pairs.sum(1) % modulus
    targets = torch.nn.functional.one_hot(sums, modulus).float()
    order = torch.randperm(len(sums), generator=source)
    train, test = order.tensor_split([round(TRAINED_SHARE * len(sums))])
    first, second = (
        (torch.randn(shape, generator=source) / shape[1] ** 0.5).requires_grad_()
        for shape in ((width, 2 * modulus), (modulus, width))
    )
    optimiser = torch.optim.AdamW([first, second], RATE, betas=(0.9, 0.98), weight_decay=DECAY)
    for _ in range(steps):
        loss = ((inputs[train] @ first.T).square() @ second.T - targets[train]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        outputs = (inputs[test] @ first.T).square() @ second.T
        accuracy = float((outputs.argmax(1) == sums[test]).float().mean())
    return first.detach().numpy(), accuracy


def answers(weights: np.ndarray) -> list[Row]:
    """Rows by basis: agreement of clusters with known groups of units and inputs, and verdicts."""
    modulus = weights.shape[1] // 2
    numbers = [name for name in "ab" for _ in range(modulus)]
    known = [str(number) for number in frequencies(weights)]
    rows = agreements("inputs", "ami_number", weights, (None, numbers))
    for basis, matrix in (("inputs", weights), ("fourier", weights @ inputs_in_waves(modulus).T)):
        rows += agreements(basis, "ami_frequency", matrix, (known, None))
        verdict = cl.verdict(matrix).iloc[0]
        for column in ("bits", "beyond_strength", "beyond_rotated_u"):
            rows.append((basis, column, verdict["method"], 0, verdict[column]))
    rows += bits_of_frequencies(matrix, known)
    rows.append(("fourier", "share_of_frequency", "", 0, np.median(powers(weights).max(axis=1))))
    return rows


def bits_of_frequencies(matrix: np.ndarray, known: list[str]) -> list[Row]:
    """Rows with the bits that clusters by frequency save in a matrix in the Fourier basis."""
    # Each number has a constant, assigned to the lowest frequency, and a pair per frequency.
    frequency = [str(max(1, wave // 2 + wave % 2)) for wave in range(matrix.shape[1] // 2)] * 2
    groups = (known, frequency)
    scored = cl.score(matrix.astype(np.float32), 2, scalings=("ranked",), nulls={}, groups=groups)
    scored = scored[scored["method"].str.startswith("groups")].set_index("measure")
    cells = scored.loc[["bits", "bits_within"], ["method", "k", "value"]].itertuples(name=None)
    return [("fourier", *cell) for cell in cells]


def agreements(basis: str, quantity: str, matrix: np.ndarray, groups: Any) -> list[Row]:
    """Rows with the adjusted mutual information of clusters and groups by method, scaling and k."""
    table = cl.agreement(
        matrix.astype(np.float32),
        groups,
        K,
        methods=("matched", "described"),
        scalings=("none", "ranked"),
        draws=1,
    )
    cells = table[table["measure"] == "ami"][["method", "k", "value"]].to_numpy().tolist()
    return [(basis, quantity, method, int(k), float(value)) for method, k, value in cells]


def waves(modulus: int) -> np.ndarray:
    """Orthonormal Fourier basis [modulus, modulus] for odd moduli: constant, cos 1, sin 1, cos 2 …

    >>> np.allclose(waves(5) @ waves(5).T, np.eye(5))
    True
    """
    angles = 2 * np.pi * np.outer(np.arange(1, modulus // 2 + 1), np.arange(modulus)) / modulus
    pairs = np.stack([np.cos(angles), np.sin(angles)], axis=1).reshape(-1, modulus)
    constant = np.full((1, modulus), 0.5**0.5)
    return np.concatenate([constant, pairs]) * (2 / modulus) ** 0.5


def inputs_in_waves(modulus: int) -> np.ndarray:
    """Block-diagonal basis with `waves` for each of the two numbers, [2 modulus, 2 modulus]."""
    return np.kron(np.eye(2), waves(modulus))


def powers(weights: np.ndarray) -> np.ndarray:
    """Shares of frequencies above 0 in the squared weights of each unit, [units, frequencies]."""
    modulus = weights.shape[1] // 2
    squares = (weights @ inputs_in_waves(modulus).T).reshape(len(weights), 2, modulus) ** 2
    of_pairs = squares[:, :, 1:].reshape(len(weights), 2, -1, 2).sum(axis=(1, 3))
    return of_pairs / squares.sum(axis=(1, 2))[:, None]


def frequencies(weights: np.ndarray) -> np.ndarray:
    """Frequency with the largest share in each unit, [units]."""
    return powers(weights).argmax(axis=1) + 1


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds, with 95 % t intervals."""
    rows = [
        (*cell, *interval(part["value"].to_numpy(float)), len(part))
        for cell, part in table.groupby(COLUMNS[:-1], sort=False)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS[:-1], "estimate", "low", "high", "n"])


if __name__ == "__main__":
    main(sys.argv[1:])
