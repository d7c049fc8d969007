"""Rule `null_within` with adaptive draws: draw only until the networks' values are decided."""

from clusterability_workflow.adaptive_drawing import draw_layers_until_decided
from clusterability_workflow.job import running
from clusterability_workflow.stratifying import stratified

from clusterability.jobs.stratified_job import StratifiedJob

with running(snakemake):
    job = StratifiedJob(**snakemake.params.job)
    draw_layers_until_decided(snakemake, job, *stratified(snakemake, job))
