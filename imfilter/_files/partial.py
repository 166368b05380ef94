"""List of incomplete temporary files and folders, which are removed when the process ends.

This module imports nothing, because the process may end before any other module is imported.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_paths: set[str] = set()
_lock = threading.Lock()


@contextlib.contextmanager
def listed(path: str) -> Iterator[None]:
    """List a file before it is created. At the end, the file must be renamed or removed."""
    with _lock:
        _paths.add(path)
    try:
        yield
    finally:
        _paths.discard(path)


def remove_all() -> None:
    """Remove the listed files. The process must end now, because other threads that list a file wait."""
    _lock.acquire()
    for path in list(_paths):
        remove(path)


def remove(path: str) -> None:
    """Remove a file, or a folder with all that it contains. Errors are ignored."""
    with contextlib.suppress(OSError):
        if not os.path.isdir(path) or os.path.islink(path):
            os.unlink(path)
            return
        for folder, folders, files in os.walk(path, topdown=False):
            for name in files:
                os.unlink(os.path.join(folder, name))
            for name in folders:
                below = os.path.join(folder, name)
                (os.unlink if os.path.islink(below) else os.rmdir)(below)
        os.rmdir(path)
