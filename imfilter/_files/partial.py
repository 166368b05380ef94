"""List of incomplete temporary files, which are removed when the process ends.

This imports nothing: whoever ends the process may do it before anything else is imported.
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
    """List a file that is about to be made; when this ends, it has another name or is gone."""
    with _lock:
        _paths.add(path)
    try:
        yield
    finally:
        _paths.discard(path)


def remove_all() -> None:
    """Remove the files that are listed. The process must end now: whoever wants to list one waits."""
    _lock.acquire()
    for path in list(_paths):
        with contextlib.suppress(OSError):
            os.unlink(path)
