"""Known groups of units as text: their sizes, their scores, and their agreement with clusters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

import pandas as pd

from clusterability.analysis.group_agreement import agreement_by_side
from clusterability.networks.known_groups import KnownGroups
from clusterability.networks.layer_names import tensor_name
from clusterability.report.score_text import KNOWN, WIDTH, score_lines, table_lines

_MOST_SHOWN = 12
"""Largest number of groups whose sizes are shown."""

_LEGEND = (
    "Null: labels, the groups dealt out anew to the units. Nobody has searched for them in the"
    " weights, so that it is a fair one; but groups of strong units stand out by that alone"
    " (--scalings none,ranked shows what is left without). bits: as above."
)


def groups_text(
    scores: pd.DataFrame,
    groups: Mapping[str, KnownGroups],
    agreement: pd.DataFrame,
    everything: bool = False,
) -> str:
    """Text on the groups of one network, at most 100 columns wide.

    Args:
        scores: rows of the groups, with the columns of `scores.parquet`.
        groups: known groups by layer name in files.
        agreement: agreement of the clusters with the groups, with AGREEMENT_COLUMNS.
        everything: whether to show all measures.
    """
    shown = scores[scores["status"] != "undefined"]
    shown = shown if everything else shown[shown["measure"].isin(KNOWN)]
    parts = [
        "\n".join(["Known groups, units of side U / side V:", *_sizes(groups)]),
        "\n".join(score_lines(shown, everything)),
    ]
    compared = shown["null"].notna().any()
    parts += ["\n".join(textwrap.wrap(_LEGEND, WIDTH))] if compared else []
    if len(agreement):
        heading = "Clusters that were found beside them (1: the same groups, 0: as by chance):"
        parts.append("\n".join([heading, *_agreement_lines(agreement)]))
    return "\n\n".join(parts)


def _sizes(groups: Mapping[str, KnownGroups]) -> Iterator[str]:
    for layer, known in groups.items():
        sides = [known.sizes.get(side) for side in "UV"]
        sizes = [
            f"{name} {' / '.join(str(side[number]) if side else '-' for side in sides)}"
            for number, name in enumerate(known.names[:_MOST_SHOWN])
        ]
        more = len(known.names) - len(sizes)
        sizes += [f"and {more} more"] if more else []
        text = f"  {tensor_name(layer)}: {', '.join(sizes)}"
        yield from textwrap.wrap(text, WIDTH, subsequent_indent="    ")


def _agreement_lines(agreement: pd.DataFrame) -> list[str]:
    table = agreement_by_side(agreement)
    numbers = [name for name in table if name not in ("layer", "method")]
    for name in numbers:
        form = "{}" if name == "k" else "{:.3f}"
        table[name] = [form.format(value) for value in table[name]]
    return table_lines(table)
