"""Agreement as the page computes it, against scikit-learn and SciPy: by node, where it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_mutual_info_score

from project import LIBRARY

MODULE = LIBRARY / "report" / "page" / "web" / "agreement.mjs"

SCRIPT = """
import {{adjustedInformation, bestPairs, counterparts}} from {module};
let text = "";
for await (const part of process.stdin) text += part;
const {{labels, counts, sides}} = JSON.parse(text);
console.log(JSON.stringify({{
  information: labels.map(([left, right]) => adjustedInformation(left, right)),
  pairs: counts.map(bestPairs),
  counterparts: sides.map(each => [...counterparts(each)]),
}}));
"""


def by_node(**asked: Any) -> dict[str, Any]:
    """What the module says of pairs of labels, of tables of counts, and of both sides of panes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("found no node: the module is tested in a browser alone")
    script = SCRIPT.format(module=json.dumps(MODULE.as_uri()))
    text = json.dumps({"labels": [], "counts": [], "sides": []} | asked)
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def labels_of(source: np.random.Generator, units: int, k: tuple[int, int], noise: float) -> tuple:
    """Two clusterings: the second one is the first with other names and a share of other labels."""
    left = source.integers(0, k[0], units)
    right = source.permutation(k[0])[left] % k[1]
    other = source.random(units) < noise
    right[other] = source.integers(0, k[1], other.sum())
    return left, right


def test_adjusted_information_is_that_of_scikit_learn():
    source = np.random.default_rng(0)
    pairs = [
        labels_of(source, units, k, noise)
        for units in (7, 128, 784)
        for k in ((2, 2), (5, 3), (3, 12))
        for noise in (0.0, 0.3, 1.0)
    ]
    pairs += [(np.zeros(9, int), source.integers(0, 3, 9)), (np.zeros(4, int), np.zeros(4, int))]
    expected = [adjusted_mutual_info_score(left, right) for left, right in pairs]
    asked = [[left.tolist(), right.tolist()] for left, right in pairs]
    found = by_node(labels=asked)["information"]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert min(found) < 0.05 < 0.3 < sorted(found)[-3] <= 1


def test_units_without_a_cluster_do_not_count():
    source = np.random.default_rng(1)
    left, right = labels_of(source, 100, (4, 4), 0.3)
    dead_left, dead_right = left.copy(), right.copy()
    dead_left[:20] = -1
    dead_right[10:30] = -1
    none = [[-1, -1, 0], [0, 0, -1]]
    found = by_node(labels=[[dead_left.tolist(), dead_right.tolist()], none])["information"]
    assert found[0] == pytest.approx(adjusted_mutual_info_score(left[30:], right[30:]), abs=1e-9)
    assert found[1] is None  # NaN


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (5, 2), (6, 6), (12, 12)])
def test_pairs_share_as_much_as_those_of_scipy(shape):
    source = np.random.default_rng(list(shape))
    tables = [source.integers(0, high, shape) for high in (2, 10, 1000) for _ in range(5)]
    found = by_node(counts=[table.tolist() for table in tables])["pairs"]
    for table, columns in zip(tables, found, strict=True):
        used = [column for column in columns if column >= 0]
        assert len(set(used)) == len(used) == min(shape)
        shared = sum(table[row, column] for row, column in enumerate(columns) if column >= 0)
        assert shared == table[linear_sum_assignment(table, maximize=True)].sum()


def test_clusters_correspond_by_the_units_of_both_sides():
    # Right 2 is left 0, right 0 is left 1; right 1 shares no unit that is in a cluster of both.
    u, v = [[0, 0, 1, -1], [2, 2, 0, 1]], [[1, 1, 0], [0, 0, 2]]
    found = by_node(sides=[[u, v], [], [[[3, 3], [0, 0]]]])["counterparts"]
    assert [dict(each) for each in found] == [{2: 0, 0: 1, 1: 2}, {}, {0: 3}]
