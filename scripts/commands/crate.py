"""`make crate`: a finished study as a Workflow Run RO-Crate.

The folder of results is the crate: this writes ro-crate-metadata.json into it, and a copy of the
code and the config.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from project_folders import PROJECT

import release_metadata

from clusterability_workflow import lock_and_config
from clusterability_workflow.crate import RanJob, RanStudy, write_crate
from clusterability_workflow.dry_run import finished_jobs, when_run
from clusterability_workflow.planning import BENCHMARKS, PlannedJob, beside
from clusterability_workflow.records import RECORDS, Record
from clusterability_workflow.verification import State, check_records

from clusterability.errors import UserError
from clusterability.report.paper.manifest import git_state, versions
from clusterability.results.reading import read_csv
from clusterability.study.study import Study

WRITTEN = ("docs/", "README.md")
"""What may differ from the commit: documents."""


def main(words: list[str]) -> None:
    """Checks the results against their records, describes them, and names the file."""
    options, arguments = _parser().parse_known_args(words)
    study, jobs = finished_jobs(arguments)
    wrong = [item.problem for item in check_records(jobs) if item.state != State.SOUND]
    if wrong:
        raise UserError(
            f"{study.results}: found {len(wrong)} files that differ from their records, expected"
            " none: make verify names them"
        )
    ran = _ran_jobs(jobs)
    file = write_crate(_ran_study(study, ran, options.license), PROJECT)
    print(f"{file}: {len(ran)} jobs; {file.parent} is the crate")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make crate ARGS=…", description=__doc__, epilog="Other words go to snakemake."
    )
    parser.add_argument("--license", help="of the results, by its SPDX name, such as CC-BY-4.0")
    return parser


def _ran_jobs(jobs: Sequence[PlannedJob]) -> list[RanJob]:
    """Jobs with a record, by the time when they began."""
    recorded = [(job, beside(job.benchmark, RECORDS, ".json")) for job in jobs]
    times = when_run()
    found = [
        _ran_job(job, Record.read(path), times.get(job.benchmark, (None, None)))
        for job, path in recorded
        if path.exists()
    ]
    return sorted(found, key=lambda job: (job.started or 0, job.place))


def _ran_job(job: PlannedJob, record: Record, times: tuple[float | None, float | None]) -> RanJob:
    place = job.benchmark.as_posix().partition(f"/{BENCHMARKS}/")[2]
    software = record.params.get("software", {})
    return RanJob(
        rule=job.rule,
        place=place.removesuffix(".tsv"),
        inputs=job.inputs,
        files=record.files,
        code=tuple(record.params.get("code", {})),
        software={name: text for name, text in software.items() if text != "not installed"},
        started=times[0],
        ended=times[1],
    )


def _ran_study(study: Study, jobs: Sequence[RanJob], license_name: str | None) -> RanStudy:
    results = Path(study.results)
    name = "the default study" if results.name == "results" else f"the study {results.name}"
    cited = release_metadata.citation(PROJECT)
    answer = lock_and_config.answer_in_short(results / "answer.md")
    return RanStudy(
        name=f"{cited['title']}: {name}",
        description=f"What ran for {name}, from what, and what it made. {answer}".strip(),
        results=results,
        config=study.model_dump(mode="json", exclude_unset=True),
        jobs=jobs,
        versions=versions(),
        devices=_devices(results / "tables" / "networks.csv"),
        commit=_commit(),
        cited=cited,
        authors=_authors(cited),
        license=f"https://spdx.org/licenses/{license_name}" if license_name else None,
    )


def _devices(networks: Path) -> list[str]:
    """Devices that networks were trained on."""
    table = read_csv(networks)
    return sorted(table["device"].dropna().unique()) if "device" in table else []


def _commit() -> str | None:
    """The commit of the code, unless files of the code differ from it."""
    state = git_state(PROJECT)
    changed = [file for file in state["changed"] or [] if not file.startswith(WRITTEN)]
    return None if changed else state["commit"]


def _authors(cited: dict[str, Any]) -> list[dict[str, Any]]:
    """Authors in CITATION.cff; none while a placeholder stands for them."""
    named = [one for one in cited["authors"] if one.get("name") != release_metadata.PLACEHOLDER]
    agents = map(release_metadata.agent, named)
    return [{"@id": f"#author/{number}", **agent} for number, agent in enumerate(agents, 1)]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
