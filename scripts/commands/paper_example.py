"""`make paper-example`: typeset the document in docs/paper-example with a study's numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from project_folders import PROJECT

from clusterability_workflow.dry_run import planned_jobs

from clusterability.errors import UserError

TEXT = PROJECT / "docs" / "paper-example" / "paper.tex"
RUNS = 2
"""LaTeX reads references written by its previous run."""


def main(arguments: list[str]) -> None:
    """Typeset the document beside the paper's files, and print its path."""
    study, _, _ = planned_jobs(["paper", *arguments])
    print(f"{typeset(Path(study.results) / 'paper')}: the example, with the study's numbers")


def typeset(folder: Path) -> Path:
    """Typeset the document as PDF, in the folder `example` of the paper's files.

    Raises:
        UserError: if LaTeX is missing or reports an error.
    """
    program = shutil.which("pdflatex")
    if program is None:
        raise UserError(
            "pdflatex: found none, expected TeX Live (on Debian: texlive-latex-recommended,"
            " texlive-science and lmodern)"
        )
    output = folder / "example"
    output.mkdir(parents=True, exist_ok=True)
    source = rf"\def\study{{{folder.resolve().as_posix()}}}\input{{{TEXT.as_posix()}}}"
    command = [program, "-interaction=nonstopmode", "-halt-on-error", "-jobname=paper", source]
    # Equal numbers give equal bytes: LaTeX must not write the date.
    environment = os.environ | {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    for _ in range(RUNS):
        done = subprocess.run(
            command, cwd=output, env=environment, capture_output=True, check=False
        )
        if done.returncode:
            raise UserError(f"{output / 'paper.log'}: found {_fault(done.stdout)}, expected a PDF")
    return output / "paper.pdf"


def _fault(output: bytes) -> str:
    """First line that LaTeX marks as an error."""
    lines = output.decode(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("!")), "no PDF")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
