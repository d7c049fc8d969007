"""Rule `plot`: one figure, in every format, and the rows that it plots."""

from importlib import import_module

from clusterability.figures.style import save_figure
from job import running

with running(snakemake):
    # Called by name: a new figure is one module, and reruns no other figure.
    module = import_module(f"clusterability.figures.{snakemake.wildcards.figure}")
    inputs = dict(snakemake.input.items())
    figure, rows = module.make(inputs, snakemake.wildcards.item, snakemake.params.study)
    save_figure(figure, rows, snakemake.output)
