"""Reading of arrays from ``.npy`` files. Pickled objects are never loaded."""

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
        Name of the file in messages.
    file : binary file
        Open at its start.
    path : str or None
        Path of the file. A regular file is mapped into memory. Its numbers are read when they are needed.

    Raises
    ------
    FileError
        If the file does not contain an array of real numbers.
    """
    with source.reading(name):
        if path is None or not source.is_regular(file):
            return _real(np.load(source.seekable(file), allow_pickle=False), name)
        try:
            # A memory map never unpickles. It compares the size in the header with the size of the file.
            return _real(np.load(path, mmap_mode="r", allow_pickle=False), name)
        except (MemoryError, RecursionError) as error:  # from the parser, because a map takes no memory
            raise FileError(f"{name}: is damaged: its header cannot be read") from error


def read(path: str) -> NDArray[Any]:
    """Return the array of a file, recognised by its content. Raise FileError if there is no array."""
    with source.reading(path), open(path, "rb") as opened:
        file = source.seekable(opened)
        start = file.read(len(MAGIC))
        file.seek(0)
        if start != MAGIC:
            raise FileError(f"{path}: is not a .npy file")
        return array(path, file)


def _real(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array, or raise an error if it does not contain real numbers."""
    if array.dtype.kind not in "buif":
        raise FileError(f"{name}: holds {array.dtype}, not real numbers")
    return array
