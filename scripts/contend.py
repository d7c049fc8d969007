"""Rule `contend`: compute contending measures on networks whose clusters are known."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_parquet
from clusterability.jobs.comparison_jobs import ContenderJob
from clusterability.networks.stacked import load_networks
from clusterability.results.contender_rows import contender_rows

with running(snakemake):
    networks = load_networks(Path(snakemake.input.networks))
    rows = contender_rows(networks, ContenderJob(**snakemake.params.job))
    write_parquet(Path(snakemake.output.rows), rows)
