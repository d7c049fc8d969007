"""Rule `find`: test whether published findings hold in this study."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.findings import SCORES, asked_scores, findings
from clusterability.files import write_csv
from clusterability.jobs.comparison_jobs import ValidityJob
from clusterability.results.reading import read_csv, read_rows

with running(snakemake):
    inputs, job = snakemake.input, ValidityJob.of(snakemake.params.job)
    scores = read_rows(inputs.scores, SCORES, asked_scores(job.method))
    networks = read_csv(inputs.networks)
    table = findings(scores, networks, job.pairs, job.method)
    write_csv(Path(snakemake.output.findings), table)
