"""Arrays in files that are read in bands of rows."""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
#: Rows to read: a slice of step 1, or the numbers of rows.
Where = slice | NDArray[np.int64]

#: Bytes that are read from a file at a time, at least.
_READ = 1 << 22
#: Bytes that are written to a file at a time.
_WRITTEN = 1 << 20


def data_of(array: Array) -> memoryview:
    """Return the bytes of a contiguous array."""
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]  # NumPy's stub lacks it


def write_rows(file: IO[bytes], rows: Array) -> None:
    """Write the samples of a contiguous array to a file, in small steps.

    For a large step, Linux takes pages of several megabytes, which are often not in the caches and, in a
    virtual machine, not in its memory yet. A Gaussian of 4 GB took 6 to 8 s of system time in steps of 11 MB,
    and 1.2 to 2.4 s in steps of 1 MB (ext4, Linux 6.18, two virtual processors).
    """
    data = data_of(rows)
    for start in range(0, len(data), _WRITTEN):
        file.write(data[start : start + _WRITTEN])


class LazyRows(abc.ABC):
    """An array whose rows are read when they are needed.

    It has the attributes of an array that describe it. ``rows[slice(start, stop)]`` and ``rows[numbers]``
    return rows as an array. It is for one thread at a time.

    Parameters
    ----------
    shape : tuple of int
        The shape of the whole array.
    dtype : dtype
        The type of its samples, in the byte order of this machine.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.ndim, self.size = len(shape), math.prod(shape)
        self.nbytes = self.size * dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, where: Where) -> Array:
        if isinstance(where, slice):
            start, stop, _ = where.indices(len(self))
            return self.read(start, max(start, stop))
        cuts = np.flatnonzero(np.diff(where) != 1) + 1
        runs = [run for run in np.split(where, cuts) if len(run)]
        return np.concatenate([self.read(int(run[0]), int(run[-1]) + 1) for run in runs])

    def as_array(self) -> Array:
        """Return itself, as an array for type checkers."""
        return cast(Array, self)

    @abc.abstractmethod
    def read(self, start: int, stop: int) -> Array:
        """Return rows `start` to `stop`. The array must not be changed."""


class Stored(LazyRows):
    """Samples that lie in a file one after the other.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.
    offset : int
        Position of the first sample.
    shape : tuple of int
        The shape of the array.
    dtype : dtype
        The type in the file, in any byte order.
    """

    def __init__(self, file: IO[bytes], offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        super().__init__(shape, dtype.newbyteorder("="))
        self._file, self._offset, self._stored = file, offset, dtype
        self._row = math.prod(shape[1:]) * dtype.itemsize

    def read(self, start: int, stop: int) -> Array:
        """Return rows `start` to `stop`."""
        rows = np.empty((stop - start, *self.shape[1:]), self._stored)
        self._file.seek(self._offset + start * self._row)
        count = self._file.readinto(data_of(rows)) if rows.size else 0  # type: ignore[attr-defined]
        if count != rows.nbytes:
            raise ValueError(f"it ends after {count} of {rows.nbytes} bytes of rows {start} to {stop}")
        return rows.astype(self.dtype, copy=False)


class Cells(LazyRows):
    """Rows that a file has in cells, each of which is decoded as a whole.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    dtype : dtype
        The type of the samples.
    rows : int
        Rows of a cell. Only the last cell may have fewer.
    decode : callable
        ``decode(first, last)`` returns the rows of the cells `first` to `last`, without `last`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        rows: int,
        decode: Callable[[int, int], Array],
    ) -> None:
        super().__init__(shape, dtype)
        self._rows, self._decode = rows, decode
        row = max(math.prod(shape[1:]) * dtype.itemsize, 1)
        self._group = max(1, _READ // (row * rows))
        # Rows that have been decoded. The next band begins with the last rows of the band before it.
        self._start, self._kept = 0, np.empty((0, *shape[1:]), dtype)

    def read(self, start: int, stop: int) -> Array:
        """Return rows `start` to `stop`."""
        end = self._start + len(self._kept)
        if not self._start <= start <= end:
            self._start = end = start // self._rows * self._rows
            self._kept = self._kept[:0]
        if stop > end:
            first, last = end // self._rows, -(-stop // self._rows)
            last = min(max(last, first + self._group), -(-len(self) // self._rows))
            more = self._decode(first, last)
            kept = self._kept[start - self._start :] if len(self._kept) else self._kept
            self._start = start if len(self._kept) else self._start
            self._kept = np.concatenate([kept, more]) if len(kept) else more
        return self._kept[start - self._start : stop - self._start]


class Converted(LazyRows):
    """An array that is converted when it is read.

    Parameters
    ----------
    rows : LazyRows
        The array.
    convert : callable
        Converts some rows of the array. The shape of a row and the type are found from the first row.
    """

    def __init__(self, rows: LazyRows, convert: Callable[[Array], Array]) -> None:
        head = convert(rows.read(0, 1))
        super().__init__((len(rows), *head.shape[1:]), head.dtype)
        self._inner, self._convert = rows, convert

    def read(self, start: int, stop: int) -> Array:
        """Return rows `start` to `stop`."""
        return self._convert(self._inner.read(start, stop))
