"""Filter an image in bands of rows, so intermediate arrays are small."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes
from imfilter._base.plan import by_window, some_absent, unused_rows

from .._files.image import Image, full_scale
from . import apart

if TYPE_CHECKING:
    from imfilter._filters.resampling.tables import Table

#: Size in bytes of a band of results in floating point. A few such arrays exist at a time.
_BAND = 1 << 23
#: The rows around a band are filtered twice. Without intermediate arrays, a band has this number of times as
#: many rows, if all bands that are in memory at a time, with results of the image's type, are then at most so
#: many times larger than one of results in floating point. A Gaussian of sigma 2 of 2 GB with rows of 100,000
#: bytes took 2.9 s of processors in bands of 55 rows, 2.55 s of 109 and 2.2 s of 218. Of 256 it took as much
#: as of 218.
_TIMES_AROUND, _TIMES_HELD = 16, 11
#: The same where a filter leaves out the results around a band. A Gaussian of sigma 2 of 1.6 GB with rows of
#: 100,000 bytes took 0.96 s and 155 MB in bands of 128 rows, and 0.93 s and 189 MB in bands of 213 (the
#: least; copying took 0.68 s).
_TIMES_LEFT_OUT = 8
#: With intermediate arrays and rows around it, a band of a wide image has so many rows, if it is then at most
#: so many times larger. ``sobel`` of 1 GB with rows of 100,000 bytes took 2.71 s and 156 MB in bands of 18
#: rows, and 2.44 s and 203 MB in bands of 36 (two threads, without a disk).
_ROWS, _TIMES_WIDER = 36, 2
#: Number of threads whose bands have this size.
_FEW_THREADS = 4

#: The option of a step that says whether its whole input is opaque. It is set while parts are filtered.
OPAQUE = "opaque"


class Rows(NamedTuple):
    """The rows that row i of the result depends on: from i*step - above to i*step + below.

    Attributes
    ----------
    length : int
        Number of rows of the result.
    above, below : int
        Number of rows that are needed before and after row i*step.
    step : int
        Number of rows of the image from one row of the result to the next.
    cell : int
        Number of rows of a cell. A piece of the image must start at the start of a cell.
    wraps : bool
        Whether the image continues beyond its border with its other end.
    tables : tuple of Table or None
        The samples of each output along each axis, if the image is resized. Then the other numbers are not
        used.
    """

    length: int
    above: int = 0
    below: int = 0
    step: int = 1
    cell: int = 1
    wraps: bool = False
    tables: tuple[Table, ...] | None = None


class Band(NamedTuple):
    """Rows `start` to `stop` of the result. In the result of the piece, they start at row `first`.

    `tables` are those of the piece, if the image is resized.
    """

    start: int
    stop: int
    piece: Image
    first: int
    tables: tuple[Table, ...] | None = None


#: Computes the result of an image or of a piece of it.
Work = Callable[[Image], Image]


class Piecewise(NamedTuple):
    """A filter of an image that can be computed piece by piece.

    Attributes
    ----------
    image : Image
        The input.
    rows : Rows or None
        The rows that a row of the result depends on. None: the result depends on the whole image.
    work : callable
        Computes the result of the image or of a piece of it.
    direct : bool
        Whether the filter needs no intermediate arrays. Then an image in memory is filtered whole.
    resized : callable, optional
        Returns `work` for a piece with its own tables.
    shortens : bool
        Whether the filter is one linear filter, which leaves out the rows around a band; see `unused_rows`.
    result : dtype, optional
        The type of the result. None: it takes no more memory than the image in floating point, or than the
        image if the filter is `direct`.
    """

    image: Image
    rows: Rows | None
    work: Work
    direct: bool = False
    resized: Callable[[tuple[Table, ...]], Work] | None = None
    shortens: bool = False
    result: np.dtype[Any] | None = None

    def of(self, band: Band) -> Image:
        """Return the rows of a band of the result."""
        work = self.work if self.resized is None or band.tables is None else self.resized(band.tables)
        length, rows = len(band.piece.pixels), slice(band.first, band.first + band.stop - band.start)
        absent = some_absent.set(self.image.present is not None)
        unused = unused_rows.set((rows.start, length - rows.stop) if self.shortens else (0, 0))
        try:
            part = work(band.piece)
        finally:
            unused_rows.reset(unused)
            some_absent.reset(absent)
        pixels = part.pixels if len(part.pixels) == rows.stop - rows.start else part.pixels[rows]
        return dataclasses.replace(part, pixels=pixels, present=None)

    def first(self, band: Band) -> Image:
        """Return `streamed` of the first band, before there are threads. A copy of the process compiles."""
        return apart.compiled(lambda: self.streamed(band))

    def streamed(self, band: Band) -> Image:
        """Return the rows of a band of the result of a file, in any thread."""
        token = by_window.set(self.image.spatial > 2)  # planes of a volume are few in a band
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own state
                return self.of(band)
        finally:
            by_window.reset(token)


def filtered(image: Image, rows: Rows | None, work: Work) -> Image:
    """Return ``work(image)``, computed piece by piece: see `whole`."""
    return whole(Piecewise(image, rows, work))


def whole(made: Piecewise) -> Image:
    """Return the result of a filter of an image in memory, computed piece by piece.

    The result of a filter depends only on the samples in its window. So the result is bit-identical to the
    result of the whole image. There is one exception: some algorithms for large windows share sums between
    results, and refuse an image with a NaN or an infinity. Then the last bits of floats may differ, and a
    rounded value by 1, or by more if rounding errors of floats are scaled up.

    An image that does not have two spatial axes is filtered whole.
    """
    rows = made.rows
    if made.direct or rows is None or not is_cut(made.image, rows):
        return made.work(made.image)
    out = None
    for band in bands(made.image, rows, count_bands(made.image, rows, result=made.result)):
        part = made.of(band)
        if out is None:
            shape = (rows.length, *part.pixels.shape[1:])
            out = dataclasses.replace(part, pixels=dtypes.empty(shape, part.pixels.dtype))
        out.pixels[band.start : band.stop] = part.pixels
    assert out is not None
    return out


def parts(image: Image) -> Iterator[Image]:
    """Yield the image in pieces."""
    rows = Rows(image.pixels.shape[0])
    return (band.piece for band in bands(image, rows, count_bands(image, rows)))


def is_opaque(image: Image, options: Mapping[str, Any] = MappingProxyType({})) -> bool:
    """Return whether no pixel of an image is transparent, or what the options say of the whole image."""
    if not image.alpha:
        return True
    known: bool | None = options.get(OPAQUE)
    if known is not None:
        return known
    return all((part.pixels[..., -1] == full_scale(part.pixels.dtype)).all() for part in parts(image))


def is_cut(image: Image, rows: Rows) -> bool:
    """Return whether an image has several bands. Only images with two spatial axes have."""
    return image.spatial == 2 and is_long(image, rows)


def is_long(image: Image, rows: Rows) -> bool:
    """Return whether an image has more rows than a band."""
    return count_bands(image, rows) > 1


def count_bands(
    image: Image,
    rows: Rows,
    threads: int = 1,
    *,
    direct: bool = False,
    shortens: bool = False,
    result: np.dtype[Any] | None = None,
) -> int:
    """Return the number of bands of the result.

    Bands are smaller if many threads have a band at a time, so that all of them together take as much memory.
    They have more rows if the filter is `direct`, but fewer again if it also `shortens` its result. If the
    `result` has a wide type, they have fewer rows. See `Piecewise`.
    """
    size = _BAND * _FEW_THREADS // max(threads, _FEW_THREADS)
    dtype, samples = image.pixels.dtype, math.prod(image.pixels.shape[1:])
    written = dtype.itemsize if result is None else result.itemsize
    real = max(dtypes.derived(dtype).itemsize, written)
    if rows.tables is not None:
        return _count_resized(rows.tables, samples * real, size)
    row = samples * (dtype.itemsize + written if direct else real)
    more = rows.above + rows.below
    # A band has at least as many rows as there are around it. So no row is computed more than twice.
    least = max(size // row - more, more, rows.cell)
    if more and not direct:
        least = max(least, min(_ROWS, _TIMES_WIDER * size // row - more))
    if direct:
        times = _TIMES_LEFT_OUT if shortens else _TIMES_AROUND
        least = max(least, min(times * more, _TIMES_HELD * _BAND // max(threads, 2) // row - more))
    return -(-rows.length // max(least // rows.step, 1))


def _count_resized(tables: tuple[Table, ...], row: int, size: int) -> int:
    """Return the number of bands of a resized image. A row of the image has `row` bytes in floating point."""
    table, *others = tables
    step = table.length / table.outputs
    outputs = row * math.prod(one.outputs for one in others) / math.prod(one.length for one in others)
    fits = (size - table.most * row) / (step * row + outputs)
    return -(-table.outputs // max(int(max(fits, table.most / step)), 1))


def bands(image: Image, rows: Rows, count: int) -> Iterator[Band]:
    """Yield the bands of a result, each with the piece of the image that it depends on."""
    n, unit = image.pixels.shape[0], math.lcm(rows.step, rows.cell)
    size = -(-rows.length // count)
    for start in range(0, rows.length, size):
        stop = min(start + size, rows.length)
        if rows.tables is not None:
            read, table = rows.tables[0].part(start, stop)
            yield Band(start, stop, cut(image, read), 0, (table, *rows.tables[1:]))
            continue
        low, high = start * rows.step - rows.above, (stop - 1) * rows.step + rows.below + 1
        first, last = max(low, 0), min(high, n)
        where: slice | NDArray[np.int64]
        if rows.wraps and (low < 0 or high > n):
            # The only band is the image itself: a window longer than the image is folded onto its length.
            first = 0 if count == 1 else low // unit * unit
            where = slice(0, n) if count == 1 else np.arange(first, high) % n
        else:
            # For each missing row beyond the border, the filter needs a row inside the image.
            last = max(last, min(1 - low, n))
            first = min(first, max(2 * n - high - 1, 0)) // unit * unit
            where = slice(first, last)
        yield Band(start, stop, cut(image, where), start - first // rows.step)  # not held here, too


def cut(image: Image, where: slice | NDArray[np.int64]) -> Image:
    """Return some rows of an image, in memory."""
    present = None if image.present is None else image.present[where]
    return dataclasses.replace(image, pixels=image.pixels[where], present=present)
