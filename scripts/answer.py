"""Rule `answer`: report how good the clusters are, as a table and as text."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.verdict import CLUSTERS_NEEDED, verdict_rows
from clusterability.files import write_csv, write_whole
from clusterability.measures.detectable_contrast import detectable_contrast
from clusterability.report.answer import study_answer
from clusterability.report.restructured import restructured
from clusterability.results.reading import read_csv, read_parquet

with running(snakemake):
    inputs, output = snakemake.input, snakemake.output
    clusters = read_parquet(inputs.clusters, columns=CLUSTERS_NEEDED)
    twins = snakemake.params.permuted_of
    verdicts = verdict_rows(read_csv(inputs.best_k), clusters, detectable_contrast, twins)
    write_csv(Path(output.verdict), verdicts)
    validity = read_csv(inputs.validity) if inputs.validity else None
    options = snakemake.params.method, snakemake.params.resamples
    text = study_answer(verdicts, read_csv(inputs.networks), validity, *options)
    write_whole(Path(output.answer), text.encode())
    write_whole(Path(output.reported), restructured(text).encode())
