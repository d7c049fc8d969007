"""Rule `fresh`: initialise networks for the null `untrained`."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.jobs.training_job import FreshJob
from clusterability.networks.stacked import save_networks
from clusterability.training.fresh import fresh_networks

with running(snakemake):
    job, condition = FreshJob(**snakemake.params.job), snakemake.wildcards.condition
    networks = fresh_networks(condition, job, snakemake.params.seeds)
    save_networks(Path(snakemake.output.networks), networks)
