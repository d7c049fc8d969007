"""Write the files of a paper from a study's figures and tables."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from clusterability.files import whole_file, write_csv, write_whole
from clusterability.report.paper.catalogue import paper_name
from clusterability.report.paper.latex import escaped
from clusterability.report.paper.tables import PaperTable


def write_figures(folder: Path, figures: Iterable[Path]) -> None:
    """Copy images and plotted rows, and write LaTeX captions from the texts."""
    for file in figures:
        name = paper_name(file.stem)
        if file.suffix == ".txt":
            write_caption(folder / "captions" / f"{name}.tex", file.read_text(encoding="utf-8"))
        else:
            with whole_file(folder / "figures" / f"{name}{file.suffix}") as temporary:
                shutil.copyfile(file, temporary)


def write_tables(folder: Path, tables: Mapping[str, PaperTable]) -> None:
    """Write each table as LaTeX, its rows as CSV, and its caption."""
    for name, table in tables.items():
        write_whole(folder / "tables" / f"{name}.tex", table.latex.encode())
        write_csv(folder / "tables" / f"{name}.csv", table.rows)
        write_caption(folder / "captions" / f"table-{name}.tex", table.caption)


def write_caption(path: Path, text: str) -> None:
    """Write a caption for `\\caption{\\input{…}}`, without trailing space."""
    write_whole(path, f"{escaped(text.strip())}%\n".encode())
