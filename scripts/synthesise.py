"""Rule `synthesise`: random matrices with known structure, as networks of one layer."""

from pathlib import Path

from clusterability.files import write_csv
from clusterability.network_rows import network_rows
from clusterability.networks import save_networks
from clusterability.storage import save_items
from clusterability.synthetic import synthesise
from clusterability.synthetic_recipe import LAYER, SyntheticRecipe
from job import running

with running(snakemake):
    recipe = SyntheticRecipe.model_validate(snakemake.params.study)
    networks, planted = synthesise(snakemake.wildcards.condition, recipe, snakemake.params.seeds)
    save_items(Path(snakemake.output.planted), {(LAYER, recipe.clusters): planted})
    write_csv(Path(snakemake.output.rows), network_rows(networks))
    save_networks(Path(snakemake.output.networks), networks)
