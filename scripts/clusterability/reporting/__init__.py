"""Pages of the report that Snakemake makes of a study: the answer, and tables that can be read."""
