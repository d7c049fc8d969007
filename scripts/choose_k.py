"""Rule `choose_k`: the number of clusters of a layer, from all seeds and all k, block by block."""

from pathlib import Path

import pandas as pd

from clusterability_workflow.job import running

from clusterability.analysis.best_k_rows import best_k_network_rows, best_k_rows
from clusterability.analysis.choose_k import gather, join_judged, judge
from clusterability.analysis.largest_z import halves
from clusterability.files import write_csv
from clusterability.networks.partitions import Partitions, Starts
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.networks.stacked import load_networks
from clusterability.results.block_paths import by_seeds, seeds_of
from clusterability.results.measured_draws import StoredMeasured
from clusterability.results.npz_files import load_joined

with running(snakemake):
    inputs, layer = snakemake.input, snakemake.wildcards.layer
    partitions, starts = by_seeds(inputs.partitions), by_seeds(inputs.starts)
    draws = by_seeds(inputs.draws)
    seeds = [seed for name in partitions for seed in seeds_of(name)]
    selection = {seeds[number] for number in halves(seeds)[0]}
    blocks = []
    for file in map(Path, inputs.networks):
        name = file.stem
        found = load_joined(partitions[name], Partitions), load_joined(starts[name], Starts)
        drawn = {null: StoredMeasured(draws[name], null) for null in snakemake.params.nulls}
        layers = layers_of_methods(load_networks(file), layer, found[0])
        evidence = gather(layers, *found, drawn)
        blocks.append([judge(item, selection) for item in evidence])
    judged = [join_judged(scale) for scale in zip(*blocks, strict=True)]
    write_csv(Path(snakemake.output.cells), pd.concat(map(best_k_rows, judged)))
    write_csv(Path(snakemake.output.networks), pd.concat(map(best_k_network_rows, judged)))
