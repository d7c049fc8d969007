"""A finished study as a Provenance Run Crate: what ran, what it read, and what it wrote.

The folder of results is the crate. It gets a description, made from the records of jobs, and a copy
of the code and the config. https://www.researchobject.org/workflow-run-crate
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clusterability.files import file_digest, write_whole

METADATA = "ro-crate-metadata.json"
"""File of the description, in the folder of results."""
WORKFLOW = "configs/workflow"
"""Folder of the code and the config, in the folder of results."""
CONFIG = f"{WORKFLOW}/config.json"
MAIN = f"{WORKFLOW}/Snakefile"
CODE = ("Snakefile", "rules/*.smk", "envs/study.lock", "CITATION.cff", "LICENSE")
"""Files of the project that concern all jobs, or name its authors and licence."""

RO_CRATE = "https://w3id.org/ro/crate/1.1"
TERMS = "https://w3id.org/ro/terms/workflow-run#"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
"""Profiles that the crate conforms to: name and version by address."""
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
UNLICENSED = (
    "No licence has been chosen for these results. The code is under the licence in"
    f" {WORKFLOW}/LICENSE."
)

Entity = dict[str, Any]


@dataclass(frozen=True)
class RanJob:
    """A job that has run. Paths are relative to the project's folder.

    Attributes:
        rule: name of its rule.
        name: its name among all jobs, such as `train/trained/0-1`.
        inputs: paths of the files that it read.
        files: SHA-256 of the files that it wrote, by path.
        code: paths of the modules that it ran.
        software: versions of the packages that its numbers depend on.
        started, ended: seconds since 1970; None if Snakemake did not record them.
    """

    rule: str
    name: str
    inputs: tuple[str, ...]
    files: Mapping[str, str]
    code: tuple[str, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    started: float | None = None
    ended: float | None = None


@dataclass(frozen=True)
class RanStudy:
    """A finished study.

    Attributes:
        name, description: its title, and a sentence or two about it.
        results: its folder.
        config: the config that its jobs used.
        jobs: its jobs, in an order in which they can run.
        versions: versions of Python and packages.
        devices: devices on which networks were trained.
        commit: commit of the code; None if the code is not as committed.
        cited: content of CITATION.cff.
        authors: its named authors, as entities.
        license: address of the licence of the results, if one was chosen.
    """

    name: str
    description: str
    results: Path
    config: Mapping[str, Any]
    jobs: Sequence[RanJob]
    versions: Mapping[str, str]
    devices: Sequence[str]
    commit: str | None
    cited: Mapping[str, Any]
    authors: Sequence[Entity]
    license: str | None = None

    @property
    def version(self) -> str:
        """Version of the code: its commit, or else its release."""
        return self.commit or str(self.cited["version"])


def write_crate(study: RanStudy, project: Path) -> Path:
    """Copy code and config into the folder of results, and describe all; return the description."""
    folder = study.results / WORKFLOW
    if folder.exists():
        shutil.rmtree(folder)
    for name in _code_files(study, project):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(project / name, target)
    write_whole(study.results / CONFIG, f"{json.dumps(study.config, indent=1)}\n".encode())
    text = json.dumps(_described(study), indent=1, ensure_ascii=False)
    write_whole(study.results / METADATA, f"{text}\n".encode())
    return study.results / METADATA


def _code_files(study: RanStudy, project: Path) -> list[str]:
    """Paths of the files that made the study, relative to the project's folder."""
    always = [file for pattern in CODE for file in sorted(project.glob(pattern))]
    names = {name for job in study.jobs for name in job.code}
    return sorted(names | {file.relative_to(project).as_posix() for file in always})


def _described(study: RanStudy) -> Entity:
    """The crate as JSON-LD. The folder of results must hold the code already."""
    files = _Files(study)
    run = _Run(study, files)
    entities = [*_head(study, run), *run.entities, *_about(study), *files.entities()]
    return {
        "@context": [
            f"{RO_CRATE}/context",
            {term: f"{TERMS}{term}" for term in ("environment", "sha256")},
        ],
        "@graph": entities,
    }


def _link(one: str) -> Entity:
    """A reference to an entity."""
    return {"@id": one}


def _links(ids: Iterable[str]) -> Entity | list[Entity]:
    """References to entities, each once. RO-Crate recommends no list where there is only one."""
    links = list(map(_link, dict.fromkeys(ids)))
    return links[0] if len(links) == 1 else links


def _when(seconds: float | None) -> str | None:
    """A time in UTC, in the format of ISO 8601.

    >>> _when(0.25)
    '1970-01-01T00:00:00+00:00'
    """
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC).isoformat()


def _known(**values: Any) -> Entity:
    """The values that are neither None nor empty."""
    return {name: value for name, value in values.items() if value not in (None, [], "")}


# --- files -------------------------------------------------------------------------------------


_MEDIA_TYPES = mimetypes.MimeTypes()
for _suffixes, _type in {
    (".parquet",): "application/vnd.apache.parquet",
    (".md",): "text/markdown",  # unknown to older releases of Python
    (".npz",): "application/zip",
    (".cff",): "application/yaml",
    (".smk", ".lock"): "text/plain",
    (".rst",): "text/x-rst",
}.items():
    for _suffix in _suffixes:
        _MEDIA_TYPES.add_type(_type, _suffix)


class _Files:
    """The files of a study, and their identifiers in the crate."""

    def __init__(self, study: RanStudy) -> None:
        self._results = study.results
        self._made = {file: sha for job in study.jobs for file, sha in job.files.items()}
        self._entities: dict[str, Entity] = {}
        folder = study.results / WORKFLOW
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.id_of(path.as_posix())

    def id_of(self, file: str) -> str:
        """Identifier of a file, which the crate describes from now on.

        The path relative to the folder of results; or `#` and the path if the file is not in the
        crate: a source that lies elsewhere, or draws that were removed once they had been scored.
        """
        path = Path(file)
        inside = path.is_relative_to(self._results) and path.exists()
        name = path.relative_to(self._results) if inside else path
        identifier = quote(name.as_posix()) if inside else f"#{quote(path.as_posix().lstrip('/'))}"
        if identifier not in self._entities:
            self._entities[identifier] = self._described(identifier, path, inside)
        return identifier

    def _described(self, name: str, path: Path, inside: bool) -> Entity:
        digest = self._made.get(str(path)) or (file_digest(path) if path.exists() else None)
        size = path.stat().st_size if path.exists() else None
        removed = "removed once it had been read" if not path.exists() else "outside the crate"
        return {
            "@id": name,
            "@type": "File",
            "name": path.name,
            **_known(
                sha256=digest,
                contentSize=None if size is None else str(size),
                encodingFormat=_MEDIA_TYPES.guess_type(path.name)[0] or "application/octet-stream",
                description=None if inside else removed,
            ),
        }

    def inside(self) -> list[str]:
        """Identifiers of all files in the crate."""
        return [name for name in self._entities if not name.startswith("#")]

    def entities(self) -> list[Entity]:
        """Descriptions of all files but the workflow's, which `_Run` describes."""
        return [entity for name, entity in self._entities.items() if name != MAIN]

    def of(self, name: str) -> Entity:
        """Description of the file with this identifier."""
        return self._entities[name]


# --- what ran ----------------------------------------------------------------------------------


class _Run:
    """Jobs as actions, rules as tools and steps, and the workflow that ties them together."""

    def __init__(self, study: RanStudy, files: _Files) -> None:
        self._study, self._files = study, files
        self.rules = list(dict.fromkeys(job.rule for job in study.jobs))
        made = {file for job in study.jobs for file in job.files}
        read = (file for job in study.jobs for file in job.inputs if file not in made)
        self.sources = list(dict.fromkeys(files.id_of(file) for file in read))
        self.started = min((job.started for job in study.jobs if job.started), default=None)
        self.ended = max((job.ended for job in study.jobs if job.ended), default=None)
        jobs = [entity for job in study.jobs for entity in self._job(job)]
        results = [files.id_of(file) for job in study.jobs for file in job.files]
        tools = [entity for rule in self.rules for entity in self._tool(rule)]
        self.entities = [self._workflow(), *self._whole(results), *tools, *jobs, *self._inputs()]
        self.parts = files.inside()

    def _job(self, job: RanJob) -> list[Entity]:
        action: Entity = {
            "@id": _action(job),
            "@type": "CreateAction",
            "name": f"{job.rule}: {job.name}",
            "description": f"job {job.name} of the rule {job.rule}",
            "instrument": _link(_tool(job.rule)),
            **self._times(job.started, job.ended),
            **_known(
                object=_links(map(self._files.id_of, job.inputs)),
                result=_links(map(self._files.id_of, job.files)),
            ),
        }
        control: Entity = {
            "@id": _control(job),
            "@type": "ControlAction",
            "name": f"runs {job.rule}: {job.name}",
            "instrument": _link(_step(job.rule)),
            "object": _link(_action(job)),
        }
        return [action, control]

    def _tool(self, rule: str) -> list[Entity]:
        """A rule, as an application and as a step of the workflow."""
        jobs = [job for job in self._study.jobs if job.rule == rule]
        code = sorted({name for job in jobs for name in job.code})
        packages = sorted({name for job in jobs for name in job.software})
        tool: Entity = {
            "@id": _tool(rule),
            "@type": "SoftwareApplication",
            "name": rule,
            "description": f"rule {rule} of the workflow, with the modules that it imports",
            "softwareVersion": self._study.version,
            **_known(
                hasPart=_links(quote(f"{WORKFLOW}/{name}") for name in code),
                softwareRequirements=_links(map(_package, packages)),
            ),
        }
        step: Entity = {
            "@id": _step(rule),
            "@type": "HowToStep",
            "name": rule,
            "position": str(self.rules.index(rule) + 1),
            "workExample": _link(_tool(rule)),
        }
        return [tool, step]

    def _workflow(self) -> Entity:
        return {
            **self._files.of(MAIN),
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": self._study.cited["title"],
            "programmingLanguage": _link(SNAKEMAKE),
            "conformsTo": _link(
                "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
            ),
            "license": _link(spdx(self._study.cited["license"])),
            "input": _links(["#parameter/config", *(["#parameter/source"] * bool(self.sources))]),
            "output": _link("#parameter/answer"),
            "hasPart": _links(map(_tool, self.rules)),
            "step": _links(map(_step, self.rules)),
            "version": self._study.version,
            **_known(codeRepository=self._study.cited.get("repository-code")),
        }

    def _whole(self, results: Sequence[str]) -> list[Entity]:
        """The run of the workflow, and Snakemake's part in it."""
        run: Entity = {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"run of {self._study.name}",
            "description": "the run of all jobs of the study",
            "instrument": _link(MAIN),
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "object": _links([CONFIG, *self.sources]),
            "result": _links(results),
            **self._times(self.started, self.ended),
            **_known(environment=_links(f"#device/{name}" for name in self._study.devices)),
        }
        organised: Entity = {
            "@id": "#snakemake/run",
            "@type": "OrganizeAction",
            "name": "Snakemake runs the jobs of the workflow",
            "instrument": _link(_package("snakemake")),
            "object": _links(map(_control, self._study.jobs)),
            "result": _link("#run"),
        }
        return [run, organised]

    def _inputs(self) -> list[Entity]:
        """Inputs and output of the workflow, as parameters that their files refer to."""
        answer = self._files.id_of((self._study.results / "answer.md").as_posix())
        parameters = [self._parameter("config", "the config of the study", [CONFIG])]
        if self.sources:
            text = "images, networks, published values"
            parameters.append(self._parameter("source", text, self.sources))
        return [*parameters, self._parameter("answer", "the answer", [answer])]

    def _parameter(self, name: str, description: str, files: Sequence[str]) -> Entity:
        identifier = f"#parameter/{name}"
        for file in files:
            self._files.of(file)["exampleOfWork"] = _link(identifier)
        return {
            "@id": identifier,
            "@type": "FormalParameter",
            "conformsTo": _link("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
            "name": name,
            "description": description,
            "additionalType": "File",
        }

    @staticmethod
    def _times(started: float | None, ended: float | None) -> Entity:
        return _known(startTime=_when(started), endTime=_when(ended))


def _tool(rule: str) -> str:
    return f"#rule/{rule}"


def _step(rule: str) -> str:
    return f"{MAIN}#{rule}"


def _action(job: RanJob) -> str:
    return f"#job/{quote(job.name)}"


def _control(job: RanJob) -> str:
    return f"#control/{quote(job.name)}"


def _package(name: str) -> str:
    return f"#package/{name}"


def spdx(name: str) -> str:
    """Address of a licence, by its SPDX name."""
    return f"https://spdx.org/licenses/{name}"


# --- what it is about --------------------------------------------------------------------------


def _head(study: RanStudy, run: _Run) -> list[Entity]:
    """The description's own entity, and that of the crate as a whole."""
    described: Entity = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": _link("./"),
        "conformsTo": _links([RO_CRATE, "https://w3id.org/workflowhub/workflow-ro-crate/1.0"]),
    }
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": study.name,
        "description": study.description,
        "datePublished": _when(run.ended) or str(study.cited["date-released"]),
        "license": _link(study.license) if study.license else UNLICENSED,
        "conformsTo": _links(PROFILES),
        "mainEntity": _link(MAIN),
        "mentions": _links(["#run", "#snakemake/run", *map(_action, study.jobs)]),
        "hasPart": _links(run.parts),
        **_known(author=_links(author["@id"] for author in study.authors)),
    }
    return [described, root]


def _about(study: RanStudy) -> list[Entity]:
    """Entities of the profiles, licences, language, packages, devices and authors."""
    profiles = [
        {"@id": address, "@type": "CreativeWork", "name": name, "version": version}
        for address, (name, version) in PROFILES.items()
    ]
    licenses = dict.fromkeys(filter(None, [spdx(study.cited["license"]), study.license]))
    versions = {name: text for job in study.jobs for name, text in job.software.items()}
    packages = [
        {"@id": _package(name), "@type": "SoftwareApplication", "name": name}
        | {"softwareVersion": version}
        for name, version in sorted({**study.versions, **versions}.items())
    ]
    language: Entity = {
        "@id": SNAKEMAKE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "identifier": _link("https://doi.org/10.1093/bioinformatics/bts480"),
        "url": _link("https://snakemake.github.io"),
        "version": study.versions["snakemake"],
    }
    devices = [
        {"@id": f"#device/{name}", "@type": "PropertyValue", "name": "device", "value": name}
        for name in study.devices
    ]
    named = [{"@id": one, "@type": "CreativeWork", "name": one} for one in licenses]
    return [*profiles, *named, language, *packages, *devices, *study.authors]
