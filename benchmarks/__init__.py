"""`make bench`: the project's kernels against what they replace, and against the machine."""
