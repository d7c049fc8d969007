"""The one kind of error that is shown to a user without a traceback."""


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
