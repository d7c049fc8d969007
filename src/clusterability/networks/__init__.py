"""Weights to be clustered: stacks and their files, graphs, scalings, random matrices."""
