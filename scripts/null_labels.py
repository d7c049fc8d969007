"""Rule `null_labels`: tables of permuted labels, nothing clustered."""

from pathlib import Path

from clusterability.contingency import stack_by_key
from clusterability.networks import load_networks
from clusterability.nulls.labels import label_tables
from clusterability.partitions import Partitions, labels_of
from clusterability.storage import load_items, save_items
from job import logged

with logged(snakemake.log[0]):
    layer, draws = snakemake.wildcards.layer, snakemake.params.study["draws"]
    networks = load_networks(Path(snakemake.input.networks))
    partitions = load_items(Path(snakemake.input.partitions), Partitions)
    found = [
        label_tables(
            matrix, (networks.condition, seed, layer), draws, labels_of(partitions, number)
        )
        for number, (seed, matrix) in enumerate(
            zip(networks.seeds, networks.weights[layer], strict=True)
        )
    ]
    save_items(Path(snakemake.output.tables), stack_by_key(found))
