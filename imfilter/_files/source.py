"""Where a file is read from: a pipe gives its bytes once, and a decoder looks at some of them twice."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import IO

from .image import FileError, FileWarning

UNKNOWN = "is not an image of a known format (PNG, JPEG, TIFF, BMP, WebP, npy)"
_LONGEST = 200  # characters of a decoder's own words


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into a `FileError`: one line that begins with its name.

    Decoders of damaged files raise anything; all of it means one thing.
    """
    try:
        yield
    except (FileError, FileWarning):  # a warning is raised where the caller asked for that
        raise
    except MemoryError as error:
        raise FileError(f"{name}: is too large for the memory of this machine") from error
    except Exception as error:
        raise FileError(f"{name}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    if type(error).__name__ == "UnidentifiedImageError":
        return UNKNOWN
    if isinstance(error, ImportError):  # of tifffile, which imports a codec when it meets one
        return 'needs a decoder that is not installed; try: pip install "imfilter[tiff]" (imagecodecs)'
    words = " ".join(str(error).split()) or type(error).__name__
    return f"is damaged or not supported: {words if len(words) <= _LONGEST else words[:_LONGEST] + '...'}"


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


class Bounded:
    """A file that is asked for no more bytes than it has: room for as many as asked is made first.

    Parameters
    ----------
    file : binary file
        Open for reading at any place.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        self.seek, self.tell = file.seek, file.tell
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes, or all that are left."""
        left = max(0, self._length - self._file.tell())
        return self._file.read(left if size is None or size < 0 else min(size, left))
