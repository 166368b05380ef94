"""List of incomplete temporary files, which are removed when the process ends.

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
        with contextlib.suppress(OSError):
            os.unlink(path)
