"""Rule `null_shuffle`: tables of shuffled weights, clustered anew."""

from pathlib import Path

from clusterability.contingency import stack_by_key
from clusterability.networks import load_networks
from clusterability.nulls.shuffle import shuffle_tables
from clusterability.storage import save_items
from job import logged

with logged(snakemake.log[0]):
    layer, study = snakemake.wildcards.layer, snakemake.params.study
    networks = load_networks(Path(snakemake.input.networks))
    found = [
        shuffle_tables(
            matrix,
            (networks.condition, seed, layer),
            study["draws"],
            snakemake.params.k_values,
            study["methods"],
            study["restarts"],
        )
        for seed, matrix in zip(networks.seeds, networks.weights[layer], strict=True)
    ]
    save_items(Path(snakemake.output.tables), stack_by_key(found))
