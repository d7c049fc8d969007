"""Rule `find`: whether published findings hold here."""

from pathlib import Path

import pandas as pd

from clusterability.files import write_csv
from clusterability.findings import findings
from job import running

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    scores, networks = pd.read_parquet(inputs.scores), pd.read_csv(inputs.networks)
    table = findings(scores, networks, study["pairs"], study["method"])
    write_csv(Path(snakemake.output.findings), table)
