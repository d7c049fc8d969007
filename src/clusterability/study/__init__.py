"""What a study asks for: the config as a typed model, its checks, the parameters of its jobs.

Light: nothing here imports NumPy, since Snakemake parses the workflow anew for every job on a
cluster.
"""
