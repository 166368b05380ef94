"""Repair of rows whose samples differ so much in size that shared sums lose the small samples.

If all samples in an output's window are small, the output is computed again from small samples alone. This is
repeated until the rounding error of larger samples does not matter. A window of zeros gives exactly the bias.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, dtypes
from imfilter._base.loops import LoopAxis, Loops
from imfilter._base.program import RowsOnly, address
from imfilter._filters.linear.kernels import large_samples
from imfilter._simd.registers import BYTES

_Indices = npt.NDArray[np.int64]
_Piece = tuple[int, slice, slice]

#: Samples that are checked at a time. These and their marks stay in the second-level cache.
_TOGETHER = 1 << 17


class Rerun(NamedTuple):
    """The programs that compute rows of a task again. Each is made when it is first needed."""

    alone: Callable[[], RowsOnly]
    without: Callable[[], RowsOnly]  # with a border constant of 0
    #: Counts marks in each window of an image of bytes, for given loops and a border constant. Counts are
    #: bytes of at most 255. Its tasks are numbered by plane and tile.
    marks: Callable[[Loops, float], RowsOnly]


class _Place(NamedTuple):
    """Some rows of a task in an image of a batch."""

    image: int  # position of the image and its output in the batch, in bytes
    target: int
    strip: int  # its plane and tile
    results: tuple[slice, slice, slice]  # their position in an output
    read: tuple[list[slice], ...]  # the samples that are read along each axis
    bordered: bool  # whether the border constant is read too

    @property
    def rows(self) -> tuple[int, int]:
        """The rows of the output."""
        return self.results[1].start, self.results[1].stop

    def pieces(self, channels: int) -> Iterator[_Piece]:
        """Yield the positions of the samples that are read, each once."""
        for plane, line, part in itertools.product(*self.read):
            step = max(1, _TOGETHER // ((part.stop - part.start) * channels))
            for z in range(plane.start, plane.stop):
                for first in range(line.start, line.stop, step):
                    yield z, slice(first, min(first + step, line.stop)), part

    @property
    def region(self) -> list[slice]:
        """The range of all samples that are read; the first sample if none are read."""
        return [slice(runs[0].start, runs[-1].stop) if runs else slice(0, 1) for runs in self.read]


@dataclass(frozen=True, eq=False)
class Recomputation:
    """Repair of a program's inexact outputs."""

    loops: Loops
    mode: str
    cval: float
    bias: float
    rows_per_task: int  # rows
    tiles: _Indices
    least: float  # least size of a window's largest sample, relative to the largest sample in the task
    rerun: Rerun
    most: int = 0  # most samples in a sum, if sums are exact as long as all bits fit

    def __call__(self, image: npt.NDArray, target: npt.NDArray, number: int, row: int) -> None:
        """Compute the inexact outputs of a task again, from a row on."""
        with np.errstate(over="ignore"):  # the border constant may be too large for float32
            self._recompute(image, target, number, row)

    def _recompute(self, image: npt.NDArray, target: npt.NDArray, number: int, row: int) -> None:
        whole = self._place(number)
        place = self._place(number, row)
        samples = self._view(address(image) + place.image, image.dtype, "source")
        peak = self._peak(samples, whole)
        if self.most and self._exact(samples, whole, float(peak.max())):
            return
        found = self._view(address(target) + place.target, target.dtype, "target")
        copy, spare = _Region(samples, place.region), _Region(found, place.results)
        found, anew = found[place.results], spare.array[place.results]
        beyond = np.full(len(peak), abs(self.cval) if place.bordered else 0.0, np.float32)
        limit = self._limit(peak)
        marks = self._marks(place)
        rest = self._sift(samples, place, limit, marks, copy.array)
        left = self._counts(marks, place, beyond >= limit) == 0
        zeros = rest.zeros or (place.bordered and self.cval == 0)
        while left.any():
            small = np.where(beyond < limit, beyond, np.float32(0))  # remaining border constant
            live = left
            if zeros:  # otherwise every window has a remaining sample that is not zero
                live = np.zeros_like(left)
                if rest.others or small.any():
                    for where in place.pieces(len(peak)):
                        np.not_equal(copy.array[where], 0, out=marks.array[where].view(bool))
                    live = left & (self._counts(marks, place, small > 0) > 0)
                np.copyto(found, _as(self.bias, found.dtype), where=left & ~live)
                if not live.any():
                    return
            for constant in set((small > 0).tolist()):
                call = self.rerun.alone() if constant or self.cval == 0 else self.rerun.without()
                call(copy.at - place.image, spare.at - place.target, number, *place.rows)
                np.copyto(found, anew, where=live & ((small > 0) == constant))
            beyond = small
            limit = self._limit(np.maximum(rest.peak, beyond))
            rest = self._sift(copy.array, place, limit, marks, copy.array)
            if not rest.others and not ((beyond > 0) & (beyond < limit)).any():
                return
            left = live & (self._counts(marks, place, beyond >= limit) == 0)

    def _place(self, number: int, row: int | None = None) -> _Place:
        """Return the position of a task, from a row on."""
        z, y, x = self.loops[:3]
        tasks = -(-y.length // self.rows_per_task)
        rest, rows_per_task = divmod(number, tasks)
        index, strip = divmod(rest, z.length * (len(self.tiles) - 1))
        plane, tile = divmod(strip, len(self.tiles) - 1)
        left, right = map(int, self.tiles[tile : tile + 2])
        top = rows_per_task * self.rows_per_task if row is None else row
        end = min((rows_per_task + 1) * self.rows_per_task, y.length)
        source, target = map(int, self.loops.batch[index])
        spans = ((z, plane, plane + 1), (y, top, end), (x, left, right))
        read = [_read(part, self.mode, first, last) for part, first, last in spans]
        return _Place(
            *(source, target, strip),
            results=(slice(plane, plane + 1), slice(top, end), slice(left, right)),
            read=tuple(map(_runs, read)),
            bordered=any(bool((indices < 0).any()) for indices in read),
        )

    def _view(self, at: int, dtype: np.dtype, side: str) -> npt.NDArray:
        """Return an image or an output of the batch as planes, rows, columns and channels."""
        parts = self.loops[:3]
        shape = [p.samples if side == "source" else p.length for p in parts]
        steps = [getattr(p, f"{side}_step") for p in parts]
        return _array(at, (*shape, self.loops.channels), (*steps, getattr(self.loops, f"{side}_c")), dtype)

    def _peak(self, samples: npt.NDArray, place: _Place) -> npt.NDArray[np.float64]:
        """Return the largest magnitude of each channel's samples that are read."""
        channels = self.loops.channels
        peak = np.full(channels, abs(self.cval) if place.bordered else 0.0)
        for where in place.pieces(channels):
            piece = samples[where]
            rows = piece.reshape(len(piece), -1)
            for ends in (rows.max(axis=0), rows.min(axis=0)):
                np.maximum(peak, _sizes(ends).reshape(-1, channels).max(axis=0), out=peak)
        return peak

    def _limit(self, peak: npt.NDArray) -> npt.NDArray[np.float32]:
        """Return the size from which samples count as large beside samples with such maxima."""
        return (self.least * peak).astype(np.float32)

    def _exact(self, samples: npt.NDArray, place: _Place, peak: float) -> bool:
        """Tell whether all samples are whole multiples of a unit, and float64 holds every sum of them."""
        if not math.isfinite(peak):
            return False
        scale = math.ldexp(1.0, 53 - math.frexp(peak * self.most)[1])
        if not float(self.cval * scale).is_integer():
            return False
        numbers = np.zeros(BYTES // 8)
        for where in place.pieces(self.loops.channels):
            piece = samples[where] if _packed(samples[where]) else np.ascontiguousarray(samples[where])
            kernel = large_samples.divide_line.address(piece.dtype)
            rows, step = len(piece), piece.strides[0]
            large_samples.count_broken.entry()(
                address(piece), rows, step, piece[0].size, scale, address(numbers), kernel
            )
            if numbers.any():
                return False
        return True

    def _marks(self, place: _Place) -> "_Region":
        """Return memory with one byte for each sample that is read. The bytes of an image are contiguous."""
        return _Region(_bytes([p.samples for p in self.loops[:3]], self.loops.channels), place.region)

    def _sift(
        self, samples: npt.NDArray, place: _Place, limit: npt.NDArray, marks: "_Region", small: npt.NDArray
    ) -> "_Rest":
        """Mark samples not smaller than a limit. Write the others, with zeros for the marked ones."""
        channels = self.loops.channels
        peak, numbers = np.zeros(channels), np.zeros(BYTES // 4, np.float32)
        limits = peaks = np.empty(0, np.float32)
        others = large = total = 0
        for where in place.pieces(channels):
            piece, flags, few = samples[where], marks.array[where], small[where]
            packed = all(_packed(array) for array in (piece, few))
            if not packed:
                piece = np.ascontiguousarray(piece)
                few = np.empty_like(piece)
            line = piece[0].size
            if len(limits) != line:
                limits = np.tile(limit, line // channels)
            peaks, numbers[:] = np.zeros(line, np.float32), 0
            large_samples.sift.entry()(
                *(address(piece), len(piece), piece.strides[0], line, address(limits)),
                *(address(flags), flags.strides[0], address(few), few.strides[0]),
                *(address(peaks), address(numbers), large_samples.sift_line.address(piece.dtype)),
            )
            if not packed:
                small[where] = few
            np.maximum(peak, peaks.reshape(-1, channels).max(axis=0), out=peak)
            others += int(numbers.sum(dtype=np.float64))
            large += int(np.count_nonzero(flags))
            total += piece.size
        return _Rest(peak, others, others + large < total)

    def _counts(
        self, marks: "_Region", place: _Place, marked: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.uint8]:
        """Return the number of marks in each window, at most 255. The border is marked in some channels."""
        channels = self.loops.channels
        counts = _Region(_bytes([p.length for p in self.loops[:3]], channels), place.results)
        z, y, x = (
            part._replace(source_step=marks.array.strides[i], target_step=counts.array.strides[i])
            for i, part in enumerate(self.loops[:3])
        )
        loops = Loops(z, y, x, channels, 1, 1, np.zeros((1, 2), np.int64))
        result: npt.NDArray[np.uint8] = counts.array[place.results]
        for constant in set(marked.tolist()):
            before = None if marked.all() or not marked.any() else result.copy()
            self.rerun.marks(loops, float(constant))(marks.at, counts.at, place.strip, *place.rows)
            if before is not None:
                np.copyto(result, before, where=marked != constant)
        return result


class _Rest(NamedTuple):
    """The samples that remain without the large ones."""

    peak: npt.NDArray[np.float64]  # the largest magnitude of each channel
    others: int  # number of samples that are not zero
    zeros: bool  # whether some samples are zero


class _Region:
    """Memory for a region of an array, with the array's layout."""

    def __init__(self, like: npt.NDArray, region: Sequence[slice]) -> None:
        low = high = 0
        for where, step in zip((*region, slice(0, like.shape[-1])), like.strides, strict=True):
            ends = where.start * step, (where.stop - 1) * step
            low, high = low + min(ends), high + max(ends)
        self._memory = np.empty(high - low + like.itemsize, np.uint8)
        self.at = address(self._memory) - low  # address that the array's first element would have
        self.array = _array(self.at, like.shape, like.strides, like.dtype, self._memory)


class _Memory:
    """An array at an address, in the form that NumPy's array interface needs."""

    def __init__(self, held: object, **description: Any) -> None:
        self.held, self.__array_interface__ = held, description


def _array(
    at: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype, held: object = None
) -> npt.NDArray:
    """Return an array at an address. The memory stays allocated as long as the objects that are held."""
    return np.asarray(
        _Memory(held, data=(at, False), shape=shape, strides=strides, typestr=dtype.str, version=3)
    )


def _read(part: LoopAxis, mode: str, first: int, last: int) -> _Indices:
    """Return the sample at each padded coordinate that outputs `first` to `last` read, or -1."""
    outside = borders.outside(part.samples, part.before, part.after, mode)
    whole = np.concatenate([outside[: part.before], np.arange(part.samples), outside[part.before :]])
    return whole[first : last + part.taps - 1]


def _runs(read: _Indices) -> list[slice]:
    """Return the samples that are read as ranges. A range may include a few samples that are not read."""
    inside = read[read >= 0]
    if not len(inside):
        return []
    low, high = int(inside.min()), int(inside.max())
    if high - low < len(inside):
        return [slice(low, high + 1)]
    some = np.unique(inside)
    cuts = [0, *(np.flatnonzero(np.diff(some) > 1) + 1).tolist(), len(some)]
    return [slice(int(some[a]), int(some[b - 1]) + 1) for a, b in itertools.pairwise(cuts)]


def _sizes(samples: npt.NDArray) -> npt.NDArray[np.float32]:
    """Return magnitudes."""
    return np.abs(samples, dtype=np.float32)


def _packed(rows: npt.NDArray) -> bool:
    """Tell whether the elements of each row of pixels are contiguous."""
    return rows[0].flags.c_contiguous


def _bytes(lengths: list[int], channels: int) -> npt.NDArray[np.uint8]:
    """Return the layout of contiguous bytes. No memory is allocated for them."""
    shape = (*lengths, channels)
    return np.lib.stride_tricks.as_strided(
        np.empty(1, np.uint8), shape, [math.prod(shape[i:]) for i in range(1, 5)]
    )


def _as(value: float, dtype: np.dtype) -> npt.NDArray:
    """Return a number as an element of a result."""
    found = np.empty(1, dtype)
    dtypes.place(np.array([value]), found)
    return found
