"""Rule `aggregate`: rows of all blocks to the tables of the study."""

from pathlib import Path

from clusterability import function_measures, tables
from clusterability.agreement import summarise_agreement
from clusterability.choosing import CELL_COLUMNS, NETWORK_COLUMNS
from clusterability.files import write_csv, write_parquet, write_whole
from clusterability.untrained import less_initial, with_untrained
from job import running

with running(snakemake):
    inputs, study = snakemake.input, snakemake.params.study
    output = {name: Path(file) for name, file in snakemake.output.items()}
    structure = tables.read_all(inputs.scores)
    if inputs.fresh:
        structure = with_untrained(structure, tables.read_all(inputs.fresh), study["fresh_of"])
    scores = tables.with_q(tables.together(structure, tables.read_all(inputs.function)))
    networks = tables.read_networks(inputs.networks)
    summary = tables.summarise(scores, networks)
    clusters = tables.read_all(inputs.clusters)
    functions = tables.read_all(inputs.function_clusters, function_measures.CLUSTERS)
    agreement = tables.read_all(inputs.agreement)
    write_parquet(output["scores_parquet"], scores)
    write_csv(output["scores_csv"], scores)
    write_csv(output["summary_csv"], summary)
    write_whole(output["summary_tex"], tables.latex_summary(summary).encode())
    write_csv(output["paired"], less_initial(structure, study["initial_of"]))
    write_csv(output["networks"], networks)
    write_parquet(output["clusters"], tables.with_functions(clusters, functions))
    ablations = tables.read_all(inputs.ablations, function_measures.ABLATION_COLUMNS)
    write_parquet(output["ablations"], ablations)
    write_parquet(output["partitions"], tables.read_partitions(inputs.partitions, inputs.weights))
    write_parquet(output["agreement_parquet"], agreement)
    write_csv(output["agreement_csv"], summarise_agreement(agreement))
    write_csv(output["best_k"], tables.read_all(inputs.best_k, CELL_COLUMNS))
    best = tables.read_all(inputs.best_k_networks, NETWORK_COLUMNS)
    write_csv(output["best_k_networks"], best)
