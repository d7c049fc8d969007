"""An audit of a finished study: random numbers of its tables, worked out again by other code.

Nothing in this package imports the library `clusterability`, nor the workflow: definitions are
those of docs/measures.md and docs/bits.md, written out once more as plain loops over NumPy arrays,
and what SciPy and scikit-learn have is theirs. A mistake of the library's own code shows as a
number that differs.
"""
