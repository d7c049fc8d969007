"""Convert the answer from Markdown to reStructuredText, for Snakemake's report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_UNDERLINES = "=-~"


def restructured(markdown: str) -> str:
    """Convert headings, paragraphs, tables, `code` and **bold**, all that the study's texts use.

    >>> print(restructured("# A\\n\\nTrust `mi`."), end="")
    A
    =
    <BLANKLINE>
    Trust ``mi``.
    """
    return "\n\n".join(_block(block) for block in markdown.strip().split("\n\n")) + "\n"


def _block(block: str) -> str:
    heading = re.fullmatch(r"(#+) (.+)", block)
    if heading:
        text = _inline(heading[2])
        return f"{text}\n{_UNDERLINES[len(heading[1]) - 1] * len(text)}"
    if block.startswith("|"):
        head, _, *rows = ([*_cells(line)] for line in block.splitlines())
        return "\n".join(_table([head, *rows]))
    return _inline(block)


def _inline(text: str) -> str:
    # reStructuredText has no code inside bold text.
    plain = re.sub(r"\*\*.+?\*\*", lambda bold: bold[0].replace("`", ""), text)
    return re.sub(r"`([^`]+)`", r"``\1``", plain)


def _cells(line: str) -> Iterator[str]:
    for cell in line.strip("|").split("|"):
        yield _inline(cell.strip())


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ".. list-table::"
    yield "   :header-rows: 1"
    yield ""
    for row in rows:
        for column, cell in enumerate(row):
            yield f"   {'* -' if column == 0 else '  -'} {cell}".rstrip()
