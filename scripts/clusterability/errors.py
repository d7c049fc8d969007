"""The one kind of error that is shown to a user without a traceback."""


class UserError(Exception):
    """An error that the user can cause and mend.

    Its text is one or a few clear lines: the key or file, what was found, what was expected.
    """


def reason(error: BaseException, width: int = 160) -> str:
    """What an error of a library says, as a short part of one line."""
    text = " ".join((str(error) or type(error).__name__).split())
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    return text if len(text) <= width else text[: width - 1] + "…"
