"""Ranks in boxes longer than the image. The border repeats samples, so a box reads some several times.

Minima and maxima do not depend on how often a sample is read. Along an axis that the box covers for every
output, they are those of the whole axis. For other ranks, the program counts how often each sample is read.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import borders, dtypes, threads
from imfilter._base.borders import PERIODS, nearest
from imfilter._base.program import address, layout_workspace, set_addresses
from imfilter._filters.rank.footprint import kind
from imfilter._filters.rank.kernels.repeats import BLOCK_BITS, REPEATED_JOB, slide_repeated
from imfilter._filters.rank.keys import Number

#: Largest number of samples that a box may read, repeated ones included, and its largest length along an
#: axis.
MOST, LONGEST = 1 << 62, 1 << 31
#: Up to this number of samples of an image with its border, repeated samples are not counted separately.
_PLAIN = 1 << 16
#: Counted samples between two checks for an interrupt: lines times the samples of an image.
_PATIENCE = 1 << 24


class Box(NamedTuple):
    """The lengths of a window along the filtered axes, in which all samples count, and a rank in it."""

    lengths: tuple[int, ...]
    rank: int

    @property
    def extreme(self) -> bool:
        """Whether the minimum or the maximum is requested."""
        return self.rank in (0, math.prod(self.lengths) - 1)

    def longer(self, lengths: list[int]) -> bool:
        """Tell whether it is much longer than an image with its border."""
        around = math.prod(n + t - 1 for n, t in zip(lengths, self.lengths, strict=True))
        return around > _PLAIN and any(t > 2 * n for n, t in zip(lengths, self.lengths, strict=True))


def covers(taps: int, n: int) -> bool:
    """Tell whether a window reaches both ends of an axis of `n` samples from every position."""
    return taps >= 2 * n - 1


def turned(samples: npt.NDArray) -> npt.NDArray:
    """Return integers with the order of the samples: NaN last, and -0.0 before 0.0. See `ordered_keys`."""
    if samples.dtype.kind != "f":
        return samples
    bits = samples.view(kind(samples.dtype))
    most = np.iinfo(bits.dtype).max
    return np.where(np.isnan(samples), most, bits ^ (bits >> 8 * bits.itemsize - 1 & most))


def turned_back(keys: npt.NDArray, dtype: np.dtype) -> npt.NDArray:
    """Return the samples of keys."""
    if dtype.kind != "f":
        return keys
    most = np.iinfo(keys.dtype).max
    return (keys ^ (keys >> 8 * keys.itemsize - 1 & most)).view(dtype)


def reduced(
    samples: npt.NDArray, axes: tuple[int, ...], border_key: Number | None, *, largest: bool
) -> npt.NDArray:
    """Return the minimum or maximum along axes and of the constant. The axes keep a length of 1."""
    least = np.maximum if largest else np.minimum
    found = least.reduce(turned(samples), axis=axes, keepdims=True)
    if border_key is not None:
        found = least(found, _constant(samples.dtype, border_key))
    return turned_back(found, samples.dtype)


def _constant(dtype: np.dtype, value: Number) -> npt.NDArray:
    """Return the key of the border constant."""
    return turned(np.array([dtypes.rounded(dtype, value)], dtype))


class _Reads(NamedTuple):
    """How a window reads an axis: offsets of samples, counts of reads, and the sample at each offset."""

    offsets: npt.NDArray[np.int64]
    repeats: npt.NDArray[np.int64]
    at: npt.NDArray[np.int64]
    reach: int
    ends: tuple[int, int]  # offsets of the samples that left and entered, from the new position


def _reads(taps: int, n: int, mode: str) -> _Reads:
    """Return how a window of `taps` samples reads an axis of `n`. There are at most about 2n offsets."""
    before = taps // 2
    after = taps - 1 - before
    if taps <= 2 * n:
        offsets = np.arange(-before, after + 1)
        repeats = np.ones(taps, np.int64)
    elif mode in PERIODS:
        period = PERIODS[mode](n)
        offsets = np.arange(-(period // 2), period - period // 2)
        repeats = taps // period + ((offsets + before) % period < taps % period)
    else:
        low, high = (int(end) for end in nearest(np.array([-before, after]), n, n - 1, mode))
        offsets = np.arange(low, high + 1)
        repeats = np.ones(len(offsets), np.int64)
        repeats[0] += low + before
        repeats[-1] += after - high
    ends = tuple(int(end) for end in nearest(np.array([-before - 1, after]), n, n - 1, mode))
    reach = int(max(np.abs(offsets).max(), *map(abs, ends)))
    outside = borders.outside(n, reach, reach, mode)
    at = np.concatenate([outside[:reach], np.arange(n), outside[reach:]])
    return _Reads(offsets, repeats.astype(np.int64), at, reach, (ends[0], ends[1]))


def ranked(
    samples: npt.NDArray,
    box: Box,
    axes: tuple[int, ...],
    mode: str,
    border_key: Number | None,
    workers: int | None,
) -> npt.NDArray:
    """Return the ranks in a box of samples that kernels can read. `border_key` is the border constant."""
    # The window moves along the axis with the most samples to read. Along the others it is read completely.
    order = sorted(zip(axes, box.lengths, strict=True), key=lambda side: min(side[1], samples.shape[side[0]]))
    (line, taps), across = order[-1], order[:-1]
    batch = [a for a in range(samples.ndim) if a not in axes]
    moved = samples.transpose([*batch, line, *(a for a, _ in across)])
    lengths = moved.shape[len(batch) :]
    flat = turned(moved).reshape(math.prod(moved.shape[: len(batch)]), -1)
    if border_key is not None:
        constant = np.broadcast_to(_constant(samples.dtype, border_key), (len(flat), 1))
        flat = np.concatenate([flat, constant], axis=1)
    count = flat.shape[1]
    sorting = np.argsort(flat, axis=1, kind="stable")
    places = np.empty(flat.shape, np.int32)
    np.put_along_axis(places, sorting, np.arange(count, dtype=np.int32)[None], axis=1)
    ordered = np.take_along_axis(flat, sorting, axis=1)
    found = np.empty((len(flat), count - (border_key is not None)), np.int32)

    job = np.zeros(1, REPEATED_JOB)
    named: dict[str, npt.NDArray] = {}
    sides = [(taps, lengths[0]), *((t, samples.shape[a]) for a, t in reversed(across))]
    sides += [(1, 1)] * (3 - len(sides))
    for name, (length, n) in zip("xyz", sides, strict=True):
        reads = _reads(length, n, mode)
        named |= {f"{what}_{name}": getattr(reads, what) for what in ("offsets", "repeats", "at")}
        job[f"reach_{name}"], job[f"n_{name}"] = reads.reach, len(reads.offsets)
        if name == "x":
            job["leaves"], job["enters"] = reads.ends
    job["columns"], job["rows"], job["planes"] = (n for _, n in sides)
    job["count"], job["constant"], job["rank"] = count, border_key is not None, box.rank
    job["each"] = math.prod(t for t, _ in sides[1:])
    held = set_addresses(job, named)
    wide = math.prod(n for _, n in sides[1:])
    blocks = (count >> BLOCK_BITS) + 1
    sizes = {"places": 8 * (blocks << BLOCK_BITS), "blocks": 8 * blocks, "by_plane": 8 * sides[2][1]}
    sizes |= {"by_row": 8 * sides[1][1], "by_column": 8 * sides[0][1], "by_sample": 16 * wide}
    size_of_workspace = layout_workspace(job, sizes)
    call = functools.partial(slide_repeated.entry(), address(held[0]), address(places), address(found))

    def task(start: int, stop: int) -> None:
        workspace = np.zeros(size_of_workspace, np.uint8)
        call(address(workspace), start, stop)

    lines = len(flat) * wide
    threads.run(task, lines, workers, max(1, min(lines, lines * count // _PATIENCE)))
    result = turned_back(np.take_along_axis(ordered, found.astype(np.intp), axis=1), samples.dtype)
    back = np.argsort([*batch, line, *(a for a, _ in across)])
    return result.reshape(moved.shape).transpose(back)
