"""Reading of arrays from ``.npy`` files. Pickled objects are never loaded."""

from __future__ import annotations

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from . import source
from .image import FileError, Image
from .lazy import LazyRows, Stored, write_rows

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


def rows(name: str, file: IO[bytes]) -> LazyRows | None:
    """Return the array of an open regular file, which is read in bands of rows, or None if it has no rows.

    Parameters
    ----------
    name : str
        Name of the file.
    file : binary file
        Open for reading.
    """
    array_ = array(name, file, name)  # a map checks the header against the size of the file
    if not isinstance(array_, np.memmap) or array_.ndim < 2 or not array_.flags.c_contiguous:
        return None
    return Stored(file, array_.offset, array_.shape, array_.dtype)


class Writer:
    """Write an array in bands of rows. The file is the same as that of ``numpy.save``.

    Parameters
    ----------
    file : binary file
        Open for writing, empty.
    image : Image
        The first rows.
    height : int
        The number of rows of the array.
    """

    def __init__(self, file: IO[bytes], image: Image, height: int) -> None:
        self._file, self._dtype = file, image.pixels.dtype
        header = np.lib.format.header_data_from_array_1_0(image.pixels[:0])
        header.update(shape=(height, *image.pixels.shape[1:]), fortran_order=False)
        np.lib.format.write_array_header_1_0(file, header)

    def write(self, image: Image) -> None:
        """Write the next rows."""
        write_rows(self._file, np.ascontiguousarray(image.pixels, self._dtype))

    def finish(self) -> None:
        """Complete the file, to which nothing is missing."""


def _real(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array, or raise an error if it does not contain real numbers."""
    if array.dtype.kind not in "buif":
        raise FileError(f"{name}: holds {array.dtype}, not real numbers")
    return array
