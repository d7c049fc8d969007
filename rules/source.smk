# Locate the project's files, and put its packages on the path. Imports nothing of the library.

import sys
import tarfile
import tempfile
from pathlib import Path


def project_folder(basedir):
    """Folder that holds src/ and scripts/.

    If the workflow is in a remote repository, as for a module, Snakemake fetches single files, and
    a script would lack the library beside it. The folder is then a copy of the commit, made once.
    """
    if not hasattr(basedir, "hosted_repo"):
        return Path(basedir)
    repository = basedir.hosted_repo.repo
    commit = repository.commit(basedir.ref).hexsha
    folder = Path(".snakemake", "clusterability", commit).absolute()
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        copy = Path(tempfile.mkdtemp(dir=folder.parent))
        with tempfile.TemporaryFile() as archive:
            repository.archive(archive, commit)
            archive.seek(0)
            with tarfile.open(fileobj=archive) as files:
                files.extractall(copy, filter="data")
        copy.rename(folder)
    return folder


def find_library(project):
    """Put the project's packages before any others of the same names."""
    sys.path[:0] = [str(project / "src"), str(project / "scripts")]
