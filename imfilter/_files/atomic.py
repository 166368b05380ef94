"""Atomic writes: write a temporary file or folder in the same folder, then rename it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from typing import IO

from . import temporary
from .image import FileError
from .signatures import ZARR_MARKS

#: Bytes of a file that begin to be written to the disk together.
_BEGUN = 1 << 25
#: Attempts to replace a folder, and errors that say that another process has renamed it meanwhile.
_TRIES, _CHANGED = 100, (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)
#: Endings of the names of images that are folders.
_FOLDERS = (".zarr",)


def check_target(path: str | os.PathLike[str]) -> str:
    """Return the real path of a file to write, or raise an error if it cannot be written.

    A symbolic link is followed, so that the link stays and its target is replaced.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    if target.endswith(_FOLDERS):
        _check_replaceable(os.fspath(path), target)
    elif os.path.isdir(target):
        raise FileError(f"{path}: is a folder, not a file")
    if not os.path.isdir(folder):
        raise FileError(f"{path}: {missing(folder)}")
    if os.path.exists(target):
        if not os.path.isdir(target) and not os.path.isfile(target):
            raise FileError(f"{path}: is not a regular file")
        if not os.access(target, os.W_OK):  # a read-only folder could not be moved at the end of the work
            raise FileError(f"{path}: is read-only")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"{path}: the folder {folder} is not writable")
    return target


def missing(folder: str) -> str:
    """Return why a folder is none: it does not exist, or a part of its path is a file."""
    part = folder
    while not os.path.lexists(part) and part != os.path.dirname(part):
        part = os.path.dirname(part)
    if os.path.isdir(part) or not os.path.exists(part):
        return f"the folder {folder} does not exist"
    return f"{part} is a file, not a folder"


def _check_replaceable(path: str, target: str) -> None:
    """Raise an error if a folder would replace something else than a folder of the same kind."""
    if os.path.isfile(target):
        raise FileError(f"{path}: is a file, and a folder is to be written")
    found = os.listdir(target) if os.path.isdir(target) else []
    if found and not any(mark in found for mark in ZARR_MARKS):
        raise FileError(f"{path}: is a folder that is not zarr, and it is not replaced")


@contextlib.contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[str]:
    """Make a temporary folder beside `path`. It replaces `path` when everything is written.

    After an error, `path` is unchanged and the temporary folder is removed.
    """
    target = check_target(path)
    try:
        with temporary.created(target, os.mkdir) as (folder, _):
            yield folder
            replace_folder(folder, target)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def replace_folder(folder: str, target: str) -> None:
    """Give a folder another name. The folder that has this name is removed.

    Another process may replace the same folder meanwhile. The last one wins, as with files.
    """
    for left in reversed(range(_TRIES)):
        try:
            with temporary.set_aside(target) if os.path.isdir(target) else contextlib.nullcontext():
                os.rename(folder, target)
            return
        except OSError as error:
            if not left or error.errno not in _CHANGED or not os.path.isdir(folder):
                raise


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file in the folder of `path`. It replaces `path` when everything is written.

    After an error, `path` is unchanged and the temporary file is removed. A new file has the permissions
    that the umask allows. A file that replaces another file has the permissions of that file from the start.
    So others can never read private data.
    """
    target = check_target(path)
    try:
        with temporary.created(target, lambda name: _opened(name, target)) as (name, file):
            assert file is not None
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def begin_sync(file: IO[bytes], start: int) -> int:
    """Let the system begin to write the bytes from `start` to the disk. Return the start of the next bytes.

    Otherwise the system waits for many bytes, and `replacing` waits for the disk at the end: 0.7 s for a file
    of 4 GB, and 0.02 s with this function. The advice does not drop bytes that are not yet on the disk.
    """
    stop = file.tell()
    if sys.platform != "linux" or stop - start < _BEGUN:
        return start
    with contextlib.suppress(OSError):  # it is only advice
        os.posix_fadvise(file.fileno(), start, stop - start, os.POSIX_FADV_DONTNEED)
    return stop


def _opened(name: str, target: str) -> IO[bytes]:
    """Create a file with the owner and the permissions of the file that it replaces, if it exists."""
    try:
        old = os.stat(target)
    except FileNotFoundError:
        return open(name, "x+b")
    file = open(name, "x+b", opener=_private)  # noqa: SIM115  (the caller closes it)
    if hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), _permitted(file.fileno(), old))
    return file


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _permitted(descriptor: int, old: os.stat_result) -> int:
    """Give a file the owner and the group of another file. Return the permissions that it may have."""
    new = os.fstat(descriptor)
    mode = stat.S_IMODE(old.st_mode)
    if (old.st_uid, old.st_gid) == (new.st_uid, new.st_gid):
        return mode
    try:
        os.fchown(descriptor, old.st_uid, old.st_gid)
    except OSError:  # only root may change the owner
        try:
            os.fchown(descriptor, -1, old.st_gid)
        except OSError:  # the group differs, so it gets the permissions of all others
            mode &= ~0o070 | (mode & 0o007) << 3
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    return mode
