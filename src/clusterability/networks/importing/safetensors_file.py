"""Arrays of a `.safetensors` file."""

from __future__ import annotations

from pathlib import Path

from safetensors import safe_open

from clusterability.networks.importing.wording import Arrays, quoted, type_error


def read_safetensors(path: Path) -> Arrays:
    arrays = {}
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118
            try:
                arrays[name] = file.get_tensor(name)
            except TypeError:
                # A type that NumPy does not have, such as BF16.
                found = file.get_slice(name).get_dtype()
                raise type_error(f"{path}: array {quoted(name)}", found) from None
    return arrays
