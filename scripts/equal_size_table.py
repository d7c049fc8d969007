"""Rule `equal_size_table`: compare layers at equal size over the networks of each condition."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.equal_size import equal_size_table
from clusterability.files import write_csv

with running(snakemake):
    write_csv(Path(snakemake.output.table), equal_size_table(snakemake.input.rows))
