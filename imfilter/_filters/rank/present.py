"""Ranks of windows in which samples are absent: the rank among the samples that are present.

Samples are compared by integer keys of the same order. Absent samples have the largest key. So the sorted
keys of a window begin with those of the present samples, and the rank is an index that depends on their
number alone.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import bordered, strips
from imfilter._base.loops import places_of
from imfilter._base.missing import Presence, rows_of
from imfilter._base.padding import Padding
from imfilter._base.program import address, set_addresses
from imfilter._filters.rank.kernels.present import (
    FLOATS,
    LOAD_JOB,
    REVERSED,
    SORT_JOB,
    bisect_windows,
    load_lines,
    over_lines,
    over_windows,
    sort_windows,
)
from imfilter._simd.registers import in_register

#: Samples of a piece of the image, and of all windows of a piece if they are listed.
_PIECE, _LISTED = 1 << 18, 1 << 21
#: Number of samples of the largest window that is sorted in registers.
SMALL = 49


class Window(NamedTuple):
    """A window over some axes, the rank for each number of present samples, and the border."""

    inside: npt.NDArray[np.bool_]
    axes: tuple[int, ...]
    ranks: npt.NDArray[np.int64]  # for 0 … all samples
    fewest: int  # number of present samples that a result needs
    mode: str
    border: npt.NDArray  # the border constant, one sample of the type that is compared
    reverse: bool = False  # whether ranks count from the largest sample on

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
    source: npt.NDArray,
    image: npt.NDArray,
    presence: Presence,
    window: Window,
    target: npt.NDArray,
    workers: int | None,
    *,
    wanted: bool,
) -> npt.NDArray[np.bool_] | None:
    """Write the ranks to `target`. If `wanted`, return where too few samples are present.

    source: the samples of `image` in a type whose samples have keys; see `_keys`. `target` has this type.
    """
    few = np.empty(image.shape, bool) if wanted else None
    # The keys of a type that is compared as integers do not tell which samples are NaN.
    if presence.ignore_nan and source.dtype.kind != image.dtype.kind:
        presence = replace(presence, mask=presence.at(image, ...), ignore_nan=False)
    mask = presence.mask
    if mask is not None and presence.graded:
        mask = mask > 0
    lines = _Lines.of(source, mask)
    lanes = in_register(source.dtype)
    small = _in_registers(image.shape, lanes, window.taps)

    def task(where: slice, rows: npt.NDArray[np.int64]) -> None:
        part = target[where]
        if part.shape[-1] >= lanes and image.ndim > 1 and lines is not None:
            piece = lines.loaded(presence, window, rows)
        else:
            piece = _padded(source, image, presence, window, rows)
        _rank(*piece, window, part)
        if few is not None:
            few[where] = _counts(piece[1], window, part.shape) < window.fewest

    _over_pieces(image.shape, window, workers, task, small=small)
    return few


def _in_registers(shape: tuple[int, ...], lanes: int, taps: int) -> bool:
    """Tell whether all windows of large pieces, cut along the first axis, are sorted in registers."""
    length, others = shape[0], math.prod(shape[1:])
    if max(shape[1:], default=length) >= lanes:
        return True
    enough = length >= lanes and lanes * others <= _PIECE  # a piece has a register of rows
    return enough and lanes * others * taps <= _LISTED


def _over_pieces(
    shape: tuple[int, ...],
    window: Window,
    workers: int | None,
    task: Callable[[slice, npt.NDArray[np.int64]], None],
    *,
    small: bool,
) -> None:
    """Cut the result along the first axis, and call ``task(rows of the result, padded rows it needs)``."""
    length, others = shape[0], math.prod(shape[1:])
    step = max(1, (_PIECE if small else _LISTED // window.taps) // others)
    pad = window.padding(0, length)
    span = pad.before + pad.after

    def strip(first: int, last: int) -> None:
        task(slice(first, last), rows_of(length, pad.before, pad.after, window.mode, first, last + span))

    strips.each(strip, length, step, workers)


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
    keys, there = _keys(source[near], window.reverse), there > 0 if presence.graded else there
    border, beyond = _keys(window.border, window.reverse).item(), window.mode != "shrink"
    along = [bordered.runs_of(np.where(rows < 0, -1, np.arange(len(rows))))]
    for axis in range(1, image.ndim):
        n = image.shape[axis]
        pad = window.padding(axis, n)
        along.append(bordered.runs(n, pad.before, pad.after, window.mode, 0, pad.before + n + pad.after))
    shape = tuple(map(bordered.length, along))
    found, present = np.empty(shape, keys.dtype), np.empty(shape, keys.dtype)
    bordered.copy(keys, along, border, found)
    bordered.copy(there, along, beyond, present)
    found[present == 0] = np.iinfo(keys.dtype).max
    return found, present


def _keys(samples: npt.NDArray, reverse: bool) -> npt.NDArray:
    """Return integers of the order of the samples, or the reverse order: -0.0 before 0.0, and NaN last."""
    if samples.dtype.kind != "f":
        keys = samples.view(np.uint8) if samples.dtype.kind == "b" else samples
        return ~keys if reverse else keys
    bits = samples.view(f"i{samples.dtype.itemsize}")
    most = np.iinfo(bits.dtype).max
    keys = bits ^ ((bits >> (8 * bits.itemsize - 1)) & most)
    keys[np.isnan(samples)] = most
    return ~keys if reverse else keys


def _samples(keys: npt.NDArray, dtype: np.dtype, reverse: bool) -> npt.NDArray:
    """Return the samples of keys."""
    keys = ~keys if reverse else keys
    if dtype.kind != "f":
        return keys.view(dtype)
    most = np.iinfo(keys.dtype).max
    bits = keys ^ ((keys >> (8 * keys.itemsize - 1)) & most)
    return np.where(keys == most, dtype.type(np.nan), bits.view(dtype))


def _places(
    shape: tuple[int, ...], window: Window, padded: tuple[int, ...]
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the place of the first sample of each window in a padded piece, and those of a window."""
    steps = np.cumprod((1, *padded[:0:-1]))[::-1]
    starts = places_of(shape, steps.tolist()).reshape(shape)
    offsets = np.argwhere(window.inside) @ steps[list(window.axes)]
    return starts, offsets.astype(np.int64)


def _counts(there: npt.NDArray, window: Window, shape: tuple[int, ...]) -> npt.NDArray:
    """Return the number of present samples of each window, in the type of `there`, which holds it."""
    counts = np.zeros(shape, there.dtype)
    for offset in np.argwhere(window.inside).tolist():
        where = [slice(0, n) for n in shape]
        for axis, first in zip(window.axes, offset, strict=True):
            where[axis] = slice(first, first + shape[axis])
        counts += there[tuple(where)]
    return counts


def _rank(keys: npt.NDArray, there: npt.NDArray, window: Window, target: npt.NDArray) -> None:
    """Write the ranks of a piece.

    If the last axis is short, as channels are, the longest axis is the line: an opening of a disc of radius 1
    with a mask took 54 ms when windows of 300x300x3 were listed, and takes 16 now (Zen 3).
    """
    last, lanes = target.ndim - 1, in_register(keys.dtype)
    line = last if target.shape[last] >= lanes else int(np.argmax(target.shape))
    if target.shape[line] < lanes:
        _list(keys, there, window, target)
    elif line == last and target.strides[last] == target.itemsize:
        _sort(keys, there, window, target)
    else:
        order = [*(axis for axis in range(target.ndim) if axis != line), line]
        turned = window._replace(axes=tuple([order.index(axis) for axis in window.axes]))
        found = np.empty([target.shape[axis] for axis in order], target.dtype)
        keys, there = (np.ascontiguousarray(samples.transpose(order)) for samples in (keys, there))
        _sort(keys, there, turned, found)
        target.transpose(order)[...] = found


def _list(keys: npt.NDArray, there: npt.NDArray, window: Window, target: npt.NDArray) -> None:
    """Write the ranks of a piece: each window is listed and sorted."""
    starts, offsets = _places(target.shape, window, keys.shape)
    counts = _counts(there, window, target.shape)
    ordered = np.sort(keys.reshape(-1)[starts[..., None] + offsets], axis=-1)
    found = np.take_along_axis(ordered, window.ranks[counts.astype(np.intp)][..., None], -1)[..., 0]
    target[...] = _samples(found, target.dtype, window.reverse)
    target[counts < window.fewest] = np.nan if target.dtype.kind == "f" else 0


def _sort(keys: npt.NDArray, there: npt.NDArray, window: Window, target: npt.NDArray) -> None:
    """Do what `_list` does, in registers."""
    kind, size = keys.dtype, keys.itemsize
    starts, offsets = _places((*target.shape[:-1], 1), window, keys.shape)
    tos = places_of(target.shape[:-1], target.strides)
    job = np.zeros((), SORT_JOB)
    job["rows"], job["count"], job["fewest"] = tos.size, target.shape[-1], window.fewest
    sorts = window.taps <= SMALL
    form = FLOATS * (target.dtype.kind == "f") + REVERSED * window.reverse
    if sorts:
        job["sort"] = sort_windows.address(kind, form, window.taps, int(window.ranks.max()) + 1)
    else:
        job["sort"], job["taps"] = bisect_windows.address(kind, form, 0, 0), window.taps
    job["found"] = address(target)
    tables = {
        "keys": keys,
        "there": there,
        "starts": starts * size,
        "tos": tos,
        "offsets": offsets * size,
        "ranks": window.ranks * (in_register(kind) * size if sorts else 1),
    }
    owners = set_addresses(job, tables)
    over_windows.entry()(address(job))
    del owners


class _Lines(NamedTuple):
    """The samples as integers and the mask as bytes, whose lines kernels can read."""

    bits: npt.NDArray
    mask: npt.NDArray | None
    floating: bool

    @classmethod
    def of(cls, source: npt.NDArray, mask: npt.NDArray | None) -> "_Lines | None":
        """Return the lines of an image, or None if its samples or those of its mask are not neighbours."""
        if source.strides[-1] != source.itemsize or (mask is not None and mask.strides[-1] != 1):
            return None
        floating = source.dtype.kind == "f"
        kind = f"i{source.itemsize}" if floating else "u1" if source.dtype.kind == "b" else source.dtype
        return cls(source.view(kind), None if mask is None else mask.view(np.uint8), floating)

    def loaded(
        self, presence: Presence, window: Window, rows: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray, npt.NDArray]:
        """Do what `_padded` does, for images of two axes or more."""
        shape, kind = self.bits.shape, self.bits.dtype
        pads = [window.padding(axis, length) for axis, length in enumerate(shape)]
        indices = [rows_of(n, pad.before, pad.after, window.mode) for n, pad in zip(shape, pads, strict=True)]
        indices[0] = rows
        padded = tuple(map(len, indices))
        keys, there = np.empty(padded, kind), np.empty(padded, kind)
        outside = np.zeros(padded[:-1], bool)
        sources, masks, targets = (np.zeros(padded[:-1], np.int64) for _ in range(3))
        for axis, index in enumerate(indices[:-1]):
            column = [-1 if a == axis else 1 for a in range(len(shape) - 1)]
            near = np.maximum(index, 0).reshape(column)
            sources += near * self.bits.strides[axis]
            masks += 0 if self.mask is None else near * self.mask.strides[axis]
            targets += np.arange(len(index)).reshape(column) * keys.strides[axis]
            outside |= (index < 0).reshape(column)
        job = np.zeros((), LOAD_JOB)
        job["lines"], job["count"], job["ignore_nan"] = sources.size, shape[-1], presence.ignore_nan
        job["load"] = load_lines.address(kind, FLOATS * self.floating + REVERSED * window.reverse)
        job["image"], job["mask"] = address(self.bits), 0 if self.mask is None else address(self.mask)
        inner = targets + pads[-1].before * keys.itemsize
        owners = set_addresses(
            job, {"keys": keys, "there": there, "sources": sources, "masks": masks, "targets": inner}
        )
        over_lines.entry()(address(job))
        del owners
        border, beyond = _keys(window.border, window.reverse).item(), int(window.mode != "shrink")
        border = border if beyond else np.iinfo(kind).max
        before, index = pads[-1].before, indices[-1]
        for side in (slice(0, before), slice(before + shape[-1], None)):
            columns = index[side]
            if len(columns):
                constant = columns[0] < 0
                for array, value in ((keys, border), (there, beyond)):
                    array[..., side] = value if constant else array[..., before + columns]
        if outside.any():
            keys[outside], there[outside] = border, beyond
        return keys, there
