"""The error that is shown to a user without a traceback, and helpers for its text."""

import reprlib
from typing import Any


class UserError(Exception):
    """An error that the user can cause and fix.

    The text is one or a few clear lines: the key or file, what was found, what was expected.
    """


def one_line(text: str, width: int = 200) -> str:
    """Shorten text from a file or config to one printable line of at most `width` characters.

    >>> one_line("fc1\\n.weight")
    'fc1\\\\n.weight'
    """
    shown = text[: width + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def reason(error: BaseException, width: int = 160) -> str:
    """Shorten the message of an exception to part of one line."""
    return one_line(" ".join((str(error) or type(error).__name__).split()), width)


class _Brief(reprlib.Repr):
    """A `repr` of bounded length: YAML aliases can unfold a small file to billions of values."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 8
        self.maxstring = self.maxother = 200

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to convert integers of thousands of digits to text.
        return repr(x) if x.bit_length() < 1000 else f"a number of {x.bit_length()} bits"


def shorten(value: Any, width: int = 60) -> str:
    """Format any value for an error message, in at most `width` characters."""
    text = "nothing" if value is None else _Brief().repr(value)
    return one_line(text, width)
