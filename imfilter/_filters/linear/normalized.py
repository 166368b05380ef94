"""Linear filters of images with missing data.

An absent sample counts as the mean of the samples that are present in the window, weighted by the magnitudes
of the kernel (H. Knutsson and C.-F. Westin, Normalized and Differential Convolution, 1993). With the positive
and the negative part of the kernel, sums P and N over samples times how much they count, and p and n over how
much they count, the result is ``P - N + (P + N)/(p + n) * (sum of weights - p + n)``.

All these sums are of weights of one sign, and are computed tap by tap: then each sum is exact relative to
itself, also where only a sample with a small weight is present. The image is filtered in pieces, so no array
has its size.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.missing import Presence, rows_of
from imfilter._base.padding import Padding
from imfilter._filters.linear.operators import Operator, Taps, Term, outer

#: Samples of a piece without its halo. All arrays of a piece stay in the third-level cache.
_PIECE = 1 << 18
#: Most taps of a separable kernel that is multiplied out.
_SMALL = 9
#: Shares of the weight that differ only by rounding errors are equal.
_ROUNDED = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-12}


class Part(NamedTuple):
    """Weights of at least 0: a dense kernel, a separable one or none, and a weight of the centre to add."""

    kernel: Taps | Term | None
    positive: bool
    centre: float = 0.0


class Kernel(NamedTuple):
    """A kernel as parts of one sign, the sum of its weights, and the sum of their magnitudes."""

    parts: tuple[Part, ...]
    total: float
    size: float


class Layout(NamedTuple):
    """The part of a call that determines positions and types."""

    axes: tuple[int, ...]
    paddings: tuple[Padding, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    spans: tuple[int, ...]  # samples from the first to the last tap of each axis
    mode: str
    cval: float
    bias: float
    shape: tuple[int, ...]
    real: np.dtype  # of the arithmetic


#: Correlates samples with a part, from the padding of each axis: ``correlate(samples, part, pairs, cval)``.
Correlate = Callable[[npt.NDArray, Part, tuple[tuple[int, int], ...], float], npt.NDArray]


def kernels_of(operator: Operator) -> tuple[Kernel, ...]:
    """Return the kernels to which the definition applies: each term, or the whole kernel."""
    if operator.dense is not None:
        return (_dense(operator.dense),)
    if len(operator.terms) == 2 and not operator.norm:
        for centre, term in (operator.terms, operator.terms[::-1]):
            if all(np.count_nonzero(taps) == 1 for taps in centre):
                return (_centred(centre, term),)
    return tuple(map(_separable, operator.terms))


def _dense(weights: Taps) -> Kernel:
    parts = [Part(np.maximum(sign * weights, 0.0), sign > 0) for sign in (1.0, -1.0)]
    used = tuple(part for part in parts if np.any(part.kernel))
    return Kernel(used, math.fsum(weights.flat), math.fsum(np.abs(weights).flat))


def _separable(term: Term) -> Kernel:
    """Return a separable kernel. Its parts are the products of the parts of one sign of each axis."""
    if math.prod(map(len, term)) <= _SMALL:
        return _dense(outer(term))
    parts = []
    for signs in itertools.product((1.0, -1.0), repeat=len(term)):
        kernel = tuple(np.maximum(sign * taps, 0.0) for sign, taps in zip(signs, term, strict=True))
        if all(map(np.any, kernel)):
            parts.append(Part(kernel, math.prod(signs) > 0))
    total = math.prod(math.fsum(taps) for taps in term)
    return Kernel(tuple(parts), total, math.prod(math.fsum(np.abs(taps)) for taps in term))


def _centred(centre: Term, term: Term) -> Kernel:
    """Return a separable kernel plus a weight of its centre, as one kernel."""
    middle = [int(np.flatnonzero(taps)[0]) for taps in centre]
    weight = math.prod(math.fsum(taps) for taps in centre)
    own = math.prod(float(taps[i]) for taps, i in zip(term, middle, strict=True))
    kernel, whole = _separable(term), weight + own
    if len(kernel.parts) > 1 or not isinstance(kernel.parts[0].kernel, tuple):
        return _dense(outer(centre) + outer(term))
    around = kernel.parts[0]._replace(centre=-abs(own))
    parts = around, Part(None, whole > 0, abs(whole))
    return Kernel(parts, kernel.total + weight, kernel.size - abs(own) + abs(whole))


class Piece(NamedTuple):
    """A piece of the result: its index, and the index of the image along the axis that is cut."""

    result: tuple[slice, ...]
    axis: int
    rows: npt.NDArray[np.int64]  # samples along the axis; -1 is the border constant


def pieces(image: npt.NDArray, layout: Layout) -> Iterator[Piece]:
    """Cut the image along the axis whose samples are the furthest apart."""
    axis = max(range(image.ndim), key=lambda a: (image.shape[a] > 1, abs(image.strides[a]), -a))
    length, others = layout.shape[axis], max(1, math.prod(layout.shape) // layout.shape[axis])
    rows, stride, span = np.arange(image.shape[axis]), 1, 1
    if axis in layout.axes:
        k = layout.axes.index(axis)
        pad, stride, span = layout.paddings[k], layout.stride[k], layout.spans[k]
        rows = rows_of(image.shape[axis], pad.before, pad.after, layout.mode)
    step = max(_PIECE // others, 2 * span, 1)
    for first in range(0, length, step):
        last = min(first + step, length)
        result = [slice(None)] * image.ndim
        result[axis] = slice(first, last)
        yield Piece(tuple(result), axis, rows[first * stride : (last - 1) * stride + span])


def run(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    correlate: Correlate,
    image: npt.NDArray,
    presence: Presence,
    target: npt.NDArray,
    undefined: npt.NDArray[np.bool_] | None,
    workers: int | None,
) -> None:
    """Write the result to `target`, and to `undefined` where less than the least coverage is present."""
    parts = list(pieces(image, layout))

    def task(start: int, stop: int) -> None:
        for piece in parts[start:stop]:
            found, hollow = _filtered(kernels, norm, layout, correlate, image, presence, piece)
            dtypes.place(found, target[piece.result])
            if undefined is not None:
                undefined[piece.result] = hollow

    threads.run(task, len(parts), workers)


def _filtered(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    correlate: Correlate,
    image: npt.NDArray,
    presence: Presence,
    piece: Piece,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return a piece of the result, and where too little is present."""
    samples, counts = _loaded(layout, image, presence, piece)
    pairs = [(pad.before, pad.after) for pad in layout.paddings]
    if piece.axis in layout.axes:
        pairs[layout.axes.index(piece.axis)] = 0, 0
    beyond = 0.0 if layout.mode == "shrink" else 1.0
    result, hollow = None, np.zeros((), bool)
    with np.errstate(all="ignore"):
        for kernel in kernels:
            sums = [
                _sums(kernel, correlate, array, tuple(pairs), cval, piece, layout)
                for array, cval in ((samples, layout.cval), (counts, beyond))
            ]
            one, few = _combined(kernel, *sums[0], *sums[1], presence.min_coverage, layout.real)
            hollow = hollow | few
            one = one * one if norm else one
            result = one if result is None else result + one
        assert result is not None
        result = np.sqrt(result) if norm else result
        return result + layout.real.type(layout.bias) if layout.bias else result, hollow


def _loaded(
    layout: Layout, image: npt.NDArray, presence: Presence, piece: Piece
) -> tuple[npt.NDArray, npt.NDArray]:
    """Return the samples of a piece times how much they count, and how much they count."""
    rows, real = piece.rows, layout.real
    inside = (slice(None),) * piece.axis
    near = rows if not len(rows) or rows.min() >= 0 else np.maximum(rows, 0)
    first, last = int(near[0]), int(near[-1])
    straight = last - first + 1 == len(near) and bool((np.diff(near) == 1).all())
    where = (*inside, slice(first, last + 1) if straight else near)
    counts = presence.at(image, where)
    samples = np.where(counts > 0, dtypes.readable(image[where]), 0).astype(real, copy=False)
    if presence.graded:
        counts = counts.astype(real)
        samples = samples * counts
    else:
        counts = counts.astype(real)
    if near is not rows:
        samples[(*inside, rows < 0)] = layout.cval
        counts[(*inside, rows < 0)] = 0.0 if layout.mode == "shrink" else 1.0
    return samples, counts


def _sums(
    kernel: Kernel,
    correlate: Correlate,
    array: npt.NDArray,
    pairs: tuple[tuple[int, int], ...],
    cval: float,
    piece: Piece,
    layout: Layout,
) -> tuple[npt.NDArray | None, npt.NDArray | None]:
    """Return the sums over the positive part of a kernel, and over the magnitudes of the negative part."""
    sums: dict[bool, npt.NDArray | None] = {True: None, False: None}
    for part in kernel.parts:
        found = None if part.kernel is None else correlate(array, part, pairs, cval)
        if part.centre:
            own = _centre(array, piece, layout) * array.dtype.type(part.centre)
            found = own if found is None else found + own
        earlier = sums[part.positive]
        sums[part.positive] = found if earlier is None or found is None else earlier + found
    return sums[True], sums[False]


def _centre(array: npt.NDArray, piece: Piece, layout: Layout) -> npt.NDArray:
    """Return the samples of a piece at the centres of the windows."""
    if piece.axis not in layout.axes:
        return array
    k = layout.axes.index(piece.axis)
    before, span = layout.paddings[k].before, layout.spans[k]
    count = array.shape[piece.axis] - span + 1
    return array[(*(slice(None),) * piece.axis, slice(before, before + count))]


def _combined(
    kernel: Kernel,
    positive: npt.NDArray | None,
    negative: npt.NDArray | None,
    more: npt.NDArray | None,
    less: npt.NDArray | None,
    least: float,
    real: np.dtype,
) -> tuple[npt.NDArray, npt.NDArray[np.bool_]]:
    """Return the result of a kernel from its four sums, and where too little is present."""
    total = real.type(kernel.total)
    if positive is None or negative is None:
        sums, counts = (positive, more) if negative is None else (negative, less)
        result = sums / counts * total
    else:
        counts = more + less
        absent = total - (more - less)
        result = (positive - negative) + np.where(absent == 0, 0, (positive + negative) / counts * absent)
    few = counts <= 0
    if least:
        few |= counts < least * kernel.size * (1 - _ROUNDED[real])
    result[few] = np.nan
    return result, few
