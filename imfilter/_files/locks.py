"""Locks of files and folders. The system releases them when the process ends, even if it is killed."""

from __future__ import annotations

import importlib
import os


def lock(descriptor: int) -> bool | None:
    """Lock an open file or folder until it is closed.

    Returns
    -------
    bool or None
        True: it is locked. False: it is already locked, by this or another process. None: the file system
        has no locks.
    """
    try:
        if os.name == "nt":
            windows = importlib.import_module("msvcrt")
            windows.locking(descriptor, windows.LK_NBLCK, 1)
        else:
            fcntl = importlib.import_module("fcntl")
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except (OSError, ImportError):
        return None
    return True


def is_at(descriptor: int, path: str) -> bool:
    """Tell whether an open file or folder has a name. Another process may have removed or renamed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False
