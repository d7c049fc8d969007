"""Rule `null`: tables of weights drawn anew, at all k of a block, clustered as the networks are."""

from importlib import import_module
from pathlib import Path

from clusterability.contingency import stack_by_key
from clusterability.networks import load_networks
from clusterability.nulls.redrawn import redrawn_tables
from clusterability.scaling import at_scale, scale_weights
from clusterability.storage import save_items
from job import running

with running(snakemake):
    null, layer = snakemake.wildcards.null, snakemake.wildcards.layer
    study, k_values = snakemake.params.study, snakemake.params.k_values
    asked = (study["draws"], k_values, study["methods"], study["restarts"])
    # Called by name: a new null is one module, and reruns no other null.
    module = import_module(f"clusterability.nulls.{null}")
    held_out = getattr(module, "held_out_clusters", None)
    networks = load_networks(Path(snakemake.input.networks))
    tables = {}
    for scaling in study["scalings"]:
        weights = scale_weights(networks.weights, scaling)
        found = []
        for number, seed in enumerate(networks.seeds):
            network = {part: stack[number] for part, stack in weights.items()}
            name = (networks.condition, seed)
            draws = redrawn_tables(module.redraw, null, network, layer, name, *asked, held_out)
            found.append(draws)
        tables |= at_scale(stack_by_key(found), scaling)
    save_items(Path(snakemake.output.tables), tables)
