"""`make crate`: describe a finished study as a Workflow Run RO-Crate.

The folder of results is the crate. It gets ro-crate-metadata.json and a copy of code and config.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from project_folders import PROJECT

import release_metadata
from record import code_state

from clusterability_workflow import lock_and_config
from clusterability_workflow.crate import RanJob, RanStudy, spdx, write_crate
from clusterability_workflow.dry_run import finished_jobs, when_run
from clusterability_workflow.planning import BENCHMARKS, PlannedJob, beside
from clusterability_workflow.records import RECORDS, Record
from clusterability_workflow.verification import State, check_records

from clusterability.errors import UserError
from clusterability.report.paper.manifest import versions
from clusterability.results.reading import read_csv
from clusterability.study.study import Study


def main(words: list[str]) -> None:
    """Check the results against their records, describe them, and print the file."""
    options, arguments = _parser().parse_known_args(words)
    license_address = _license(options.license)
    study, jobs = finished_jobs(arguments)
    wrong = [item.problem for item in check_records(jobs) if item.state != State.SOUND]
    if wrong:
        raise UserError(
            f"{study.results}: found {len(wrong)} files that differ from their records, expected"
            " none: make verify names them"
        )
    ran = _ran_jobs(jobs)
    file = write_crate(_ran_study(study, ran, license_address), PROJECT)
    print(f"{file}: {len(ran)} jobs; {file.parent} is the crate")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make crate ARGS=…", description=__doc__, epilog="Other words go to snakemake."
    )
    parser.add_argument("--license", help="of the results, by its SPDX name, such as CC-BY-4.0")
    return parser


def _license(name: str | None) -> str | None:
    """Address of the licence of the results, if one was chosen.

    Raises:
        UserError: if it is not an SPDX name.
    """
    if name and not re.fullmatch(r"[A-Za-z0-9.+-]+", name):
        raise UserError(f"--license: found {name!r}, expected an SPDX name, such as CC-BY-4.0")
    return spdx(name) if name else None


def _ran_jobs(jobs: Sequence[PlannedJob]) -> list[RanJob]:
    """Jobs that have a record, in the order in which they started."""
    recorded = [(job, beside(job.benchmark, RECORDS, ".json")) for job in jobs]
    times = when_run()
    runs = [
        _ran_job(job, Record.read(path), times.get(job.benchmark, (None, None)))
        for job, path in recorded
        if path.exists()
    ]
    return sorted(runs, key=lambda job: (job.started or 0, job.name))


def _ran_job(job: PlannedJob, record: Record, times: tuple[float | None, float | None]) -> RanJob:
    path = job.benchmark.as_posix().partition(f"/{BENCHMARKS}/")[2]
    software = record.params.get("software", {})
    return RanJob(
        rule=job.rule,
        name=path.removesuffix(".tsv"),
        inputs=job.inputs,
        files=record.files,
        code=tuple(record.params.get("code", {})),
        software={name: text for name, text in software.items() if text != "not installed"},
        started=times[0],
        ended=times[1],
    )


def _ran_study(study: Study, jobs: Sequence[RanJob], license_address: str | None) -> RanStudy:
    results = Path(study.results)
    name = "the default study" if results.name == "results" else f"the study {results.name}"
    cited = release_metadata.citation(PROJECT)
    commit, changed = code_state()
    answer = lock_and_config.answer_in_short(results / "answer.md")
    return RanStudy(
        name=f"{cited['title']}: {name}",
        description=f"What ran for {name}, from what, and what it made. {answer}".strip(),
        results=results,
        config=study.model_dump(mode="json", exclude_unset=True),
        jobs=jobs,
        versions=versions(),
        devices=_devices(results / "tables" / "networks.csv"),
        commit=None if changed else commit,
        cited=cited,
        authors=_authors(cited),
        license=license_address,
    )


def _devices(networks: Path) -> list[str]:
    """Devices on which networks were trained."""
    table = read_csv(networks)
    return sorted(table["device"].dropna().unique()) if "device" in table else []


def _authors(cited: dict[str, Any]) -> list[dict[str, Any]]:
    """Authors in CITATION.cff, without the placeholder for authors who are not named yet."""
    named = [one for one in cited["authors"] if one.get("name") != release_metadata.PLACEHOLDER]
    agents = map(release_metadata.agent, named)
    return [{"@id": f"#author/{number}", **agent} for number, agent in enumerate(agents, 1)]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
