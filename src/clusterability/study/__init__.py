"""Request of a study: the config as a typed model, its checks, and the parameters of its jobs.

Imports must be fast: nothing here imports NumPy, since Snakemake parses the workflow for every job
on a cluster.
"""
