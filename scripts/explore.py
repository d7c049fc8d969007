"""Rule `explore`: one page to look at every network of the study."""

from pathlib import Path

from clusterability.exploring.page import make_page
from clusterability.files import write_whole
from job import running

with running(snakemake):
    files = dict(snakemake.input.items())
    write_whole(Path(snakemake.output.page), make_page(files, snakemake.params.study))
