"""Ranks of windows in which samples are absent: the rank among the samples that are present.

Samples are compared by integer keys of the same order. Absent samples have the largest key. So the sorted
keys of a window begin with those of the present samples, and the rank is an index that depends on their
number alone.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import threads
from imfilter._base.missing import Presence, rows_of
from imfilter._base.padding import Padding
from imfilter._base.program import address, set_addresses
from imfilter._filters.rank.kernels.present import SORT_JOB, over_windows, sort_windows
from imfilter._simd.vector import in_register

#: Samples of a piece of the image, and of all windows of a piece if they are listed.
_PIECE, _LISTED = 1 << 17, 1 << 21
#: Number of samples of the largest window that is sorted in registers.
_SMALL = 49


class Window(NamedTuple):
    """A window over some axes, the rank for each number of present samples, and the border."""

    inside: npt.NDArray[np.bool_]
    axes: tuple[int, ...]
    ranks: npt.NDArray[np.int64]  # for 0 … all samples
    fewest: int  # number of present samples that a result needs
    mode: str
    border: npt.NDArray  # the border constant, one sample of the type that is compared

    @property
    def taps(self) -> int:
        """The number of samples."""
        return len(self.ranks) - 1

    def padding(self, axis: int, length: int) -> Padding:
        """Return the padding of an axis of an image."""
        if axis not in self.axes:
            return Padding(0, 0, length)
        return Padding.same(length, self.inside.shape[self.axes.index(axis)], 1, 1)


def run(
    source: npt.NDArray, image: npt.NDArray, presence: Presence, window: Window, workers: int | None
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the ranks, in the type of `source`, and where too few samples are present.

    source: the samples of `image` in a type whose samples have keys; see `_keys`.
    """
    found, few = np.empty(image.shape, source.dtype), np.empty(image.shape, bool)
    small = window.taps <= _SMALL

    def task(start: int, stop: int) -> None:
        for number, (where, rows) in enumerate(_pieces(image.shape, window, small=small)):
            if start <= number < stop:
                keys, there = _padded(source, image, presence, window, rows)
                shape = found[where].shape
                ranked = _sorted if small else _listed
                values, counts = ranked(keys, there, window, shape)
                found[where] = _samples(values, source.dtype)
                few[where] = counts < window.fewest

    total = sum(1 for _ in _pieces(image.shape, window, small=small))
    threads.run(task, total, workers)
    return found, few


def _pieces(
    shape: tuple[int, ...], window: Window, *, small: bool
) -> Iterator[tuple[tuple[slice, ...], npt.NDArray[np.int64]]]:
    """Yield pieces of the result, cut along the first axis, and the padded rows that each needs."""
    length, others = shape[0], math.prod(shape[1:])
    step = max(1, (_PIECE if small else _LISTED // window.taps) // others)
    pad = window.padding(0, length)
    span = pad.before + pad.after
    for first in range(0, length, step):
        last = min(first + step, length)
        yield (slice(first, last),), rows_of(length, pad.before, pad.after, window.mode, first, last + span)


def _padded(
    source: npt.NDArray,
    image: npt.NDArray,
    presence: Presence,
    window: Window,
    rows: npt.NDArray[np.int64],
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the keys of a piece with its border, and 1 for each present sample in the type of the keys."""
    near = np.maximum(rows, 0)
    there = presence.at(image, near)
    keys, there = _keys(source[near]), there > 0 if presence.graded else there
    border, beyond = _keys(window.border).item(), window.mode != "shrink"
    for axis in range(image.ndim):
        length = image.shape[axis]
        pad = window.padding(axis, length)
        index = rows if axis == 0 else rows_of(length, pad.before, pad.after, window.mode)
        if axis and (pad.before or pad.after):
            keys, there = (np.take(array, np.maximum(index, 0), axis) for array in (keys, there))
        outside: tuple[Any, ...] = (*(slice(None),) * axis, index < 0)
        if (index < 0).any():
            keys[outside], there[outside] = border, beyond
    keys[~there] = np.iinfo(keys.dtype).max
    return np.ascontiguousarray(keys), np.ascontiguousarray(there.astype(keys.dtype))


def _keys(samples: npt.NDArray) -> npt.NDArray:
    """Return integers of the order of the samples: -0.0 before 0.0, and NaN last."""
    if samples.dtype.kind != "f":
        return samples.view(np.uint8) if samples.dtype.kind == "b" else samples
    bits = samples.view(f"i{samples.dtype.itemsize}")
    most = np.iinfo(bits.dtype).max
    keys = bits ^ ((bits >> (8 * bits.itemsize - 1)) & most)
    keys[np.isnan(samples)] = most
    return keys


def _samples(keys: npt.NDArray, dtype: np.dtype) -> npt.NDArray:
    """Return the samples of keys."""
    if dtype.kind != "f":
        return keys.view(dtype)
    most = np.iinfo(keys.dtype).max
    bits = keys ^ ((keys >> (8 * keys.itemsize - 1)) & most)
    found = bits.view(dtype)
    return np.where(keys == most, dtype.type(np.nan), found)


def _places(
    shape: tuple[int, ...], window: Window, padded: tuple[int, ...]
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the place of the first sample of each window in a padded piece, and those of a window."""
    steps = np.cumprod((1, *padded[:0:-1]))[::-1]
    starts = np.zeros(shape, np.int64)
    for axis, step in enumerate(steps):
        starts += (np.arange(shape[axis]) * step).reshape([-1 if a == axis else 1 for a in range(len(shape))])
    offsets = np.argwhere(window.inside) @ steps[list(window.axes)]
    return starts, offsets.astype(np.int64)


def _listed(
    keys: npt.NDArray, there: npt.NDArray, window: Window, shape: tuple[int, ...]
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the keys of the ranks, and the numbers of present samples: each window is listed and sorted."""
    starts, offsets = _places(shape, window, keys.shape)
    index = starts[..., None] + offsets
    counts = there.reshape(-1)[index].sum(axis=-1, dtype=np.int64)
    ordered = np.sort(keys.reshape(-1)[index], axis=-1)
    return np.take_along_axis(ordered, window.ranks[counts][..., None], -1)[..., 0], counts


def _sorted(
    keys: npt.NDArray, there: npt.NDArray, window: Window, shape: tuple[int, ...]
) -> tuple[npt.NDArray, npt.NDArray]:
    """Do what `_listed` does, in registers. The windows of a line are neighbours."""
    kind, lanes = keys.dtype, in_register(keys.dtype)
    if shape[-1] < lanes:
        return _listed(keys, there, window, shape)
    starts, offsets = _places(shape, window, keys.shape)
    found, counts = np.empty(shape, kind), np.empty(shape, kind)
    firsts = np.ascontiguousarray(starts[..., 0].reshape(-1)) * kind.itemsize
    kept = int(window.ranks.max()) + 1
    job = np.zeros((), SORT_JOB)
    job["rows"], job["count"] = len(firsts), shape[-1]
    job["sort"] = sort_windows.address(kind, window.taps, kept)
    owners = set_addresses(
        job,
        {
            "keys": keys,
            "there": there,
            "found": found,
            "counts": counts,
            "starts": firsts,
            "offsets": offsets * kind.itemsize,
            "ranks": window.ranks * lanes * kind.itemsize,
        },
    )
    over_windows.entry()(address(job))
    del owners
    return found, counts
