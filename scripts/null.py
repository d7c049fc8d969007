"""Rule `null`: redraw weights, cluster them like the networks, and write tables at all k."""

from clusterability_workflow.drawing import draw_layers
from clusterability_workflow.job import running

from clusterability.jobs.clustering_job import NullJob
from clusterability.nulls.redrawing import RandomModel

with running(snakemake):
    model = RandomModel.named(snakemake.wildcards.null)
    draw_layers(snakemake, NullJob(**snakemake.params.job), model)
