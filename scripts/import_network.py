"""Rule `import_network`: a network trained elsewhere, from a file of its own."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_csv
from clusterability.networks.importing.read_network import read_network
from clusterability.networks.importing.selection import Reading
from clusterability.networks.stacked import network_rows, save_networks

with running(snakemake):
    name, asked = snakemake.wildcards.condition, dict(snakemake.params.job)
    networks = read_network(name, Path(asked.pop("path")), Reading(**asked))
    write_csv(Path(snakemake.output.rows), network_rows(networks))
    save_networks(Path(snakemake.output.networks), networks)
