"""Rule `agree`: agreement of the partitions of a block with each other."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.agreement import agreement_rows
from clusterability.files import write_parquet
from clusterability.jobs.comparison_jobs import AgreementJob
from clusterability.results.block_paths import read_blocks

with running(snakemake):
    inputs, asked = snakemake.input, AgreementJob(**snakemake.params.job)
    (block,) = read_blocks(inputs.partitions, inputs.starts, inputs.get("planted", []))
    partners = read_blocks(inputs.get("partners", []))
    rows = agreement_rows(block, asked.draws, partners, shared_ends=asked.shared_ends)
    write_parquet(Path(snakemake.output.agreement), rows)
