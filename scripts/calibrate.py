"""Rule `calibrate`: whether p is uniform on conditions without structure."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.calibration import calibrate
from clusterability.files import write_csv

with running(snakemake):
    cells, nulls = calibrate(Path(snakemake.input.scores), snakemake.params.conditions)
    write_csv(Path(snakemake.output.cells), cells)
    write_csv(Path(snakemake.output.nulls), nulls)
