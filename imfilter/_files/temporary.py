"""Temporary files and folders beside what they become.

A process locks what it writes. If it is killed, the file stays, and the system releases its lock. The next
process that writes into the same folder removes the file.

A folder that is replaced is in a temporary folder until the new one has its name. If the process is killed
meanwhile, the next process gives it its name again.

Windows neither removes a file that is open nor renames a folder that holds it. What stays for this reason is
removed by the next process.
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
#: Endings of what is being written, of folders that hold what is being replaced, and of those that hold what
#: was replaced, which any process may remove.
_PART, _OLD, _GONE = "part", "old", "gone"
#: Most characters of a name at the start of that of its temporary file.
_START = 32
#: Folders that this process has searched.
_searched: set[str] = set()


def beside(target: str, ending: str) -> str:
    """Return a name for a temporary file or folder beside another one.

    It has only the start of the name: a longer name could exceed the limit of the file system.
    """
    parent, name = os.path.split(target)
    return os.path.join(parent, f".{name[:_START]}.{_host()}{os.urandom(6).hex()}.{ending}")


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
    clean(os.path.dirname(target))
    while True:
        path = beside(target, _PART)
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
    try:
        descriptor = os.open(path, os.O_RDONLY) if file is None else os.dup(file.fileno())
    except FileNotFoundError:
        descriptor = -1  # it is already removed
    if descriptor < 0:
        yield False
        return
    try:
        yield locks.lock(descriptor) is not False and locks.is_at(descriptor, path)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def set_aside(target: str) -> Iterator[None]:
    """Take the name from a folder, so that another folder can get it, and remove the folder at the end.

    After an error, the folder has its name again.
    """
    while True:
        folder = beside(target, _OLD)
        os.mkdir(folder)
        with _locked(folder, None) as is_ours:
            if is_ours:
                try:
                    os.rename(target, os.path.join(folder, os.path.basename(target)))
                    yield
                except BaseException:
                    with contextlib.suppress(OSError):
                        _undo(folder)
                    raise
                _discard(folder)
                return


def _discard(folder: str) -> None:
    """Remove a folder that holds what was set aside. If this is interrupted, the rest is not given back.

    If the system refuses it, the folder or the rest of it stays: what replaces it has its name already.
    """
    path = f"{folder.removesuffix(_OLD)}{_GONE}"
    with partial.listed(path), contextlib.suppress(OSError):
        os.rename(folder, path)
        partial.remove(path)


def clean(folder: str) -> None:
    """Remove the temporary files and folders in a folder that no process writes, once in each process.

    A folder that was set aside gets its name again, if nothing else has the name. Without locks, only what
    was replaced is removed. A folder of 100,000 files takes 40 ms (AMD EPYC, Zen 5).
    """
    if folder in _searched:
        return
    _searched.add(folder)
    # The number of this computer, and a random one of 6 bytes.
    named = re.compile(
        rf"\..{{1,{_START}}}\.{_host()}[0-9a-f]{{12}}\.({_PART}|{_OLD}|{_GONE})", re.DOTALL
    ).fullmatch
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if not name.endswith((_PART, _OLD, _GONE)) or not named(name):
                continue
            path = os.path.join(folder, name)
            if name.endswith(_GONE):
                if os.path.isdir(path) and not os.path.islink(path):
                    partial.remove(path)
            elif _HAS_LOCKS:
                _remove_if_abandoned(path)
            elif name.endswith(_OLD):
                with contextlib.suppress(OSError):
                    _undo(path, only_replaced=True)


def _undo(folder: str, *, only_replaced: bool = False) -> None:
    """Give what was set aside in a folder its name again, or remove it if something else has the name.

    A folder with other contents stays. With `only_replaced`, so does what nothing has replaced yet.
    """
    (parent, own), names = os.path.split(folder), os.listdir(folder)
    if names and (len(names) > 1 or own.rsplit(".", 2)[0] != f".{names[0][:_START]}"):
        return
    for name in names:
        kept, target = os.path.join(folder, name), os.path.join(parent, name)
        if os.path.lexists(target):
            _discard(folder)
            return
        if only_replaced or not os.path.isdir(kept):
            return
        os.rename(kept, target)
    if not only_replaced:
        os.rmdir(folder)


def _remove_if_abandoned(path: str) -> None:
    """Remove a temporary file or folder if no process has its lock; see `clean`."""
    with contextlib.suppress(OSError):
        mode = os.lstat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not locks.lock(descriptor) or not locks.is_at(descriptor, path):
                return
            if path.endswith(_PART):
                partial.remove(path)
            elif stat.S_ISDIR(mode):
                _undo(path)
        finally:
            os.close(descriptor)
