"""The config of a study as a typed model: blocks, conditions, grids and their cross-checks.

Nothing here imports torch, scikit-learn or scipy: Snakemake parses the workflow anew for every
job that runs on a cluster, and this module is all that it needs for that.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, create_model
from pydantic.functional_validators import AfterValidator

from clusterability.blocks import Block
from clusterability.errors import UserError
from clusterability.recipe import Recipe
from clusterability.values import Section, Whole

MNIST_TRAIN_IMAGES = 60_000
MNIST_TEST_IMAGES = 10_000

MNIST_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)

Method = Literal["notebook", "matched", "joint"]
Null = Literal["shuffle", "labels"]

Measure = Literal[
    "mi",
    "mi_preserved",
    "barber_q",
    "newman_q",
    "ncut",
    "ncut_per_cluster",
    "within_weight",
    "clusterability",
    "clusterability_adjusted",
    "clusterability_q",
]
"""Measures with a direction, as `clusterability.measures` has them."""

METHODS: tuple[Method, ...] = get_args(Method)
MEASURES: tuple[Measure, ...] = get_args(Measure)


# --- values ------------------------------------------------------------------------------------


def _parse_blocks(value: Any) -> list[str]:
    """Block names in their canonical form; overlapping blocks are refused."""
    if not isinstance(value, list) or not value:
        raise ValueError('a list of blocks such as ["0-9", 16]')
    owner: dict[int, str] = {}
    names = []
    for item in value:
        try:
            block = Block.parse(item)
        except ValueError as error:
            raise ValueError(f"{error} in place of {item!r}") from None
        twice = next((number for number in block if number in owner), None)
        if twice is not None:
            raise ValueError(
                f"blocks that do not overlap ({twice} is in {owner[twice]!r} and in {block.name!r})"
            )
        owner.update(dict.fromkeys(block, block.name))
        names.append(block.name)
    return names


def _starting_at(first: int) -> Callable[[list[str]], list[str]]:
    def check(names: list[str]) -> list[str]:
        for name in names:
            if Block.parse(name)[0] < first:
                raise ValueError(f"numbers that are at least {first}")
        return names

    return check


def _different(values: list[Any]) -> list[Any]:
    if len(set(values)) < len(values):
        raise ValueError("a list without repetitions")
    return values


def _parse_device(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise ValueError("auto, cpu, cuda, cuda:<number> or mps")
    return value


def _parse_results(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"results(/[A-Za-z0-9_-]+)*", value):
        raise ValueError("results, or a folder in it such as results/smoke")
    return value


Blocks = Annotated[
    list[str],
    BeforeValidator(
        _parse_blocks,
        json_schema_input_type=list[int | Annotated[str, Field(pattern=r"^\d+(-\d+)?$")]],
    ),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


# --- sections ----------------------------------------------------------------------------------


class Dataset(Section):
    path: str | None = None
    """Folder that already holds the four MNIST files (IDX, plain or .gz); empty: download them."""
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
            Annotated[field.annotation, *field.metadata, Field(description=field.description)],
            Field(None, json_schema_extra=_without_default),
        )
        for name, field in Recipe.model_fields.items()
    }
    return create_model("Overrides", __base__=Section, **fields)


if TYPE_CHECKING:
    Overrides = Section
else:
    Overrides = _overrides()


_EMPTY_IS_NO_CHANGE = BeforeValidator(
    lambda value: {} if value is None else value, json_schema_input_type=Overrides | None
)


class Training(Section):
    device: Annotated[
        str, BeforeValidator(_parse_device), Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    ] = "auto"
    """auto (a CUDA GPU where there is one, else the CPU), cpu, cuda, cuda:<number> or mps."""
    threads: Annotated[Whole, Field(ge=1)] = 2
    """CPU threads of a training job. The weights do not depend on it."""
    history_every: Annotated[Whole, Field(ge=1)] = 400
    """Steps between two rows of the history, counted in each epoch from its first step."""


class Clustering(Section):
    methods: Annotated[list[Method], Field(min_length=1), AfterValidator(_different)] = list(
        METHODS
    )
    """Ways from weights to a partition (docs/measures.md)."""
    restarts: Annotated[Whole, Field(ge=1)] = 3
    """Starts of k-means, of networks and nulls alike (`notebook` always has one)."""


class FigureChoice(Section):
    measures: Annotated[list[Measure], Field(min_length=1), AfterValidator(_different)] = list(
        MEASURES
    )
    """Measures that are drawn against k, a figure each."""
    method: Method | None = None
    """Method whose partitions are drawn; empty: `matched`, or the study's first."""
    k: Annotated[Whole, Field(ge=1)] | None = None
    """Clusters in the pictures of weight matrices; empty: 4, or the least k of the grid."""
    pixel_k: (
        Annotated[
            list[Annotated[Whole, Field(ge=1)]], Field(min_length=1), AfterValidator(_different)
        ]
        | None
    ) = None
    """Clusters in the maps of pixel clusters; empty: 2, 4 and 8, or the least k of the grid."""


class Study(Section):
    """Everything that decides what a study computes."""

    results: Annotated[
        str, BeforeValidator(_parse_results), Field(pattern=r"^results(/[A-Za-z0-9_-]+)*$")
    ] = "results"
    """Folder of the study's results; other studies than the default one take one inside it."""
    seeds: Annotated[Blocks, AfterValidator(_starting_at(0))] = ["0-9"]
    """Blocks of seeds: a network each, trained together in one job a block."""
    k_grid: Annotated[Blocks, AfterValidator(_starting_at(1))] = ["2-12"]
    """Blocks of k: all of a block's k are clustered in one job."""
    dataset: Dataset = Dataset()
    """Where MNIST is, and how much of it is used."""
    recipe: Recipe = Recipe()
    """How networks are trained, unless a condition says otherwise."""
    conditions: Annotated[
        dict[Name, Annotated[Overrides, _EMPTY_IS_NO_CHANGE]],
        Field(min_length=1),
    ] = {"baseline": Overrides()}
    """Training recipes by name; each changes the recipe above by key."""
    training: Training = Training()
    """What training runs on. A change of device or threads trains nothing again."""
    clustering: Clustering = Clustering()
    """How weight matrices are clustered."""
    nulls: dict[Null, Annotated[Whole, Field(ge=1)]] = {"shuffle": 99, "labels": 99}
    """Random models that measures are compared with: name to number of draws."""
    figures: FigureChoice = FigureChoice()
    """What figures show."""

    @property
    def k_blocks(self) -> list[Block]:
        return [Block.parse(name) for name in self.k_grid]

    @property
    def k_values(self) -> list[int]:
        return sorted(k for block in self.k_blocks for k in block)

    def recipe_of(self, condition: str) -> Recipe:
        """The recipe of a condition: the study's, changed by the condition's keys."""
        changes = self.conditions[condition].model_dump(exclude_unset=True)
        return Recipe.model_validate(self.recipe.model_dump() | changes)

    def layers_of(self, condition: str) -> dict[str, tuple[int, int]]:
        """Weight matrices of a condition's networks: name to shape [out, in]."""
        return self.recipe_of(condition).layers

    def layer_grid(self) -> Iterator[tuple[str, str]]:
        """All (condition, layer) of the study, in the config's order."""
        for condition in self.conditions:
            for layer in self.layers_of(condition):
                yield condition, layer

    def training_parameters(self, condition: str) -> dict[str, Any]:
        """What decides the networks of a condition, and their history; keys are sorted."""
        return {
            "history_every": self.training.history_every,
            "recipe": dict(sorted(self.recipe_of(condition).model_dump().items())),
            "test_images": self.dataset.test_images,
            "train_images": self.dataset.train_images,
        }

    def clustering_parameters(self) -> dict[str, Any]:
        """What decides a partition, beside the weights and k."""
        return {"methods": list(self.clustering.methods), "restarts": self.clustering.restarts}

    def null_parameters(self, null: Null) -> dict[str, Any]:
        """What decides a null's tables, beside the weights and k."""
        if null == "labels":
            return {"draws": self.nulls.get(null, 0)}
        return self.clustering_parameters() | {"draws": self.nulls.get(null, 0)}

    @property
    def drawn_method(self) -> str:
        """Method whose partitions are drawn."""
        methods = self.clustering.methods
        return self.figures.method or ("matched" if "matched" in methods else methods[0])

    @property
    def drawn_k(self) -> int:
        """Number of clusters in the pictures of weight matrices."""
        return self.figures.k or (4 if 4 in self.k_values else self.k_values[0])

    @property
    def drawn_pixel_k(self) -> list[int]:
        """Numbers of clusters in the maps of pixel clusters."""
        usual: list[int] = [k for k in (2, 4, 8) if k in self.k_values]
        return self.figures.pixel_k or usual or self.k_values[:1]

    def figure_parameters(self, figure: str) -> dict[str, Any]:
        """What decides a figure, beside the rows that it is drawn from."""
        if figure == "weights":
            return {"k": self.drawn_k, "method": self.drawn_method}
        if figure == "pixels":
            return {"method": self.drawn_method, "pixel_k": self.drawn_pixel_k}
        return {}

    def figure_items(self) -> dict[str, list[str]]:
        """All figures of the study: what is drawn, and the items that each draws separately.

        A new figure is a module `clusterability/figures/<name>.py` and a line here.
        """
        return {
            "learning_curves": ["all"],
            "measures": list(self.figures.measures),
            "pixels": ["all"],
            "weights": list(self.conditions),
            "z_scores": list(self.clustering.methods),
        }

    def k_block_of(self, k: int) -> str:
        """Name of the block that holds k."""
        return next(block.name for block in self.k_blocks if k in block)


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


def json_schema() -> str:
    """The JSON schema of the config, for editors."""
    schema = Study.model_json_schema()
    schema["title"] = "Config of a study"
    return json.dumps(schema, indent=2) + "\n"


def _faults(config: Mapping[str, Any]) -> list[str]:
    """All faults of a config; cross-checks look at the sections that are sound by themselves."""
    faults = [
        f"{key!r}: unknown key, expected one of {', '.join(Study.model_fields)}"
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


def _check_k_grid(study: Study) -> Iterator[str]:
    largest = max(min(shape) for c, n in study.layer_grid() for shape in [study.layers_of(c)[n]])
    for block in study.k_blocks:
        if block[-1] > largest:
            yield (
                f"k_grid: found {block.name!r}, expected k that some layer can hold"
                f" (at most {largest}, the smaller side of the largest layer)"
            )


def _check_figures(study: Study) -> Iterator[str]:
    grid = study.k_values
    choices = [("figures.k", study.figures.k)]
    choices += [(f"figures.pixel_k[{i}]", k) for i, k in enumerate(study.figures.pixel_k or [])]
    for key, k in choices:
        if k is not None and k not in grid:
            yield f"{key}: found {k}, expected a k of k_grid ({', '.join(study.k_grid)})"


def _check_figure_method(study: Study) -> Iterator[str]:
    methods = study.clustering.methods
    if study.figures.method is not None and study.figures.method not in methods:
        yield (
            f"figures.method: found {study.figures.method!r}, expected one of"
            f" clustering.methods ({', '.join(methods)})"
        )


CROSS_CHECKS: Sequence[tuple[set[str], Callable[[Study], Iterator[str]]]] = (
    ({"k_grid", "recipe", "conditions"}, _check_k_grid),
    ({"k_grid", "figures"}, _check_figures),
    ({"clustering", "figures"}, _check_figure_method),
)
"""Checks that need several sections: the sections, and what is wrong with them."""


def _fault_line(config: Mapping[str, Any], fault: Any) -> str:
    """`key: found value, expected what` for one error of pydantic."""
    loc = [part for part in fault["loc"] if part != "[key]"]
    if fault["type"] == "extra_forbidden":
        return _unknown_key_line(loc)
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    found = _shorten(fault["input"])
    return f"{key}: found {found}, expected {_expected(fault)}"


def _unknown_key_line(loc: list[Any]) -> str:
    known = _known_keys(loc[:-1])
    name = str(loc[-1])
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    key = ".".join(map(str, loc))
    return f"{key}: unknown key, expected one of {', '.join(known)}{hint}"


def _known_keys(loc: list[Any]) -> list[str]:
    """Keys that the section at `loc` knows."""
    if not loc:
        return list(Study.model_fields)
    if loc[0] == "conditions":
        return list(Recipe.model_fields)
    section = Study.model_fields[str(loc[0])].annotation
    assert isinstance(section, type)
    assert issubclass(section, Section)
    return list(section.model_fields)


_EXPECTED: dict[str, str] = {
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "literal_error": "{expected}",
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


def _shorten(value: Any, width: int = 60) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
