"""Rule `fresh`: initial networks for the null `untrained`."""

from pathlib import Path

from clusterability.networks import save_networks
from clusterability.nulls.untrained import fresh_networks
from job import running

with running(snakemake):
    study, condition = snakemake.params.study, snakemake.wildcards.condition
    networks = fresh_networks(condition, **study, numbers=snakemake.params.seeds)
    save_networks(Path(snakemake.output.networks), networks)
