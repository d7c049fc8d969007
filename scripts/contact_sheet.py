"""Rule `contact_sheet`: all figures on one sheet."""

from pathlib import Path

from clusterability.contact_sheet import contact_sheet
from clusterability.figures.inputs import paths
from clusterability.files import whole_file
from job import running

with running(snakemake):
    sheet = contact_sheet(paths(dict(snakemake.input.items()), "figures"))
    with whole_file(Path(snakemake.output.sheet)) as temporary:
        sheet.save(temporary, format="PNG", optimize=True)
