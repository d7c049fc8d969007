"""Rule `contact_sheet`: place all figures on one sheet."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import whole_file
from clusterability.report.contact_sheet import contact_sheet
from clusterability.report.figures.inputs import paths

with running(snakemake):
    sheet = contact_sheet(paths(dict(snakemake.input.items()), "figures"))
    with whole_file(Path(snakemake.output.sheet)) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)
