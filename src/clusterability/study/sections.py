"""Sections of the config as typed models, and the types of their values."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, create_model, model_validator
from pydantic.functional_validators import AfterValidator

from clusterability.blocks import Block
from clusterability.clustering.catalogue import METHODS
from clusterability.errors import shorten
from clusterability.fields import FilePath, Flag, Section, Whole, different
from clusterability.jobs.adaptive_job import LEAST
from clusterability.measures.catalogue import DIRECTED
from clusterability.names import NETWORK, OWN_FOLDERS
from clusterability.networks.scaling_names import SCALINGS, Scaling, scaled_method
from clusterability.nulls.catalogue import NULLS
from clusterability.study.extensions_asked import is_method, name_type
from clusterability.training.recipe import Recipe

MNIST_TRAIN_IMAGES = 60_000

MNIST_TEST_IMAGES = 10_000

MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


LAYER_METHODS = tuple(name for name, entry in METHODS.items() if not entry.whole)
"""Methods of the library that cluster one layer at a time, as all methods of other packages do; the
others of the library cluster the units of all layers at once."""

NOT_REDRAWN = tuple(name for name, entry in NULLS.items() if not entry.redrawn)
"""Nulls that do not redraw weights; all others do, those of other packages included."""

if TYPE_CHECKING:
    Method: TypeAlias = str
    LayerMethod: TypeAlias = str
    Null: TypeAlias = str
    Measure: TypeAlias = str
else:
    Method, LayerMethod = (name_type("method", names) for names in (METHODS, LAYER_METHODS))
    Null, Measure = name_type("null", NULLS), name_type("measure", DIRECTED)

MOST_NUMBERS = 10**6
"""Largest total of numbers in all blocks of a list."""


def _parse_blocks(value: Any) -> list[str]:
    """Block names in canonical form; overlapping blocks are refused."""
    if not isinstance(value, list) or not value:
        raise ValueError('a list of blocks such as ["0-9", 16]')
    blocks, numbers = [], 0
    for item in value:
        try:
            blocks.append(Block.parse(item))
        except ValueError as error:
            raise ValueError(f"{error} in place of {shorten(item)}") from None
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


def starting_at(first: int) -> Callable[[list[str]], list[str]]:
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


# At most four folders, with short names that do not start like an option.
RESULTS_PATTERN = r"results(/[A-Za-z0-9_][A-Za-z0-9_-]{0,59}){0,4}"


def parse_results(value: Any) -> str:
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


class Dataset(Section):
    name: Literal["mnist", "fashion_mnist", "kmnist"] = "mnist"
    """Data set: MNIST, or another in its format."""
    path: FilePath | None = None
    """Folder that already holds the four files of the data set (IDX, plain or .gz), named as
    train-images-idx3-ubyte or train-images.idx3-ubyte, in it or where torchvision has them
    (MNIST/raw/). Empty: they are downloaded."""
    train_images: Annotated[Whole, Field(ge=1, le=MNIST_TRAIN_IMAGES)] | None = None
    """Number of training images to use, counted from the first. Empty: all 60,000."""
    test_images: Annotated[Whole, Field(ge=1, le=MNIST_TEST_IMAGES)] | None = None
    """Number of test images to use, counted from the first. Empty: all 10,000."""


def _without_default(schema: dict[str, Any]) -> None:
    del schema["default"]


def _overrides() -> type[Section]:
    """Model with the keys of the recipe, none of them required, for a condition."""
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

EMPTY_IS_NO_CHANGE = BeforeValidator(
    lambda value: {} if value is None else value, json_schema_input_type=Overrides | None
)


class Training(Section):
    device: Annotated[
        str, BeforeValidator(_parse_device), Field(pattern=r"^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$")
    ] = "auto"
    """Device that networks are trained on: `auto` (a CUDA GPU if there is one, else the CPU),
    `cpu`, `cuda`, `cuda:<number>` or `mps`. On one kind of device, the bits of a network depend
    only on recipe and seed; another kind rounds differently."""
    threads: Annotated[Whole, Field(ge=1)] = 1
    """CPU threads of a training job; weights do not depend on it. Two jobs with one thread each
    finish sooner than the same jobs one after the other with two threads. More threads help where
    there are more cores than blocks and conditions."""
    checkpoint_every: Annotated[Whole, Field(ge=1, le=60)] = 30
    """Seconds between two checkpoints of training, and between two files of a null's draws, from
    which a killed job continues: about the most work that can be lost."""
    history_every: Annotated[Whole, Field(ge=1)] = 400
    """Steps between two rows of the training history, counted in each epoch from its first step.
    The history is written during training, so a change trains again."""


Methods = Annotated[list[Method], Field(min_length=1), AfterValidator(different)]
Scalings = Annotated[list[Scaling], Field(min_length=1), AfterValidator(different)]
Snapshots = Annotated[
    list[Annotated[Whole, Field(ge=0)]], Field(min_length=1), AfterValidator(different)
]
KGrid = Annotated[Blocks, AfterValidator(starting_at(1))]
Nulls = dict[Null, Annotated[Whole, Field(ge=1)]]
Draws = Literal["fixed", "adaptive"]


def adaptive_nulls(draws: Draws, nulls: dict[Null, int]) -> dict[Null, int]:
    """Nulls whose draws end by a rule, with the largest number of each; LEAST are always made."""
    limits = nulls if draws == "adaptive" else {}
    return {null: most for null, most in limits.items() if null not in NOT_REDRAWN and most > LEAST}


def _methods_at_scales(draws: dict[str, int]) -> dict[str, int]:
    _check_methods_at_scales(draws)
    return draws


def _check_methods_at_scales(names: Iterable[str]) -> None:
    for name in names:
        method, _, scaling = name.partition("-")
        known = name in SCALINGS or (is_method(method) and (not scaling or scaling in SCALINGS))
        if not known:
            raise ValueError(
                f"methods, scales of the weights, or both (described-ranked), not {shorten(name)}"
            )


def _methods_of_nulls(methods: dict[Any, list[str]]) -> dict[Any, list[str]]:
    if "untrained" in methods:
        raise ValueError("nulls other than untrained, whose networks are drawn for all methods")
    for names in methods.values():
        _check_methods_at_scales(names)
    return methods


NullMethods = Annotated[
    dict[Null, Annotated[list[Annotated[str, Field(strict=True)]], Field(min_length=1)]],
    AfterValidator(_methods_of_nulls),
]
DrawsAtMost = Annotated[
    dict[str, Annotated[Whole, Field(ge=0)]], AfterValidator(_methods_at_scales)
]


def _is_whole(method: str) -> bool:
    return method in METHODS and METHODS[method].whole


class Clustering(Section):
    methods: Methods = ["notebook", "matched", "joint"]
    """Methods that turn weights into a partition (docs/measures.md):"""
    scalings: Scalings = ["none"]
    """Scalings of the weights that are clustered and scored, each separately (docs/measures.md).
    `unit-norm` and `balanced` do not change when a hidden unit's input weights are multiplied by c
    and its output weights are divided by c. Weights are:"""
    restarts: Annotated[Whole, Field(ge=1)] = 3
    """Restarts of k-means, for networks and nulls alike. `notebook` always has one."""
    draws_at_most: DrawsAtMost = {}
    """Largest number of draws of `nulls`, by method (`described`), by scaling (`ranked`) or by both
    (`described-ranked`); the most specific entry applies. 0: none. Other methods have all draws.
    `untrained` is not affected."""

    null_methods: NullMethods = {}
    """Methods that a null is drawn for, by null: names as in `draws_at_most`, such as `matched` (at
    every scaling), `ranked`, `described-ranked` or `matched-none`. Other nulls are drawn for all
    methods."""
    weights_per_job: Annotated[Whole, Field(ge=0)] = 4_000_000
    """Weights of an imported network that a job takes together, layer by layer; one with fewer than
    65,536 counts as so many. Fewer make more jobs, for more cores; 0: each layer has its own."""
    networks_together: bool = False
    """Whether a job takes layers of several imported networks together, too. Then a network that is
    changed, or added to a job, makes its others run again."""

    @model_validator(mode="after")
    def _null_methods_that_there_are(self) -> Clustering:
        known = set(self.methods) | set(self.scalings)
        known |= {f"{method}-{scaling}" for method in self.methods for scaling in self.scalings}
        for null, names in self.null_methods.items():
            for name in names:
                if name not in known:
                    raise ValueError(
                        f"null_methods.{null}: found {shorten(name)}, expected one of the methods"
                        " and scalings above, or both (described-ranked)"
                    )
        return self

    def fewer_draws(self, null: str, layer: str, draws: int) -> dict[str, int]:
        """Number of draws by scaled method, where it is smaller than `draws`."""
        fewer = {}
        drawn_for = self.null_methods.get(null)
        for method, scaling in itertools.product(self.methods_for(layer), self.scalings):
            names = (f"{method}-{scaling}", method, scaling)
            most = next((self.draws_at_most[n] for n in names if n in self.draws_at_most), draws)
            if drawn_for is not None and not set(names) & set(drawn_for):
                most = 0
            if most < draws:
                fewer[scaled_method(method, scaling)] = most
        return fewer

    def methods_for(self, layer: str) -> list[Method]:
        """Methods that cluster this layer."""
        return [name for name in self.methods if _is_whole(name) == (layer == NETWORK)]

    def clustered_layers(self, layers: Sequence[str]) -> list[str]:
        """Layers to cluster in a network with these layers, "network" included."""
        single = list(layers) if self.methods_for("fc1") else []
        return [*single, NETWORK] if self.methods_for(NETWORK) else single


class Strata(Section):
    covariate: Literal["pixel_deviation"] = "pixel_deviation"
    """What tells which input units of first layers of trained networks are alike, for the null
    `within`:
    - `pixel_deviation`: each pixel's standard deviation over the training images of the data set,
      whatever `images` a condition is trained on."""
    number: Annotated[Whole, Field(ge=1)] = 20
    """Strata that input units are put into by quantiles of the covariate, trained or imported; ties
    stay together. More leave less of the covariate, and fewer ways to permute."""


class Agreement(Section):
    draws: Annotated[Whole, Field(ge=1)] = 99
    """Permutations of the labels that the agreement of two partitions is compared with."""


class EqualSize(Section):
    draws: Annotated[Whole, Field(ge=0)] = 0
    """Shuffles that each sub-matrix is compared with, such as 19. 0: layers are not compared at
    equal size."""
    submatrices: Annotated[Whole, Field(ge=1)] = 20
    """Random sub-matrices of each layer of each network, with as many rows and columns as the
    network's smallest layer has live ones."""
    k: Annotated[
        list[Annotated[Whole, Field(ge=1)]], Field(min_length=1), AfterValidator(different)
    ] = [4]
    """Numbers of clusters of the sub-matrices; they need not be in `k_grid`."""
    methods: Annotated[list[LayerMethod], Field(min_length=1), AfterValidator(different)] = [
        "matched",
        "described",
    ]
    """Methods that cluster the sub-matrices; they need not be in `clustering.methods`."""
    scalings: Scalings = ["none", "ranked"]
    """Scalings of the sub-matrices, each of them scaled as a separate matrix."""


class Probe(Section):
    k: Annotated[list[Annotated[Whole, Field(ge=1)]], AfterValidator(different)] | None = None
    """Numbers of clusters at which units are probed. Empty: those of 2, 4 and 8 that are in the
    grid, else its least k. `[]`: units are not probed."""
    images: Annotated[Whole, Field(ge=1)] = 2000
    """Number of test images that are shown, the same to all networks; networks trained on permuted
    labels are shown training images instead. The default is lower where there are fewer images."""
    groups: Annotated[Whole, Field(ge=1)] = 99
    """Random groups of units, as large as the cluster, that each cluster is compared with."""


class Validity(Section):
    resamples: Annotated[Whole, Field(ge=1)] = 2000
    """Bootstrap samples of seeds behind the intervals of tables/validity.csv."""


ArrayName = Annotated[str, Field(strict=True, min_length=1)]
ArrayNames = Annotated[list[ArrayName], Field(min_length=1), AfterValidator(different)]


def _as_list(value: Any) -> Any:
    """Wrap a single text in a list."""
    return [value] if isinstance(value, str) else value


def _edge_columns(value: Any) -> Any:
    texts = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
    columns = texts and len(value) in (2, 3) and len(set(value)) == len(value)
    if value is not False and not columns:
        raise ValueError('two or three names of columns (or numbers as texts: "1"), or false')
    return value


EdgeColumns = Annotated[
    list[str] | Literal[False],
    BeforeValidator(
        _edge_columns,
        json_schema_input_type=Annotated[
            list[Annotated[str, Field(min_length=1)]], Field(min_length=2, max_length=3)
        ]
        | Literal[False],
    ),
]


class ImportedNetwork(Section):
    path: FilePath
    """File of the weights: .safetensors, .onnx, .gguf, .npz, .npy, .mtx, a table (.csv, .tsv, .txt,
    .csv.gz, .tsv.gz, .parquet), a PyTorch checkpoint (.pt, .pth, .pth.tar, .bin, .ckpt, .jit), or
    the index or folder of a model in several files."""
    layers: (
        Annotated[
            ArrayNames, BeforeValidator(_as_list, json_schema_input_type=ArrayNames | ArrayName)
        ]
        | None
    ) = None
    """Names of the weight arrays, or patterns such as `*.mlp.*`; one of them needs no list. Names
    without patterns are a chain, from the input on, unless `chain` is false. Empty: all 2-D arrays
    but embeddings, and integers beside floats, in the order of the file."""
    chain: Flag | None = None
    """Whether the outputs of each layer are the inputs of the next, as `whole`, `unit-norm`,
    agreement between layers and probing need it; layers are then called `fc1`, `fc2`, ..., else as
    their arrays. Empty: true where `layers` is a list of names, and for a plain MLP, whose names
    differ by one number and whose shapes fit in one way only."""
    transpose: Flag | None = None
    """Whether arrays are [in, out], as Keras and GPT-2's Conv1D keep them. Empty: [out, in], as
    PyTorch's Linear; a chain whose shapes fit both ways has to say it."""
    convolutions: Literal["sum", "norm"] | None = None
    """How convolution kernels [out, in, taps] become matrices: `sum` of the sizes over taps, or
    their L2 `norm`. With `transpose`, kernels are [taps, in, out], as Keras keeps them. Empty: they
    are left out."""
    header: Flag | None = None
    """Whether the first row of a table is names of columns. Empty: as the table shows; one that may
    be read in two ways is refused."""
    index: Flag | None = None
    """Whether the first column of a table is names of rows. Empty: as the table shows."""
    edges: EdgeColumns | None = None
    """Columns of a table that lists edges: sources (rows), targets (columns) and, if there are any,
    weights; by their names, or by numbers from "1". `false`: a table that looks like such a list is
    a matrix. Empty: such a table is refused."""
    covariate: FilePath | None = None
    """CSV file of one number for each column of the first matrix, for the null `within`; its first
    line may be a name. Empty: that null is not drawn for this network."""
    normalise: Flag = True
    """Standardise the pixels shown to a network of 784 inputs and 10 outputs, as `normalise` of
    `recipe` does; if false, scale them to [0, 1]."""

    @property
    def reading(self) -> dict[str, Any]:
        """Arguments of `importing.selection.Reading`."""
        named = bool(self.layers) and not any(set("*?[") & set(name) for name in self.layers or [])
        return {
            "layers": self.layers,
            "chain": True if self.chain is None and named else self.chain,
            "transpose": self.transpose,
            "convolutions": self.convolutions,
        }

    @property
    def table(self) -> dict[str, Any]:
        """Arguments of `table_reading`."""
        return {"header": self.header, "index": self.index, "edges": self.edges}


class FigureChoice(Section):
    measures: Annotated[list[Measure], Field(min_length=1), AfterValidator(different)] = list(
        DIRECTED
    )
    """Measures that are drawn against k, one figure each."""
    method: Method | None = None
    """Method whose partitions are drawn. Empty: `matched`, or else the first method of the
    study."""
    k: Annotated[Whole, Field(ge=1)] | None = None
    """Number of clusters in the pictures of weight matrices. Empty: 4, or else the least k of the
    grid."""
    pixel_k: (
        Annotated[
            list[Annotated[Whole, Field(ge=1)]], Field(min_length=1), AfterValidator(different)
        ]
        | None
    ) = None
    """Numbers of clusters in the maps of pixel clusters. Empty: those of 2, 4 and 8 that are in the
    grid, else its least k."""


class Replication(Section):
    scores: FilePath | None = None
    """CSV file of published scores, null means, z and test accuracies (docs/replication.md)."""
    history: FilePath | None = None
    """CSV file of published losses and test accuracies by training step."""
    sizes: FilePath | None = None
    """CSV file of published cluster sizes."""
