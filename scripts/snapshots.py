"""Rule `snapshots`: tabulate networks of a condition in the course of training, step by step."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.snapshots import snapshot_rows
from clusterability.files import write_csv
from clusterability.jobs.comparison_jobs import SnapshotsJob
from clusterability.results.reading import read_csv

with running(snakemake):
    inputs, job = snakemake.input, SnapshotsJob(**snakemake.params.job)
    tables = (read_csv(file) for file in (inputs.networks, inputs.verdict, inputs.summary))
    write_csv(Path(snakemake.output.snapshots), snapshot_rows(job, *tables))
