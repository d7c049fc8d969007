"""Rule `mnist`: gets the four files of MNIST, or of a data set of its format, and verifies them."""

from pathlib import Path

from clusterability.sources import get_mnist
from job import running

with running(snakemake):
    path = (snakemake.config.get("dataset") or {}).get("path")
    folder = Path(snakemake.output[0]).parent  # named as the data set
    get_mnist(folder, Path(path) if path else None, name=folder.name)
