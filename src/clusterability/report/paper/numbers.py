r"""numbers.tex: `\result{key}` for every number that a text may quote.

Keys are paths: `accuracy/trained`, `bits/trained/fc1`, `z/trained/fc1/4/mi_preserved`. The bounds
of an interval are one text under `…/interval`.
"""

from __future__ import annotations

import math

import pandas as pd

from clusterability.analysis.verdict import REDRAWN
from clusterability.report.paper.latex import interval, macros, rounded
from clusterability.report.paper.study_tables import Shown
from clusterability.report.paper.tables import networks
from clusterability.report.recovery_text import of_first_null

COMMAND = "result"

HEAD = r"""%% Numbers of the study, by key: \result{accuracy/trained}, \result{z/trained/fc1/4/mi}.
%% Needs siunitx. Accuracies in percent; scores by the method that figures show, against the null
%% that figures show; intervals are 95 %% intervals over seeds.
"""


def numbers_tex(shown: Shown) -> str:
    """Text of the file."""
    return HEAD.replace("%%", "%") + macros(numbers(shown), COMMAND)


def numbers(shown: Shown) -> dict[str, str]:
    """Numbers in LaTeX, by key."""
    texts = {"seeds": str(_networks_each(shown)), "k": str(shown.k)}
    texts |= {f"draws/{null}": str(draws) for null, draws in shown.nulls.items()}
    parts = _accuracy, _verdicts, _scores, _best_k, _validity
    for part in (of(shown) for of in parts):
        texts |= {key: text for key, text in part.items() if text}
    return texts


def _networks_each(shown: Shown) -> int:
    """Largest number of networks in any condition."""
    return int(shown.tables["networks"].groupby("condition").size().max())


def _accuracy(shown: Shown) -> dict[str, str]:
    texts = {}
    for row in networks(shown).rows.to_dict("records"):
        key = f"accuracy/{row['condition']}"
        mean, low, high = (100 * row[f"test_accuracy{end}"] for end in ("", "_low", "_high"))
        texts[f"n/{row['condition']}"] = str(row["n"])
        texts |= {key: _number(mean, 1), f"{key}/interval": interval(low, high, 1)}
    return texts


def _verdicts(shown: Shown) -> dict[str, str]:
    """Bits that each layer saves, bits beyond each null, and beyond permuted labels."""
    if "verdict" not in shown:
        return {}
    columns = ["bits", *(f"beyond_{null}" for null in (*REDRAWN, "permuted"))]
    texts = {}
    for row in shown.tables["verdict"].to_dict("records"):
        for name in columns:
            key = f"{name}/{row['condition']}/{row['layer']}"
            texts[key] = _number(row[name], 0)
            texts[f"{key}/interval"] = interval(row[f"{name}_low"], row[f"{name}_high"], 0)
        texts[f"n/{row['condition']}/{row['layer']}"] = str(row["n"])
    return texts


def _scores(shown: Shown) -> dict[str, str]:
    texts = {}
    for row in shown.summary.to_dict("records"):
        key = "/".join(str(row[name]) for name in ("condition", "layer", "k", "measure"))
        for name, digits in {"value": 3, "excess": 3, "z": 1}.items():
            texts[f"{name}/{key}"] = _number(row[name], digits)
            bounds = row[f"{name}_low"], row[f"{name}_high"]
            texts[f"{name}/{key}/interval"] = interval(*bounds, digits)
        texts[f"n/{key}"] = str(row["n"])
        if math.isfinite(row["q"]):
            texts[f"q/{key}"] = rf"\num{{{row['q']:.2g}}}"
    return texts


def _best_k(shown: Shown) -> dict[str, str]:
    if "best_k" not in shown:
        return {}
    rows = shown.against_one_null("best_k").dropna(subset=["k"])
    return {
        f"best_k/{row['condition']}/{row['layer']}/{row['measure']}": f"{row['k']:.0f}"
        for row in rows.to_dict("records")
    }


def _validity(shown: Shown) -> dict[str, str]:
    if "validity" not in shown:
        return {}
    rows = shown.of_method("validity")
    rows = rows[rows["condition"].isna() & rows["estimate"].notna()]
    texts = {}
    detected = of_first_null(rows[(rows["analysis"] == "detection") & (rows["form"] == "z")])
    others = rows[rows["analysis"] != "detection"]
    for row in pd.concat([detected, others]).to_dict("records"):
        if row["analysis"] == "detection":
            family = f"/{row['family']}" if isinstance(row["family"], str) else ""
            key = f"auc{family}/{row['measure']}"
        elif row["analysis"] == "clusters" and isinstance(row["function"], str):
            key = f"correlation/{row['function']}/{row['measure']}"
        else:
            continue
        texts[key] = _number(row["estimate"], 2)
        texts[f"{key}/interval"] = interval(row["low"], row["high"], 2)
    return texts


def _number(value: float, digits: int) -> str:
    text = rounded(value, digits)
    return rf"\num{{{text}}}" if text else ""
