"""Sources to read from. A pipe gives its bytes once, but a decoder reads some bytes twice."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import IO

from .image import FileError, FileWarning

UNKNOWN = "is not an image of a known format (PNG, JPEG, TIFF, BMP, WebP, GIF, JPEG 2000, AVIF, PNM, npy)"
#: What is read by its name only.
NAMED = "holds a film or a volume, which is not read from a pipe; give the name of a file"
COMPRESSED = (
    "is compressed by gzip, which is not read from a pipe; give the name of the file if it is NIfTI, or "
    "decompress it first"
)
OBJECTS = "holds objects of Python, not numbers"
_LONGEST = 200  # characters of a decoder's message
#: Reads of so many bytes need no limit. Decoders read headers by a few bytes at a time.
_SMALL = 65536


@contextlib.contextmanager
def reading(name: str) -> Iterator[None]:
    """Convert every error while reading a file to a `FileError`: one line that begins with the file's name.

    For a damaged file, a decoder may raise any exception. All have the same meaning.
    """
    try:
        yield
    except (FileError, FileWarning):  # the caller may have turned warnings into errors
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
    if isinstance(error, ImportError):  # from tifffile, which imports a codec when it needs one
        return 'needs the package imagecodecs, which is not installed: pip install "imfilter[tiff]"'
    if is_of_objects(error):
        return OBJECTS
    words = str(getattr(error, "strerror", None) or error)  # PyAV's errors also have numbers and the name
    words = " ".join(words.split()) or type(error).__name__
    return f"is damaged or not supported: {words if len(words) <= _LONGEST else words[:_LONGEST] + '...'}"


def is_of_objects(error: Exception) -> bool:
    """Return whether NumPy does not read an array because it holds objects of Python."""
    return any(words in str(error) for words in ("allow_pickle=", "Python objects in dtype"))


def is_regular(file: IO[bytes]) -> bool:
    """Return whether an open file is a regular file, which can be opened again."""
    try:
        return stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except OSError:  # it is in memory and has no descriptor
        return False


def seekable(file: IO[bytes], start: bytes = b"") -> IO[bytes]:
    """Return a seekable open file. Read all bytes of a pipe into memory.

    Parameters
    ----------
    file : binary file
        Open for reading.
    start : bytes
        The bytes that have already been read.
    """
    if not file.seekable():
        return io.BytesIO(start + file.read())
    if start:
        file.seek(0)
    return file


def again(path: str, file: IO[bytes]) -> IO[bytes]:
    """Return a second file object for an open file, with its own position."""
    return io.BytesIO(file.getbuffer()) if isinstance(file, io.BytesIO) else open(path, "rb")


class Bounded:
    """A file that limits each read to the bytes it has. A larger read would first allocate all its memory.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._length = file.seek(0, 2)
        self.seek, self.tell = file.seek, file.tell
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or all remaining bytes."""
        if size is not None and 0 <= size <= _SMALL:
            return self._file.read(size)
        remaining = max(0, self._length - self._file.tell())
        return self._file.read(remaining if size is None or size < 0 else min(size, remaining))
