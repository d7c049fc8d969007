"""Rule `agree`: agreement of the partitions of a block with each other."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.agreement import agreement_rows
from clusterability.files import write_parquet
from clusterability.results.block_paths import read_blocks

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    (block,) = read_blocks(inputs.partitions, inputs.starts, inputs.get("planted", []))
    partners = read_blocks(inputs.get("partners", []))
    rows = agreement_rows(block, study["draws"], partners, shared_ends=study["shared_ends"])
    write_parquet(Path(snakemake.output.agreement), rows)
