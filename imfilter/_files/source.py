"""Where a file is read from: a pipe gives its bytes once, and a decoder looks at some of them twice."""

from __future__ import annotations

import io
import os
import stat
from typing import IO


def is_regular(file: IO[bytes]) -> bool:
    """Tell whether an open file is one on a disk, which can be opened again."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except OSError:  # it is no file of the system, but in memory
        return False


def seekable(file: IO[bytes], start: bytes = b"") -> IO[bytes]:
    """Return an open file whose bytes can be read in any order: all of a pipe's bytes, in memory.

    Parameters
    ----------
    file : binary file
        Open for reading.
    start : bytes
        What has been read of it already.
    """
    if not file.seekable():
        return io.BytesIO(start + file.read())
    if start:
        file.seek(0)
    return file


def again(path: str, file: IO[bytes]) -> IO[bytes]:
    """Open a file that is open already, with a place of its own."""
    return io.BytesIO(file.getbuffer()) if isinstance(file, io.BytesIO) else open(path, "rb")
