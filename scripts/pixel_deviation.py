"""Rule `pixel_deviation`: write each pixel's SD over the training images, for `within`."""

from pathlib import Path

import pandas as pd

from clusterability_workflow.job import running

from clusterability.files import write_csv
from clusterability.nulls.pixel_deviations import pixel_deviations
from clusterability.training.images import load_mnist

with running(snakemake):
    params, folder = snakemake.params, Path(snakemake.input.mnist[0]).parent
    data = load_mnist(folder, params.train_images, name=params.dataset)
    deviations = pixel_deviations(data.train_images)
    write_csv(Path(snakemake.output.covariate), pd.DataFrame({"pixel_deviation": deviations}))
