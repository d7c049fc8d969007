"""The config of a study as a typed model: blocks, conditions, grids and their cross-checks.

Nothing here imports torch, scikit-learn or scipy: Snakemake parses the workflow anew for every
job that runs on a cluster, and this module is all that it needs for that.
"""

from __future__ import annotations

import difflib
import itertools
import math
import os
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, create_model, model_validator
from pydantic.functional_validators import AfterValidator

from clusterability.blocks import Block
from clusterability.errors import UserError, one_line
from clusterability.function_measures import GROUPS
from clusterability.names import FRESH, GLOROT, IMPORTED, NETWORK, OWN_FOLDERS
from clusterability.published import COMPARISONS
from clusterability.recipe import Recipe
from clusterability.registry import measures as measure_registry
from clusterability.registry.figures import FIGURES
from clusterability.registry.methods import METHODS
from clusterability.registry.nulls import NULLS
from clusterability.synthetic_recipe import LAYER as SYNTHETIC_LAYER
from clusterability.synthetic_recipe import SyntheticRecipe
from clusterability.values import FilePath, Flag, Name, Section, Whole, different
from clusterability.variants import Scaling, scaled_method

MNIST_TRAIN_IMAGES = 60_000
MNIST_TEST_IMAGES = 10_000

MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

MEASURES = tuple(name for name, entry in measure_registry.MEASURES.items() if entry.direction)
"""Measures with a direction."""
LAYER_METHODS = tuple(name for name, entry in METHODS.items() if not entry.whole)
"""Methods that cluster one layer at a time; the others cluster the units of all layers at once."""
REDRAWN = tuple(name for name, entry in NULLS.items() if entry.redrawn)
"""Nulls that draw weights anew and cluster them again."""

if TYPE_CHECKING:
    Method: TypeAlias = str
    Null: TypeAlias = str
    Measure: TypeAlias = str
else:
    Method, Null, Measure = (Literal[tuple(names)] for names in (METHODS, NULLS, MEASURES))


# --- values ------------------------------------------------------------------------------------


MOST_NUMBERS = 10**6
"""In all blocks of a list together."""


def _parse_blocks(value: Any) -> list[str]:
    """Block names in their canonical form; overlapping blocks are refused."""
    if not isinstance(value, list) or not value:
        raise ValueError('a list of blocks such as ["0-9", 16]')
    blocks, numbers = [], 0
    for item in value:
        try:
            blocks.append(Block.parse(item))
        except ValueError as error:
            raise ValueError(f"{error} in place of {_shorten(item)}") from None
        numbers += len(blocks[-1])
        if numbers > MOST_NUMBERS:
            raise ValueError(f"blocks of at most {MOST_NUMBERS} numbers together")
    for before, after in itertools.pairwise(sorted(blocks, key=lambda block: block[0])):
        if after[0] <= before[-1]:
            first, second = sorted((before, after), key=blocks.index)
            raise ValueError(
                f"blocks that do not overlap ({after[0]} is in {first.name!r} and in"
                f" {second.name!r})"
            )
    return [block.name for block in blocks]


def _starting_at(first: int) -> Callable[[list[str]], list[str]]:
    def check(names: list[str]) -> list[str]:
        for name in names:
            if Block.parse(name)[0] < first:
                raise ValueError(f"numbers that are at least {first}")
        return names

    return check


def _parse_device(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", value):
        raise ValueError("auto, cpu, cuda, cuda:<number> or mps")
    return value


# Four folders at most, and none whose name is too long or starts as an option does.
RESULTS_PATTERN = r"results(/[A-Za-z0-9_][A-Za-z0-9_-]{0,59}){0,4}"


def _parse_results(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(RESULTS_PATTERN, value):
        raise ValueError("results, or a folder in it such as results/smoke")
    taken = set(OWN_FOLDERS).intersection(value.split("/")[1:])
    if taken:
        raise ValueError(f"another name than {min(taken)!r}, which is a folder of a study itself")
    return value


Blocks = Annotated[
    list[str],
    BeforeValidator(
        _parse_blocks,
        json_schema_input_type=list[int | Annotated[str, Field(pattern=r"^\d+(-\d+)?$")]],
    ),
]


# --- sections ----------------------------------------------------------------------------------


class Dataset(Section):
    name: Literal["mnist", "fashion_mnist", "kmnist"] = "mnist"
    """MNIST, or another data set of its format."""
    path: FilePath | None = None
    """Folder that already holds its four files (IDX, plain or .gz); empty: download them."""
    train_images: Annotated[Whole, Field(ge=1, le=MNIST_TRAIN_IMAGES)] | None = None
    """Train on the first so many images only; empty: all 60,000."""
    test_images: Annotated[Whole, Field(ge=1, le=MNIST_TEST_IMAGES)] | None = None
    """Test on the first so many images only; empty: all 10,000."""


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def _overrides() -> type[Section]:
    """A model with the recipe's keys, none of them required: what a condition may say."""
    fields: dict[str, Any] = {
        name: (
            Annotated[field.annotation, *field.metadata, Field()],
            Field(None, alias=field.alias, json_schema_extra=_without_default),
        )
        for name, field in Recipe.model_fields.items()
    }
    return create_model("Overrides", __base__=Section, **fields)


if TYPE_CHECKING:
    Overrides = Recipe
else:
    Overrides = _overrides()


_EMPTY_IS_NO_CHANGE = BeforeValidator(
    lambda value: {} if value is None else value, json_schema_input_type=Overrides | None
)


class Training(Section):
    device: Annotated[
        str, BeforeValidator(_parse_device), Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$")
    ] = "auto"
    """auto (a CUDA GPU where there is one, else the CPU), cpu, cuda, cuda:<number> or mps."""
    threads: Annotated[Whole, Field(ge=1)] = 1
    """CPU threads of a training job. The weights do not depend on it."""
    checkpoint_every: Annotated[Whole, Field(ge=1, le=60)] = 30
    """Seconds of training that are lost at most when a job is killed."""
    history_every: Annotated[Whole, Field(ge=1)] = 400
    """Steps between two rows of the history, counted in each epoch from its first step."""


class Clustering(Section):
    methods: Annotated[list[Method], Field(min_length=1), AfterValidator(different)] = [
        "notebook",
        "matched",
        "joint",
    ]
    """Ways from weights to a partition (docs/measures.md)."""
    scalings: Annotated[list[Scaling], Field(min_length=1), AfterValidator(different)] = ["none"]
    """Scales of weights that are clustered and scored, each for itself (docs/measures.md)."""
    restarts: Annotated[Whole, Field(ge=1)] = 3
    """Starts of k-means, of networks and nulls alike (`notebook` always has one)."""


class Agreement(Section):
    draws: Annotated[Whole, Field(ge=1)] = 99
    """Permutations of labels that the agreement of two partitions is compared with."""


class Probe(Section):
    k: Annotated[list[Annotated[Whole, Field(ge=1)]], AfterValidator(different)] | None = None
    """Clusters at which it is asked what units do; empty: 2, 4 and 8, or the least k of the grid;
    [] asks nothing."""
    images: Annotated[Whole, Field(ge=1)] = 2000
    """Images that are shown: the same test images to all networks (training images where labels
    are permuted). By default, fewer where there are fewer."""
    groups: Annotated[Whole, Field(ge=1)] = 99
    """Random groups of units that each cluster is compared with."""


class Validity(Section):
    resamples: Annotated[Whole, Field(ge=1)] = 2000
    """Bootstrap samples of seeds behind the intervals of tables/validity.csv."""


class ImportedNetwork(Section):
    path: FilePath
    """File with the weights: .safetensors, .npz, .npy, .csv or a PyTorch state dict (.pt, .pth)."""
    layers: (
        Annotated[
            list[Annotated[str, Field(strict=True, min_length=1)]],
            Field(min_length=1),
            AfterValidator(different),
        ]
        | None
    ) = None
    """Arrays [out, in] from the input on; empty: all 2-D arrays in natural order of their names."""
    normalise: Flag = True
    """What the network sees of MNIST's pixels, where it has 784 inputs and 10 outputs: normalised
    as the recipe's, or from 0 to 1."""


class FigureChoice(Section):
    measures: Annotated[list[Measure], Field(min_length=1), AfterValidator(different)] = list(
        MEASURES
    )
    """Measures that are drawn against k, a figure each."""
    method: Method | None = None
    """Method whose partitions are drawn; empty: `matched`, or the study's first."""
    k: Annotated[Whole, Field(ge=1)] | None = None
    """Clusters in the pictures of weight matrices; empty: 4, or the least k of the grid."""
    pixel_k: (
        Annotated[
            list[Annotated[Whole, Field(ge=1)]], Field(min_length=1), AfterValidator(different)
        ]
        | None
    ) = None
    """Clusters in the maps of pixel clusters; empty: 2, 4 and 8, or the least k of the grid."""


class Replication(Section):
    scores: FilePath | None = None
    """CSV file of published scores, null means, z and accuracies (docs/replication.md)."""
    history: FilePath | None = None
    """CSV file of published losses and accuracies of steps of training."""
    sizes: FilePath | None = None
    """CSV file of published sizes of clusters."""


class Study(Section):
    """Everything that decides what a study computes."""

    results: Annotated[
        str, BeforeValidator(_parse_results), Field(pattern=f"^{RESULTS_PATTERN}$")
    ] = "results"
    """Folder of the study's results; other studies than the default one take one inside it."""
    seeds: Annotated[Blocks, AfterValidator(_starting_at(0))] = ["0-9"]
    """Blocks of seeds: a network each, trained together in one job a block."""
    k_grid: Annotated[Blocks, AfterValidator(_starting_at(1))] = ["2-12"]
    """Blocks of k: all of a block's k are clustered in one job."""
    dataset: Dataset = Dataset()
    """Which images networks are trained on, where these are, and how many are used."""
    recipe: Recipe = Recipe()
    """How networks are trained, unless a condition says otherwise."""
    conditions: dict[Name, Annotated[Overrides, _EMPTY_IS_NO_CHANGE]] = {}
    """Training recipes by name; each changes the recipe above by key."""
    synthetic: dict[Name, SyntheticRecipe] = {}
    """Random matrices with known structure, by name: networks of one layer, not trained."""
    networks: dict[Name, ImportedNetwork] = {}
    """Networks trained elsewhere, and matrices of any kind, by name."""
    training: Training = Training()
    """What training runs on. A change of device or threads trains nothing again."""
    clustering: Clustering = Clustering()
    """How weight matrices are clustered."""
    nulls: dict[Null, Annotated[Whole, Field(ge=1)]] = {"shuffle": 99, "labels": 99}
    """Random models that measures are compared with: name to number of draws."""
    agreement: Agreement = Agreement()
    """How partitions are compared with each other."""
    probe: Probe = Probe()
    """How it is asked what the units of a cluster do."""
    validity: Validity = Validity()
    """How it is asked which measure is right."""
    calibration: Annotated[list[Name], AfterValidator(different)] = []
    """Conditions without structure, on which p is to be uniform; empty: no table, no figure."""
    replication: Replication = Replication()
    """Published values that the study's own are put beside; empty: no table, no figure."""
    figures: FigureChoice = FigureChoice()
    """What figures show."""

    @model_validator(mode="before")
    @classmethod
    def _baseline_by_default(cls, config: Any) -> Any:
        """A study that says nothing of networks trains the baseline."""
        if isinstance(config, dict) and not {"conditions", "synthetic", "networks"} & set(config):
            return config | {"conditions": {"baseline": None}}
        return config

    @property
    def k_blocks(self) -> list[Block]:
        return [Block.parse(name) for name in self.k_grid]

    @property
    def k_values(self) -> list[int]:
        return sorted(k for block in self.k_blocks for k in block)

    def lineage_of(self, condition: str) -> list[str]:
        """A condition, the one that it goes on from, the one that this goes on from, and so on."""
        lineage: list[str] = []
        following: str | None = condition
        while following in self.conditions and following not in lineage:
            lineage.append(following)
            following = self.conditions[following].origin
        return lineage

    def recipe_of(self, condition: str) -> Recipe:
        """The recipe of a condition: the study's, changed by the keys of its lineage."""
        keys = self.recipe.model_dump()
        for name in reversed(self.lineage_of(condition)):
            keys |= {"from": None} | self.conditions[name].model_dump(exclude_unset=True)
        return Recipe.model_validate(keys)

    def epochs_before(self, condition: str) -> int:
        """Epochs that a condition's networks are trained in the conditions it goes on from."""
        return sum(self.recipe_of(name).epochs for name in self.lineage_of(condition)[1:])

    @property
    def data_folder(self) -> str:
        """Folder of the four files of images, which all studies on the data set share."""
        return f"results/data/{self.dataset.name}"

    @property
    def names(self) -> list[str]:
        """Everything that networks come from: trained conditions, synthetic and imported ones."""
        return [*self.conditions, *self.synthetic, *self.networks]

    def seed_blocks_of(self, name: str) -> list[str]:
        """Names of the blocks of networks that a condition has."""
        if name in self.networks:
            return [IMPORTED]
        if name.startswith(FRESH):
            return [Block(range(self.nulls["untrained"])).name]
        return self.seeds

    def layers_of(self, name: str) -> dict[str, tuple[int, int]]:
        """Weight matrices of a trained or synthetic condition: name to shape [out, in]."""
        if name in self.synthetic:
            return self.synthetic[name].layers
        if name.startswith(FRESH):
            return Recipe.model_validate(self.fresh_parameters(name)).layers
        return self.recipe_of(name).layers

    def clustered_layers(self, layers: Sequence[str]) -> list[str]:
        """What is clustered of a network with these layers."""
        single = list(layers) if self.methods_for("fc1") else []
        return [*single, NETWORK] if self.methods_for(NETWORK) else single

    def methods_for(self, layer: str) -> list[Method]:
        """Methods that cluster this layer."""
        methods = self.clustering.methods
        return [name for name in methods if METHODS[name].whole == (layer == NETWORK)]

    # --- nulls and pairs ---

    @property
    def redrawn_nulls(self) -> list[Null]:
        """Nulls of the study that cluster weights drawn anew."""
        return [null for null in self.nulls if null in REDRAWN]

    @property
    def block_nulls(self) -> list[Null]:
        """Nulls that are drawn block by block; `untrained` is compared with in the end."""
        return [null for null in self.nulls if null != "untrained"]

    def fresh_of(self, condition: str) -> str | None:
        """The condition of fresh networks that a trained condition is compared with, if any."""
        if "untrained" not in self.nulls or condition not in self.conditions:
            return None
        recipe = self.recipe_of(condition)
        if recipe.pixel_deviation:
            return None  # fresh networks see all pixels
        return FRESH + (GLOROT if recipe.initialisation == "glorot" else "") + recipe.architecture

    @property
    def fresh_conditions(self) -> list[str]:
        """All conditions of fresh networks."""
        found = [self.fresh_of(condition) for condition in self.conditions]
        return list(dict.fromkeys(name for name in found if name is not None))

    def initial_of(self, condition: str) -> str | None:
        """The condition whose networks are this condition's before training, if there is one."""
        recipe = self.recipe_of(condition)
        for other in self.conditions:
            start = self.recipe_of(other)
            untrained = start.origin is None and start.epochs == 0
            if untrained and other != condition and start.start == recipe.start:
                return other if recipe.epochs + self.epochs_before(condition) else None
        return None

    def reordered_of(self, condition: str) -> list[str]:
        """Later conditions with the same recipe but another order of the data."""
        if condition not in self.conditions:
            return []
        names = list(self.conditions)
        later = names[names.index(condition) + 1 :]
        own = self.recipe_of(condition)
        others = {name: self.recipe_of(name) for name in later}
        return [
            name
            for name, other in others.items()
            if other.data_order != own.data_order
            and other.model_copy(update={"data_order": own.data_order}) == own
        ]

    # --- what units do, and which measure is right ---

    @property
    def probed_k(self) -> list[int]:
        """Values of k at which it is asked what units do."""
        return self._few_k if self.probe.k is None else self.probe.k

    @property
    def shown_images(self) -> dict[str, int]:
        """Where the images come from that networks are shown, and how many there are."""
        found = {"test_images": self.dataset.test_images or MNIST_TEST_IMAGES}
        if any(self.recipe_of(name).permute_labels for name in self.conditions):
            found["train_images"] = self.dataset.train_images or MNIST_TRAIN_IMAGES
        return found

    def probed_k_of(self, block: str) -> list[int]:
        """Those of them that a block of k holds."""
        return [k for k in self.probed_k if k in Block.parse(block)]

    def probed_layers(self, layers: Sequence[str]) -> list[str]:
        """What is probed of a network with these layers: those with hidden units on the U side."""
        return self.clustered_layers(layers[:-1]) if len(layers) > 1 and self.probed_k else []

    def plants(self, name: str) -> bool:
        """Whether a condition's networks come with a planted partition."""
        if name in self.conditions:
            return self.recipe_of(name).plants
        return name in self.synthetic

    def planted_pairs(self) -> list[dict[str, Any]]:
        """Conditions in which clusters are planted, each with its reference without them.

        Pairs without a reference in the study, or with a number of clusters that is not in its
        grid, are left out. `dose` is the recipe's `clusterability`, or a matrix's contrast.
        """
        pairs = [*self._trained_pairs(), *self._synthetic_pairs()]
        return [pair for pair in pairs if pair["k"] in self.k_values]

    def _trained_pairs(self) -> Iterator[dict[str, Any]]:
        recipes = {name: self.recipe_of(name) for name in self.conditions}
        for name, recipe in recipes.items():
            same = (
                other
                for other, start in recipes.items()
                if not start.plants and start.without_planting == recipe.without_planting
            )
            reference = next(same, None)
            if recipe.plants and reference:
                place = {"k": recipe.planted_clusters, "layer": recipe.planted_layer}
                yield _pair(name, reference, "trained", recipe.clusterability, place)

    def _synthetic_pairs(self) -> Iterator[dict[str, Any]]:
        for name, recipe in self.synthetic.items():
            same = (
                other
                for other, start in self.synthetic.items()
                if not start.plants and start.noise == recipe.noise
            )
            reference = next(same, None)
            if recipe.plants and reference:
                place = {"k": recipe.clusters, "layer": SYNTHETIC_LAYER}
                yield _pair(name, reference, "synthetic", recipe.contrast, place)

    # --- what is published ---

    @property
    def published(self) -> dict[str, tuple[str, str]]:
        """Tables of the comparison with published values: key in the config and file, by name."""
        files = {key: path for key, path in self.replication if path is not None}
        return {COMPARISONS[key]: (key, path) for key, path in files.items()}

    def steps_of_epoch(self, condition: str) -> int:
        """Batches of an epoch of a trained condition, the last one possibly smaller."""
        images = self.dataset.train_images or MNIST_TRAIN_IMAGES
        return -(-images // self.recipe_of(condition).batch_size)

    # --- what decides the jobs ---

    def training_parameters(self, condition: str) -> dict[str, Any]:
        """What decides the networks of a condition, and their history; keys are sorted."""
        recipe = self.recipe_of(condition)
        return {
            **self._image_parameters(),
            "epochs_before": self.epochs_before(condition),
            "history_every": self.training.history_every,
            "origin": self.training_parameters(recipe.origin) if recipe.origin else None,
            "recipe": dict(sorted(recipe.model_dump().items())),
            "test_images": self.dataset.test_images,
            "train_images": self.dataset.train_images,
        }

    def _image_parameters(self) -> dict[str, Any]:
        """Which data set jobs take; nothing for MNIST, as before there were others."""
        name = self.dataset.name
        return {} if name == "mnist" else {"dataset": name}

    def synthetic_parameters(self, name: str) -> dict[str, Any]:
        """What decides the matrices of a synthetic condition; keys are sorted."""
        return dict(sorted(self.synthetic[name].model_dump().items()))

    def import_parameters(self, name: str) -> dict[str, Any]:
        """What decides an imported network, beside its file."""
        return {"layers": self.networks[name].layers}

    def fresh_parameters(self, name: str) -> dict[str, Any]:
        """What decides fresh networks, beside their numbers."""
        glorot = name.removeprefix(FRESH).startswith(GLOROT)
        return {
            "architecture": name.removeprefix(FRESH).removeprefix(GLOROT),
            "initialisation": "glorot" if glorot else "pytorch",
        }

    def clustering_parameters(self, layer: str) -> dict[str, Any]:
        """What decides the partitions of a layer, beside the weights and k."""
        return {
            "methods": list(self.methods_for(layer)),
            "restarts": self.clustering.restarts,
            "scalings": list(self.clustering.scalings),
        }

    def null_parameters(self, null: Null, layer: str) -> dict[str, Any]:
        """What decides a null's tables, beside the weights and k."""
        draws = {"draws": self.nulls.get(null, 0)}
        return draws | (self.clustering_parameters(layer) if null in REDRAWN else {})

    def probe_parameters(self, name: str, block: str) -> dict[str, Any]:
        """What decides what units are found to do, beside weights and partitions."""
        trained = self.recipe_of(name) if name in self.conditions else None
        return {
            **self._image_parameters(),
            "groups": self.probe.groups,
            "images": min(self.probe.images, *self.shown_images.values()),
            "k": self.probed_k_of(block),
            "normalise": (trained or self.networks[name]).normalise,
            "permute_labels": trained is not None and trained.permute_labels,
            "test_images": self.dataset.test_images,
            "train_images": self.dataset.train_images,
        }

    def validity_parameters(self) -> dict[str, Any]:
        """What decides which measure is found right, beside the tables."""
        return {
            "method": self.drawn_method,
            "pairs": self.planted_pairs(),
            "resamples": self.validity.resamples,
        }

    def agreement_parameters(self, name: str) -> dict[str, Any]:
        """What decides the agreement of partitions, beside these."""
        return {"draws": self.agreement.draws, "shared_ends": name in self.conditions}

    def aggregation_parameters(self) -> dict[str, Any]:
        """What decides the tables, beside the rows of all blocks."""
        initial = {name: self.initial_of(name) for name in self.conditions}
        fresh = {name: self.fresh_of(name) for name in self.conditions}
        return {
            "fresh_of": {name: other for name, other in sorted(fresh.items()) if other},
            "initial_of": {name: other for name, other in sorted(initial.items()) if other},
        }

    def paper_parameters(self, tables: list[str]) -> dict[str, Any]:
        """What decides the files of a paper, beside figures and tables.

        Args:
            tables: names of the tables that those for print are made of.
        """
        recipes = {name: self.recipe_of(name).model_dump() for name in self.conditions}
        return {
            "config": self.model_dump(mode="json"),
            "k": self.drawn_k,
            "method": self.drawn_method or self.variants()[0],
            "nulls": {**self.nulls, GROUPS: self.probe.groups},
            "recipes": recipes,
            "seeds": list(self.seeds),
            "tables": tables,
        }

    # --- figures ---

    @property
    def drawn_method(self) -> str | None:
        """Method whose partitions of layers are drawn, if layers are clustered."""
        methods = self.methods_for("fc1")
        if not methods:
            return None
        chosen = self.figures.method or ("matched" if "matched" in methods else methods[0])
        return scaled_method(chosen, self.clustering.scalings[0])

    @property
    def drawn_k(self) -> int:
        """Number of clusters in the pictures of weight matrices."""
        return self.figures.k or (4 if 4 in self.k_values else self.k_values[0])

    @property
    def drawn_pixel_k(self) -> list[int]:
        """Numbers of clusters in the maps of pixel clusters."""
        return self.figures.pixel_k or self._few_k

    @property
    def _few_k(self) -> list[int]:
        return [k for k in (2, 4, 8) if k in self.k_values] or self.k_values[:1]

    @property
    def drawn_probed_k(self) -> int | None:
        """Number of clusters in the pictures of what units do, if anything is probed."""
        if self.drawn_k in self.probed_k:
            return self.drawn_k
        return self.probed_k[0] if self.probed_k else None

    @property
    def probed_conditions(self) -> list[str]:
        """Trained conditions whose units are asked what they do."""
        layers = {name: list(self.layers_of(name)) for name in self.conditions}
        return [name for name in self.conditions if self.probed_layers(layers[name])]

    @property
    def drawn_probed_conditions(self) -> list[str]:
        """Those of them with partitions of layers to draw."""
        return self.probed_conditions if self.drawn_method is not None else []

    @property
    def agreeing_methods(self) -> list[str]:
        """Methods whose partitions of layers are compared with each other, at each scale."""
        return self.variants(LAYER_METHODS) if self._has_agreement else []

    def page_parameters(self) -> dict[str, Any]:
        """What decides the page of all networks, beside the files that it shows."""
        return {
            # Where something is probed, the page opens at a k at which it is.
            "drawn_k": self.drawn_probed_k or self.drawn_k,
            "drawn_method": self.drawn_method,
            "groups": self.probe.groups,
            "k": self.k_values,
            "methods": self.variants(LAYER_METHODS),
            "nulls": dict(sorted(self.nulls.items())),
            "probed_k": sorted(self.probed_k),
            "whole": bool(self.methods_for(NETWORK)),
        }

    def figure_items(self) -> dict[str, list[str]]:
        """All figures of the study: what is drawn, and the items that each draws separately."""
        return {name: list(entry.items(self)) for name, entry in FIGURES.items()}

    def figure_parameters(self, figure: str) -> dict[str, Any]:
        """What decides a figure, beside the rows that it is drawn from."""
        return FIGURES[figure].parameters(self)

    def variants(self, methods: Sequence[str] = tuple(METHODS)) -> list[str]:
        """Methods of the study out of these, at each scale."""
        return [
            scaled_method(method, scaling)
            for scaling in self.clustering.scalings
            for method in self.clustering.methods
            if method in methods
        ]

    @property
    def _has_agreement(self) -> bool:
        """Whether every method has something to be compared with."""
        deep = any(len(self.layers_of(name)) > 1 for name in self.conditions)
        return deep and self.drawn_method is not None

    @property
    def answers(self) -> bool:
        """Whether there is anything to tell from which measure is right."""
        return bool(self.probed_conditions or self.planted_pairs())

    def k_block_of(self, k: int) -> str:
        """Name of the block that holds k."""
        return next(block.name for block in self.k_blocks if k in block)


def _pair(
    condition: str, reference: str, family: str, dose: float, place: dict[str, Any]
) -> dict[str, Any]:
    names = {"condition": condition, "dose": dose, "family": family, "reference": reference}
    return dict(sorted((names | place).items()))


# --- from a config to a study ------------------------------------------------------------------


def load_study(config: Mapping[str, Any], source: str = "config") -> Study:
    """The study that a config describes.

    Args:
        config: the config as read from YAML.
        source: the file's name, for messages.

    Raises:
        UserError: with one line for each fault: key, value found, what is expected.
    """
    faults = _faults(config)
    if faults:
        raise UserError("\n".join(f"{source}: {fault}" for fault in faults))
    return Study.model_validate(dict(config))


def _faults(config: Mapping[str, Any]) -> list[str]:
    """All faults of a config; cross-checks look at the sections that are sound by themselves."""
    faults = [
        f"{_shorten(key)}: unknown key, expected one of {', '.join(Study.model_fields)}"
        for key in config
        if not isinstance(key, str)
    ]
    config = {key: value for key, value in config.items() if isinstance(key, str)}
    unsound: set[str] = set()
    try:
        Study.model_validate(dict(config))
    except ValidationError as error:
        for fault in error.errors():
            unsound.add(str(fault["loc"][0]))
            faults.append(_fault_line(config, fault))
    sound = Study.model_validate({k: v for k, v in config.items() if k not in unsound})
    for sections, check in CROSS_CHECKS:
        if unsound.isdisjoint(sections):
            faults.extend(check(sound))
    return faults


def _check_sources(study: Study) -> Iterator[str]:
    if not study.names:
        yield "conditions: found nothing, expected a condition, or one of synthetic or networks"
    for first, second in itertools.combinations(("conditions", "synthetic", "networks"), 2):
        for name in getattr(study, first):
            if name in getattr(study, second):
                yield (
                    f"{second}.{name}: found a name that {first} has too, expected different names"
                )


def _check_files(study: Study) -> Iterator[str]:
    for name, network in study.networks.items():
        place = os.path.relpath(network.path, study.results).split(os.sep)
        if place[0] in OWN_FOLDERS:
            yield (
                f"networks.{name}.path: found {_shorten(network.path)}, expected a file that is not"
                f" one of the study's own results in {study.results}"
            )


def _check_published_files(study: Study) -> Iterator[str]:
    for key, path in study.published.values():
        place = os.path.relpath(path, study.results).split(os.sep)
        if place[0] in OWN_FOLDERS:
            yield (
                f"replication.{key}: found {_shorten(path)}, expected a file that is not one of the"
                f" study's own results in {study.results}"
            )


def _check_k_grid(study: Study) -> Iterator[str]:
    if study.networks:
        return  # whose sizes are in their files
    largest = max(_largest_k(study, name) for name in study.names) if study.names else math.inf
    for block in study.k_blocks:
        if block[-1] > largest:
            yield (
                f"k_grid: found {block.name!r}, expected k that some layer can hold"
                f" (at most {largest}, the smaller side of the largest layer)"
            )


def _largest_k(study: Study, name: str) -> int:
    """The largest k that is feasible for a layer of this condition, or for its whole network."""
    shapes = list(study.layers_of(name).values())
    sizes = [shapes[0][1], *(shape[0] for shape in shapes)]
    whole = [(sum(sizes[0::2]), sum(sizes[1::2]))] if study.methods_for(NETWORK) else []
    return max(min(shape) for shape in shapes + whole)


def _check_origins(study: Study) -> Iterator[str]:
    """What conditions go on from, if they do."""
    if study.recipe.origin is not None:
        yield f"recipe.from: found {study.recipe.origin!r}, expected it in a condition only"
    for name, changes in study.conditions.items():
        origin = changes.origin
        if origin is None:
            continue
        others = [other for other in study.conditions if name not in study.lineage_of(other)]
        if origin not in others:
            yield (
                f"conditions.{name}.from: found {origin!r}, expected a condition that does not go"
                f" on from it ({', '.join(others) or 'there is none'})"
            )
            continue
        own, before = study.recipe_of(name), study.recipe_of(origin)
        for key in ("architecture", "biases", "initialisation", "pixel_deviation"):
            if getattr(own, key) != getattr(before, key):
                yield (
                    f"conditions.{name}.{key}: found {getattr(own, key)!r}, expected"
                    f" {getattr(before, key)!r} as of {origin}, which it goes on from"
                )


def _check_recipes(study: Study) -> Iterator[str]:
    """What the keys of a recipe mean for each other."""
    for name in study.conditions:
        recipe = study.recipe_of(name)
        changed = study.conditions[name].model_fields_set
        for key in ("l1_layers", "l2_layers"):
            for layer in getattr(recipe, key) or []:
                if layer not in recipe.layers:
                    yield (
                        f"{_recipe_key(name, key, changed)}: found {layer!r},"
                        f" expected one of {', '.join(recipe.layers)}"
                    )
        if not recipe.sparsity:
            continue
        if recipe.sparsity_start > recipe.sparsity:
            yield (
                f"{_recipe_key(name, 'sparsity_start', changed)}: found {recipe.sparsity_start},"
                f" expected at most the sparsity in the end, {recipe.sparsity}"
            )
        if recipe.pruning_start >= recipe.epochs:
            yield (
                f"{_recipe_key(name, 'pruning_start', changed)}: found {recipe.pruning_start},"
                f" expected fewer epochs than all, {recipe.epochs}"
            )


def _check_planting(study: Study) -> Iterator[str]:
    for name in study.conditions:
        recipe = study.recipe_of(name)
        changed = study.conditions[name].model_fields_set
        if not recipe.plants:
            continue
        layer, clusters = recipe.planted_layer, recipe.planted_clusters
        if layer not in recipe.layers:
            yield (
                f"{_recipe_key(name, 'planted_layer', changed)}: found {layer!r},"
                f" expected one of {', '.join(recipe.layers)}"
            )
        elif clusters > min(recipe.layers[layer]):
            yield (
                f"{_recipe_key(name, 'planted_clusters', changed)}: found {clusters}, expected at"
                f" most {min(recipe.layers[layer])}, the smaller side of {layer}"
            )


def _recipe_key(condition: str, key: str, changed: set[str]) -> str:
    """Where the config says a key of a condition's recipe."""
    return f"conditions.{condition}.{key}" if key in changed else f"recipe.{key}"


def _check_probe(study: Study) -> Iterator[str]:
    grid = study.k_values
    for place, k in enumerate(study.probe.k or []):
        if k not in grid:
            yield f"probe.k[{place}]: found {k}, expected a k of k_grid ({', '.join(study.k_grid)})"
    for source, most in study.shown_images.items():
        if "images" in study.probe.model_fields_set and study.probe.images > most:
            yield (
                f"probe.images: found {study.probe.images}, expected at most {most},"
                f" the images of dataset.{source}"
            )


def _check_calibration(study: Study) -> Iterator[str]:
    for place, name in enumerate(study.calibration):
        if name not in study.names:
            yield (
                f"calibration[{place}]: found {name!r}, expected one of {', '.join(study.names)}"
            )


def _check_figures(study: Study) -> Iterator[str]:
    grid = study.k_values
    choices = [("figures.k", study.figures.k)]
    choices += [(f"figures.pixel_k[{i}]", k) for i, k in enumerate(study.figures.pixel_k or [])]
    for key, k in choices:
        if k is not None and k not in grid:
            yield f"{key}: found {k}, expected a k of k_grid ({', '.join(study.k_grid)})"


def _check_figure_method(study: Study) -> Iterator[str]:
    methods = study.methods_for("fc1")
    if study.figures.method is not None and study.figures.method not in methods:
        yield (
            f"figures.method: found {study.figures.method!r}, expected one of"
            f" clustering.methods that cluster layers ({', '.join(methods) or 'there are none'})"
        )


CROSS_CHECKS: Sequence[tuple[set[str], Callable[[Study], Iterator[str]]]] = (
    ({"conditions", "synthetic", "networks"}, _check_sources),
    ({"results", "networks"}, _check_files),
    ({"results", "replication"}, _check_published_files),
    ({"k_grid", "recipe", "conditions", "synthetic", "networks", "clustering"}, _check_k_grid),
    ({"recipe", "conditions"}, _check_origins),
    ({"recipe", "conditions"}, _check_recipes),
    ({"recipe", "conditions"}, _check_planting),
    ({"k_grid", "dataset", "recipe", "conditions", "probe"}, _check_probe),
    ({"conditions", "synthetic", "networks", "calibration"}, _check_calibration),
    ({"k_grid", "figures"}, _check_figures),
    ({"clustering", "figures"}, _check_figure_method),
)
"""Checks that need several sections: the sections, and what is wrong with them."""


def _fault_line(config: Mapping[str, Any], fault: Any) -> str:
    """`key: found value, expected what` for one error of pydantic."""
    loc = [part for part in fault["loc"] if part != "[key]"]
    if fault["type"] == "extra_forbidden":
        return _unknown_key_line(loc)
    key = _key(loc)
    found = _shorten(None if fault["type"] == "missing" else fault["input"])
    return f"{key}: found {found}, expected {_expected(fault)}"


def _key(loc: list[Any]) -> str:
    """Where something stands in the config, such as `conditions.dropout.epochs` or `seeds[1]`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{one_line(part, 60)}" for part in loc)
    return "".join(parts).removeprefix(".")


def _unknown_key_line(loc: list[Any]) -> str:
    known = _known_keys(loc[:-1])
    name = one_line(str(loc[-1]), 40)
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"{_key(loc)}: unknown key, expected one of {', '.join(known)}{hint}"


_NAMED_SECTIONS: dict[str, type[Section]] = {
    "conditions": Recipe,
    "networks": ImportedNetwork,
    "synthetic": SyntheticRecipe,
}
"""Sections that hold any number of others, by name."""


def _known_keys(loc: list[Any]) -> list[str]:
    """Keys that the section at `loc` knows."""
    if not loc:
        return Study.keys()
    if loc[0] in _NAMED_SECTIONS:
        return _NAMED_SECTIONS[loc[0]].keys()
    section = Study.model_fields[str(loc[0])].annotation
    assert isinstance(section, type)
    assert issubclass(section, Section)
    return section.keys()


_EXPECTED: dict[str, str] = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
    "missing": "a value",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "too_short": "at least {min_length} item",
    "string_pattern_mismatch": "a name of lower-case letters, digits and _, starting with a letter",
    "value_error": "{error}",
}


def _expected(fault: Any) -> str:
    template = _EXPECTED.get(fault["type"])
    return template.format(**fault.get("ctx", {})) if template else fault["msg"]


class _Brief(reprlib.Repr):
    """Values as they are written, but never more than is shown: aliases can stand for billions."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 8
        self.maxstring = self.maxother = 200

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write out thousands of digits.
        return repr(x) if x.bit_length() < 1000 else f"a number of {x.bit_length()} bits"


def _shorten(value: Any, width: int = 60) -> str:
    text = "nothing" if value is None else _Brief().repr(value)
    return one_line(text, width)
