"""Arrays in ``.npy`` files, never unpickled."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from . import source
from .image import FileError

MAGIC = b"\x93NUMPY"


def array(name: str, file: IO[bytes], path: str | None = None) -> NDArray[Any]:
    """Return the array of an open file.

    Parameters
    ----------
    name : str
        What messages call the file.
    file : binary file
        Open at its start.
    path : str or None
        Where it lies. A regular file is mapped from there: its numbers are read when they are needed.
    """
    if path is not None and source.is_regular(file):
        # A memory map never unpickles, and checks the size that the header claims against the file's.
        return _real(np.load(path, mmap_mode="r", allow_pickle=False), name)
    return _real(np.load(source.seekable(file), allow_pickle=False), name)


def read(path: str) -> NDArray[Any]:
    """Return the array of a file, known by its content; FileError if it has none."""
    try:
        with open(path, "rb") as opened:
            file = source.seekable(opened)
            start = file.read(len(MAGIC))
            file.seek(0)
            if start != MAGIC:
                raise FileError(f"{path}: is no .npy file")
            return array(path, file)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise FileError(f"{path}: is damaged or not supported: {error}") from error


def _real(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array of real numbers, or say that it is none."""
    if array.dtype.kind not in "buif":
        raise FileError(f"{name}: holds {array.dtype} and not real numbers")
    return array
