"""Rule `replicate`: compare a table of the study with published values."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.replication import compared
from clusterability.files import write_csv

with running(snakemake):
    table = compared(snakemake.params.key, dict(snakemake.input.items()))
    write_csv(Path(snakemake.output.table), table)
