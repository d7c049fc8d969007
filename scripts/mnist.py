"""Rule `mnist`: gets the four files of MNIST and verifies them."""

from pathlib import Path

from clusterability.sources import get_mnist
from job import running

with running(snakemake):
    path = (snakemake.config.get("dataset") or {}).get("path")
    get_mnist(Path(snakemake.output[0]).parent, Path(path) if path else None)
