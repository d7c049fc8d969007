"""Rule `null_within`: as rule `null`, of weights permuted within strata of a covariate."""

from pathlib import Path

import numpy as np

from clusterability_workflow.drawing import write_draws
from clusterability_workflow.job import running

from clusterability.files import file_digest
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.nulls.within import model_within
from clusterability.study.covariates import check_length, read_covariate

with running(snakemake):
    wildcards, asked = snakemake.wildcards, StratifiedJob(**snakemake.params.job)
    networks, source = (
        load_networks(Path(snakemake.input.networks)),
        snakemake.input.get("covariate"),
    )
    layers = scaled_layers(networks, wildcards.layer, asked.scalings)
    covariate, others = None, {}
    if source := snakemake.input.get("covariate"):
        key = f"networks.{wildcards.condition}.covariate"
        numbers = read_covariate(Path(source), key)
        check_length(numbers, layers[0].matrices.shape[-1], source, wildcards.layer, key)
        covariate, others = np.array(numbers), {"covariate": file_digest(Path(source))}
    write_draws(snakemake, layers, asked, model_within(covariate, asked.strata), others)
