"""Rule `null`: tables of weights drawn anew, at all k of a block, clustered as the networks are."""

from itertools import chain
from pathlib import Path

from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import NullJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.redrawing import RandomModel
from clusterability.results.kept_draws import KeptDraws
from clusterability.results.npz_files import save_items
from clusterability.signals import told_to_stop

with running(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    asked, file = NullJob(**params.job), Path(snakemake.input.networks)
    output = Path(snakemake.output.tables)
    layers = scaled_layers(load_networks(file), wildcards.layer, asked.scalings)
    machine = snakemake.config.get("training") or {}
    seconds = machine.get("checkpoint_every", 30)
    kept = KeptDraws.of_job(output, file, dict(params.items()), seconds)
    done = kept.found()
    job = (RandomModel.named(wildcards.null), layers, params.k_values, asked, snakemake.threads)
    with told_to_stop(kept.stop):
        drawn = chain(done, kept.keeping(drawn_one_by_one(*job, done=len(done))))
        tables = stacked_draws(layers, asked, drawn)
    save_items(output, tables)
    kept.remove()
