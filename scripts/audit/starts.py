"""Evidence on k beside z: gaps of singular values, and agreement between restarts."""

from __future__ import annotations

import math
from itertools import combinations
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from audit.bits import saved_bits, size_classes
from audit.study_files import StudyFiles

_NEARLY = 0.95
_TIE = 1e-9
_VALUES: WeakKeyDictionary[StudyFiles, dict[tuple[str, int, str, str], np.ndarray]] = (
    WeakKeyDictionary()
)


def gap_k(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k_values: tuple[int, ...]
) -> int:
    """k of the largest gap sigma_k - sigma_(k+1) of D_U^-1/2 abs(W) D_V^-1/2, k = 1 included.

    If several k have the same gap, the smallest (von Luxburg 2007, section 8.3).
    """
    key = (condition, seed, layer, method.partition("-")[2])
    known = _VALUES.setdefault(study, {})
    if key not in known:
        known[key] = singular_values(study.matrix(condition, seed, layer, method))
    return widest_gap(known[key], k_values)


def singular_values(matrix: np.ndarray) -> np.ndarray:
    """Singular values of the normalised sizes of live units, descending; empty if undefined."""
    sizes = np.abs(np.asarray(matrix, np.float64))
    if not np.isfinite(sizes).all():
        return np.empty(0)
    sizes = sizes[(sizes > 0).any(axis=1)][:, (sizes > 0).any(axis=0)]
    if not sizes.size:
        return np.empty(0)
    normalised = sizes / np.sqrt(np.outer(sizes.sum(axis=1), sizes.sum(axis=0)))
    return np.linalg.svd(normalised, compute_uv=False)


def widest_gap(values: np.ndarray, k_values: tuple[int, ...]) -> int:
    """Smallest k with the widest gap; 1 without singular values.

    >>> widest_gap(np.array([1.0, 0.9, 0.85, 0.2]), (2, 3, 4))
    3
    """
    behind = [*values.tolist(), 0.0]
    gaps = {k: behind[k - 1] - behind[k] for k in sorted({1, *k_values}) if k <= len(values)}
    widest = max(gaps.values(), default=0.0)
    return next((k for k, gap in gaps.items() if gap >= widest - _TIE), 1)


def ami(first: np.ndarray, second: np.ndarray) -> float:
    """Adjusted mutual information of live units, normalised by the arithmetic mean of entropies."""
    live = (first >= 0) & (second >= 0)
    if not live.any():
        return math.nan
    return float(adjusted_mutual_info_score(first[live], second[live]))


def stability(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k: int
) -> tuple[float, float]:
    """Mean AMI over all pairs of restarts, for the U and the V side; NaN with one restart."""
    starts = study.arrays("clusters", condition, seed, layer, ".starts", f"{method}/{k}/")
    if not starts:
        return math.nan, math.nan
    means = []
    for side in ("rows", "columns"):
        pairs = [ami(*pair) for pair in combinations(starts[side], 2)]
        means.append(float(np.mean(pairs)) if pairs else math.nan)
    return means[0], means[1]


def same_bits_ami(
    study: StudyFiles, condition: str, seed: int, layer: str, method: str, k: int
) -> float:
    """Mean AMI, over sides and pairs, of restarts that save at least 95 % of the most bits.

    1 if only one does; NaN if no restart saves any.
    """
    starts = study.arrays("clusters", condition, seed, layer, ".starts", f"{method}/{k}/")
    if not starts:
        return math.nan
    codes = size_classes(study.matrix(condition, seed, layer, method))
    ends = list(zip(starts["rows"], starts["columns"], strict=True))
    bits = [saved_bits(codes, u, v, k, True)[0] for u, v in ends]
    if not max(bits) > 0:
        return math.nan
    good = [end for end, gain in zip(ends, bits, strict=True) if gain >= _NEARLY * max(bits)]
    pairs = [ami(a[side], b[side]) for a, b in combinations(good, 2) for side in (0, 1)]
    return float(np.mean(pairs)) if pairs else 1.0
