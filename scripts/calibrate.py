"""Rule `calibrate`: test whether p is uniform and bits are rare on conditions without structure."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis.calibration import calibrate
from clusterability.analysis.calibration_bits import calibration_bits
from clusterability.files import write_csv

with running(snakemake):
    scores, conditions = Path(snakemake.input.scores), snakemake.params.conditions
    cells, nulls = calibrate(scores, conditions)
    write_csv(Path(snakemake.output.cells), cells)
    write_csv(Path(snakemake.output.nulls), nulls)
    write_csv(Path(snakemake.output.bits), calibration_bits(scores, conditions))
