"""Temporary files and folders beside what they become.

A process locks what it writes. If it is killed, the file stays, and the system releases its lock. The next
process that writes into the same folder removes the file.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from . import locks, partial

#: Windows renames no open file, so files have no locks there.
_HAS_LOCKS = os.name != "nt"
#: Folders that this process has searched.
_searched: set[str] = set()


def beside(target: str, ending: str) -> str:
    """Return a name for a temporary file or folder beside another one.

    It has only the start of the name: a longer name could exceed the limit of the file system.
    """
    parent, name = os.path.split(target)
    return os.path.join(parent, f".{name[:32]}.{_host()}{os.urandom(6).hex()}.{ending}")


def _host() -> str:
    """Return a number of this computer. Some network file systems hide the locks of other computers."""
    return f"{zlib.crc32(os.uname().nodename.encode()) if _HAS_LOCKS else 0:08x}"


@contextlib.contextmanager
def created(target: str, create: Callable[[str], IO[bytes] | None]) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Create a temporary file or folder beside a target. It must have another name at the end.

    After an error, it is removed. Before, those of processes that were killed are removed from the folder.

    Parameters
    ----------
    target : str
        What the temporary file becomes.
    create : callable
        ``create(path)`` opens a new file, or makes a folder and returns None.
    """
    _remove_abandoned(os.path.dirname(target))
    while True:
        path = beside(target, "part")
        with partial.listed(path):
            try:
                made = create(path)
                with _locked(path, made) as is_ours:
                    if is_ours:
                        yield path, made
                        return
            except BaseException:
                partial.remove(path)
                raise
        if made is not None:
            made.close()


@contextlib.contextmanager
def _locked(path: str, file: IO[bytes] | None) -> Iterator[bool]:
    """Lock a new file or folder. False: before it was locked, another process has taken it for abandoned."""
    if not _HAS_LOCKS:
        yield True
        return
    descriptor = os.open(path, os.O_RDONLY) if file is None else os.dup(file.fileno())
    try:
        yield locks.lock(descriptor) is not False and locks.is_at(descriptor, path)
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: str) -> None:
    """Remove the temporary files and folders in a folder that no process writes, once in each process.

    A folder of 100,000 files takes 40 ms (AMD EPYC, Zen 5).
    """
    if folder in _searched or not _HAS_LOCKS:
        return
    _searched.add(folder)
    # The number of this computer, and a random one of 6 bytes.
    named = re.compile(rf"\..{{1,32}}\.{_host()}[0-9a-f]{{12}}\.part", re.DOTALL).fullmatch
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.endswith(".part") and named(name):
                _remove_if_abandoned(os.path.join(folder, name))


def _remove_if_abandoned(path: str) -> None:
    """Remove a temporary file or folder if no process has its lock."""
    with contextlib.suppress(OSError):
        mode = os.lstat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if locks.lock(descriptor) and locks.is_at(descriptor, path):
                partial.remove(path)
        finally:
            os.close(descriptor)
