"""A folder as a storage of Snakemake's: files are copied to it and from it.

What the plugin `fs` does, without rsync. Snakemake finds this where tests/helpers is on the path:
`--default-storage-provider copies --default-storage-prefix /a/folder`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from snakemake_interface_storage_plugins.io import IOCacheStorageInterface, Mtime
from snakemake_interface_storage_plugins.storage_object import (
    StorageObjectGlob,
    StorageObjectRead,
    StorageObjectWrite,
)
from snakemake_interface_storage_plugins.storage_provider import (
    ExampleQuery,
    QueryType,
    StorageProviderBase,
    StorageQueryValidationResult,
)


class StorageProvider(StorageProviderBase):
    """Takes every query for a path."""

    @classmethod
    def example_queries(cls) -> list[ExampleQuery]:
        return [ExampleQuery(query="/a/file", type=QueryType.ANY, description="A path.")]

    def rate_limiter_key(self, query: str, operation: object) -> None:
        return None

    def default_max_requests_per_second(self) -> float:
        return 0.0

    def use_rate_limiter(self) -> bool:
        return False

    @classmethod
    def is_valid_query(cls, query: str) -> StorageQueryValidationResult:
        return StorageQueryValidationResult(query=query, valid=True)


class StorageObject(StorageObjectRead, StorageObjectWrite, StorageObjectGlob):
    """A file of the folder."""

    @property
    def _path(self) -> Path:
        return Path(self.query)

    async def inventory(self, cache: IOCacheStorageInterface) -> None:
        key = self.cache_key()
        cache.exists_in_storage[key] = self.exists()
        if self.exists():
            cache.mtime[key] = Mtime(storage=self.mtime())
            cache.size[key] = self.size()

    def get_inventory_parent(self) -> str | None:
        return None

    def local_suffix(self) -> str:
        return self.query.removeprefix("/")

    def cleanup(self) -> None:
        pass

    def exists(self) -> bool:
        return self._path.exists()

    def mtime(self) -> float:
        return self._path.stat().st_mtime

    def size(self) -> int:
        return self._path.stat().st_size

    def retrieve_object(self) -> None:
        shutil.copy2(self._path, self.local_path())

    def store_object(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.local_path(), self._path)

    def remove(self) -> None:
        self._path.unlink()

    def list_candidate_matches(self) -> Iterable[str]:
        return map(str, self._path.parent.rglob("*"))
