"""Rule `probe`: what the units of a layer's clusters do, at the probed k of a block."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_parquet
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import load_networks
from clusterability.results.function_rows import probe, shown_images, takes_mnist
from clusterability.results.npz_files import load_items
from clusterability.training.images import MNIST, load_mnist

with running(snakemake):
    study = snakemake.params.study
    networks = load_networks(Path(snakemake.input.networks))
    found = load_items(Path(snakemake.input.partitions), Partitions)
    partitions = {key: found[key] for key in found if key[1] in study["k"]}
    shown = None
    if takes_mnist(networks):
        folder = Path(snakemake.input.mnist[0]).parent
        name = study.get("dataset", MNIST)
        mnist = load_mnist(folder, study["train_images"], study["test_images"], name=name)
        asked = {name: study[name] for name in ("normalise", "permute_labels")}
        shown = shown_images(mnist, networks.seeds, study["images"], **asked)
    probed = probe(networks, snakemake.wildcards.layer, partitions, shown, study["groups"])
    write_parquet(Path(snakemake.output.scores), probed.scores)
    write_parquet(Path(snakemake.output.clusters), probed.clusters)
    write_parquet(Path(snakemake.output.ablations), probed.ablations)
    write_parquet(Path(snakemake.output.lesions), probed.lesions)
