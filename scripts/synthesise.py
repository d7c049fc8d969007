"""Rule `synthesise`: make random matrices with known structure, as networks of one layer."""

from pathlib import Path

from clusterability_workflow.job import running

from clusterability.files import write_csv
from clusterability.networks.network_table import network_rows
from clusterability.networks.stacked import save_networks
from clusterability.networks.synthetic import synthesise
from clusterability.networks.synthetic_recipe import LAYER, SyntheticRecipe
from clusterability.results.npz_files import save_items

with running(snakemake):
    recipe = SyntheticRecipe.model_validate(snakemake.params.job)
    networks, planted = synthesise(snakemake.wildcards.condition, recipe, snakemake.params.seeds)
    save_items(Path(snakemake.output.planted), {(LAYER, recipe.distinct): planted})
    write_csv(Path(snakemake.output.rows), network_rows(networks))
    save_networks(Path(snakemake.output.networks), networks)
