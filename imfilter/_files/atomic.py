"""Atomic writes: write a temporary file in the same folder, then rename it."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from collections.abc import Iterator
from typing import IO

from . import partial
from .image import FileError


class Stream:
    """An open file to write. Its name has the suffix of the format. It need not be seekable.

    Parameters
    ----------
    file : binary file
        Open for writing.
    name : str
        Name in messages, with a suffix.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file = file
        self._name = name

    def __fspath__(self) -> str:
        return self._name

    __str__ = __fspath__


def check_target(path: str | os.PathLike[str]) -> str:
    """Return the real path of a file to write, or raise an error if it cannot be written.

    A symbolic link is followed, so that the link stays and its target is replaced.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise FileError(f"{path}: is a folder, not a file")
    if not os.path.isdir(folder):
        raise FileError(f"{path}: the folder {folder} does not exist")
    if os.path.exists(target):
        if not os.path.isfile(target):
            raise FileError(f"{path}: is not a regular file")
        if not os.access(target, os.W_OK):
            raise FileError(f"{path}: is read-only")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileError(f"{path}: the folder {folder} is not writable")
    return target


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file in the folder of `path`. It replaces `path` when everything is written.

    After an error, `path` is unchanged and the temporary file is removed. A new file has the permissions
    that the umask allows. A file that replaces another file has the permissions of that file from the start.
    So others can never read private data. A `Stream` gets all bytes at the end.
    """
    if isinstance(path, Stream):
        memory = io.BytesIO()
        yield memory
        path.file.write(memory.getbuffer())
        return
    target = check_target(path)
    folder, name = os.path.split(target)
    # Use only the start of the name: a longer name could exceed the limit of the file system.
    temporary = os.path.join(folder, f".{name[:32]}.{secrets.token_hex(6)}.part")
    try:
        with partial.listed(temporary):
            try:
                with _opened(temporary, target) as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(temporary, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
                raise
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error


def _opened(temporary: str, target: str) -> IO[bytes]:
    """Create a file with the owner and the permissions of the file that it replaces, if it exists."""
    try:
        old = os.stat(target)
    except FileNotFoundError:
        return open(temporary, "x+b")
    file = open(temporary, "x+b", opener=_private)  # noqa: SIM115  (the caller closes it)
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
