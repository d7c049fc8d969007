"""Captions of figures: what a figure shows, and its basis (n, seeds, interval, null).

Each module of a figure has a text `CAPTION`. Fields in braces are columns with a single value in
the rows (`{seed}`, `{k}`), `{item}`, and `{label}`, the item's display name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from clusterability.jobs.figure_job import FigureJob
from clusterability.results.display_names import (
    counted,
    measure_label,
    null_name,
    seeds_text,
    span,
)


def caption(template: str, rows: pd.DataFrame, item: str, job: FigureJob) -> str:
    """The caption as one paragraph of plain text, without number or markup.

    Args:
        template: the text `CAPTION` of the figure's module.
        rows: what the figure plots.
        item: what it shows: a condition, a method, a measure.
        job: parameters of the figure.
    """
    if rows.empty:
        return "Nothing to show: the figure says why."
    values = {str(name): _only_value(rows[name]) for name in rows}
    shown = template.format_map(
        {**asdict(job), **values, "item": item, "label": measure_label(item)}
    )
    return f"{' '.join(shown.split())} {basis(rows, job)}".strip()


def _only_value(column: pd.Series) -> str:
    """The single value of a column; "…" if there are several, or none."""
    known = column.dropna().unique()
    if len(known) != 1:
        return "\N{HORIZONTAL ELLIPSIS}"
    return f"{known[0]:.2f}" if isinstance(known[0], float) else str(known[0])


def basis(rows: pd.DataFrame, job: FigureJob) -> str:
    """Number of networks, seeds, and null with its draws; empty for figures of single networks.

    >>> rows = pd.DataFrame({"n": [9, 10], "null": "shuffle", "measure": "mi"})
    >>> basis(rows, FigureJob(seeds=["0-9"], nulls={"shuffle": 99}))
    'n = 9 to 10 networks a value; seeds 0-9; null: shuffle (99 draws).'
    """
    if job.seeds is None or ("seed" in rows and rows["seed"].nunique() == 1):
        return ""
    parts = [_replicates(rows), _seeds(rows, job.seeds)]
    if "null" in rows and rows["null"].notna().any():
        draws = {null: (job.nulls or {}).get(null) for null in rows["null"].dropna().unique()}
        counts = ", ".join(f"{null}: {count}" for null, count in draws.items() if count)
        single = counts.rpartition(": ")[2] if len(draws) == 1 else counts
        parts.append(
            f"null: {null_name(rows)}" + (f" ({counted(single, 'draw')})" if counts else "")
        )
    text = "; ".join(part for part in parts if part)
    return f"{text if parts[0] else text[0].upper() + text[1:]}." if text else ""


def _seeds(rows: pd.DataFrame, blocks: Sequence[str]) -> str:
    """Seeds of the rows; empty if each value is that of one network and the study has several
    seeds, since imported networks have no seed.
    """
    seeds = seeds_text(blocks)
    several = seeds.startswith("seeds")
    return "" if several and _replicates(rows).startswith("n = 1 network ") else seeds


def _replicates(rows: pd.DataFrame) -> str:
    counts = next((rows[name] for name in ("n", "n_report") if name in rows), None)
    if counts is None:
        return ""
    return f"n = {counted(span(counts), 'network')} a value"
