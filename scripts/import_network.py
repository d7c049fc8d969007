"""Rule `import_network`: a network trained elsewhere, from a file of its own."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_csv
from clusterability.jobs.import_job import ImportJob
from clusterability.networks.importing.read_network import asked_reading, read_network
from clusterability.networks.stacked import network_rows, save_networks

with running(snakemake):
    job = ImportJob(**snakemake.params.job)
    networks = read_network(snakemake.wildcards.condition, Path(job.path), asked_reading(job))
    write_csv(Path(snakemake.output.rows), network_rows(networks))
    save_networks(Path(snakemake.output.networks), networks)
