"""Rule `agree`: compare the partitions of a block with each other."""

from clusterability_workflow.job import running
from clusterability_workflow.layers import layers_of

from clusterability.analysis.agreement import agreement_rows
from clusterability.files import write_parquet
from clusterability.jobs.comparison_jobs import AgreementJob
from clusterability.networks.tasks import TASKS
from clusterability.results.block_paths import read_blocks

with running(snakemake):
    inputs, job = snakemake.input, AgreementJob(**snakemake.params.job)
    blocks = read_blocks(inputs.partitions, inputs.starts, inputs.planted)
    partners, task = read_blocks(inputs.partners), TASKS[job.task]
    for block, each in zip(blocks, layers_of(snakemake), strict=True):
        rows = agreement_rows(block, job.draws, partners, shared_ends=job.shared_ends, task=task)
        write_parquet(each.output("agreement"), rows)
