"""Rule `import_network`: a network trained elsewhere, from a file of its own."""

from pathlib import Path

from clusterability.files import write_csv
from clusterability.importing import read_network
from clusterability.network_rows import network_rows
from clusterability.networks import save_networks
from job import running

with running(snakemake):
    name, file = snakemake.wildcards.condition, Path(snakemake.input.file)
    networks = read_network(name, file, snakemake.params.study["layers"])
    write_csv(Path(snakemake.output.rows), network_rows(networks))
    save_networks(Path(snakemake.output.networks), networks)
