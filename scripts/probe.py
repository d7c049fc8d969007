"""Rule `probe`: probe the function of a layer's clusters, at the probed k of a block."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_parquet
from clusterability.jobs.probing_job import ProbingJob
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import load_networks
from clusterability.results.function_rows import probe, shown_images, takes_mnist
from clusterability.results.npz_files import load_items
from clusterability.training.images import load_mnist
from clusterability.training.recipe import Recipe

with running(snakemake):
    asked = ProbingJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    found = load_items(Path(snakemake.input.partitions), Partitions)
    partitions = {key: found[key] for key in found if key[1] in asked.k}
    shown = None
    if takes_mnist(networks):
        folder = Path(snakemake.input.mnist[0]).parent
        mnist = load_mnist(folder, asked.train_images, asked.test_images, name=asked.dataset)
        recipe = Recipe.model_validate(asked.examples)
        shown = shown_images(mnist, networks.seeds, asked.images, recipe)
    probed = probe(networks, snakemake.wildcards.layer, partitions, shown, asked.groups)
    write_parquet(Path(snakemake.output.scores), probed.scores)
    write_parquet(Path(snakemake.output.clusters), probed.clusters)
    write_parquet(Path(snakemake.output.ablations), probed.ablations)
    write_parquet(Path(snakemake.output.lesions), probed.lesions)
