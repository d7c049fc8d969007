"""The one kind of error that is shown to a user without a traceback."""

import reprlib
from typing import Any


class UserError(Exception):
    """An error that the user can cause and mend.

    Its text is one or a few clear lines: the key or file, what was found, what was expected.
    """


def one_line(text: str, width: int = 200) -> str:
    """A text from a file or a config as a message may hold it: one line, printable, not endless.

    >>> one_line("fc1\\n.weight")
    'fc1\\\\n.weight'
    """
    shown = text[: width + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def reason(error: BaseException, width: int = 160) -> str:
    """What an error of a library says, as a short part of one line."""
    return one_line(" ".join((str(error) or type(error).__name__).split()), width)


class _Brief(reprlib.Repr):
    """Values as they are written, but never more than is shown: aliases can stand for billions."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = 8
        self.maxstring = self.maxother = 200

    def repr_int(self, x: int, level: int) -> str:
        # Python refuses to write out thousands of digits.
        return repr(x) if x.bit_length() < 1000 else f"a number of {x.bit_length()} bits"


def shorten(value: Any, width: int = 60) -> str:
    text = "nothing" if value is None else _Brief().repr(value)
    return one_line(text, width)
