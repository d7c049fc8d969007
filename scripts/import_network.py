"""Rule `import_network`: import networks trained elsewhere, each from its own file."""

from pathlib import Path

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.files import write_csv
from clusterability.jobs.import_job import ImportJob
from clusterability.networks.importing.read_network import asked_reading, read_network
from clusterability.networks.network_table import network_rows
from clusterability.networks.stacked import save_networks

with running(snakemake):
    for each in layers_of(snakemake):
        job = ImportJob(**snakemake.params.job[each.condition])
        networks = read_network(each.condition, Path(job.path), asked_reading(job))
        write_csv(each.output("rows"), network_rows(networks))
        save_networks(each.output("networks"), networks)
