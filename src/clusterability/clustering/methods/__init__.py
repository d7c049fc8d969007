"""Clustering methods, one module each, with the function `partition(problem)`."""
