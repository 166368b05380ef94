"""Bands of an image: parts of the result that are computed by themselves, from the samples near them."""

import itertools
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.missing import Presence
from imfilter._base.program import address

#: Bytes that the arrays of a band may take. With the lines of the filters that make them, it is less
#: than 8 MB.
_BYTES = 5 << 20
#: A cut means more work, because samples near it are computed twice. The first axis is cut whose cut means at
#: most the first share of work more. If there is none, the cheapest axis is cut, but not if that means more
#: than the second share. So bands for the largest windows are larger.
_LITTLE, _MOST = 0.25, 0.7
#: Part by which the number of pieces of an axis grows, at least by one.
_GROWTH = 0.1

#: The index of a part of an array.
Where = tuple[slice, ...]


class Band(NamedTuple):
    """The results of a band, the samples near it, and where the results are among those of these samples."""

    where: Where
    near: tuple[slice | range, ...]  # a range: places along an axis with a periodic border
    inner: Where

    def of(self, array: npt.NDArray) -> npt.NDArray:
        """Return the samples of an array near the band: a view, or a copy where the border is periodic."""
        found = array[tuple([i if isinstance(i, slice) else slice(None) for i in self.near])]
        for axis, places in enumerate(self.near):
            if not isinstance(places, slice):
                found = _around(found, places.start, places.stop, axis)
        return found

    def meets(self, part: Where, shape: Sequence[int]) -> bool:
        """Tell whether a result of the band is in a part of an image of the given shape."""
        sides = zip(self.where, part, shape, strict=True)
        pairs = [(range(n)[own], range(n)[other]) for own, other, n in sides]
        return all(max(a.start, b.start) < min(a.stop, b.stop) for a, b in pairs)

    def present(self, presence: Presence) -> Presence:
        """Return which samples near the band are present."""
        return replace(presence, mask=None if presence.mask is None else self.of(presence.mask))


def of(shape: Sequence[int], each: int, reach: Sequence[int], *, periodic: bool = False) -> list[Band]:
    """Return the bands of an image, or none if it is computed as a whole.

    each: bytes of the arrays that a band needs, for each sample near it. reach: for each axis the number of
    samples on each side that a result depends on. The samples near a band end at those of the image, so a
    border is where it is in the image. A `periodic` border continues with the samples of the other end.
    """
    if 0 in shape:
        return []
    pieces = _pieces(shape, _BYTES // each, reach)
    if math.prod(pieces) == 1:
        return []
    along = [
        [_part(n, n * i // number, n * (i + 1) // number, far, periodic=periodic) for i in range(number)]
        for n, number, far in zip(shape, pieces, reach, strict=True)
    ]
    return [Band(*map(tuple, zip(*parts, strict=True))) for parts in itertools.product(*along)]


def _pieces(shape: Sequence[int], most: int, reach: Sequence[int]) -> list[int]:
    """Return the number of pieces along each axis, for bands of at most so many samples if possible."""
    pieces = [1] * len(shape)

    def cut(axis: int) -> int:
        return max(pieces[axis] + 1, int(pieces[axis] * (1 + _GROWTH)))

    def near(axis: int) -> int:
        n, number = shape[axis], pieces[axis]
        return n if number == 1 else min(n, -(-n // number) + 2 * reach[axis])

    while math.prod(map(near, range(len(shape)))) > most:
        more = {a: 2 * reach[a] * cut(a) / n for a, n in enumerate(shape) if cut(a) <= n}
        if not more:
            break
        axis = next((a for a, part in more.items() if part <= _LITTLE), min(more, key=lambda a: more[a]))
        if more[axis] > _MOST:
            break
        pieces[axis] = cut(axis)
    return pieces


def at_border(shape: Sequence[int], reach: Sequence[int], *, periodic: bool = False) -> list[Band]:
    """Return bands of all results that depend on what is beyond the border; see `of`."""
    found = []
    for axis, (n, far) in enumerate(zip(shape, reach, strict=True)):
        for start, stop in ((0, min(far, n)), (max(n - far, 0), n)) if far else ():
            parts = [_ALL] * len(shape)
            parts[axis] = _part(n, start, stop, far, periodic=periodic)
            found.append(Band(*map(tuple, zip(*parts, strict=True))))
    return found


def _along(array: npt.NDArray, start: int, stop: int, axis: int) -> npt.NDArray:
    """Return a view of the samples from `start` to `stop` along an axis."""
    return array[(*(slice(None),) * axis, slice(start, stop))]


def _around(array: npt.NDArray, start: int, stop: int, axis: int) -> npt.NDArray:
    """Return a copy of the samples from `start` to `stop` along an axis that continues with its other end."""
    n = array.shape[axis]
    edges = [start, *range((start // n + 1) * n, stop, n), stop]
    pieces = [_along(array, a % n, a % n + b - a, axis) for a, b in itertools.pairwise(edges)]
    return np.concatenate(pieces, axis, dtype=array.dtype)


#: Where a piece of an axis is, the samples near it, and where it is among these.
_Part = tuple[slice, slice | range, slice]
_ALL: _Part = (slice(None), slice(None), slice(None))


def _part(n: int, start: int, stop: int, far: int, *, periodic: bool) -> _Part:
    """Return a piece of an axis of `n` samples, from `start` to `stop`."""
    if stop - start == n:
        return _ALL
    first, last = start - far, stop + far
    if not periodic:
        first, last = max(first, 0), min(last, n)
    near = slice(first, last) if first >= 0 and last <= n else range(first, last)
    return slice(start, stop), near, slice(start - first, stop - first)


#: The results of an array, and where too few samples are present for a result; None: nowhere.
Found = tuple[npt.NDArray, npt.NDArray[np.bool_] | None]


#: Bytes of the samples near a band and of their results, where an image is replaced. The first: bands
#: that are computed at once. The others: bands that are cut again, with a periodic border and with any other.
_AT_ONCE, _PERIODIC, _OTHERS = 9 << 19, 2 << 20, 3 << 20
#: Least length of bands that are computed at once, in samples on each side that a result depends on. Samples
#: near a cut are computed twice, so bands take at most 1.8 times as long as the whole image.
_LONG = 2.5


def run(
    bands: list[Band],
    compute: Callable[[Band], Found],
    target: npt.NDArray,
    workers: int | None,
    *,
    wanted: bool,
) -> Found:
    """Write the results of all bands to `target`. ``compute(band)`` returns those of the samples near it.

    If not `wanted`, do not return where too few samples are present.
    """
    few = np.zeros(target.shape, bool) if wanted else None
    any_few = [False] * len(bands)

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            any_few[number] = _place(bands[number], compute(bands[number]), target, few)

    threads.run(work, len(bands), workers, max(1, len(bands) // 16))
    return target, few if any(any_few) else None


def _place(band: Band, results: Found, target: npt.NDArray, few: npt.NDArray[np.bool_] | None) -> bool:
    """Write the results of a band. Tell whether too few samples are present for one of them."""
    found, unknown = results
    target[band.where] = found[band.inner]
    if few is None or unknown is None:
        return False
    few[band.where] = unknown[band.inner]
    return bool(few[band.where].any())


def in_place(image: npt.NDArray, out: npt.NDArray | None) -> bool:
    """Tell whether an output is the image itself, or has the same memory, layout and type."""
    if out is None or address(out) != address(image):  # this differs in most calls
        return False
    return out.dtype == image.dtype and out.shape == image.shape and out.strides == image.strides


def replaceable_at_once(image: npt.NDArray, out: npt.NDArray) -> bool:
    """Tell whether `out` is the image, and whether `replace_by_results` may replace it at once.

    A small image is copied instead, because a band would need as much memory as a copy. This holds for all
    types: a sample takes at most 16 bytes with its result, and a long double 72. So `in_place` is not called,
    which takes 0.5 us. A median of 3 of 64x64 bytes takes 7.
    """
    return 72 * image.size > _AT_ONCE and in_place(image, out)


def replace_by_results(
    image: npt.NDArray,
    reach: Sequence[int],
    compute: Callable[[npt.NDArray, Band], Found],
    workers: int | None,
    *,
    periodic: bool,
    at_once: bool,
    wanted: bool,
    more: int = 0,
) -> Found | None:
    """Replace an image by its results, one band after the other, and keep the samples that are still needed.

    ``compute(samples, band)`` returns the results of the samples near a band; see `of` and `run`. `compute`
    uses one thread. For each sample it makes other arrays of `more` bytes. If not `at_once`, it cuts the
    samples into bands of its own. Return None, and change nothing, if it is better to copy the image.
    """
    if not image.size or not image.ndim:
        return None
    most = _AT_ONCE if at_once else _PERIODIC if periodic else _OTHERS
    bytes_of_sample = 2 * image.itemsize + more  # with its result
    each = [image.size // n * bytes_of_sample for n in image.shape]  # bytes of a row, a column …
    least = [int(far * (_LONG if at_once else 1)) for far in reach]
    length = [max(1, own, most // size - 2 * far) for own, far, size in zip(least, reach, each, strict=True)]
    # Of the axes along which the samples near a band are few, that with the longest stride.
    axis = min(
        range(image.ndim),
        key=lambda a: (max(most, (length[a] + 2 * reach[a]) * each[a]), -abs(image.strides[a])),
    )
    n, far, rows = image.shape[axis], reach[axis], length[axis]
    count = max(1, min(threads.most(workers), n // (rows + 2 * far)))
    copied = max(image.itemsize, more) if at_once else bytes_of_sample
    needed = (rows + 2 * far) * each[axis]
    if at_once and 8 * far > rows:  # at least a quarter more work: it must spare half of the memory
        needed *= 2
    if count * needed >= image.size * copied:
        return None

    def part(samples: npt.NDArray, start: int, stop: int) -> npt.NDArray:
        return _along(samples, start, stop, axis)

    def kept(start: int, stop: int) -> npt.NDArray:
        return _around(image, start, stop, axis) if periodic else part(image, max(start, 0), stop).copy()

    edges = [n * number // count for number in range(count + 1)]
    beside = [[kept(k, k + far), kept(i - far, i)] for i, k in itertools.pairwise(edges)]
    few = np.zeros(image.shape, bool) if wanted else None
    any_few, stopped = [False] * count, threading.Event()

    def replace_piece(number: int) -> None:
        before = beside[number].pop()  # is needed for the first band only
        (beyond,) = beside[number]
        first, end = edges[number : number + 2]
        for start in range(first, end, rows):
            if stopped.is_set():
                return
            stop = min(start + rows, end)
            after = part(image, stop, min(stop + far, end)), part(beyond, 0, max(0, stop + far - end))
            samples = np.concatenate([before, part(image, start, stop), *after], axis)
            known = before.shape[axis] + stop - start
            before = part(samples, 0, 0)  # frees memory while the band is computed
            parts = [_ALL] * image.ndim
            parts[axis] = _part(n, start, stop, far, periodic=periodic)
            band = Band(*map(tuple, zip(*parts, strict=True)))
            any_few[number] |= _place(band, compute(samples, band), image, few)
            before = part(samples, max(0, known - far), known).copy()

    def work(start: int, stop: int) -> None:
        try:
            for number in range(start, stop):
                replace_piece(number)
        except BaseException:  # an interrupt, too
            stopped.set()
            raise

    threads.run(work, count, workers)
    return image, few if any(any_few) else None
