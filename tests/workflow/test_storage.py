"""Studies whose files lie in a storage that Snakemake copies them to and from.

The storage `copies` is a helper of these tests. `fs` and `s3` are the plugins of these names, `s3`
with a server on this machine; no lock has them, and they may lie in a folder on PYTHONPATH.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from clusterability_workflow.settled import NOTHING

from project import TESTS
from workflows import Workflow, copy_workflow

STUDY = {
    "conditions": {},
    "dataset": {},
    "recipe": {},
    "k_grid": [2],
    "synthetic": {"planted": {"rows": 8, "columns": 12, "clusters": 2}},
    "clustering": {"methods": ["matched"], "restarts": 1},
    "nulls": {"shuffle": 3},
    "agreement": {"draws": 3},
}
"""What a test's study changes of the micro study: nothing is trained."""
NEEDED = {
    "copies": {},
    "fs": {"snakemake_storage_plugin_fs": "snakemake-storage-plugin-fs"},
    "s3": {
        "snakemake_storage_plugin_s3": "snakemake-storage-plugin-s3",
        "moto": "moto[server]",
        "flask": "moto[server]",
    },
}
"""What each storage needs: packages by module."""
BUCKET = "studies"


class Storage:
    """A storage, as Snakemake's arguments name it, and what lies in it."""

    def __init__(self, *arguments: str, read: Callable[[str], bytes]) -> None:
        self.arguments = arguments
        self.read = read


@pytest.fixture
def study(tmp_path, monkeypatch) -> Workflow:
    """A study that has not run, in a shell where Snakemake finds the storage `copies`."""
    places = [str(TESTS / "helpers"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    return new_study(tmp_path / "study")


def new_study(folder: Path) -> Workflow:
    workflow = copy_workflow(folder)
    workflow.configure(**STUDY)
    return workflow


@pytest.fixture(scope="module")
def without_storage(tmp_path_factory) -> dict[str, bytes]:
    """Tables, rows of figures and the answer of the study on this disk, by path."""
    workflow = new_study(tmp_path_factory.mktemp("plain"))
    ran = workflow.snakemake()
    assert ran.returncode == 0, ran.stdout
    results = workflow.folder / "results"
    files = [*results.glob("tables/*"), *results.glob("figures/*.csv"), results / "answer.md"]
    return {file.relative_to(workflow.folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def storage(request, tmp_path, monkeypatch) -> Iterator[Storage]:
    """The storage that a test names, empty."""
    needed = NEEDED[request.param]
    missing = sorted({needed[module] for module in needed if find_spec(module) is None})
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed, nor in a folder on PYTHONPATH")
    if request.param == "fs" and shutil.which("rsync") is None:
        pytest.skip("rsync is not installed, which the plugin fs copies files with")
    if request.param == "s3":
        yield from bucket(monkeypatch)
    else:
        yield folder(request.param, tmp_path / "storage")


def folder(provider: str, path: Path) -> Storage:
    """A storage that is a folder."""
    arguments = ("--default-storage-provider", provider, "--default-storage-prefix", str(path))
    return Storage(*arguments, read=lambda name: (path / name).read_bytes())


def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A bucket of a server on this machine."""
    import boto3
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")

    def read(name: str) -> bytes:
        found = client.get_object(Bucket=BUCKET, Key=f"of-mine/{name}")
        return found["Body"].read()

    try:
        client.create_bucket(Bucket=BUCKET)
        yield Storage(
            *("--default-storage-provider", "s3"),
            *("--default-storage-prefix", f"s3://{BUCKET}/of-mine"),
            *("--storage-s3-endpoint-url", url),
            read=read,
        )
    finally:
        server.stop()


def test_a_study_in_a_storage_has_the_same_jobs(study, tmp_path):
    """`expand` refuses a rule's output there: the workflow would not even be parsed."""
    in_storage = study.planned(*folder("copies", tmp_path / "storage").arguments)
    assert sorted(map(str, in_storage)) == sorted(map(str, study.planned()))
    assert {"synthesise", "null", "score", "answer", "plot"} <= {job["rule"] for job in in_storage}


@pytest.mark.slow
@pytest.mark.release
@pytest.mark.parametrize("storage", ["copies", "fs", "s3"], indirect=True)
def test_a_study_in_a_storage_has_the_same_results(study, storage, without_storage):
    ran = study.snakemake(*storage.arguments)
    assert ran.returncode == 0, ran.stdout
    assert {name: storage.read(name) for name in without_storage} == without_storage
    assert not (study.folder / "results" / "tables").exists()
    again = study.snakemake(*storage.arguments)
    assert NOTHING in again.stdout, again.stdout
