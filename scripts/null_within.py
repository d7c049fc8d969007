"""Rule `null_within`: as rule `null`, with weights permuted within strata of a covariate."""

from clusterability_workflow.drawing import draw_layers
from clusterability_workflow.job import running
from clusterability_workflow.stratifying import stratified

from clusterability.jobs.stratified_job import StratifiedJob

with running(snakemake):
    job = StratifiedJob(**snakemake.params.job)
    draw_layers(snakemake, job, *stratified(snakemake, job))
