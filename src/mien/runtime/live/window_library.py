"""The library of the window: there or not, and told how to behave before it is loaded."""

from __future__ import annotations

import os
from importlib.util import find_spec

from mien.core.errors import MienError


def need_window_library() -> None:
    """Raise one clear line where the extra is missing.

    Raises:
        MienError: pygame-ce is not installed.
    """
    if find_spec("pygame") is None:
        raise MienError(
            "a window needs pygame-ce: pip install 'mien[live]'; --headless does without a window"
        )
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # it greets on stdout
    os.environ.setdefault("SDL_WINDOWS_DPI_AWARENESS", "permonitorv2")  # else Windows enlarges its pixels
