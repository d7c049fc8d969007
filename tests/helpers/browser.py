"""Pages in a real browser without a network: what they show, and that they complain of nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WANTED = "BROWSER_TEST"
"""With this in the environment as 1, a test without a browser fails instead of being skipped."""


def _missing(what: str) -> None:
    """Ends the test: there is no browser to look at the page with."""
    if os.environ.get(WANTED) == "1":
        pytest.fail(f"{what}, and {WANTED}=1 asks for tests in a browser")
    pytest.skip(f"{what}; {WANTED}=1 makes this a failure")


@contextmanager
def running_browser() -> Iterator[Any]:
    """A headless browser of this machine, as playwright's `Browser`."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("found no playwright")
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        _missing(f"found none of {', '.join(BROWSERS)}")
    # Chromium refuses to be sandboxed as root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(
    browser: Any,
    width: int = 1280,
    height: int = 900,
    ignored: Sequence[str] = (),
    **options: Any,
) -> Iterator[Any]:
    """An empty page of this size, offline, as playwright's `Page`.

    In the end it must have had no error, no message of one in its console, and no request but for
    files.

    Args:
        browser: of `running_browser`.
        width, height: of the window, in pixels.
        ignored: parts of messages that are known, and no fault of the page.
        options: further ones of `Browser.new_context`, such as `color_scheme`.
    """
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, offline=True, **options)
    context.set_default_timeout(1000 * LIMIT)
    faults: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: faults.extend(_complaint(said, ignored)))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on("request", lambda request: faults.extend(_foreign(request.url)))
    try:
        yield page
        assert faults == []
    finally:
        context.close()


_BAD = ("error", "warning")

LIMIT = 600
"""Seconds after which a page hangs: far more than it takes on a busy machine."""


def _complaint(said: Any, ignored: Sequence[str]) -> list[str]:
    known = said.type not in _BAD or any(part in said.text for part in ignored)
    return [] if known else [said.text]


def _foreign(address: str) -> list[str]:
    own = address.startswith(("file:", "data:", "blob:", "about:"))
    return [] if own else [f"asked for: {address}"]


def open_file(page: Any, file: Path, place: str = "") -> None:
    """Opens a file in a page, at a place such as "#k=4"."""
    page.goto(file.resolve().as_uri() + place)
