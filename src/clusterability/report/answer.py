"""How good is a cluster, and which number should be trusted? In words, from the table of validity.

Every number is the table's. The rules: with fewer than ENOUGH_SEEDS seeds the evidence is too weak;
the best measure detects if the interval of its mean area under the curve lies above 1/2, and the
best term predicts if that of its mean correlation lies above 0, both widened for how many are
ranked, since the best of many is above chance by chance; two cannot be told apart if the interval
of their paired difference holds 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from clusterability.results.display_names import sentence_list

TITLE = "How good is a cluster, and which number should I trust?"

ENOUGH_SEEDS = 20
FEWEST_SEEDS = 5
"""With fewer there is no answer in a sentence."""

NO_LAYERS = (
    "This study clusters whole networks alone; which measure is right is asked of partitions of"
    " single layers."
)

HARDLY_FOUND = 0.1
"""Agreement with planted clusters below it is hardly any."""

NAMES = {
    "barber_term": "Barber's modularity",
    "ncut_term": "n-cut",
    "mi_term": "mutual information",
    "importance": "importance",
    "coherence": "coherence",
    "importance_by_mean": "importance by mean",
    "coherence_by_mean": "coherence by mean",
}
"""Names in print."""

FUNCTIONS = ("importance", "coherence")
"""What a term has to predict: by ablation to zero."""


def answer(table: pd.DataFrame, networks: pd.DataFrame, method: str | None, resamples: int) -> str:
    """The answer as Markdown.

    Args:
        table: the table of validity.
        networks: the table of networks.
        method: whose partitions the answer is about; None where layers are not clustered.
        resamples: bootstrap samples behind the intervals.
    """
    if method is None:
        return f"# {TITLE}\n\n**{NO_LAYERS}**\n"
    here = table[table["method"] == method]
    seeds = _seeds(here, networks)
    paragraphs = [
        f"# {TITLE}",
        f"**{one_sentence(here, seeds)}**",
        " ".join([_caution(seeds), detection_sentence(here), prediction_sentence(here)]).strip(),
        *_ranking("Detection of planted clusters", _detection(here), "mean AUC of z", "measure"),
        *(
            part
            for function in FUNCTIONS
            for part in _ranking(
                f"Prediction of {function}", _prediction(here, function), "mean correlation", "term"
            )
        ),
        _basis(here, networks, seeds, method, resamples),
    ]
    return "\n\n".join(paragraphs) + "\n"


def one_sentence(table: pd.DataFrame, seeds: int) -> str:
    """The answer in short, as the end of a run tells it.

    Args:
        table: rows of validity of the method that the answer is about.
        seeds: that it rests on.
    """
    if seeds < FEWEST_SEEDS:
        return (
            f"Too few seeds for an answer: {seeds}, where {ENOUGH_SEEDS} are asked for; numbers of"
            " so few say only that the study has run."
        )
    parts = [part for part in (_detection_in_short(table), _prediction_in_short(table)) if part]
    text = "; ".join(parts) if parts else "nothing was planted and nothing was ablated"
    weak = "" if seeds >= ENOUGH_SEEDS else f" (weak evidence: {seeds} of {ENOUGH_SEEDS} seeds)"
    return f"{text[0].upper()}{text[1:]}{weak}."


def _detection_in_short(table: pd.DataFrame) -> str:
    ranked = _detection(table)
    if ranked.empty:
        return ""
    best = ranked.iloc[0]
    if not best["low_of_all"] > 0.5:
        return "no measure tells layers with planted clusters from those without"
    others = len(ranked[1:]) - int((ranked[1:]["behind_low"] > 0).sum())
    same = f", and so do other measures ({others})" if others else ""
    return (
        f"the z of `{best['measure']}` tells layers with planted clusters from those without in"
        f" {_value(best, percent=True)} of cases{same}"
    )


def _prediction_in_short(table: pd.DataFrame) -> str:
    ranked = _prediction(table, FUNCTIONS[0])
    ranked = ranked[ranked["estimate"].notna()]
    if ranked.empty:
        return ""
    best = ranked.iloc[0]
    if not best["low_of_all"] > 0:
        return f"none of a cluster's terms predicts its {FUNCTIONS[0]}"
    return (
        f"a cluster's share of {_name(best['measure'])} goes with its {FUNCTIONS[0]}"
        f" (rank correlation {_value(best)})"
    )


def _seeds(table: pd.DataFrame, networks: pd.DataFrame) -> int:
    """Seeds of the sentence that has the fewest; those of the networks where there is none."""
    ranked = [_detection(table), *(_prediction(table, function) for function in FUNCTIONS)]
    known = [rows["n"].iloc[0] for rows in ranked if len(rows)]
    if known:
        return int(min(known))
    return int(networks.groupby("condition")["seed"].nunique().max()) if len(networks) else 0


def _caution(seeds: int) -> str:
    if seeds >= ENOUGH_SEEDS:
        return ""
    return (
        f"**The evidence is too weak to tell: {seeds} seeds, where {ENOUGH_SEEDS} are asked for"
        " (studies/validity.yaml has them).** So far:"
    )


# --- detection ---------------------------------------------------------------------------------


def _detection(table: pd.DataFrame) -> pd.DataFrame:
    """Ranked mean areas under the curve of z, over all families."""
    rows = table[
        (table["analysis"] == "detection") & (table["form"] == "z") & table["condition"].isna()
    ]
    every = rows[rows["family"].isna()]
    return (every if len(every) else rows).sort_values("estimate", ascending=False)


def detection_sentence(table: pd.DataFrame) -> str:
    """Which measure of a partition tells planted clusters from none."""
    ranked = _detection(table)
    if ranked.empty:
        return "No condition has planted clusters to compare with: nothing is known of detection."
    best = ranked.iloc[0]
    doses = table[
        (table["analysis"] == "detection")
        & (table["form"] == "z")
        & (table["measure"] == best["measure"])
        & table["condition"].notna()
    ]
    kinds = f"{len(doses)} kind{'s' if len(doses) > 1 else ''} of planted clusters"
    if not best["low_of_all"] > 0.5:
        return (
            f"No measure detects {kinds}: the best, {_value(best)}, is not above chance (0.5)"
            f"{_allowing(ranked)}."
        )
    text = (
        f"To tell whether a layer has clusters at all, trust the z of `{best['measure']}`: of"
        f" networks with and without, it prefers the one with them in {_value(best, percent=True)}"
        f" of cases, on average over {kinds}"
    )
    return f"{text}{_no_better(ranked)}.{_not_found(doses)}"


def _not_found(doses: pd.DataFrame) -> str:
    """Of how many kinds something else was detected than the clusters that were planted."""
    elsewhere = (doses[["ami_u", "ami_v"]].max(axis=1) < HARDLY_FOUND).sum()
    if not elsewhere:
        return ""
    return (
        f" In {elsewhere} of them the clusters that were found are hardly the planted ones"
        f" (adjusted mutual information below {HARDLY_FOUND} on both sides): there it detects what"
        " planting does to weights otherwise."
    )


def _allowing(ranked: pd.DataFrame) -> str:
    """Why nothing is claimed, where only the number of those that were ranked forbids it."""
    chance = 0.5 if ranked.iloc[0]["analysis"] == "detection" else 0
    if not ranked.iloc[0]["low"] > chance:
        return ""
    return f", as the best of {len(ranked)} may be by chance"


def _no_better(ranked: pd.DataFrame) -> str:
    """Those that the best cannot be told apart from."""
    others = ranked.iloc[1:]
    others = others[~(others["behind_low"] > 0)]
    if others.empty:
        second = ranked.iloc[1] if len(ranked) > 1 else None
        if second is None:
            return ""
        return f", {_difference(second)} more than the next, {_name(second['measure'])}"
    names = [_name(measure) for measure in others["measure"]]
    return f"; it cannot be told apart from {sentence_list(names)}"


# --- prediction --------------------------------------------------------------------------------


def _prediction(table: pd.DataFrame, function: str) -> pd.DataFrame:
    """Ranked mean correlations of terms with a function measure, over all conditions."""
    rows = table[
        (table["analysis"] == "clusters")
        & (table["function"] == function)
        & table["condition"].isna()
    ]
    return rows.sort_values("estimate", ascending=False)


def prediction_sentence(table: pd.DataFrame) -> str:
    """Which term of a cluster says what its units do."""
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
    best = ranked.iloc[0]
    if not best["low_of_all"] > 0:
        return (
            f"None of a cluster's own terms predicts its {function}: the best,"
            f" {_name(best['measure'])}, correlates by {_value(best)}{_allowing(ranked)}."
        )
    return (
        f"Of a single cluster, its share of {_name(best['measure'])} says most of its {function}:"
        f" rank correlation {_value(best)} within networks, adjusted for size{_no_better(ranked)}."
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
        return f"{100 * estimate:.0f} %" if percent else _number(estimate)
    if percent:
        return f"{100 * estimate:.0f} % [{_number(100 * low, 0)}, {_number(100 * high, 0)}]"
    return f"{_number(estimate)} [{_number(low)}, {_number(high)}]"


def _number(value: float, digits: int = 2) -> str:
    if pd.isna(value):
        return "?"
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")


def _ranking(title: str, ranked: pd.DataFrame, estimate: str, measure: str) -> list[str]:
    if ranked.empty:
        return []
    lines = [f"| {measure} | {estimate} [95 % interval] | behind the best |", "| --- | --- | --- |"]
    lines += [
        f"| {_name(row['measure'])} | {_value(row)} | {_difference(row) if place else ''} |"
        for place, (_, row) in enumerate(ranked.iterrows())
    ]
    return [f"## {title}", "\n".join(lines)]


def _basis(
    table: pd.DataFrame, networks: pd.DataFrame, seeds: int, method: str | None, resamples: int
) -> str:
    """What the answer rests on."""
    accuracy = networks.groupby("condition", sort=False)["test_accuracy"].mean().dropna()
    known = ", ".join(f"{name} {100 * share:.1f} %" for name, share in accuracy.items())
    probed = table[(table["analysis"] == "clusters") & table["condition"].notna()]
    conditions = (
        sentence_list(list(probed["condition"].unique())) if len(probed) else "no condition"
    )
    return (
        f"It rests on {seeds} seeds a condition, method `{method}`; intervals are 95 % bootstrap"
        f" intervals over seeds ({resamples} resamples), the same seeds drawn in all conditions."
        f" What units do was asked in {conditions}. Test accuracy: {known or 'no trained network'}."
        " All rows: tables/validity.csv."
    )
