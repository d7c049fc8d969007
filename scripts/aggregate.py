"""Rule `aggregate`: join the rows of all blocks into the tables of the study."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.analysis import agreement_table
from clusterability.analysis.agreement import AGREEMENT_COLUMNS
from clusterability.analysis.choosing_k.best_k_rows import BEST_K_COLUMNS, BEST_K_NETWORKS_COLUMNS
from clusterability.analysis.lesion_networks import lesion_networks
from clusterability.files import write_csv, write_whole
from clusterability.jobs.comparison_jobs import AggregationJob
from clusterability.results import aggregation, reading, summary
from clusterability.results.function_columns import ABLATION_COLUMNS, LESION_COLUMNS

with running(snakemake):
    inputs, job = snakemake.input, AggregationJob(**snakemake.params.job)
    output = {name: Path(file) for name, file in snakemake.output.items()}
    networks = summary.read_networks(inputs.networks)
    write_csv(output["networks"], networks)
    scores = aggregation.BlockScores(inputs.scores, inputs.fresh, inputs.function, job.fresh_of)
    cells = scores.cells()
    means = summary.summary_of(cells, networks)
    write_csv(output["summary_csv"], means)
    write_whole(output["summary_tex"], summary.latex_summary(means).encode())
    scores.write(cells, output["scores_parquet"], output["scores_csv"])
    write_csv(output["paired"], scores.paired(job.initial_of))
    aggregation.write_clusters(output["clusters"], inputs.clusters, inputs.function_clusters)
    aggregation.write_rows(output["ablations"], inputs.ablations, ABLATION_COLUMNS)
    aggregation.write_rows(output["lesions"], inputs.lesions, LESION_COLUMNS)
    write_csv(output["lesions_networks"], lesion_networks(inputs.lesions))
    aggregation.write_partitions(output["partitions"], inputs.partitions, inputs.weights)
    aggregation.write_rows(output["agreement_parquet"], inputs.agreement, AGREEMENT_COLUMNS)
    write_csv(output["agreement_csv"], agreement_table.agreement_summary(inputs.agreement))
    write_csv(output["best_k"], reading.read_all(inputs.best_k, BEST_K_COLUMNS))
    best = reading.read_all(inputs.best_k_networks, BEST_K_NETWORKS_COLUMNS)
    write_csv(output["best_k_networks"], best)
