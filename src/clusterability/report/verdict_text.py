"""The verdict on layers in words: a line for one layer, a table and a sentence for a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.verdict import (
    CHANCE,
    CLUSTERS,
    COVARIATE,
    MIXTURES,
    NONE,
    REDRAWN,
    SOME_NETWORKS,
    STRENGTHS,
    UNCHECKED,
    UNIQUE_CUT,
)
from clusterability.results.display_names import sentence_list

BEYOND = {
    "shuffle": "shuffled weights",
    "shuffle_nonzero": "weights shuffled among those that are not zero",
    "strength": "units of the same strengths",
    "degrees": "units of the same degrees",
    "rotated_u": "mixtures of the output units",
    "rotated_v": "mixtures of the input units",
    "within": "weights shuffled within strata",
}
"""What a null keeps, in words that follow "beyond"."""

Row = Mapping[str, Any] | pd.Series
"""A row of the table of verdicts."""

_SAYS = {
    CLUSTERS: "clusters",
    CHANCE: "no clusters: shuffled weights save as much",
    STRENGTHS: "no clusters: units of the same strengths save as much",
    COVARIATE: "no clusters: weights shuffled within strata save as much",
    MIXTURES: "no clusters of these units: mixtures of them save as much",
    UNCHECKED: "bits, not compared with units of the same strengths and with mixtures of units",
    SOME_NETWORKS: "clusters in some networks only",
}

_SENTENCES = {
    CLUSTERS: "clusters of units that pay, beyond strengths and mixtures of units",
    SOME_NETWORKS: "clusters that pay in some networks only",
    UNCHECKED: "bits that were not compared with strengths and mixtures of units",
    CHANCE: "no more than shuffled weights save",
    STRENGTHS: "no more than units of the same strengths save",
    COVARIATE: "no more than weights shuffled within strata save",
    MIXTURES: "no more than mixtures of the units save",
    NONE: "none that pay",
}
"""Parts of the sentence on a study, in its order."""


def verdict_line(row: Row) -> str:
    """The verdict on one layer, after its name.

    >>> row = {"verdict": "none that pay", "bits": 3.0, "contrast": 1.9, "k_u": 1, "k_v": 1}
    >>> verdict_line(row)
    'none that pay (3 bits); clusters whose weights are 1.9 times the others would have been seen'
    """
    bits = _bits(row, "bits")
    if row["verdict"] == NONE:
        return f"{NONE} ({bits}){_would_be_seen(row)}"
    parts = [_SAYS[row["verdict"]], f"{bits}{_beyond_text(row)}", _clusters_text(row)]
    return "; ".join(part for part in parts if part)


def verdict_sentence(table: pd.DataFrame) -> str:
    """All verdicts of a study in a sentence, those that say most first."""
    parts = []
    for verdict, says in _SENTENCES.items():
        rows = table[table["verdict"] == verdict]
        if len(rows):
            names = [
                f"{sentence_list(list(group['layer']))} of {condition}"
                for condition, group in rows.groupby("condition", sort=False)
            ]
            parts.append(f"{says}: {', '.join(names)}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else "No layer has bits."


def verdict_table(table: pd.DataFrame) -> str:
    """A line a condition and layer, in Markdown."""
    nulls = [null for null in REDRAWN if table[f"beyond_{null}"].notna().any()]
    names = ["condition", "layer", "verdict", "bits", *(f"beyond `{null}`" for null in nulls)]
    names += ["clusters", "starts agree", "strongest cluster", "would have been seen"]
    lines = [_row(names), _row(["---"] * len(names))]
    for _, row in table.iterrows():
        cells = [row["condition"], row["layer"], row["verdict"], _bits(row, "bits", unit="")]
        cells += [_bits(row, f"beyond_{null}", unit="") for null in nulls]
        cells += [_sides(row), _number(row["same_bits_ami"], 2), _strongest(row), _contrast(row)]
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bits(row: Row, name: str, unit: str = " bits") -> str:
    """A number of bits with its interval, if it has one."""
    value, low, high = (row.get(f"{name}{end}", np.nan) for end in ("", "_low", "_high"))
    if not np.isfinite(value):
        return ""
    bounds = f" [{_number(low, 0)}, {_number(high, 0)}]" if np.isfinite(low) else ""
    return f"{_number(value, 0)}{unit}{bounds}"


def _beyond_text(row: Row) -> str:
    known = [null for null in BEYOND if np.isfinite(row.get(f"beyond_{null}", np.nan))]
    texts = [f"{_bits(row, f'beyond_{null}', unit='')} beyond {BEYOND[null]}" for null in known]
    return f", {sentence_list(texts)}" if texts else ""


def _clusters_text(row: Row) -> str:
    """How many clusters, and whether the cut is the only one as good."""
    text = f"{_sides(row)} clusters"
    if row.get("at_edge"):
        text += ", the most that were asked for"
    ami = row.get("same_bits_ami", np.nan)
    if not np.isfinite(ami):
        return text
    if ami < UNIQUE_CUT:
        return (
            f"{text}, but many ways to cut it: starts that save as much agree by {_number(ami, 2)}"
        )
    return f"{text}, starts agree by {_number(ami, 2)}; the strongest has {_strongest(row)}"


def _strongest(row: Row) -> str:
    if not np.isfinite(row.get("strongest_bits", np.nan)):
        return ""
    units = f"{row['strongest_u']:.0f} output and {row['strongest_v']:.0f} input units"
    return f"{units}, {_number(row['strongest_bits'], 0)} bits"


def _sides(row: Row) -> str:
    """Clusters of either side, such as "5 \N{MULTIPLICATION SIGN} 3"."""
    return f"{row['k_u']:g} \N{MULTIPLICATION SIGN} {row['k_v']:g}"


def _contrast(row: Row) -> str:
    contrast = row.get("contrast", np.nan)
    return f"ratio {_number(contrast, 1)}" if np.isfinite(contrast) else ""


def _would_be_seen(row: Row) -> str:
    contrast = row.get("contrast", np.nan)
    if np.isnan(contrast):
        return ""
    if np.isinf(contrast):
        return "; in a layer of this size hardly any clusters would have been seen"
    ratio = _number(contrast, 1)
    return f"; clusters whose weights are {ratio} times the others would have been seen"


def _number(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")
