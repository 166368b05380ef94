"""A file is whole or it is not there: write beside it, then rename."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import IO

from .image import FileError


def check_target(path: str | os.PathLike[str]) -> str:
    """Return the real path that would be written, or say why it cannot be.

    A symbolic link is followed, so that the link stays and its target is replaced.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    if os.path.isdir(target):
        raise FileError(f"{path}: is a folder, not a file")
    if not os.path.isdir(folder):
        raise FileError(f"{path}: there is no folder {folder}")
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
    """Open a temporary file beside `path` that takes its place once everything is written.

    Whatever goes wrong, `path` is as it was and the temporary file is gone. A new file has the
    permissions that the umask leaves, a replaced one keeps its own.
    """
    target = check_target(path)
    folder, name = os.path.split(target)
    # A short prefix of the name: the whole of a long one would pass the file system's limit.
    temporary = os.path.join(folder, f".{name[:32]}.{secrets.token_hex(6)}.part")
    try:
        try:
            with open(temporary, "x+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if os.path.exists(target):
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror or error}") from error
