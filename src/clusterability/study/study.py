"""Config of a study as a typed model, and what follows from it: blocks, layers, conditions.

`checks` holds the checks that involve several sections; `job_parameters`, the parameters of jobs.
Nothing here imports NumPy or torch: Snakemake parses the workflow for every job on a cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic.functional_validators import AfterValidator

from clusterability.blocks import Block
from clusterability.extensions import Extension
from clusterability.fields import Flag, Name, Section, different
from clusterability.jobs.adaptive_job import LEAST
from clusterability.measures.asked import asked_of_method
from clusterability.names import COMPARISONS, FRESH, GLOROT, IMPORTED
from clusterability.networks.scaling_names import scaled_method
from clusterability.networks.synthetic_recipe import SyntheticRecipe
from clusterability.study.extensions_asked import AddedMeasure, extensions_of
from clusterability.study.sections import (
    EMPTY_IS_NO_CHANGE,
    MNIST_TEST_IMAGES,
    MNIST_TRAIN_IMAGES,
    NOT_REDRAWN,
    RESULTS_PATTERN,
    Agreement,
    Blocks,
    Clustering,
    Dataset,
    Draws,
    EqualSize,
    FigureChoice,
    ImportedNetwork,
    KGrid,
    Null,
    Nulls,
    Overrides,
    Probe,
    Replication,
    Snapshots,
    Strata,
    Training,
    Validity,
    adaptive_nulls,
    parse_results,
    starting_at,
)
from clusterability.training.recipe import Recipe


class Study(Section):
    """All settings that decide what a study computes."""

    results: Annotated[
        str, BeforeValidator(parse_results), Field(pattern=f"^{RESULTS_PATTERN}$")
    ] = "results"
    """Folder of the results: `results`, or a folder inside it such as `results/smoke`. Each study
    needs a folder of its own."""
    seeds: Annotated[Blocks, AfterValidator(starting_at(0))] = ["0-9"]
    """Blocks of seeds: `0-9` is ten seeds, `16` a single one. Each seed gives one network per
    condition; the networks of a block are trained together in one job. To add networks, append
    blocks: `["0-9", "10-19"]` leaves existing networks as they are, whereas an enlarged block is
    trained again."""
    k_grid: KGrid = ["2-12"]
    """Blocks of k, the number of clusters per side. All k of a block are clustered in one job per
    layer. To add values, append blocks: `["2-12", 16]` trains nothing again."""
    dataset: Dataset = Dataset()
    """Images that networks are trained and tested on."""
    recipe: Recipe = Recipe()
    """Training recipe, unless a condition says otherwise. The defaults are those of the
    notebook."""
    conditions: dict[Name, Annotated[Overrides, EMPTY_IS_NO_CHANGE]] = {}
    """Training recipes by name. Each holds the keys of `recipe` that it changes; an empty one
    changes nothing. A study without `conditions`, `synthetic` and `networks` trains the condition
    `baseline`."""
    snapshots: dict[Name, Snapshots] = {}
    """Training steps at which networks of a condition are kept on the way, by condition. Example:
    `{trained: [0, 100, 1000]}`. Each step is a condition of its own in all tables, such as
    `trained_at_100`, whose networks are trained again up to it, to the same bits;
    tables/snapshots.csv and a figure put them in a row, with the condition itself at the end."""
    synthetic: dict[Name, SyntheticRecipe] = {}
    """Random matrices with known structure, by name, as controls: networks of one layer that are
    not trained. Example: `{planted: {rows: 128, columns: 784, clusters: 4, contrast: 0.2}}`."""
    networks: dict[Name, ImportedNetwork] = {}
    """Networks trained elsewhere, and matrices of any kind, by name (docs/your-own-matrix.md).
    Example: `{theirs: {path: theirs.safetensors, layers: [fc1.weight, fc2.weight]}}`."""
    training: Training = Training()
    """Device, threads, checkpoints and history of training jobs. Changing `device` or `threads`
    trains nothing again."""
    clustering: Clustering = Clustering()
    """Methods of clustering, and the scalings of the weights that are clustered."""
    nulls: Nulls = {"shuffle": 99, "labels": 99}
    """Null models that measures are compared with, and the number of draws of each
    (docs/measures.md):"""
    measures: Annotated[list[AddedMeasure], AfterValidator(different)] = []
    """Names of measures of other installed packages, scored beside those of the library
    (docs/extending.md)."""
    draws: Draws = "fixed"
    """Whether nulls have as many draws as `nulls` says, or at most so many (docs/measures.md):
    - `fixed`: as many.
    - `adaptive`: at least 19, and no more once ten draws were as good as each value of a layer. A
      small p takes many draws then, and a large one few. `labels` and `untrained` have all
      draws."""
    strata: Strata = Strata()
    """Input units that are alike, among which the null `within` permutes weights."""
    keep_draws: Flag = True
    """Whether the draws of nulls stay, 2.6 of the 3.4 GB of the default study. If false, each file
    of draws is removed once its scores are there; a new measure then draws them again."""
    agreement: Agreement = Agreement()
    """Comparison of the partitions of the same units between layers, seeds, restarts and data
    orders."""
    equal_size: EqualSize = EqualSize()
    """Comparison of a network's layers at equal size, by random sub-matrices, in
    tables/equal_size.csv (docs/measures.md, effect sizes). Off by default: `draws` is 0."""
    probe: Probe = Probe()
    """Activations of the units in each cluster, and accuracy without them (docs/function.md)."""
    validity: Validity = Validity()
    """Evidence on which measure is right, in tables/validity.csv and answer.md."""
    calibration: Annotated[list[Name], AfterValidator(different)] = []
    """Conditions, matrices and networks without structure, on which p must be uniform; they give
    tables/calibration.csv and a figure. About 200 networks are needed, as in
    studies/calibration.yaml. Empty: no table, no figure."""
    replication: Replication = Replication()
    """CSV files of published values that are put beside the study's own (docs/replication.md); they
    give tables/replication.csv, further tables and a figure. Example: studies/notebook.yaml. Empty:
    none of these."""
    figures: FigureChoice = FigureChoice()
    """Content of the figures. Pictures of single networks show the first seed of the study."""

    @model_validator(mode="before")
    @classmethod
    def _baseline_by_default(cls, config: Any) -> Any:
        """Train the baseline if the config names no networks."""
        if isinstance(config, dict) and not {"conditions", "synthetic", "networks"} & set(config):
            return config | {"conditions": {"baseline": None}}
        return config

    @model_validator(mode="after")
    def _with_snapshots(self) -> Study:
        """Insert snapshots as conditions, before the condition that they belong to."""
        conditions: dict[str, Any] = {}
        for name, changes in self.conditions.items():
            for step in sorted(self.snapshots.get(name, [])):
                # An existing condition of that name stays, so that a check reports it.
                if snapshot_name(name, step) not in self.conditions:
                    conditions[snapshot_name(name, step)] = changes.model_copy(
                        update={"steps": step}
                    )
            conditions[name] = changes
        self.conditions.clear()
        self.conditions.update(conditions)
        return self

    @property
    def snapshot_names(self) -> set[str]:
        """Conditions that are snapshots."""
        pairs = ((name, step) for name, steps in self.snapshots.items() for step in steps)
        return {snapshot_name(*pair) for pair in pairs}

    @property
    def own_conditions(self) -> list[str]:
        """Conditions in the config, without snapshots."""
        return [name for name in self.conditions if name not in self.snapshot_names]

    def trajectory_of(self, condition: str) -> dict[str, int]:
        """Training steps of a condition's snapshots, by condition, in order; the condition is last.

        Steps count from the start of its own training, without the conditions it continues from.
        """
        steps_by_name = {
            snapshot_name(condition, step): step for step in sorted(self.snapshots[condition])
        }
        return steps_by_name | {condition: self.steps_of(condition)}

    def steps_of(self, condition: str) -> int:
        """Training steps of a condition."""
        return self.recipe_of(condition).steps_of(self.steps_of_epoch(condition))

    @property
    def k_blocks(self) -> list[Block]:
        return [Block.parse(name) for name in self.k_grid]

    @property
    def k_values(self) -> list[int]:
        return sorted(k for block in self.k_blocks for k in block)

    def lineage_of(self, condition: str) -> list[str]:
        """The condition, the one it continues from, the one that this continues from, and so on."""
        lineage: list[str] = []
        following: str | None = condition
        while following in self.conditions and following not in lineage:
            lineage.append(following)
            following = self.conditions[following].origin
        return lineage

    def recipe_of(self, condition: str) -> Recipe:
        """Recipe of a condition: the study's, changed by the keys of its lineage."""
        keys = self.recipe.model_dump()
        for name in reversed(self.lineage_of(condition)):
            keys |= {"from": None} | self.conditions[name].model_dump(exclude_unset=True)
        return Recipe.model_validate(keys)

    def task_of(self, name: str) -> str:
        """Task that networks are trained on; `digits` for imported and synthetic networks."""
        return self.recipe_of(name).task if name in self.conditions else "digits"

    def epochs_before(self, condition: str) -> int:
        """Epochs of training in the conditions that a condition continues from."""
        return sum(self.recipe_of(name).epochs for name in self.lineage_of(condition)[1:])

    @property
    def data_folder(self) -> str:
        """Folder of the four image files, shared by all studies on the data set."""
        return f"results/data/{self.dataset.name}"

    @property
    def names(self) -> list[str]:
        """All sources of networks: trained, synthetic and imported conditions."""
        return [*self.conditions, *self.synthetic, *self.networks]

    @property
    def own_seeds(self) -> list[str]:
        """Blocks of seeds of trained and synthetic networks; imported networks have none."""
        return list(self.seeds) if self.conditions or self.synthetic else []

    def seed_blocks_of(self, name: str) -> list[str]:
        """Names of a condition's blocks of networks."""
        if name in self.networks:
            return [IMPORTED]
        if name.startswith(FRESH):
            return [Block(range(self.nulls["untrained"])).name]
        return self.seeds

    def layers_of(self, name: str) -> dict[str, tuple[int, int]]:
        """Weight matrices of a trained or synthetic condition, from name to shape [out, in]."""
        if name in self.synthetic:
            return self.synthetic[name].layers
        if name.startswith(FRESH):
            return Recipe.model_validate(fresh_recipe(name)).layers
        return self.recipe_of(name).layers

    @property
    def extensions(self) -> list[Extension]:
        """Measures, methods and nulls of other packages."""
        methods = [*self.clustering.methods, *self.equal_size.methods]
        return extensions_of(self.measures, methods, self.nulls)

    # --- nulls and pairs ---

    @property
    def redrawn_nulls(self) -> list[Null]:
        """Nulls of the study that redraw weights and cluster every draw."""
        return [null for null in self.nulls if null not in NOT_REDRAWN]

    @property
    def adaptive_nulls(self) -> dict[Null, int]:
        """Nulls whose draws end by a rule, with the largest number of draws of each."""
        return adaptive_nulls(self.draws, self.nulls)

    @property
    def shown_draws(self) -> dict[Null, int | str]:
        """Draws by null, as texts show them; "19 to 999" for nulls whose draws end by a rule."""
        ranges = {null: f"{LEAST} to {most}" for null, most in self.adaptive_nulls.items()}
        return {**self.nulls, **ranges}

    @property
    def block_nulls(self) -> list[Null]:
        """Nulls that are drawn block by block; `untrained` is added during aggregation."""
        return [null for null in self.nulls if null != "untrained"]

    def fresh_of(self, condition: str) -> str | None:
        """Condition of the fresh networks that a trained condition is compared with, if any."""
        if "untrained" not in self.nulls or condition not in self.conditions:
            return None
        recipe = self.recipe_of(condition)
        if recipe.pixel_deviation:
            return None  # fresh networks see all pixels
        return FRESH + (GLOROT if recipe.initialisation == "glorot" else "") + recipe.architecture

    @property
    def fresh_conditions(self) -> list[str]:
        """All conditions of fresh networks."""
        names = [self.fresh_of(condition) for condition in self.conditions]
        return list(dict.fromkeys(name for name in names if name is not None))

    def initial_of(self, condition: str) -> str | None:
        """Condition that holds a condition's networks before training, if there is one."""
        recipe = self.recipe_of(condition)
        for other in self.conditions:
            start = self.recipe_of(other)
            untrained = start.origin is None and not start.trains
            if untrained and other != condition and start.start == recipe.start:
                return other if recipe.trains or self.epochs_before(condition) else None
        return None

    def reordered_of(self, condition: str) -> list[str]:
        """Later conditions with the same recipe but another order of the data."""
        if condition not in self.conditions:
            return []
        names = list(self.conditions)
        later = names[names.index(condition) + 1 :]
        recipe = self.recipe_of(condition)
        others = {name: self.recipe_of(name) for name in later}
        return [
            name
            for name, other in others.items()
            if other.data_order != recipe.data_order
            and other.model_copy(update={"data_order": recipe.data_order}) == recipe
        ]

    def permuted_of(self, condition: str) -> str | None:
        """Condition with the same recipe but permuted training labels, if there is one."""
        recipe = self.recipe_of(condition)
        twin = recipe.model_copy(update={"labels": "permuted"})
        if recipe == twin:
            return None
        return next((name for name in self.conditions if self.recipe_of(name) == twin), None)

    def at_equal_size(self, layers: Sequence[str]) -> list[str]:
        """Layers of a network to compare at equal size; none for networks with a single layer."""
        return list(layers) if self.equal_size.draws and len(layers) > 1 else []

    # --- what units do, and which measure is right ---

    @property
    def probed_k(self) -> list[int]:
        """Values of k at which units are probed."""
        return self.few_k if self.probe.k is None else self.probe.k

    def examples_of(self, name: str) -> Recipe:
        """Recipe whose images and labels a condition or an imported network is shown."""
        if name in self.conditions:
            return self.recipe_of(name)
        return Recipe(normalise=self.networks[name].normalise)

    @property
    def shown_images(self) -> dict[str, int]:
        """Sources of the images shown to networks, with the number of images."""
        sources = {"test_images": self.dataset.test_images or MNIST_TEST_IMAGES}
        if any(self.recipe_of(name).labels == "permuted" for name in self.conditions):
            sources["train_images"] = self.dataset.train_images or MNIST_TRAIN_IMAGES
        return sources

    def probed_k_of(self, block: str) -> list[int]:
        """The probed values of k in this block."""
        return [k for k in self.probed_k if k in Block.parse(block)]

    def probed_layers(self, layers: Sequence[str]) -> list[str]:
        """Layers to probe in a network with these layers: those with hidden units on the U side."""
        if len(layers) < 2 or not self.probed_k:
            return []
        return self.clustering.clustered_layers(layers[:-1])

    def plants(self, name: str) -> bool:
        """Whether a condition's networks come with a planted partition."""
        if name in self.conditions:
            return self.recipe_of(name).plants
        return name in self.synthetic

    # --- what is published ---

    @property
    def published(self) -> dict[str, tuple[str, str]]:
        """Tables of comparisons with published values, by name: key in the config, and file."""
        files = {key: path for key, path in self.replication if path is not None}
        return {COMPARISONS[key]: (key, path) for key, path in files.items()}

    def steps_of_epoch(self, condition: str) -> int:
        """Batches per epoch of a trained condition; the last one may be smaller."""
        images = self.dataset.train_images or MNIST_TRAIN_IMAGES
        return -(-images // self.recipe_of(condition).batch_size)

    @property
    def drawn_method(self) -> str | None:
        """Method whose partitions of layers are drawn; None if no layers are clustered."""
        methods = self.clustering.methods_for("fc1")
        if not methods:
            return None
        chosen = self.figures.method or ("matched" if "matched" in methods else methods[0])
        return scaled_method(chosen, self.clustering.scalings[0])

    @property
    def drawn_measures(self) -> list[str]:
        """Measures that are drawn against k: those that a method of the study has."""
        methods = self.clustering.methods
        known = {name for method in methods for name in asked_of_method(method, self.measures)}
        return [name for name in self.figures.measures if name in known]

    @property
    def drawn_k(self) -> int:
        """Number of clusters in the pictures of weight matrices."""
        return self.figures.k or (4 if 4 in self.k_values else self.k_values[0])

    @property
    def few_k(self) -> list[int]:
        """Default k of figures and probes."""
        return [k for k in (2, 4, 8) if k in self.k_values] or self.k_values[:1]

    @property
    def probed_conditions(self) -> list[str]:
        """Trained conditions whose units are probed: those with hidden units and one head."""
        recipes = {name: self.recipe_of(name) for name in self.conditions}
        return [
            name
            for name, recipe in recipes.items()
            if recipe.heads == 1 and self.probed_layers(list(recipe.layers))
        ]

    @property
    def agreeing_methods(self) -> list[str]:
        """Methods whose partitions of layers are compared with each other, at each scaling."""
        return self.layer_variants if self._has_agreement else []

    @property
    def layer_variants(self) -> list[str]:
        """Methods of the study that cluster layers, at each scaling."""
        return self.variants(self.clustering.methods_for("fc1"))

    def variants(self, methods: Sequence[str] | None = None) -> list[str]:
        """Methods of the study at each scaling; if `methods` are given, only those among them."""
        return [
            scaled_method(method, scaling)
            for scaling in self.clustering.scalings
            for method in self.clustering.methods
            if methods is None or method in methods
        ]

    @property
    def _has_agreement(self) -> bool:
        """Whether there are several layers, and partitions of them, to compare."""
        deep = any(len(self.layers_of(name)) > 1 for name in self.conditions)
        return deep and self.drawn_method is not None

    def k_block_of(self, k: int) -> str:
        """Name of the block that holds k."""
        return next(block.name for block in self.k_blocks if k in block)


def snapshot_name(condition: str, step: int) -> str:
    """Name of the condition for a condition's networks at a training step.

    >>> snapshot_name("trained", 100)
    'trained_at_100'
    """
    return f"{condition}_at_{step}"


def fresh_recipe(name: str) -> dict[str, str]:
    """Parse the name of a condition of fresh networks into two keys of their recipe."""
    glorot = name.removeprefix(FRESH).startswith(GLOROT)
    return {
        "architecture": name.removeprefix(FRESH).removeprefix(GLOROT),
        "initialisation": "glorot" if glorot else "pytorch",
    }
