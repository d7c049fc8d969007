"""Rule `paper`: what a paper takes of the study: figures, tables, captions, numbers, methods."""

from pathlib import Path

from clusterability.figures.inputs import paths
from clusterability.files import write_whole
from clusterability.paper.files import write_figures, write_tables
from clusterability.paper.inputs import Shown
from clusterability.paper.manifest import manifest, versions
from clusterability.paper.methods import methods_text
from clusterability.paper.numbers import numbers_tex
from clusterability.paper.tables import paper_tables
from job import running

with running(snakemake):
    study, inputs = snakemake.params.study, dict(snakemake.input.items())
    folder = Path(snakemake.output.manifest).parent
    tables = {name: Path(inputs[name]) for name in study["tables"]}
    shown = Shown.read(tables, study)
    write_figures(folder, paths(inputs, "figures"))
    write_tables(folder, paper_tables(shown))
    write_whole(Path(snakemake.output.numbers), numbers_tex(shown).encode())
    text = methods_text(study, shown, versions())
    write_whole(Path(snakemake.output.methods), text.encode())
    files = sorted(Path(file) for file in snakemake.output if file != snakemake.output.manifest)
    devices = shown.tables["networks"]["device"].dropna().unique()
    content = manifest(study["config"], devices, paths(inputs, "sources"), folder, files)
    write_whole(Path(snakemake.output.manifest), content.encode())
