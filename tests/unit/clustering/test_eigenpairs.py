"""Eigenpairs of LAPACK against those of SciPy, which calls the same routine."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from clusterability.clustering import eigenpairs
from clusterability.clustering.eigenpairs import largest_eigenpairs
from clusterability.numerics import one_thread


@pytest.mark.parametrize("size", [1, 2, 9, 130, 384])
def test_they_are_those_of_scipy_to_the_bit(size):
    matrix = np.random.default_rng(size).standard_normal((size, 2 * size))
    gram = np.dot(matrix, matrix.T)
    before = gram.copy()
    for count in {1, min(size, 8), size}:
        with one_thread():
            found = largest_eigenpairs(gram, count)
            expected = scipy.linalg.eigh(gram, subset_by_index=(size - count, size - 1))
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.shape == theirs.shape
            assert ours.tobytes(order="F") == theirs.tobytes(order="F")
    assert np.array_equal(gram, before)


def test_other_threads_run_meanwhile():
    """ctypes releases the interpreter's lock around functions of this type, and of no other."""
    of_python = 0x4  # FUNCFLAG_PYTHONAPI
    assert not type(eigenpairs._dsyevr())._flags_ & of_python


def test_what_lapack_reports_is_an_error(monkeypatch):
    def fails(*arguments):
        arguments[-1]._obj.value = 3

    monkeypatch.setattr(eigenpairs, "_dsyevr", lambda: fails)
    with pytest.raises(scipy.linalg.LinAlgError, match="status 3"):
        largest_eigenpairs(np.eye(9), 2)
