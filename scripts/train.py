"""Rule `train`: train a block of networks of one condition."""

from pathlib import Path

from clusterability_workflow.gpus import leased_gpu
from clusterability_workflow.job import running
from clusterability_workflow.progress import watched

from clusterability.files import write_csv
from clusterability.jobs.training_job import TrainingJob
from clusterability.networks.stacked import save_networks
from clusterability.signals import told_to_stop
from clusterability.training.checkpoints import Checkpoints
from clusterability.training.history import history_table, network_table
from clusterability.training.images import load_mnist
from clusterability.training.recipe import Recipe
from clusterability.training.train import Origin, train

with running(snakemake):
    wildcards, params, output = snakemake.wildcards, snakemake.params, snakemake.output
    job, title = TrainingJob(**params.job), f"{wildcards.condition} {wildcards.seeds}"
    # Settings of the machine are not parameters of the job, so that changing them retrains nothing.
    machine = snakemake.config.get("training") or {}
    device, seconds = machine.get("device", "auto"), machine.get("checkpoint_every", 30)
    checkpoints = Checkpoints.of_job(Path(output.networks), dict(params.items()), seconds)
    folder, data = Path(snakemake.input.mnist[0]).parent, job.dataset
    counts = (job.train_images, job.test_images)
    lease = leased_gpu(device, stopped=lambda: checkpoints.stopped)
    with watched(title) as progress, told_to_stop(checkpoints.stop), lease:
        result = train(
            wildcards.condition,
            Recipe.model_validate(job.recipe),
            params.seeds,
            load_mnist(folder, *counts, remove=True, name=data),
            device=device,
            threads=snakemake.threads,
            history_every=job.history_every,
            progress=progress,
            checkpoints=checkpoints,
            origin=Origin.of_file(snakemake.input.get("origin"), job.epochs_before),
        )
    write_csv(Path(output.history), history_table(result))
    write_csv(Path(output.rows), network_table(result))
    save_networks(Path(output.networks), result.networks)
    checkpoints.remove()
