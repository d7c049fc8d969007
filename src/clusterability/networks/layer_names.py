"""Layers that are called as the tensors they come from, in files, where not every name can stand.

A file's name keeps letters, digits, `_`, `-` and dots; every other character, and what would make
two names alike where capitals do not count, is `~` and two hexadecimal digits for each byte. So the
tensor's name can be had back from that of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from clusterability.errors import UserError, one_line
from clusterability.names import NETWORK

MOST_CHARACTERS = 200
"""Of a name in a file: a file system takes 255 bytes, and endings come behind it."""

PATTERN = r"[A-Za-z0-9_~.-]+"
"""What names in files are made of."""


def file_names(layers: Iterable[str], source: str = "weights") -> dict[str, str]:
    """For each matrix the name that files give it, different from the others'.

    `fc1`, `fc2`, … are left to the layers of chains: whoever reads `fc1` knows that it is one.

    Args:
        layers: names of the matrices of one network.
        source: where they come from, for messages.

    Raises:
        UserError: where a name would be longer than files' names can be.

    >>> file_names(["h.0/mlp", "..", "Fc", "fc", "fc1"])
    {'h.0/mlp': 'h.0~2Fmlp', '..': '~2E.', 'Fc': '~46c', 'fc': 'fc', 'fc1': '~66c1'}
    """
    names = list(layers)
    alike = Counter(name.lower() for name in names)
    found = {name: _file_name(name, alike[name.lower()] > 1) for name in names}
    for layer, name in found.items():
        if len(name) > MOST_CHARACTERS:
            raise UserError(
                f"{source}: found an array {one_line(repr(layer), 80)} with a name of {len(layer)}"
                f" characters, expected one that takes at most {MOST_CHARACTERS} in a file's name"
            )
    return found


def in_chain(name: str) -> bool:
    """Whether a name in files is that of a layer of a chain: `fc1`, `fc2`, …"""
    return re.fullmatch(r"fc[0-9]+", name) is not None


def require_chain(chain: bool, whole: bool, scalings: Collection[str], key: str = "") -> None:
    """UserError where matrices that are no chain are asked for what needs one.

    Args:
        chain: whether the outputs of each layer are the inputs of the next.
        whole: whether the method `whole` is asked for.
        scalings: that are asked for.
        key: where the network stands in the config, such as "networks.mine."; "" without a config.
    """
    if chain or not (whole or "unit-norm" in scalings):
        return
    asked = "the method 'whole'" if whole else "the scaling 'unit-norm'"
    raise UserError(
        f"{key}chain: found matrices each by itself, expected a chain for {asked}: list its layers"
        " from the input on, with chain: true (--chain, chain=True)"
    )


def tensor_name(name: str) -> str:
    """What a layer is called in tables, from its name in files.

    >>> tensor_name("h.0~2Fmlp"), tensor_name("fc1")
    ('h.0/mlp', 'fc1')
    """
    if "~" not in name:
        return name
    parts = re.split(r"~([0-9A-F]{2})", name)
    content = b"".join(
        bytes([int(part, 16)]) if number % 2 else part.encode() for number, part in enumerate(parts)
    )
    return content.decode("utf-8", "surrogatepass")


def _file_name(layer: str, alike: bool) -> str:
    if layer == NETWORK or in_chain(layer):
        return _coded(layer[0]) + layer[1:]
    kept = r"[^a-z0-9_.-]" if alike else r"[^A-Za-z0-9_.-]"
    name = re.sub(kept, lambda found: _coded(found[0]), layer)
    # Of the first character, a dot would hide the file, and a dash is that of an option.
    return _coded(name[0]) + name[1:] if name[:1] in (".", "-") else name


def _coded(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
