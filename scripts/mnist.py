"""Rule `mnist`: get and verify the four files of MNIST, or of a data set in its format."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.training.download import get_mnist

with running(snakemake):
    path = (snakemake.config.get("dataset") or {}).get("path")
    folder = Path(snakemake.output[0]).parent  # named as the data set
    get_mnist(folder, Path(path) if path else None, name=folder.name)
