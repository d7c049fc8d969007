"""Rule `explore`: write one page that shows every network of the study."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_whole
from clusterability.jobs.probing_job import ProbingJob
from clusterability.jobs.report_jobs import PageJob
from clusterability.report.page.page import make_page

with running(snakemake):
    files = dict(snakemake.input.items())
    page_job = PageJob(**snakemake.params.job)
    shown = {name: ProbingJob(**job) for name, job in snakemake.params.shown.items()}
    write_whole(Path(snakemake.output.page), make_page(files, page_job, shown=shown))
