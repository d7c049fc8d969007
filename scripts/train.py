"""Rule `train`: a block of networks of one condition."""

from pathlib import Path

from clusterability.checkpoints import Checkpoints
from clusterability.dataset import MNIST, load_mnist
from clusterability.files import write_csv
from clusterability.leases import leased_gpu
from clusterability.networks import load_networks, save_networks
from clusterability.progress import watched
from clusterability.recipe import Recipe
from clusterability.training import Origin, history_table, network_table, train
from job import running

with running(snakemake):
    study, condition = snakemake.params.study, snakemake.wildcards.condition
    images = Path(snakemake.input.mnist[0]).parent
    # What a job runs on is no parameter: nothing trains again for it.
    machine = snakemake.config.get("training") or {}
    checkpoints = Checkpoints.of_job(
        Path(snakemake.output.networks),
        dict(snakemake.params.items()),
        machine.get("checkpoint_every", 30),
    )
    title = f"{condition} {snakemake.wildcards.seeds}"
    device = machine.get("device", "auto")
    origin = snakemake.input.get("origin")
    lease = leased_gpu(device, stopped=lambda: checkpoints.stopped)
    with watched(title) as progress, checkpoints.kept_on_signals(), lease:
        result = train(
            condition,
            Recipe.model_validate(study["recipe"]),
            snakemake.params.seeds,
            load_mnist(
                images,
                study["train_images"],
                study["test_images"],
                remove=True,
                name=study.get("dataset", MNIST),
            ),
            device=device,
            threads=snakemake.threads,
            history_every=study["history_every"],
            progress=progress,
            checkpoints=checkpoints,
            origin=Origin(load_networks(Path(origin)), study["epochs_before"]) if origin else None,
        )
    write_csv(Path(snakemake.output.history), history_table(result))
    write_csv(Path(snakemake.output.rows), network_table(result))
    save_networks(Path(snakemake.output.networks), result.networks)
    checkpoints.remove()
