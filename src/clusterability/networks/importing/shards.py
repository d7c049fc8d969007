"""Models stored in several files, such as large ones from Hugging Face's `save_pretrained`.

`model.safetensors.index.json` maps each array to its file: `{"weight_map": {name: file}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from clusterability.errors import UserError
from clusterability.networks.importing.lazy_arrays import LazyArrays, entries_of, notes_of
from clusterability.networks.importing.wording import Arrays, listed, quoted

Read = Callable[[Path], Arrays]
"""Reader of one file."""

INDEX = ".index.json"
_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.\w+)")
_SHARD_FILE = re.compile(r"[^/\\\x00-\x1f]{1,200}\.(safetensors|bin)")
_MOST_INDEX_BYTES = 2**26


def is_index(path: Path) -> bool:
    """Whether a path is the index of a model in several files."""
    return path.name.lower().endswith(INDEX)


def files_of_model(path: Path, endings: Mapping[str, object], key: str = "") -> list[Path]:
    """Files of a model: the path itself and those that it refers to, or those in a folder.

    Args:
        path: a file, an index, or a folder that contains an index, shards or one file of arrays.
        endings: supported extensions.
        key: location of the path in the config, for messages.

    Raises:
        UserError: if a folder contains several models or none, or an index is damaged.
    """
    if path.is_dir():
        return _files_of_folder(path, endings, key)
    if is_index(path):
        files = dict.fromkeys(_weight_map(path).values())
        return [path, *(path.parent / name for name in files if (path.parent / name).is_file())]
    return [path]


def _files_of_folder(folder: Path, endings: Mapping[str, object], key: str) -> list[Path]:
    paths = sorted(file for file in folder.iterdir() if file.is_file())
    for wanted in (".safetensors", ""):
        indices = [file for file in paths if is_index(file) and wanted in file.name]
        if len(indices) == 1:
            return files_of_model(indices[0], endings, key)
    kinds = ("safetensors", "bin", "pt", "pth", "gguf", "onnx")
    for kind in kinds:
        files = [file for file in paths if file.suffix == f".{kind}" and file.suffix in endings]
        shards = [file for file in files if _SHARD.fullmatch(file.name)]
        if len(files) == 1 or (files and files == shards):
            return files
    raise UserError(
        f"{key}path: found the folder {folder} with {listed(file.name for file in paths)}, expected"
        f" one model in it: an index ({INDEX}), its shards, or one file"
    )


def read_shards(files: list[Path], read: Read) -> LazyArrays:
    """Merge the arrays of several files, in the order of the index if the first file is one.

    Arrays of missing files are left out, with a note.
    """
    if not is_index(files[0]):
        parts = [read(file) for file in files]
        entries = {name: entry for part in parts for name, entry in entries_of(part).items()}
        return LazyArrays(entries, _missing_shards(files))
    index = files[0]
    weight_map = _weight_map(index)
    entries_of_files = {file.name: entries_of(read(file)) for file in files[1:]}
    entries, missing = {}, []
    for name, file in weight_map.items():
        if file in entries_of_files and name in entries_of_files[file]:
            entries[name] = entries_of_files[file][name]
        else:
            missing.append(name)
    notes = (f"arrays of missing files ({listed(missing, 6)})",) if missing else ()
    if not entries:
        raise UserError(
            f"{index}: found none of its files {listed(dict.fromkeys(weight_map.values()))},"
            " expected them beside it"
        )
    return LazyArrays(entries, notes)


def with_notes_of_shard(path: Path, arrays: Arrays) -> Arrays:
    """Arrays of one file, with a note if it is a shard of several."""
    notes = _missing_shards([path])
    if not notes:
        return arrays
    return LazyArrays(entries_of(arrays), (*notes_of(arrays), *notes))


def _missing_shards(files: list[Path]) -> tuple[str, ...]:
    match = _SHARD.fullmatch(files[0].name)
    if not match or len(files) == int(match[3]):
        return ()
    return (f"the arrays of {int(match[3]) - len(files)} other shards of {match[1]}{match[4]}",)


def _weight_map(index: Path) -> dict[str, str]:
    """File name by array; UserError if the index is damaged or refers to other folders."""
    try:
        if index.stat().st_size > _MOST_INDEX_BYTES:
            raise ValueError("too large")
        weight_map = json.loads(index.read_bytes())["weight_map"]
        names = {str(name): file for name, file in weight_map.items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise UserError(
            f'{index}: found no index of arrays, expected {{"weight_map": {{name: file, …}}}}'
        ) from None
    for file in names.values():
        if not isinstance(file, str) or not _SHARD_FILE.fullmatch(file):
            raise UserError(
                f"{index}: found the file {quoted(str(file))}, expected names of .safetensors or"
                " .bin files in the same folder"
            )
    return names
