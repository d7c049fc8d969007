"""Rule `replicate`: a table of the study beside published values."""

from pathlib import Path

from clusterability.files import write_csv
from clusterability.replication import compared
from job import running

with running(snakemake):
    table = compared(snakemake.params.key, dict(snakemake.input.items()))
    write_csv(Path(snakemake.output.table), table)
