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
    job = ProbingJob(**snakemake.params.job)
    networks = load_networks(Path(snakemake.input.networks))
    all_partitions = load_items(Path(snakemake.input.partitions), Partitions)
    partitions = {key: all_partitions[key] for key in all_partitions if key[1] in job.k}
    shown = None
    if takes_mnist(networks):
        folder = Path(snakemake.input.mnist[0]).parent
        mnist = load_mnist(folder, job.train_images, job.test_images, name=job.dataset)
        recipe = Recipe.model_validate(job.examples)
        shown = shown_images(mnist, networks.seeds, job.images, recipe)
    probed = probe(networks, snakemake.wildcards.layer, partitions, shown, job.groups)
    write_parquet(Path(snakemake.output.scores), probed.scores)
    write_parquet(Path(snakemake.output.clusters), probed.clusters)
    write_parquet(Path(snakemake.output.ablations), probed.ablations)
    write_parquet(Path(snakemake.output.lesions), probed.lesions)
