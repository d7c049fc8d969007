"""methods.md: paragraphs for the methods section of a paper, from the resolved config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clusterability.clustering.catalogue import METHODS
from clusterability.jobs.adaptive_job import ENOUGH
from clusterability.jobs.report_jobs import PaperJob
from clusterability.measures.catalogue import MEASURES
from clusterability.networks.scaling_names import SCALINGS_SAY
from clusterability.nulls.catalogue import NULLS
from clusterability.report.paper.study_tables import Shown
from clusterability.report.paper.tables import networks
from clusterability.results.display_names import counted, measure_label, sentence_list
from clusterability.study.extensions_asked import extensions_of
from clusterability.training.images import DATA_SETS, DataSet
from clusterability.training.optimisers import OPTIMISERS

_REFERENCES = (
    "Barber 2007, doi:10.1103/PhysRevE.76.066102",
    "Benjamini & Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Dhillon 2001, doi:10.1145/502512.502550",
    "Dhillon, Mallela & Modha 2003, doi:10.1145/956750.956764",
    "Filan et al. 2021, arXiv:2103.03386",
    "Golechha et al. 2025, arXiv:2502.02470",
    "Kingma & Ba 2015, arXiv:1412.6980",
    "Newman 2006, doi:10.1073/pnas.0601602103",
    "Shi & Malik 2000, doi:10.1109/34.868688",
)

_OF_DATA_SETS = {
    "mnist": "LeCun et al. 1998, doi:10.1109/5.726791",
    "fashion_mnist": "Xiao et al. 2017, arXiv:1708.07747",
    "kmnist": "Clanuwat et al. 2018, arXiv:1812.01718",
}


def methods_text(job: PaperJob, shown: Shown, versions: Mapping[str, str]) -> str:
    """Text of the file, Markdown.

    Args:
        job: parameters of the paper.
        shown: the study's tables.
        versions: versions of Python and the packages, by name.
    """
    config = job.config
    paragraphs = [
        "# Methods",
        *_networks(config, job.recipes, shown),
        _clustering(config),
        _measures(),
        _nulls(config, job.nulls),
        *_extensions(config),
        *_function(config, shown),
        _software(shown, versions),
        "## References\n\n" + "\n".join(f"- {reference}" for reference in _references(config)),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _references(config: Mapping[str, Any]) -> list[str]:
    more = ["Besag & Clifford 1991, doi:10.1093/biomet/78.2.301"] if _adaptive(config) else []
    references = [*_REFERENCES, *more, _OF_DATA_SETS[config["dataset"]["name"]]]
    return sorted(references, key=str.casefold)


def _cited(config: Mapping[str, Any]) -> str:
    """Authors and year of the reference for the data set."""
    return _OF_DATA_SETS[config["dataset"]["name"]].split(",")[0]


def _networks(
    config: Mapping[str, Any], recipes: Mapping[str, Mapping[str, Any]], shown: Shown
) -> Iterator[str]:
    if recipes:
        images = config["dataset"]["train_images"] or 60_000
        tests = config["dataset"]["test_images"] or 10_000
        data = DATA_SETS[config["dataset"]["name"]]
        common, changes = _common(list(recipes.values()))
        first = next(iter(recipes.values()))
        text = "; ".join(
            f"`{name}`: {_text(recipe, changes, data)}" if changes else f"`{name}`"
            for name, recipe in recipes.items()
        )
        yield (
            f"**Networks.** For each condition and each seed ({', '.join(shown.seeds)}), a fully"
            f" connected ReLU network was trained on {images:,} images of"
            f" {data.title} ({_cited(config)}) to minimise cross-entropy; {tests:,} images were"
            f" kept for testing. All conditions: {_text(first, common, data)}. Conditions: {text}."
            " Initial weights, order of the data and dropout are drawn from the seed, so that a"
            f" network depends on its condition and seed alone. {_accuracies(shown)}"
        )
    matrices = "imported from a file"
    others = [
        *(f"`{name}` (random matrices with known structure)" for name in config["synthetic"]),
        *(f"`{name}` ({matrices})" for name in config["networks"]),
    ]
    if others:
        yield f"**Other matrices.** Not trained here: {sentence_list(others)}."


def _common(recipes: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Keys with the same value in all recipes, and keys that differ."""
    differ = [key for key in recipes[0] if len({str(recipe[key]) for recipe in recipes}) > 1]
    return [key for key in recipes[0] if key not in differ], differ


def _text(recipe: Mapping[str, Any], keys: Sequence[str], data: DataSet) -> str:
    """Describe the values of these keys in a recipe, without what is switched off."""
    return ", ".join(filter(None, (_say(key, recipe, data) for key in keys))) or "nothing else"


def _say(key: str, recipe: Mapping[str, Any], data: DataSet) -> str:
    value = recipe[key]
    always = {
        "architecture": f"units {value}",
        "optimizer": OPTIMISERS[recipe["optimizer"]].says,
        "learning_rate": f"learning rate {value:g}" if key == "learning_rate" else "",
        "batch_size": f"batches of {value} images",
        "biases": "with biases" if value else "without biases",
        "initialisation": _INITIALISATIONS.get(str(value), str(value)),
        "epochs": _epochs(value),
        "steps": "" if value is None else f"stopped after {value} training steps",
        "normalise": _normalised(data) if value else "pixels from 0 to 1",
    }
    if key in always:
        return always[key]
    if not value or key in _SAID_ELSEWHERE:
        return ""
    number = f"{value:g}" if isinstance(value, float) else str(value)
    sometimes = {
        "epsilon": f"epsilon {number} of Adam" if _epsilon_matters(recipe) else "",
        "dropout": f"dropout {value:g} of hidden units" if key == "dropout" else "",
        "from": f"trained on from the networks of `{value}`",
        "l1": f"{number} times the sum of absolute weights{_of(recipe, 'l1_layers')} added to the"
        " loss",
        "l2": f"{number} times the sum of squared weights{_of(recipe, 'l2_layers')} added to the"
        " loss",
        "sparsity": _pruning(recipe),
        "data_order": f"order {value} of the data",
        "task": _TASKS.get(str(value), ""),
        "images": _IMAGES.get(str(value), ""),
        "labels": _LABELS.get(str(value), ""),
        "centre_pixels": "each pixel less its mean over the training images",
        "clusterability": f"{number} times the clusterability of {recipe['planted_clusters']}"
        f" planted clusters of {recipe['planted_layer']} subtracted from the loss"
        " (Golechha et al. 2025)",
        "pixel_deviation": f"pixels with a standard deviation below {value} left out",
    }
    return sometimes.get(key, f"{key.replace('_', ' ')} {value}")


_SAID_ELSEWHERE = (
    *("planted_layer", "planted_clusters", "l1_layers", "l2_layers"),
    *("sparsity_start", "pruning_start", "pruning_every"),
)
"""Keys described together with another one."""

_TASKS = {
    "two_digits_separate": "two images side by side, and two heads of ten outputs that tell the"
    " class of one image each",
    "two_digits_joint": "two images side by side, and two heads of ten outputs that tell the sum"
    " and the difference of both classes modulo 10",
}
_IMAGES = {
    "gaussian": "images drawn from a normal distribution with the pixel means and the covariance of"
    " the training images",
    "independent_pixels": "the values of each pixel shuffled over the images, pixel by pixel",
}
_LABELS = {
    "permuted": "training labels permuted",
    "teacher": "labels by a random network of the same architecture, one for each seed",
}
"""Descriptions of tasks, images and labels that differ from the data set's."""

_INITIALISATIONS = {
    "pytorch": "initial weights uniform within 1/sqrt(inputs)",
    "glorot": "initial weights uniform within sqrt(6/(inputs + outputs)) (Glorot & Bengio 2010) and"
    " biases zero",
}


def _of(recipe: Mapping[str, Any], key: str) -> str:
    layers = recipe[key]
    return f" of {sentence_list(layers)}" if layers else ""


def _pruning(recipe: Mapping[str, Any]) -> str:
    begin = recipe["pruning_start"]
    after = f" after {_epochs(begin)}" if begin else ""
    first, last = (f"{100 * recipe[key]:g} %" for key in ("sparsity_start", "sparsity"))
    return (
        f"the weights of each layer pruned by magnitude{after}, {first} at first and {last} in the"
        f" end by polynomial decay, chosen every {recipe['pruning_every']} steps (Zhu & Gupta 2017)"
    )


def _normalised(data: DataSet) -> str:
    return f"pixels less {data.mean:.4f} over {data.standard_deviation:.4f}"


def _epsilon_matters(recipe: Mapping[str, Any]) -> bool:
    return bool(recipe["optimizer"] == "adam" and recipe["epsilon"] != _PYTORCH_EPSILON)


_PYTORCH_EPSILON = 1e-8


def _epochs(count: int) -> str:
    return {0: "no training", 1: "1 epoch"}.get(count, f"{count} epochs")


def _accuracies(shown: Shown) -> str:
    rows = networks(shown).rows
    known = rows[rows["test_accuracy"].notna()]
    parts = [
        f"{row['condition']} {100 * row['test_accuracy']:.1f} % (n = {row['n']})"
        for row in known.to_dict("records")
    ]
    return f"Mean test accuracy: {', '.join(parts)}." if parts else ""


def _clustering(config: Mapping[str, Any]) -> str:
    clustering = config["clustering"]
    methods = [f"`{name}`, {METHODS[name].says}" for name in clustering["methods"]]
    scalings = [SCALINGS_SAY[name] for name in clustering["scalings"]]
    blocks = sentence_list([str(block) for block in config["k_grid"]])
    return (
        "**Clustering.** The absolute weights of a layer are a bipartite graph between its output"
        " units (U) and its input units (V); units all of whose weights are zero are left out."
        " Units were embedded by the leading singular vectors of the matrix normalised by the"
        " square roots of its row and column sums, and clustered by k-means (k-means++, best of"
        f" {counted(clustering['restarts'], 'restart')} unless said otherwise) for k = {blocks}."
        f" Methods: {'; '.join(methods)}. Weights were taken {sentence_list(scalings)}."
    )


def _measures() -> str:
    labels = [measure_label(name).removesuffix(" [nats]") for name in MEASURES]
    return (
        "**Measures.** From the k x k table T of the share of absolute weight between each U"
        f" cluster and each V cluster: {sentence_list(labels)}. I(T) is the mutual information"
        " between U cluster and V cluster in nats, I(P) that between the units themselves"
        " (Dhillon, Mallela & Modha 2003); Barber's Q is bipartite modularity (Barber 2007),"
        " Newman's Q that of the graph taken as a plain one (Newman 2006); n-cut is the normalised"
        " cut (Shi & Malik 2000); clusterability is the share of squared weights inside clusters"
        " (Golechha et al. 2025); held-out information judges the V clusters found from half of"
        " the output units on the other half."
    )


def _nulls(config: Mapping[str, Any], draws: Mapping[str, int | str]) -> str:
    models_used = [_null(name, draws[name]) for name in config["nulls"]]
    models = (
        f" Null models: {'; '.join(models_used)}." if models_used else " No null model was drawn."
    )
    return (
        f"**Null models and statistics.**{models} z is a value less the mean of the null's draws"
        " over their standard deviation, signed so that positive is better than chance; p is"
        f" (1 + the number of draws at least as good) / (1 + the number of draws).{_rule(config)}"
        " Means over networks have 95 % t intervals over seeds. A cell of condition, layer, method,"
        " k and measure has one q: the one-sided t test over networks that z is above 0, adjusted"
        " over the cells of one null, method and measure (Benjamini & Hochberg 1995)."
    )


def _extensions(config: Mapping[str, Any]) -> Iterator[str]:
    """Sentences on measures, methods and nulls of other packages, with versions and digests."""
    methods = [*config["clustering"]["methods"], *config["equal_size"]["methods"]]
    sentences = [
        f"The {each.kind} `{each.name}` is from {each.owner} (the SHA-256 of its code begins with"
        f" {each.digest()})" + (f": {MEASURES[each.name].says}" if each.kind == "measure" else ".")
        for each in extensions_of(config["measures"], methods, config["nulls"])
    ]
    if sentences:
        yield f"**Other packages.** {' '.join(sentences)}"


def _adaptive(config: Mapping[str, Any]) -> bool:
    return bool(config.get("draws") == "adaptive")


def _rule(config: Mapping[str, Any]) -> str:
    """Sentences on the rule by which draws end, if there is one."""
    if not _adaptive(config):
        return ""
    return (
        f" Where the number of draws is a range, they ended once {ENOUGH} were as good as each"
        f" value of a layer, and p is {ENOUGH} / L where the draw of number L was the"
        f" {ENOUGH}th that was as good as the value (Besag & Clifford 1991)."
    )


def _null(name: str, draws: int | str) -> str:
    parts = (NULLS[name].says, NULLS[name].caveat)
    return f"`{name}` ({counted(draws, 'draw')}), {', '.join(part for part in parts if part)}"


def _function(config: Mapping[str, Any], shown: Shown) -> Iterator[str]:
    probe = config["probe"]
    if "validity" not in shown or probe["k"] == []:
        return
    yield (
        f"**Function.** Up to {probe['images']} test images were shown to the networks. Each"
        " cluster of hidden units was set to zero, and in a second pass to its mean activation, and"
        f" compared with {probe['groups']} random groups of as many units of the layer: importance"
        " is the drop in accuracy, coherence the range over classes of the drop over their mean."
        " How well a measure tells networks with planted clusters from those without is the area"
        " under the curve of its z; how well it predicts function, a rank correlation over networks"
        " or clusters; both have 95 % bootstrap intervals over seeds"
        f" ({config['validity']['resamples']} resamples)."
    )


def _software(shown: Shown, versions: Mapping[str, str]) -> str:
    packages = sentence_list([f"{name} {version}" for name, version in versions.items()])
    table = shown.tables["networks"]
    devices = sorted(table["device"].dropna().unique()) if "device" in table else []
    where = f" Networks were trained on {sentence_list(devices)}." if devices else ""
    return f"**Software.** {packages}.{where} manifest.json has digests of code, inputs and files."
