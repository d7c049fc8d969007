"""Rule `report_pages`: the answer and the tables as the report shows them."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_whole
from clusterability.report.figures.inputs import paths
from clusterability.report.html_tables import table_page
from clusterability.report.restructured import restructured

with running(snakemake):
    inputs, output = dict(snakemake.input.items()), dict(snakemake.output.items())
    text = Path(inputs["answer"]).read_text(encoding="utf-8")
    write_whole(Path(output["answer"]), restructured(text).encode())
    for file, page in zip(paths(inputs, "tables"), paths(output, "tables"), strict=True):
        write_whole(page, table_page(file, snakemake.params.method).encode())
