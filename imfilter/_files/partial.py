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
    """Remove a file, or a folder with all that it contains. What the system does not remove stays."""
    if os.path.isdir(path) and not os.path.islink(path):
        for folder, folders, files in os.walk(path, topdown=False):
            for name in (*files, *folders):
                _remove_one(os.path.join(folder, name))
    _remove_one(path)


def _remove_one(path: str) -> None:
    """Remove a file, a link or an empty folder, if the system allows it."""
    with contextlib.suppress(OSError):
        (os.rmdir if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
