"""The page without its data: the HTML, CSS and JavaScript modules of `web` in one text.

The modules are plain ES modules, so that `node --test` can import them; a browser that opens a file
from disk loads no module from another file. So they are joined to one script here, each after those
that it imports, without their imports and exports. Names at the top level of modules must differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

MAIN = "main.mjs"
"""The module that imports all others."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function |const |let )", re.MULTILINE)
_OTHER = re.compile(r"^\s*(?:import|export)\b.*", re.MULTILINE)


@cache
def page_template() -> str:
    """explore.html with the style sheet and the script in it, and a marker for the data."""
    folder = files("clusterability.report.page") / "web"
    parts = {
        "/* style */": folder.joinpath("explore.css").read_text(encoding="utf-8"),
        "/* code */": script_of(folder),
    }
    page = folder.joinpath("explore.html").read_text(encoding="utf-8")
    for marker, text in parts.items():
        before, after = page.split(marker)
        page = before + text.rstrip("\n") + after
    return page


def script_of(folder: Traversable) -> str:
    """The modules of a folder as one script.

    Raises:
        ValueError: a module imports or exports in another way than
            `import {one, two} from "./module.mjs";` and `export function`, `const` or `let`, or
            modules import each other in a circle.
    """
    return "\n".join(_without_imports(name, text) for name, text in _in_order(folder, MAIN, {}, ()))


def _in_order(
    folder: Traversable, name: str, done: dict[str, str], above: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """A module after those that it imports, each once; `above` are those that import it."""
    if name in above:
        raise ValueError(f"modules import each other: {', '.join((*above, name))}")
    if name in done:
        return
    text = folder.joinpath(name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(text):
        yield from _in_order(folder, imported, done, (*above, name))
    done[name] = text
    yield name, text


def _without_imports(name: str, text: str) -> str:
    plain = _EXPORT.sub("", _IMPORT.sub("", text))
    if match := _OTHER.search(plain):
        raise ValueError(f"{name}: found {match[0].strip()!r}, which is not joined")
    return re.sub(r"\n{3,}", "\n\n", plain)
