"""`make record`: copy the rows and figures of a finished study that documents quote into docs/."""

from __future__ import annotations

import sys
from pathlib import Path

from project_folders import PROJECT

from clusterability_workflow.dry_run import finished_jobs
from clusterability_workflow.recording import Quoted, record

from clusterability.errors import UserError
from clusterability.report.catalogue import drawn_k
from clusterability.report.paper.manifest import git_state

WRITTEN = ("docs/", "README.md")
"""Files that may differ from the commit: documents."""


def main(arguments: list[str]) -> None:
    """Record the study, and print each file."""
    study, _ = finished_jobs(arguments)
    results = Path(study.results)
    name = "default" if results.name == "results" else results.name
    quoted = Quoted(name, commit(), study.drawn_method, drawn_k(study))
    for file in record(quoted, results, PROJECT / "docs"):
        print(file.relative_to(PROJECT))


def commit() -> str:
    """Commit of the code.

    Raises:
        UserError: if there is no commit, or files of the code differ from it.
    """
    committed, changed = code_state()
    if committed is None or changed:
        state = f"changes of {changed[0]}" if changed else "no commit"
        raise UserError(f"git: found {state}, expected code as committed, since files name it")
    return committed[:12]


def code_state() -> tuple[str | None, list[str]]:
    """Commit of the code, if there is one, and files of the code that differ from it."""
    state = git_state(PROJECT)
    changed = [file for file in state["changed"] or [] if not file.startswith(WRITTEN)]
    return state["commit"], changed


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
