"""Answer in words, from the tables: how good are the clusters, and which measure is right?

First comes the verdict on each layer, then how far to trust it, then which measure is right. Every
number is from a table. The last part follows these rules:

- With fewer than ENOUGH_SEEDS seeds, the evidence is too weak.
- A measure is right about partitions if the interval of its balanced accuracy lies above 1/2. It
  detects if that of its mean area under the curve does. A term predicts if that of its mean
  correlation excludes 0. Intervals are widened for the number of ranked measures, since the best of
  many exceeds chance by chance.
- Two measures cannot be told apart if the interval of their paired difference contains 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from clusterability.analysis.prediction import BASELINE
from clusterability.report.recovery_text import (
    of_first_null,
    recovery_in_short,
    recovery_sentence,
)
from clusterability.report.verdict_text import verdict_sentence, verdict_table
from clusterability.results.display_names import counted, rounded_text, sentence_list

TITLE = "How good are the clusters?"
MEASURES_TITLE = "Which measure should I trust?"

ENOUGH_SEEDS = 20
FEWEST_SEEDS = 5
"""With fewer seeds, there is no one-sentence answer."""

NO_LAYERS = (
    "This study clusters whole networks alone; which measure is right is asked of partitions of"
    " single layers."
)

HARDLY_FOUND = 0.1
"""Agreement below this with planted clusters counts as hardly any."""

NAMES = {
    "barber_term": "Barber's modularity",
    "ncut_term": "n-cut",
    "mi_term": "mutual information",
    "cluster_bits": "saved bits",
    "mean_strength": "the mean weight of its units",
    "importance": "importance",
    "coherence": "coherence",
    "importance_by_mean": "importance by mean",
    "coherence_by_mean": "coherence by mean",
    "sufficiency": "sufficiency",
    "sufficiency_by_mean": "sufficiency by mean",
}
"""Display names."""

FUNCTIONS = ("importance", "coherence")
"""Function measures that terms should predict, for ablation to zero."""

_BITS = (
    "Bits are what naming the clusters saves in describing the weights (docs/bits.md); from 20 on,"
    " clusters pay. Beyond a null: bits less the most that any draw of it saves; a layer that is"
    " like the null's draws lies at or below 0, but for one network in (draws + 1). A layer has"
    " clusters where the lower bounds over networks (of one network, the numbers) of its bits, of"
    " those beyond units of the same strengths (`strength`, `degrees`), of those beyond mixtures of"
    " the units (`rotated_u`, `rotated_v`) and, where columns have a covariate, of those beyond"
    " weights permuted within its strata (`within`) all reach 20. Rotated nulls are not drawn where"
    " more than 5 % of the weights are zero. The differences are no shares, and do not add up."
    " Where restarts of the search that save as much agree by less than 0.8, there are many ways to"
    " cut the layer that are as good: believe the bits, and no single cluster."
)

_PERMUTED = (
    "A verdict does not say that the task made the clusters. Beyond permuted labels: bits less"
    " those of the same networks (initial weights, images, recipe) trained on permuted labels,"
    " paired by seed. Where this is not above 0, the number of bits does not speak for the task;"
    " where it is, it may, but networks on permuted labels also hardly fit them."
)


def study_answer(
    verdicts: pd.DataFrame,
    networks: pd.DataFrame,
    validity: pd.DataFrame | None,
    method: str | None,
    resamples: int,
) -> str:
    """The answer as Markdown.

    Args:
        verdicts: the table of verdicts.
        networks: the table of networks.
        validity: the table of validity; None if nothing was planted or probed.
        method: method whose partitions the measures are judged by; None if no layers are clustered.
        resamples: bootstrap samples behind the intervals of validity.
    """
    paragraphs = [f"# {TITLE}", f"**{verdict_sentence(verdicts)}**"]
    if len(verdicts):
        paragraphs += [verdict_table(verdicts), "## How far to trust this"]
        paragraphs += [f"{_BITS} {_basis_of_verdicts(verdicts, networks)}"]
        if verdicts["permuted"].notna().any():
            paragraphs.append(_PERMUTED)
    if validity is not None:
        paragraphs += [f"## {MEASURES_TITLE}", *measures_answer(validity, networks, method)]
        paragraphs += [_basis(validity, networks, method, resamples)]
    return "\n\n".join(paragraphs) + "\n"


def _basis_of_verdicts(verdicts: pd.DataFrame, networks: pd.DataFrame) -> str:
    counts = sorted(set(verdicts["n"]))
    count = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    intervals = "95 % t intervals over them" if counts[-1] > 1 else "so there is no interval"
    accuracy = networks.groupby("condition", sort=False)["test_accuracy"].mean().dropna()
    known = ", ".join(f"{name} {100 * share:.1f} %" for name, share in accuracy.items())
    return " ".join(
        [
            f"Partitions are those of `{verdicts['method'].iloc[0]}`.",
            f"Networks a row: {count}, {intervals}.",
            *([f"Test accuracy: {known}."] if known else []),
            "All numbers: tables/verdict.csv.",
        ]
    )


def measures_answer(table: pd.DataFrame, networks: pd.DataFrame, method: str | None) -> list[str]:
    """Paragraphs on which measure is right.

    Args:
        table: the table of validity.
        networks: the table of networks.
        method: method of the partitions.
    """
    if method is None:
        return [f"**{NO_LAYERS}**"]
    rows = table[table["method"] == method]
    seeds = _seeds(rows, networks)
    return [
        f"**{one_sentence(rows, seeds)}**",
        " ".join(
            part
            for part in (
                _caution(seeds),
                recovery_sentence(rows),
                detection_sentence(rows),
                prediction_sentence(rows),
            )
            if part
        ),
    ]


def one_sentence(table: pd.DataFrame, seeds: int) -> str:
    """The answer in one sentence, as printed at the end of a run.

    Args:
        table: rows of validity for one method.
        seeds: number of seeds behind them.
    """
    if seeds < FEWEST_SEEDS:
        return (
            f"Too few seeds for an answer: {seeds}, where {ENOUGH_SEEDS} are asked for; numbers of"
            " so few say only that the study has run."
        )
    sentences = (recovery_in_short(table), _detection_in_short(table), _prediction_in_short(table))
    parts = [part for part in sentences if part]
    text = "; ".join(parts) if parts else "nothing was planted and nothing was ablated"
    weak = "" if seeds >= ENOUGH_SEEDS else f" (weak evidence: {seeds} of {ENOUGH_SEEDS} seeds)"
    return f"{text[0].upper()}{text[1:]}{weak}."


def _detection_in_short(table: pd.DataFrame) -> str:
    ranked = _detection(table)
    if ranked.empty:
        return ""
    detecting = ranked[ranked["low_of_all"] > 0.5]
    if detecting.empty:
        return "no measure tells layers with planted clusters from those without"
    best = detecting.iloc[0]
    first, others = _tied(detecting), ranked[~(ranked["behind_low"] > 0)]
    same = f", and others cannot be told apart ({len(others) - len(first)})"
    names, verb = sentence_list(first), "tell" if len(first) > 1 else "tells"
    return (
        f"z of {names} {verb} layers with planted clusters from those without in"
        f" {_value(best, percent=True)} of cases{same if len(others) > len(first) else ''}"
    )


def _tied(ranked: pd.DataFrame) -> list[str]:
    """Names of the measures that share the largest estimate."""
    best = ranked[ranked["estimate"] == ranked["estimate"].iloc[0]]
    return [f"`{measure}`" for measure in best["measure"]]


def _prediction_in_short(table: pd.DataFrame) -> str:
    ranked = _prediction(table, FUNCTIONS[0])
    terms = _predictors(ranked)
    if ranked.empty:
        return ""
    if terms.empty:
        return f"none of a cluster's terms predicts its {FUNCTIONS[0]}"
    best = terms.iloc[0]
    return (
        f"a cluster's share of {_name(best['measure'])} goes with its {FUNCTIONS[0]}"
        f" (rank correlation {_value(best)}{_beside_baseline(ranked)})"
    )


def _predictors(ranked: pd.DataFrame) -> pd.DataFrame:
    """Terms, without the baseline, whose correlation excludes 0, the strongest first."""
    terms = ranked[ranked["measure"] != BASELINE]
    known = terms[(terms["low_of_all"] > 0) | (terms["high_of_all"] < 0)]
    return known.reindex(known["estimate"].abs().sort_values(ascending=False).index)


def _beside_baseline(ranked: pd.DataFrame) -> str:
    """Text on the baseline, the mean weight of a cluster's units."""
    rows = ranked[ranked["measure"] == BASELINE]
    return f"; {_name(BASELINE)} alone: {_value(rows.iloc[0])}" if len(rows) else ""


def _seeds(table: pd.DataFrame, networks: pd.DataFrame) -> int:
    """Smallest number of seeds behind any sentence; without sentences, that of the networks."""
    ranked = [_detection(table), *(_prediction(table, function) for function in FUNCTIONS)]
    known = [rows["n"].iloc[0] for rows in ranked if len(rows)]
    if known:
        return int(min(known))
    return int(networks.groupby("condition")["seed"].nunique().max()) if len(networks) else 0


def _caution(seeds: int) -> str:
    if seeds >= ENOUGH_SEEDS:
        return ""
    return (
        f"**The evidence is too weak to tell: {counted(seeds, 'seed')}, where {ENOUGH_SEEDS} are"
        " asked for (studies/validity.yaml has them).** So far:"
    )


# --- detection ---------------------------------------------------------------------------------


def _detection(table: pd.DataFrame) -> pd.DataFrame:
    """Mean areas under the curve of z over all families, ranked."""
    rows = table[
        (table["analysis"] == "detection") & (table["form"] == "z") & table["condition"].isna()
    ]
    rows = of_first_null(rows)
    over_families = rows[rows["family"].isna()]
    return (over_families if len(over_families) else rows).sort_values("estimate", ascending=False)


def detection_sentence(table: pd.DataFrame) -> str:
    """Sentence on the measure that separates planted clusters from none."""
    ranked = _detection(table)
    if ranked.empty:
        return "No condition has planted clusters to compare with: nothing is known of detection."
    best = ranked.iloc[0]
    strengths = table[
        (table["analysis"] == "detection")
        & (table["form"] == "z")
        & (table["measure"] == best["measure"])
        & table["condition"].notna()
    ]
    strengths = of_first_null(strengths)
    kinds = f"{len(strengths)} kind{'s' if len(strengths) > 1 else ''} of planted clusters"
    detecting = ranked[ranked["low_of_all"] > 0.5]
    if detecting.empty:
        return (
            f"No measure detects {kinds}: the best, {_value(best)}, is not above chance (0.5)"
            f"{_allowing(ranked)}."
        )
    best, first = detecting.iloc[0], _tied(detecting)
    text = (
        f"To tell planted clusters from none, z of {sentence_list(first)}"
        f" {'prefer' if len(first) > 1 else 'prefers'} the network with them in"
        f" {_value(best, percent=True)} of pairs of networks, on average over {kinds}"
    )
    return f"{text}{_no_better(detecting)}.{_not_found(strengths)}"


def _not_found(strengths: pd.DataFrame) -> str:
    """Text on kinds where a measure detected something other than the planted clusters."""
    elsewhere = (strengths[["ami_u", "ami_v"]].max(axis=1) < HARDLY_FOUND).sum()
    if not elsewhere:
        return ""
    return (
        f" In {elsewhere} of them the clusters that were found are hardly the planted ones"
        f" (adjusted mutual information below {HARDLY_FOUND} on both sides): there it detects what"
        " planting does to weights otherwise."
    )


def _allowing(ranked: pd.DataFrame) -> str:
    """Reason why nothing is claimed, if it is only the number of ranked measures."""
    chance = 0.5 if ranked.iloc[0]["analysis"] == "detection" else 0
    if not ranked.iloc[0]["low"] > chance:
        return ""
    return f", as the best of {len(ranked)} may be by chance"


def _no_better(ranked: pd.DataFrame) -> str:
    """Text on the measures that cannot be told apart from the best."""
    tied = len(_tied(ranked))
    others = ranked.iloc[tied:]
    if others.empty:
        return ""
    same = others[~(others["behind_low"] > 0)]
    if same.empty:
        second = others.iloc[0]
        return f", {_difference(second)} more than the next, {_name(second['measure'])}"
    names = [_name(measure) for measure in same["measure"]]
    return f"; {'they' if tied > 1 else 'it'} cannot be told apart from {sentence_list(names)}"


# --- prediction --------------------------------------------------------------------------------


def _prediction(table: pd.DataFrame, function: str) -> pd.DataFrame:
    """Mean correlations of terms with a function measure over all conditions, ranked."""
    rows = table[
        (table["analysis"] == "clusters")
        & (table["function"] == function)
        & table["condition"].isna()
    ]
    return rows.sort_values("estimate", ascending=False)


def prediction_sentence(table: pd.DataFrame) -> str:
    """Sentences on the terms that predict the function of a cluster."""
    parts = [_predicts(_prediction(table, function), function) for function in FUNCTIONS]
    known = [part for part in parts if part]
    if not known:
        return (
            "Nothing is known of what clusters do: no network was accurate enough to be ablated, or"
            " its clusters were too few to be compared."
        )
    return " ".join(known)


def _predicts(ranked: pd.DataFrame, function: str) -> str:
    ranked = ranked[ranked["estimate"].notna()]
    if ranked.empty:
        return ""
    baseline = f"{_name(BASELINE)} alone"
    beside = ranked[ranked["measure"] == BASELINE]
    text = f" {baseline[0].upper()}{baseline[1:]}: {_value(beside.iloc[0])}." if len(beside) else ""
    terms = _predictors(ranked)
    if terms.empty:
        strongest = ranked[ranked["measure"] != BASELINE]
        if strongest.empty:
            return ""
        best = strongest.iloc[int(strongest["estimate"].abs().argmax())]
        return (
            f"None of a cluster's terms predicts its {function}: the strongest,"
            f" {_name(best['measure'])}, correlates by {_value(best)}{_allowing(ranked)}.{text}"
        )
    parts = [f"{_name(row['measure'])} by {_value(row)}" for _, row in terms.iterrows()]
    return (
        f"Of a single cluster, these terms go with its {function}, by rank correlation within"
        f" networks, adjusted for size: {sentence_list(parts)}.{text}"
    )


# --- text --------------------------------------------------------------------------------------


def _name(measure: str) -> str:
    return NAMES.get(measure, f"`{measure}`")


def _value(row: Mapping[str, float] | pd.Series, percent: bool = False) -> str:
    """The estimate with its interval."""
    return _interval(row["estimate"], row["low"], row["high"], percent)


def _difference(row: pd.Series) -> str:
    return _interval(row["behind"], row["behind_low"], row["behind_high"])


def _interval(estimate: float, low: float, high: float, percent: bool = False) -> str:
    if pd.isna(low) or pd.isna(high):
        return f"{100 * estimate:.0f} %" if percent else rounded_text(estimate)
    if percent:
        return (
            f"{100 * estimate:.0f} % [{rounded_text(100 * low, 0)}, {rounded_text(100 * high, 0)}]"
        )
    return f"{rounded_text(estimate)} [{rounded_text(low)}, {rounded_text(high)}]"


def _basis(table: pd.DataFrame, networks: pd.DataFrame, method: str | None, resamples: int) -> str:
    """Paragraph on the data behind the part on measures."""
    rows = table[table["method"] == method]
    probed = rows[(rows["analysis"] == "clusters") & rows["condition"].notna()]
    conditions = (
        sentence_list(list(probed["condition"].unique())) if len(probed) else "no condition"
    )
    seeds = counted(_seeds(rows, networks), "seed")
    return (
        f"It rests on {seeds} a condition, method `{method}`; intervals are"
        f" 95 % bootstrap intervals over seeds ({resamples} resamples), the same seeds drawn in all"
        f" conditions. What units do was asked in {conditions}. All rows: tables/validity.csv."
    )
