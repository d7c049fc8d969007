"""Rule `aggregate`: rows of all blocks to the tables of the study."""

from pathlib import Path

from clusterability.files import write_csv, write_parquet, write_whole
from clusterability.tables import (
    latex_summary,
    read_all,
    read_networks,
    read_partitions,
    summarise,
    with_q,
)
from job import logged

with logged(snakemake.log[0]):
    output = {name: Path(file) for name, file in snakemake.output.items()}
    scores = with_q(read_all(snakemake.input.scores))
    write_parquet(output["scores_parquet"], scores)
    write_csv(output["scores_csv"], scores)
    summary = summarise(scores)
    write_csv(output["summary_csv"], summary)
    write_whole(output["summary_tex"], latex_summary(summary).encode())
    write_csv(output["networks"], read_networks(snakemake.input.networks))
    write_parquet(output["clusters"], read_all(snakemake.input.clusters))
    write_parquet(output["partitions"], read_partitions(snakemake.input.partitions))
