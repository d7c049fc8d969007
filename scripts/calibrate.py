"""Rule `calibrate`: whether p is uniform on conditions without structure."""

from pathlib import Path

import pandas as pd

from clusterability.calibration import calibration_cells, calibration_nulls
from clusterability.files import write_csv
from job import running

with running(snakemake):
    conditions = [("condition", "in", snakemake.params.conditions)]
    scores = pd.read_parquet(snakemake.input.scores, filters=conditions)
    write_csv(Path(snakemake.output.cells), calibration_cells(scores))
    write_csv(Path(snakemake.output.nulls), calibration_nulls(scores))
