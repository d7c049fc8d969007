"""Rule `null_within`: as rule `null`, of weights permuted within strata of a covariate."""

from itertools import chain
from pathlib import Path

import numpy as np

from clusterability_workflow.job import running

from clusterability.files import file_digest
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.networks.scaled_layer import scaled_layers
from clusterability.networks.stacked import load_networks
from clusterability.nulls.clustered_again import drawn_one_by_one, stacked_draws
from clusterability.nulls.within import model_within
from clusterability.results.kept_draws import KeptDraws
from clusterability.results.npz_files import save_items
from clusterability.signals import told_to_stop
from clusterability.study.covariates import check_length, read_covariate

with running(snakemake):
    wildcards, params = snakemake.wildcards, snakemake.params
    asked, file = StratifiedJob(**params.job), Path(snakemake.input.networks)
    output, source = Path(snakemake.output.tables), snakemake.input.get("covariate")
    layers = scaled_layers(load_networks(file), wildcards.layer, asked.scalings)
    parameters, covariate = dict(params.items()), None
    if source:
        key = f"networks.{wildcards.condition}.covariate"
        numbers = read_covariate(Path(source), key)
        check_length(numbers, layers[0].matrices.shape[-1], source, wildcards.layer, key)
        parameters["covariate"] = file_digest(Path(source))
        covariate = np.array(numbers)
    machine = snakemake.config.get("training") or {}
    seconds = machine.get("checkpoint_every", 30)
    kept = KeptDraws.of_job(output, file, parameters, seconds)
    done = kept.found()
    model = model_within(covariate, asked.strata)
    job = (model, layers, params.k_values, asked, snakemake.threads)
    with told_to_stop(kept.stop):
        drawn = chain(done, kept.keeping(drawn_one_by_one(*job, done=len(done))))
        tables = stacked_draws(layers, asked, drawn)
    save_items(output, tables)
    kept.remove()
