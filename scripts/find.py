"""Rule `find`: whether published findings hold here."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.findings import SCORES, asked_scores, findings
from clusterability.files import write_csv
from clusterability.results.reading import read_csv, read_rows

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    scores = read_rows(inputs.scores, SCORES, asked_scores(study["method"]))
    networks = read_csv(inputs.networks)
    table = findings(scores, networks, study["pairs"], study["method"])
    write_csv(Path(snakemake.output.findings), table)
