"""The one error that the command line shows as a single line: something the user can mend."""


class MienError(ValueError):
    """A problem with what was given; says what was given, what was expected and how to mend it."""


class InputError(MienError):
    """One input (picture, video, frame) cannot be read; the run goes on with a row of status ``error``."""
