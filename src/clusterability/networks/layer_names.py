"""Reversible file names for layers that are named after their tensors.

A file name keeps letters, digits, `_`, `-` and dots. Every other character, and capitals that would
make two names equal on a case-insensitive file system, becomes `~` and two hexadecimal digits per
byte.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable

from clusterability.errors import UserError, one_line
from clusterability.names import NETWORK

MOST_CHARACTERS = 200
"""Bound on a file name: a file system allows 255 bytes, and extensions are appended."""

PATTERN = r"[A-Za-z0-9_~.-]+"
"""Characters of encoded names."""


def file_names(layers: Iterable[str], source: str = "weights") -> dict[str, str]:
    """Encode the names of matrices as distinct file names.

    `fc1`, `fc2`, … are reserved for the layers of chains, so that `fc1` always denotes one.

    Args:
        layers: names of the matrices of one network.
        source: origin of the matrices, for messages.

    Raises:
        UserError: if an encoded name would be too long for a file.

    >>> file_names(["h.0/mlp", "..", "Fc", "fc", "fc1"])
    {'h.0/mlp': 'h.0~2Fmlp', '..': '~2E.', 'Fc': '~46c', 'fc': 'fc', 'fc1': '~66c1'}
    """
    names = list(layers)
    alike = Counter(name.lower() for name in names)
    encoded = {name: _file_name(name, alike[name.lower()] > 1) for name in names}
    for layer, name in encoded.items():
        if len(name) > MOST_CHARACTERS:
            raise UserError(
                f"{source}: found an array {one_line(repr(layer), 80)} with a name of {len(layer)}"
                f" characters, expected one that takes at most {MOST_CHARACTERS} in a file's name"
            )
    return encoded


def in_chain(name: str) -> bool:
    """Whether an encoded name is that of a layer in a chain: `fc1`, `fc2`, …"""
    return re.fullmatch(r"fc[0-9]+", name) is not None


def require_chain(chain: bool, whole: bool, scalings: Collection[str], key: str = "") -> None:
    """Raise UserError if matrices that are not a chain are used where a chain is needed.

    Args:
        chain: whether the outputs of each layer are the inputs of the next.
        whole: whether the method `whole` is requested.
        scalings: requested scalings.
        key: location of the network in the config, such as "networks.mine."; "" without a config.
    """
    if chain or not (whole or "unit-norm" in scalings):
        return
    use = "the method 'whole'" if whole else "the scaling 'unit-norm'"
    raise UserError(
        f"{key}chain: found matrices each by itself, expected a chain for {use}: list its layers"
        " from the input on, with chain: true (--chain, chain=True)"
    )


def tensor_name(name: str) -> str:
    """Decode the name of a layer, for tables.

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
    name = re.sub(kept, lambda match: _coded(match[0]), layer)
    # A leading dot would hide the file, and a leading dash looks like an option.
    return _coded(name[0]) + name[1:] if name[:1] in (".", "-") else name


def _coded(character: str) -> str:
    return "".join(f"~{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
