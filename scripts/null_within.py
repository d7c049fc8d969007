"""Rule `null_within`: as rule `null`, of weights permuted within strata of a covariate."""

from pathlib import Path

import numpy as np

from clusterability_workflow.drawing import draw_layers
from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.files import file_digest
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.networks.tasks import side_by_side
from clusterability.nulls.within import model_within
from clusterability.study.covariates import check_length, read_covariate

with running(snakemake):
    asked, source = StratifiedJob(**snakemake.params.job), snakemake.input.get("covariate")
    covariate, digest = None, {}
    if source:  # a layer with a covariate is never taken with others
        (layer,) = layers_of(snakemake)
        key = f"networks.{layer.condition}.covariate"
        numbers = side_by_side(read_covariate(Path(source), key), asked.images)
        columns = layer.networks().weights[layer.name].shape[-1]
        check_length(numbers, columns, source, layer.name, key)
        covariate, digest = np.array(numbers), {"covariate": file_digest(Path(source))}
    draw_layers(snakemake, asked, model_within(covariate, asked.strata), digest)
