"""Filter an image in bands of rows, so intermediate arrays are small."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imfilter._base import dtypes

from .._files.image import Image, full_scale
from .._files.lazy import LazyRows

#: Size in bytes of a band of results in floating point. A few such arrays exist at a time.
_BAND = 1 << 23
#: Number of threads whose bands have this size.
_FEW_THREADS = 4


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
    """

    length: int
    above: int = 0
    below: int = 0
    step: int = 1
    cell: int = 1
    wraps: bool = False


class Band(NamedTuple):
    """Rows `start` to `stop` of the result. In the result of the piece, they start at row `first`."""

    start: int
    stop: int
    piece: Image
    first: int


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
    """

    image: Image
    rows: Rows | None
    work: Callable[[Image], Image]
    direct: bool = False


def whole(made: Piecewise) -> Image:
    """Return the result of a filter of an image in memory."""
    return filtered(made.image, None if made.direct else made.rows, made.work)


def filtered(image: Image, rows: Rows | None, work: Callable[[Image], Image]) -> Image:
    """Return ``work(image)``, computed piece by piece.

    The result of a filter depends only on the samples in its window. So the result is bit-identical to the
    result of the whole image. There is one exception: some algorithms for very large windows depend on the
    length of the image. Then a rounded value may differ by 1.

    Parameters
    ----------
    image : Image
        The input. An image that does not have two spatial axes is filtered whole.
    rows : Rows or None
        The rows that a row of the result depends on. None if they are not known.
    work : callable
        Computes the result of an image or of a piece of it.
    """
    if rows is None or not is_cut(image, rows):
        return work(image)
    out = None
    for band in bands(image, rows):
        part = work(band.piece)
        if out is None:
            shape = (rows.length, *part.pixels.shape[1:])
            out = dataclasses.replace(part, pixels=dtypes.empty(shape, part.pixels.dtype), present=None)
        length = band.stop - band.start
        out.pixels[band.start : band.stop] = part.pixels[band.first : band.first + length]
    assert out is not None
    return out


def parts(image: Image) -> Iterator[Image]:
    """Yield the image in pieces."""
    return (band.piece for band in bands(image, Rows(image.pixels.shape[0])))


def is_opaque(image: Image) -> bool:
    """Return whether no pixel of an image with alpha is transparent."""
    return all((part.pixels[..., -1] == full_scale(part.pixels.dtype)).all() for part in parts(image))


def is_cut(image: Image, rows: Rows) -> bool:
    """Return whether an image has several bands. Only images with two spatial axes have."""
    return image.spatial == 2 and _count(image, rows) > 1


def _count(image: Image, rows: Rows, threads: int = 1) -> int:
    """Return the number of bands of the result."""
    size = _BAND * _FEW_THREADS // max(threads, _FEW_THREADS)
    row = math.prod(image.pixels.shape[1:]) * dtypes.derived(image.pixels.dtype).itemsize
    more = rows.above + rows.below
    # A band has at least as many rows as there are around it. So no row is computed more than twice.
    least = max(size // row - more, more, rows.cell)
    return -(-rows.length // max(least // rows.step, 1))


def bands(image: Image, rows: Rows, threads: int = 1) -> Iterator[Band]:
    """Yield the bands of a result, each with the piece of the image that it depends on.

    Bands are smaller if many threads have a band at a time, so that all of them together take as much memory.
    """
    n, unit = image.pixels.shape[0], math.lcm(rows.step, rows.cell)
    size = -(-rows.length // _count(image, rows, threads))
    for start in range(0, rows.length, size):
        stop = min(start + size, rows.length)
        low, high = start * rows.step - rows.above, (stop - 1) * rows.step + rows.below + 1
        first, last = max(low, 0), min(high, n)
        if rows.wraps and (low < 0 or high > n):
            first = low // unit * unit
            piece = cut(image, np.arange(first, high) % n)
        else:
            # For each missing row beyond the border, the filter needs a row inside the image.
            last = max(last, min(1 - low, n))
            first = min(first, max(2 * n - high - 1, 0)) // unit * unit
            piece = cut(image, slice(first, last))
        yield Band(start, stop, piece, start - first // rows.step)


def cut(image: Image, where: slice | NDArray[np.int64]) -> Image:
    """Return some rows of an image, in memory."""
    present = None if image.present is None else image.present[where]
    if isinstance(image.present, LazyRows) and present is not None and present.all():
        present = None  # which changes no result
    return dataclasses.replace(image, pixels=image.pixels[where], present=present)
