"""Rule `mnist`: gets the four files of MNIST and verifies them."""

from pathlib import Path

from clusterability.sources import get_mnist
from job import logged

with logged(snakemake.log[0]):
    path = (snakemake.config.get("dataset") or {}).get("path")
    get_mnist(Path(snakemake.output[0]).parent, Path(path) if path else None)
