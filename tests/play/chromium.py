"""The program Chromium, for tests of pages."""

import shutil

#: Names of the program in distributions.
_NAMES = "chromium", "chromium-browser", "google-chrome"


def path() -> str | None:
    """Return the path of the program, or None if it is not installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
