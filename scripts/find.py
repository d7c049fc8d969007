"""Rule `find`: whether published findings hold here."""

from pathlib import Path

from clusterability.files import write_csv
from clusterability.findings import SCORES, asked_scores, findings
from clusterability.table_files import read_csv
from clusterability.table_rows import read_rows
from job import running

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    scores = read_rows(inputs.scores, SCORES, asked_scores(study["method"]))
    networks = read_csv(inputs.networks)
    table = findings(scores, networks, study["pairs"], study["method"])
    write_csv(Path(snakemake.output.findings), table)
