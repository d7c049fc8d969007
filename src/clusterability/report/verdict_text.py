"""The verdict on layers in words: a line for a layer; a table and a sentence for a study."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from clusterability.analysis.verdict import (
    MIXTURES,
    NONE,
    PLANTED,
    REDRAWN,
    STRENGTHS,
    UNCHECKED,
    UNDEFINED,
    UNIQUE_CUT,
    VERDICTS,
)
from clusterability.measures.catalogue import VERDICT_BITS
from clusterability.report.score_text import WIDTH
from clusterability.results.display_names import counted, rounded_text, sentence_list

BEYOND = {
    "shuffle": "shuffled weights",
    "shuffle_nonzero": "weights shuffled among those that are not zero",
    "strength": "units of the same strengths",
    "degrees": "units of the same degrees",
    "within": "what the covariate explains",
    "rotated_u": "mixtures of the output units",
    "rotated_v": "mixtures of the input units",
    "permuted": "the same networks on permuted labels",
}
"""What bits are compared with, by null or as `permuted`, as a phrase that follows "beyond"."""

_BY_NAME = {verdict.name: verdict for verdict in VERDICTS}

Row = Mapping[str, Any] | pd.Series
"""Row of the table of verdicts."""


def verdict_line(row: Row) -> str:
    """The verdict on one layer, without its name.

    >>> row = {"verdict": "none that pay", "bits": 3.0, "contrast": 1.9, "n": 1, "paying": 0}
    >>> verdict_line(row)  # doctest: +NORMALIZE_WHITESPACE
    'none that pay (3 bits); 4 clusters a side of weights 1.9 times as large as the others would
    have been seen in 80 % of cases'
    """
    verdict, bits = _BY_NAME[row["verdict"]], _bits(row, "bits")
    if verdict == UNDEFINED:
        return verdict.says
    if verdict == NONE:
        return f"{verdict.says} ({bits}{_paying(row)}){_would_be_seen(row)}"
    text = _not_compared(row) if verdict == UNCHECKED else verdict.says
    return "; ".join([text, f"{bits}{_beyond_text(row)}", _clusters_text(row)])


def verdict_sentence(table: pd.DataFrame) -> str:
    """All verdicts of a study in one sentence, the strongest first."""
    parts = []
    for verdict in VERDICTS:
        rows = table[table["verdict"] == verdict.name]
        if len(rows):
            names = [
                f"{sentence_list(list(group['layer']))} of {condition}"
                for condition, group in rows.groupby("condition", sort=False)
            ]
            parts.append(f"{verdict.of_layers}: {', '.join(names)}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else "No layer has bits."


def verdict_table(table: pd.DataFrame) -> str:
    """Markdown table with one line per condition and layer."""
    names, rows = verdict_cells(table)
    marked = [re.sub(r"beyond (\w+)$", r"beyond `\1`", name) for name in names]
    return "\n".join(map(_row, [marked, ["---"] * len(names), *rows]))


def verdict_cells(table: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Column names and cells of the answer's table, one row per condition and layer."""
    nulls = [null for null in REDRAWN if table[f"beyond_{null}"].notna().any()]
    names = ["condition", "layer", "verdict", "bits", *(f"beyond {null}" for null in nulls)]
    twins = table["permuted"].notna().any()
    names += ["beyond permuted labels"] if twins else []
    names += [
        "output \N{MULTIPLICATION SIGN} input clusters",
        "restarts agree",
        "strongest cluster",
    ]
    names += ["would have been seen"]
    rows = []
    for _, row in table.iterrows():
        cells = [row["condition"], row["layer"], row["verdict"], _bits(row, "bits", unit="")]
        cells += [_bits(row, f"beyond_{null}", unit="") for null in nulls]
        cells += [_bits(row, "beyond_permuted", unit="")] if twins else []
        cells += [_sides(row), rounded_text(row["same_bits_ami"], 2), _strongest(row)]
        rows.append([*cells, _contrast(row)])
    return names, rows


def verdicts_text(table: pd.DataFrame, layers: Sequence[str]) -> str:
    """Verdicts on the layers of one network, one paragraph each.

    Args:
        table: the verdicts.
        layers: names of all layers; those without a verdict are listed.
    """
    lines = [f"{row['layer']}: {verdict_line(row)}." for _, row in table.iterrows()]
    if left_out := without_verdict(table, layers):
        lines.append(left_out)
    return "\n".join(
        textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in ["Verdict", *lines]
    )


def without_verdict(table: pd.DataFrame, layers: Sequence[str]) -> str:
    """Sentence on the layers of one network that have no verdict; empty if all have one."""
    left_out = [name for name in layers if name not in set(table["layer"])]
    if not left_out:
        return ""
    return (
        f"No verdict on {sentence_list(left_out)}: so large that the search takes long"
        " (--verdict bits), or fewer than two live units on a side."
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _bits(row: Row, name: str, unit: str = " bits") -> str:
    """Number of bits with its interval, if it has one."""
    value, low, high = (row.get(f"{name}{end}", np.nan) for end in ("", "_low", "_high"))
    if not np.isfinite(value):
        return ""
    bounds = f" [{rounded_text(low, 0)}, {rounded_text(high, 0)}]" if np.isfinite(low) else ""
    return f"{rounded_text(value, 0)}{unit}{bounds}"


def _paying(row: Row) -> str:
    """Number of networks in which clusters pay, if they do not overall."""
    if not row.get("paying"):
        return ""
    return f"; {VERDICT_BITS:g} or more in {row['paying']} of {counted(row['n'], 'network')}"


def _beyond_text(row: Row) -> str:
    known = [null for null in BEYOND if np.isfinite(row.get(f"beyond_{null}", np.nan))]
    texts = [f"{_bits(row, f'beyond_{null}', unit='')} beyond {BEYOND[null]}" for null in known]
    return f", {sentence_list(texts)}" if texts else ""


def _not_compared(row: Row) -> str:
    """Comparisons that are missing: strengths, mixtures, or both."""
    missing = [
        text
        for text, nulls in (("the strengths", STRENGTHS.nulls), ("mixtures", MIXTURES.nulls))
        if not any(np.isfinite(row.get(f"beyond_{null}", np.nan)) for null in nulls)
    ]
    return f"bits, but not compared with {sentence_list(missing)} of units"


def _clusters_text(row: Row) -> str:
    """Number of clusters, and whether other cuts are as good."""
    text = f"{row['k_u']:g} output and {counted(float(row['k_v']), 'input cluster')}"
    if row.get("at_edge"):
        text += ", the most that were asked for"
    ami = row.get("same_bits_ami", np.nan)
    if not np.isfinite(ami):
        return text
    if ami < UNIQUE_CUT:
        return (
            f"{text}, but there are many ways to cut this layer: restarts that save as much agree"
            f" by {rounded_text(ami, 2)}"
        )
    return f"{text}, restarts agree by {rounded_text(ami, 2)}; the strongest has {_strongest(row)}"


def _strongest(row: Row) -> str:
    if not np.isfinite(row.get("strongest_bits", np.nan)):
        return ""
    inputs = counted(f"{row['strongest_v']:.0f}", "input unit")
    units = f"{row['strongest_u']:.0f} output and {inputs}"
    return f"{units}, {rounded_text(row['strongest_bits'], 0)} bits"


def _sides(row: Row) -> str:
    """Numbers of clusters on both sides, such as "5 \N{MULTIPLICATION SIGN} 3"."""
    if pd.isna(row["k_u"]):
        return ""
    return f"{row['k_u']:g} \N{MULTIPLICATION SIGN} {row['k_v']:g}"


def _contrast(row: Row) -> str:
    contrast = row.get("contrast", np.nan)
    if np.isinf(contrast):
        return "no ratio up to 10"
    return f"a ratio of {rounded_text(contrast, 1)}" if np.isfinite(contrast) else ""


def _would_be_seen(row: Row) -> str:
    contrast = row.get("contrast", np.nan)
    if np.isnan(contrast):
        return ""
    if np.isinf(contrast):
        return "; in a layer of this size hardly any clusters would have been seen"
    ratio = rounded_text(contrast, 1)
    return (
        f"; {PLANTED} clusters a side of weights {ratio} times as large as the others would have"
        " been seen in 80 % of cases"
    )
