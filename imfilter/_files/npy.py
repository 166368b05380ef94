"""Arrays in ``.npy`` files, never unpickled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image import FileError

MAGIC = b"\x93NUMPY"


def mapped(name: str) -> NDArray[Any]:
    """Return the array of a file as it lies there, without reading it yet."""
    # A memory map never unpickles, and checks the size that the header claims against the file's.
    array = np.load(name, mmap_mode="r", allow_pickle=False)
    return real(array, name)


def real(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array of real numbers, or say that it is none."""
    if array.dtype.kind not in "buif":
        raise FileError(f"{name}: holds {array.dtype} and not real numbers")
    return array
