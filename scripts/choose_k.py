"""Rule `choose_k`: choose a layer's number of clusters from all seeds and all k, block by block."""

from pathlib import Path

import pandas as pd

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of, networks_in

from clusterability.analysis.choosing_k.best_k_rows import best_k_network_rows, best_k_rows
from clusterability.analysis.choosing_k.choose_k import gather, join_judged, judge
from clusterability.analysis.choosing_k.largest_z import halves
from clusterability.files import write_csv
from clusterability.jobs.adaptive_job import AdaptiveDraws
from clusterability.networks.partitions import Partitions, Starts
from clusterability.networks.scaled_layer import layers_of_methods
from clusterability.results.aligned_draws import AlignedDraws
from clusterability.results.block_paths import by_seeds, seeds_of
from clusterability.results.measured_draws import Measured, StoredMeasured
from clusterability.results.npz_files import load_joined

with running(snakemake):
    adaptive = AdaptiveDraws.by_null(snakemake.params.get("adaptive", {}))
    for layer in layers_of(snakemake):
        partitions = by_seeds(layer.inputs["partitions"])
        starts, draws = by_seeds(layer.inputs["starts"]), by_seeds(layer.inputs["draws"])
        seeds = [seed for name in partitions for seed in seeds_of(name)]
        selection = {seeds[number] for number in halves(seeds)[0]}
        blocks = []
        for file in map(Path, layer.inputs["networks"]):
            name = file.stem
            inputs = load_joined(partitions[name], Partitions), load_joined(starts[name], Starts)
            drawn: dict[str, Measured] = {
                null: StoredMeasured(draws[name], null) for null in snakemake.params.nulls
            }
            drawn |= {null: AlignedDraws(drawn[null], most) for null, most in adaptive.items()}
            scaled = layers_of_methods(networks_in(file), layer.name, inputs[0])
            evidence = gather(scaled, *inputs, drawn, adaptive)
            blocks.append([judge(item, selection) for item in evidence])
        judged = [join_judged(scale) for scale in zip(*blocks, strict=True)]
        write_csv(layer.output("cells"), pd.concat(map(best_k_rows, judged)))
        write_csv(layer.output("networks"), pd.concat(map(best_k_network_rows, judged)))
