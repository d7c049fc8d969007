"""Rule `equal_size`: score a layer's sub-matrices that are as large as the smallest layer."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_parquet
from clusterability.jobs.equal_size_job import EqualSizeJob
from clusterability.networks.stacked import load_networks
from clusterability.results.equal_size_rows import equal_size_rows

with running(snakemake):
    job = EqualSizeJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    rows = equal_size_rows(networks, snakemake.wildcards.layer, job)
    write_parquet(Path(snakemake.output.rows), rows)
