"""Rule `report_pages`: write the tables as pages of the report."""

from clusterability_workflow.job import running

from clusterability.files import write_whole
from clusterability.report.figures.inputs import paths
from clusterability.report.html_tables import table_page

with running(snakemake):
    inputs, output = dict(snakemake.input.items()), dict(snakemake.output.items())
    for file, page in zip(paths(inputs, "tables"), paths(output, "tables"), strict=True):
        write_whole(page, table_page(file, snakemake.params.method).encode())
