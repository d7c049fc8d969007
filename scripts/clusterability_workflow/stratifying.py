"""Build the null model `within` of a job from the covariate in its inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from clusterability_workflow.layers import layers_of

from clusterability.files import file_digest
from clusterability.jobs.stratified_job import StratifiedJob
from clusterability.networks.tasks import side_by_side
from clusterability.nulls.redrawing import RandomModel
from clusterability.nulls.within import model_within
from clusterability.study.covariates import check_length, read_covariate


def stratified(job: Any, stratified_job: StratifiedJob) -> tuple[RandomModel, dict[str, str]]:
    """Return the null model, and the digest of its covariate if it has one.

    Args:
        job: the object `snakemake` of a rule's script.
        stratified_job: numbers of strata and of images side by side.
    """
    source = job.input.get("covariate")
    if not source:
        return model_within(None, stratified_job.strata), {}
    (layer,) = layers_of(job)  # a layer with a covariate is never taken with others
    key = f"networks.{layer.condition}.covariate"
    numbers = side_by_side(read_covariate(Path(source), key), stratified_job.images)
    columns = layer.networks().weights[layer.name].shape[-1]
    check_length(numbers, columns, source, layer.name, key)
    digest = {"covariate": file_digest(Path(source))}
    return model_within(np.array(numbers), stratified_job.strata), digest
