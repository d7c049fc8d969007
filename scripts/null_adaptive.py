"""Rule `null` with adaptive draws: draw only until the networks' values are decided."""

from clusterability_workflow.adaptive_drawing import draw_layers_until_decided
from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import NullJob
from clusterability.nulls.redrawing import RandomModel

with running(snakemake):
    model = RandomModel.named(snakemake.wildcards.null)
    draw_layers_until_decided(snakemake, NullJob(**snakemake.params.job), model)
