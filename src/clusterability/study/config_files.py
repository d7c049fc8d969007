"""Read configs as data before Snakemake does.

Snakemake renders a config with the key `__use_yte__` as a template, which runs Python code; of two
equal keys it takes the last; and its error about a damaged file does not name the file. So `make
study` and the Snakefile first check configs with this module. Imports must be fast.

    python -m clusterability.study.config_files --configfile studies/smoke.yaml
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from clusterability.errors import UserError, one_line
from clusterability.study import two_readings

DEFAULT = Path("config.yaml")

MOST_BYTES = 2**18
DEEPEST = 20
"""Largest depth of nested lists and mappings; a study has five."""
MOST_VALUES = 100_000
"""Values repeated by aliases count each time."""

MOST_MERGED = 16
"""Mappings merged by one merge key (<<)."""

MOST_TOLD = 20
"""Largest number of faults shown."""

TEMPLATE_KEY = "__use_yte__"


def read_config(path: Path) -> dict[Any, Any]:
    """Read the keys and values of a config, YAML or JSON.

    Raises:
        UserError: one line with the file and the position of the fault.
    """
    text = _text(path)
    try:
        config = _parse(text)
        _check_size(path, config)
    except UserError:
        raise
    except _TwoReadings as error:
        raise UserError("\n".join(f"{path}: {fault}" for fault in error.faults)) from None
    except yaml.YAMLError as error:
        _refuse(path, _problem(error), "YAML")
    except RecursionError:
        _refuse(path, "lists or mappings too deep in each other", f"at most {DEEPEST}")
    except Exception as error:
        # PyYAML does not document its errors: an invalid date, a number with too many digits.
        _refuse(path, str(error) or type(error).__name__, "values of a config")
    if not isinstance(config, dict):
        kind = "nothing" if config is None else f"a {type(config).__name__}"
        _refuse(path, kind, "keys with values, such as in config.yaml")
    if TEMPLATE_KEY in config:
        _refuse(path, f"{TEMPLATE_KEY!r}, by which a config runs code", "values only")
    return config


def check_configs(paths: Iterable[Path | str]) -> None:
    """Raise UserError with a line for each file that cannot be a config."""
    faults = []
    for path in paths:
        try:
            read_config(Path(path))
        except UserError as error:
            faults.append(str(error))
    if faults:
        raise UserError("\n".join(faults))


def named_configs(arguments: Sequence[str]) -> list[Path]:
    """Configs named in arguments of Snakemake, or the default one."""
    # Abbreviations are off because --config is another option of Snakemake.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", type=Path, action="extend")
    known, _ = parser.parse_known_args(arguments)
    return known.configfile or [DEFAULT]


def _refuse(path: Path, found: str, expected: str) -> NoReturn:
    raise UserError(f"{path}: found {one_line(found)}, expected {expected}") from None


def _text(path: Path) -> str:
    try:
        # A pipe would never end.
        if not path.is_file():
            problem = "no file" if path.exists() else "no such file"
            _refuse(path, problem, "a config such as config.yaml")
        size = path.stat().st_size
        if size > MOST_BYTES:
            _refuse(path, f"{size} bytes", f"a config of at most {MOST_BYTES}")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        _refuse(path, error.strerror or str(error), "a file that can be read")
    except UnicodeDecodeError as error:
        _refuse(path, f"a byte at {error.start} that is no UTF-8", "UTF-8")


def _parse(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_twins)
    except json.JSONDecodeError:
        return yaml.load(text, Loader=_Loader)


def _without_twins(pairs: list[tuple[Hashable, Any]]) -> dict[Any, Any]:
    seen: dict[Any, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"the key {key!r} twice")
        seen[key] = value
    return seen


class _TwoReadings(yaml.YAMLError):
    """Scalars that YAML 1.1 and 1.2 read as different values."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__()
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """Loader that refuses scalars with two readings and duplicate keys."""

    merged = 0

    def construct_document(self, node: yaml.Node) -> Any:
        lines = itertools.islice(two_readings.faults(node, self.construct_object), MOST_TOLD)
        if faults := list(lines):
            raise _TwoReadings(faults)
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        # Checked before merge keys (<<), whose keys a mapping may override.
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise _error(f"the key {key.value!r} twice", key)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        merged = [value for key, value in node.value if key.tag == "tag:yaml.org,2002:merge"]
        if any(isinstance(v, yaml.SequenceNode) and len(v.value) > MOST_MERGED for v in merged):
            raise _error(f"more than {MOST_MERGED} mappings merged in one", node)
        super().flatten_mapping(node)
        self.merged += len(node.value)
        if self.merged > MOST_VALUES:
            raise _error(f"more than {MOST_VALUES} values merged", node)


def _error(problem: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)


def _problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{problem}{where}"


def _check_size(path: Path, config: Any) -> None:
    for count, depth in enumerate(_depths(config, 0), start=1):
        if depth > DEEPEST:
            _refuse(path, "lists or mappings too deep in each other", f"at most {DEEPEST}")
        if count > MOST_VALUES:
            _refuse(path, f"more than {MOST_VALUES} values", "fewer (aliases repeat them)")


def _depths(value: Any, depth: int) -> Iterator[int]:
    """Depth of each value; aliases are followed each time."""
    yield depth
    if isinstance(value, dict):
        for item in value.values():
            yield from _depths(item, depth + 1)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _depths(item, depth + 1)


def main(arguments: Sequence[str]) -> int:
    """Check configs named in arguments of Snakemake; print errors and return the exit status."""
    try:
        check_configs(named_configs(arguments))
    except argparse.ArgumentError:
        return 0  # Snakemake reports it
    except UserError as error:
        print(error, file=sys.stderr)
        return os.EX_DATAERR
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
