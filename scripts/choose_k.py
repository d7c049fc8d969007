"""Rule `choose_k`: the number of clusters of a layer, from all seeds and all k."""

from pathlib import Path

import pandas as pd

from clusterability.choosing import rows_by_cell, rows_by_network
from clusterability.contingency import Tables
from clusterability.evidence import gather
from clusterability.files import write_csv
from clusterability.networks import join_networks, load_networks
from clusterability.partitions import Partitions, Starts
from clusterability.storage import load_joined
from job import running

with running(snakemake):
    inputs, layer = snakemake.input, snakemake.wildcards.layer
    networks = join_networks([load_networks(Path(file)) for file in inputs.networks])
    partitions = load_joined(inputs.partitions, Partitions)
    starts = load_joined(inputs.starts, Starts)
    nulls = {null: load_joined(inputs[null], Tables) for null in snakemake.params.nulls}
    found = list(gather(networks, layer, partitions, starts, nulls))
    write_csv(Path(snakemake.output.cells), pd.concat(map(rows_by_cell, found)))
    write_csv(Path(snakemake.output.networks), pd.concat(map(rows_by_network, found)))
