"""Text and numbers for LaTeX with the packages booktabs, longtable and siunitx."""

from __future__ import annotations

import math

import pandas as pd

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\N{MINUS SIGN}": "$-$",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
}


def escaped(text: str) -> str:
    r"""Escape text for LaTeX.

    >>> print(escaped("random_labels, 97.7 %"))
    random\_labels, 97.7 \%
    """
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def rounded(value: float, digits: int) -> str:
    """Round a number for a siunitx column or \\num; empty if it is undefined.

    >>> rounded(-0.0004, 2), rounded(3.14159, 2), rounded(math.nan, 2)
    ('0.00', '3.14', '')
    """
    if not math.isfinite(value):
        return ""
    text = f"{value:.{digits}f}"
    return text if float(text) else text.removeprefix("-")


def interval(low: float, high: float, digits: int) -> str:
    r"""Format `[low, high]`; empty if a bound is undefined.

    >>> print(interval(-0.12, 1.5, 1))
    [\num{-0.1}, \num{1.5}]
    """
    bounds = [rounded(low, digits), rounded(high, digits)]
    return rf"[\num{{{bounds[0]}}}, \num{{{bounds[1]}}}]" if all(bounds) else ""


def tabular(rows: pd.DataFrame, long: bool = False) -> str:
    """A table of the columns, with numbers (as text; see `rounded`) aligned at the decimal point.

    Args:
        rows: text in LaTeX; a column whose cells are all numbers or empty becomes a siunitx column.
        long: make a longtable, which may span pages, instead of a tabular for a float.
    """
    if rows.empty:
        return "% no rows\n"
    numbers = {name: _number_format(rows[name]) for name in rows}
    shown = rows.copy()
    for name, form in numbers.items():
        if form:
            shown[name] = [text or "{}" for text in shown[name]]
    # siunitx treats the heading of a number column as text only in braces.
    shown.columns = pd.Index([f"{{{name}}}" if numbers[name] else name for name in rows])
    return shown.style.hide(axis="index").to_latex(
        hrules=True,
        environment="longtable" if long else None,
        column_format="".join(form or "l" for form in numbers.values()),
    )


def _number_format(column: pd.Series) -> str | None:
    """The siunitx column for these numbers; None if any text is not a number."""
    texts = [text for text in column if text]
    if not texts or not all(_is_number(text) for text in texts):
        return None
    sign = "-" if any(text.startswith("-") for text in texts) else ""
    parts = [text.removeprefix("-").partition(".") for text in texts]
    whole, decimals = (max(len(part[index]) for part in parts) for index in (0, 2))
    return f"S[table-format={sign}{whole}.{decimals}]"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def macros(numbers: dict[str, str], command: str) -> str:
    r"""Definitions by which `\command{key}` gives a number and an unknown key raises an error.

    Args:
        numbers: LaTeX by key; keys are lower-case letters, digits, `_`, `-`, `+` and `/`.
        command: name of the command, without its backslash.
    """
    lines = [
        rf"\newcommand{{\{command}}}[1]{{\ifcsname {command}@#1\endcsname",
        rf"  \csname {command}@#1\endcsname\else\errmessage{{numbers.tex has no #1}}\fi}}",
    ]
    lines += [
        rf"\expandafter\def\csname {command}@{key}\endcsname{{{text}}}"
        for key, text in numbers.items()
    ]
    return "\n".join(lines) + "\n"
