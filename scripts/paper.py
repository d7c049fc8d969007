"""Rule `paper`: write figures, tables, captions, numbers and methods of the study for a paper."""

from pathlib import Path

from clusterability_workflow import PROJECT
from clusterability_workflow.job import running

from clusterability.files import write_whole
from clusterability.jobs.report_jobs import PaperJob
from clusterability.report.figures.inputs import paths
from clusterability.report.paper.manifest import manifest, versions
from clusterability.report.paper.methods_text import methods_text
from clusterability.report.paper.numbers import numbers_tex
from clusterability.report.paper.outputs import write_figures, write_tables
from clusterability.report.paper.study_tables import Shown
from clusterability.report.paper.tables import paper_tables

with running(snakemake):
    job, inputs = PaperJob(**snakemake.params.job), dict(snakemake.input.items())
    folder = Path(snakemake.output.manifest).parent
    tables = {name: Path(inputs[name]) for name in job.tables}
    shown = Shown.read(tables, job)
    write_figures(folder, paths(inputs, "figures"))
    write_tables(folder, paper_tables(shown))
    write_whole(Path(snakemake.output.numbers), numbers_tex(shown).encode())
    text = methods_text(job, shown, versions())
    write_whole(Path(snakemake.output.methods), text.encode())
    files = sorted(Path(file) for file in snakemake.output if file != snakemake.output.manifest)
    devices = shown.tables["networks"]["device"].dropna().unique()
    sources = paths(inputs, "sources")
    content = manifest(PROJECT, job.config, devices, sources, folder, files)
    write_whole(Path(snakemake.output.manifest), content.encode())
