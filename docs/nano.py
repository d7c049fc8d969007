"""How good is a cluster? The whole question in one file, with numpy, scipy and scikit-learn.

    python docs/nano.py weights.npy [k]    a weight matrix, k clusters a side (4 by default)
    python docs/nano.py                    a matrix in which four clusters are planted

Read it from top to bottom: units, clusters, scores, bits, chance, verdict. It imports nothing of
the library, which asks the same of many networks, layers and k, with more measures and nulls.
docs/measures.md defines all of them; docs/bits.md tells why the verdict is in bits.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy.linalg import svd
from scipy.optimize import linear_sum_assignment
from scipy.special import gammaln, rel_entr
from scipy.stats import rankdata
from sklearn.cluster import KMeans


# 1. Units: a weight matrix is a bipartite graph.
def live(W: np.ndarray) -> np.ndarray:
    """A = abs(W) without its dead units, the rows and columns of zeros.

    Output units (rows) are one side of a graph, input units (columns) the other, and abs(W_ij)
    is the weight of the edge between two of them. Signs play no part.
    """
    A = np.abs(W).astype(np.float64)
    return A[A.any(axis=1)][:, A.any(axis=0)]


# 2. Clusters: bipartite spectral clustering (Dhillon 2001).
def cluster(A: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels 0 to k - 1 of the rows and of the columns.

    Units with similar edges lie close together in the k leading singular vectors of

        D_U^-1/2 A D_V^-1/2,    D_U and D_V the diagonal matrices of row and column sums,

    and k-means finds them there, each side by itself. It numbers clusters as they come, so those
    of the columns are renamed last, such that cluster a of the rows goes with cluster a of the
    columns: of all k! pairings, the Hungarian method finds the one with the largest Q (below).
    """
    strengths = np.outer(A.sum(axis=1), A.sum(axis=0))
    left, _, right = svd(A / np.sqrt(strengths), full_matrices=False)
    kmeans = KMeans(k, n_init=3, random_state=0)
    rows, columns = kmeans.fit_predict(left[:, :k]), kmeans.fit_predict(right[:k].T)
    T = shares(A, rows, columns, k)
    _, partners = linear_sum_assignment(T - np.outer(T.sum(axis=1), T.sum(axis=0)), maximize=True)
    return rows, np.argsort(partners)[columns]


# 3. Scores: three questions to one small table.
def shares(A: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> np.ndarray:
    """T [k, k]: the share of all weight between cluster a of rows and cluster b of columns.

    Its row sums p and column sums q are the shares of the clusters of either side.
    """
    return np.eye(k)[rows].T @ A @ np.eye(k)[columns] / A.sum()


def mutual_information(T: np.ndarray) -> float:
    """I(T) = sum over a, b of T_ab ln(T_ab / (p_a q_b)), in nats, from 0 to ln k.

    How much the cluster of an edge's row tells about that of its column, however they are paired.
    """
    return float(rel_entr(T, np.outer(T.sum(axis=1), T.sum(axis=0))).sum())


def modularity(T: np.ndarray) -> float:
    """Q = tr T - sum of p_a q_a: weight inside, less what strengths put there (Barber 2007)."""
    return float(np.trace(T) - T.sum(axis=1) @ T.sum(axis=0))


def ncut(T: np.ndarray) -> float:
    """Sum of 1 - 2 T_aa / (p_a + q_a), the weight that leaves a cluster (Shi & Malik 2000)."""
    own = T.sum(axis=1) + T.sum(axis=0)
    return float((1 - 2 * np.diag(T)[own > 0] / own[own > 0]).sum())


# 4. Bits: does naming the clusters pay?
def size_classes(A: np.ndarray) -> np.ndarray:
    """The class of each weight's size, numbered from 0. Only the order of sizes enters.

    At most 8 different sizes are a class each. Of more, zeros are a class, and the n others fall
    into B = 8 classes (7 beside zeros) of equally many: floor(B (r - 1/2) / n), r the mid-rank.
    """
    codes = np.unique(A, return_inverse=True)[1].reshape(A.shape)
    if codes.max() >= 8:
        some, zeros = A > 0, int((A == 0).any())
        ranks = rankdata(A[some])
        codes[some] = zeros + np.floor((8 - zeros) * (ranks - 0.5) / len(ranks))
        codes = np.unique(codes, return_inverse=True)[1].reshape(A.shape)
    return codes


def weights_length(counts: np.ndarray) -> np.ndarray:
    """Nats that describe weights, from their counts c over B classes [..., B], n in all:

    D(c) = -ln [Gamma(B/2) / Gamma(n + B/2) * product over x of Gamma(c_x + 1/2) / Gamma(1/2)]

    Each class is guessed by how often it has come so far (Krichevsky & Trofimov 1981).
    """
    half = counts.shape[-1] / 2
    guesses = (gammaln(counts + 0.5) - gammaln(0.5)).sum(axis=-1)
    return np.asarray(gammaln(counts.sum(axis=-1) + half) - gammaln(half) - guesses)


def labels_length(labels: np.ndarray, k: int) -> float:
    """Nats that say which unit is where: ln n! - sum of ln n_a! + ln C(n + k - 1, k - 1)."""
    n, sizes = len(labels), np.bincount(labels, minlength=k)
    return float(gammaln(n + k) - gammaln(k) - gammaln(sizes + 1).sum())  # ln n! cancels


def saved_bits(A: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> float:
    """[D(all weights) - sum of D(weights between clusters a, b) - labels of both sides] / ln 2.

    >>> two, blocks = np.repeat([0, 1], 4), np.kron(np.eye(2), np.ones((4, 4)))
    >>> print(f"{saved_bits(blocks, two, two, 2):.2f}")
    37.38
    """
    codes = size_classes(A)
    counts = np.zeros((k, k, codes.max() + 1))
    np.add.at(counts, (rows[:, None], columns, codes), 1)
    saved = weights_length(counts.sum(axis=(0, 1))) - weights_length(counts).sum()
    return float(saved - labels_length(rows, k) - labels_length(columns, k)) / np.log(2)


# 5. Chance: there are clusters in noise, too.
# Which values are good: n-cut is better when it is low.
BETTER = {"mutual information": 1, "Barber's Q": 1, "n-cut": -1, "saved bits": 1}


def scores(A: np.ndarray, rows: np.ndarray, columns: np.ndarray, k: int) -> list[float]:
    """Four scores of a partition, in this order."""
    T = shares(A, rows, columns, k)
    return [mutual_information(T), modularity(T), ncut(T), saved_bits(A, rows, columns, k)]


def shuffled_scores(A: np.ndarray, k: int, draws: int = 99) -> np.ndarray:
    """Scores [draws, 4] of the same weights in random order, clustered in the same way."""
    random = np.random.default_rng(0)
    orders = (live(random.permutation(A.ravel()).reshape(A.shape)) for _ in range(draws))
    found = [scores(B, *cluster(B, k), k) for B in orders if k <= min(B.shape)]
    return np.array(found).reshape(-1, len(BETTER))


def compare(values: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """z = (value - mean) / SD and p = (1 + number of draws as good) / (n + 1) of each score.

    Both are directed: positive z is better than chance. p is never 0.
    """
    better = np.array(list(BETTER.values()))
    z = better * (values - draws.mean(axis=0)) / draws.std(axis=0, ddof=1)
    return z, (1 + (better * (draws - values) >= -1e-12).sum(axis=0)) / (len(draws) + 1)


# 6. Verdict.
def verdict(bits: float) -> str:
    """Do the clusters pay? z does not say: it counts SDs of chance, and grows with the matrix.

    Weights in random order save 20 bits once in a thousand at most, however clusters are looked
    for (docs/bits.md). Units of unequal strengths are an order, too: ask the null `strength` next.
    """
    said = "clusters that pay" if bits >= 20 else "none that pay"
    return f"verdict: {said} ({bits:.1f} bits; 20 are asked for)"


# And now run it.
def planted() -> np.ndarray:
    """Weights [48, 64] with four clusters a side, three times as large inside as between them."""
    random = np.random.default_rng(0)
    rows, columns = random.integers(4, size=48), random.integers(4, size=64)
    return random.normal(size=(48, 64)) * np.where(rows[:, None] == columns, 3, 1)


def main(path: str = "", clusters: str = "4") -> None:
    """Print the scores of the matrix in a file, or of the example, beside those of chance."""
    try:
        W = np.load(path) if path else planted()
        if W.ndim != 2 or not np.isfinite(W).all():
            raise ValueError(f"found shape {W.shape}, or numbers that are not finite")
        A, k = live(W), int(clusters)
    except (AttributeError, OSError, TypeError, ValueError) as error:
        sys.exit(f"nano.py: {path}, k = {clusters}: expected a matrix of numpy.save; {error}")
    if not 2 <= k <= min(A.shape):
        sys.exit(f"nano.py: k: found {k}, expected 2 to {min(A.shape)} (live units)")
    values, draws = np.array(scores(A, *cluster(A, k), k)), shuffled_scores(A, k)
    print(f"{A.shape[0]} x {A.shape[1]} live units, k = {k}\n{'':20}value  shuffled       z     p")
    columns = values, draws.mean(axis=0), *compare(values, draws)
    for name, value, mean, z, p in zip(BETTER, *columns, strict=True):
        shown = "" if name == "saved bits" else f"{z:.1f}"  # bits have a zero of their own
        print(f"{name:18}{value:7.3g}{mean:10.3g}{shown:>8}{p:6.2f}")
    print(verdict(values[-1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
