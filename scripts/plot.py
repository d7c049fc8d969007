"""Rule `plot`: write a figure in every format and for screens, with its rows and its caption."""

from importlib import import_module
from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import whole_file, write_whole
from clusterability.jobs.figure_job import FigureJob
from clusterability.report.figures.captions import caption
from clusterability.report.figures.style import save_figure
from clusterability.report.screen_picture import screen_picture

with running(snakemake):
    item, job = snakemake.wildcards.item, FigureJob(**snakemake.params.job)
    # Imported by name, so that a new figure is one module and reruns no other figure.
    module = import_module(f"clusterability.report.figures.{snakemake.wildcards.figure}")
    figure, rows = module.make(dict(snakemake.input.items()), item, job)
    save_figure(figure, rows, snakemake.output)
    picture = screen_picture(Path(snakemake.output.png))
    with whole_file(Path(snakemake.output.screen)) as temporary:
        picture.save(temporary, format="PNG", optimize=True)
    text = caption(module.CAPTION, rows, item, job)
    write_whole(Path(snakemake.output.txt), f"{text}\n".encode())
