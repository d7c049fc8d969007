"""The one kind of error that is shown to a user without a traceback."""


class UserError(Exception):
    """An error that the user can cause and mend.

    Its text is one or a few clear lines: the key or file, what was found, what was expected.
    """
