"""Rule `plot`: one figure, in every format, the rows that it plots, and its caption."""

from importlib import import_module
from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_whole
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.captions import caption
from clusterability.report.figures.style import save_figure

with running(snakemake):
    item, asked = snakemake.wildcards.item, FigureJob(**snakemake.params.job)
    # Called by name: a new figure is one module, and reruns no other figure.
    module = import_module(f"clusterability.report.figures.{snakemake.wildcards.figure}")
    figure, rows = module.make(dict(snakemake.input.items()), item, asked)
    save_figure(figure, rows, snakemake.output)
    text = caption(module.CAPTION, rows, item, asked)
    write_whole(Path(snakemake.output.txt), f"{text}\n".encode())
