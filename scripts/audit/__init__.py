"""Audit of a finished study: recompute random numbers of its tables with independent code.

This package imports neither the library `clusterability` nor the workflow. It implements the
definitions of docs/measures.md and docs/bits.md again, as plain loops over NumPy arrays, and uses
SciPy and scikit-learn wherever they provide a function. A mistake in the library's own code shows
as a number that differs.
"""
