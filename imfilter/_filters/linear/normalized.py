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
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes, threads
from imfilter._base.missing import Presence, rows_of, taken
from imfilter._base.padding import Padding
from imfilter._base.program import address, set_addresses
from imfilter._filters.linear.kernels.normalized import (
    BOOLS,
    COMBINE_JOB,
    LOAD_JOB,
    NO_MASK,
    NUMBERS,
    combine_both,
    combine_one,
    load_samples,
    over_piece,
)
from imfilter._filters.linear.operators import Operator, Taps, Term, outer
from imfilter._simd.registers import BYTES

#: Samples of a piece without its halo. All arrays of a piece stay in the third-level cache.
_PIECE = 1 << 18
#: Weights of the largest kernel that is kept as a whole.
_KEPT = 256


class SignedKernel(NamedTuple):
    """Weights of at least 0: a dense kernel, a separable one or none, and a weight of the centre to add."""

    kernel: Taps | Term | None
    positive: bool
    centre: float = 0.0


class Kernel(NamedTuple):
    """A kernel as parts of one sign, the sum of its weights, and the sum of their magnitudes.

    `weights` is the whole kernel if it is small.
    """

    parts: tuple[SignedKernel, ...]
    total: float
    size: float
    weights: Taps | None


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
Correlate = Callable[[npt.NDArray, SignedKernel, tuple[tuple[int, int], ...], float], npt.NDArray]


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
    parts = [SignedKernel(np.maximum(sign * weights, 0.0), sign > 0) for sign in (1.0, -1.0)]
    used = tuple(part for part in parts if np.any(part.kernel))
    kept = weights if weights.size <= _KEPT else None
    return Kernel(used, math.fsum(weights.flat), math.fsum(np.abs(weights).flat), kept)


def _separable(term: Term) -> Kernel:
    """Return a separable kernel. Its parts are the products of the parts of one sign of each axis."""
    parts = []
    for signs in itertools.product((1.0, -1.0), repeat=len(term)):
        kernel = tuple(np.maximum(sign * taps, 0.0) for sign, taps in zip(signs, term, strict=True))
        if all(map(np.any, kernel)):
            parts.append(SignedKernel(kernel, math.prod(signs) > 0))
    total = math.prod(math.fsum(taps) for taps in term)
    size = math.prod(math.fsum(np.abs(taps)) for taps in term)
    kept = outer(term) if math.prod(map(len, term)) <= _KEPT else None
    return Kernel(tuple(parts), total, size, kept)


def _centred(centre: Term, term: Term) -> Kernel:
    """Return a separable kernel plus a weight of its centre, as one kernel."""
    middle = [int(np.flatnonzero(taps)[0]) for taps in centre]
    weight = math.prod(math.fsum(taps) for taps in centre)
    own = math.prod(float(taps[i]) for taps, i in zip(term, middle, strict=True))
    kernel, whole = _separable(term), weight + own
    if len(kernel.parts) > 1 or not isinstance(kernel.parts[0].kernel, tuple):
        return _dense(outer(centre) + outer(term))
    around = kernel.parts[0]._replace(centre=-abs(own))
    parts = around, SignedKernel(None, whole > 0, abs(whole))
    kept = None if kernel.weights is None else kernel.weights + outer(centre)
    return Kernel(parts, kernel.total + weight, kernel.size - abs(own) + abs(whole), kept)


class Piece(NamedTuple):
    """A piece of the result: its index, and the samples of the image and the padding along the cut axis."""

    result: tuple[slice, ...]
    axis: int
    rows: npt.NDArray[np.int64]
    pair: tuple[int, int]


def _parts(layout: Layout, axis: int) -> int:
    """Return into how many parts an axis may be cut.

    `correlate` folds a kernel that is much longer than an axis, and rounds differently then. So it must not
    fold the kernel for a part if it does not fold it for the whole axis, nor the other way round.
    """
    length, least = layout.shape[axis], 1
    if axis in layout.axes:
        k = layout.axes.index(axis)
        pad, least = layout.paddings[k], 2 * layout.spans[k]
        if max(pad.before, pad.after) >= layout.spans[k]:
            return 1
    others = max(1, math.prod(layout.shape) // length)
    return max(1, min(math.ceil(length * others / _PIECE), length // least))


def _over_pieces(
    image: npt.NDArray, layout: Layout, workers: int | None, task: Callable[[Piece], None]
) -> None:
    """Cut the image into pieces, and call ``task(piece)``.

    Of the axes that may be cut, the one whose samples are the furthest apart is taken. The bits do not depend
    on the choice: `correlate` adds every border constant, and folds the same kernels in every piece.
    """
    counts = [_parts(layout, a) for a in range(image.ndim)]
    axis = max(range(image.ndim), key=lambda a: (counts[a] > 1, abs(image.strides[a]), -a))
    n, length, parts = image.shape[axis], layout.shape[axis], counts[axis]
    pad, stride, span = Padding(0, 0, length), 1, 1
    if axis in layout.axes:
        k = layout.axes.index(axis)
        pad, stride, span = layout.paddings[k], layout.stride[k], layout.spans[k]

    def work(start: int, stop: int) -> None:
        for number in range(start, stop):
            first, last = number * length // parts, (number + 1) * length // parts
            if parts == 1:
                rows, pair = np.arange(n), (pad.before, pad.after)
            else:
                ends = first * stride, (last - 1) * stride + span
                rows = rows_of(n, pad.before, pad.after, layout.mode, *ends)
                inside = np.flatnonzero(rows >= 0)
                pair = int(inside[0]), len(rows) - 1 - int(inside[-1])
                rows = rows[inside]
            task(Piece((*(slice(None),) * axis, slice(first, last)), axis, rows, pair))

    threads.run(work, parts, workers)


def run(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    correlate: Correlate,
    image: npt.NDArray,
    presence: Presence,
    target: npt.NDArray,
    workers: int | None,
) -> bool:
    """Write the result to `target`. Return whether samples are so large that sums may have overflowed."""
    large: list[bool] = []

    def task(piece: Piece) -> None:
        if _filter(kernels, norm, layout, correlate, image, presence, piece, target[piece.result]):
            large.append(True)

    _over_pieces(image, layout, workers, task)
    return bool(large)


def uncovered(
    kernels: tuple[Kernel, ...],
    layout: Layout,
    correlate: Correlate,
    image: npt.NDArray,
    presence: Presence,
    workers: int | None,
) -> npt.NDArray[np.bool_]:
    """Return where too little is present for a result."""
    found = np.zeros(layout.shape, bool)

    def task(piece: Piece) -> None:
        _, counts, _ = _loaded(layout, image, presence, piece)
        pairs, beyond = _pairs(layout, piece), _beyond(layout)
        for kernel in kernels:
            both = _sums(kernel, correlate, counts, pairs, beyond, piece, layout)
            present = sum(part for part in both if part is not None)
            found[piece.result] |= ~(present > presence.least(kernel.size))

    _over_pieces(image, layout, workers, task)
    return found


def _pairs(layout: Layout, piece: Piece) -> tuple[tuple[int, int], ...]:
    """Return the padding of each filtered axis of a piece."""
    pads = zip(layout.axes, layout.paddings, strict=True)
    return tuple(piece.pair if axis == piece.axis else (pad.before, pad.after) for axis, pad in pads)


def _beyond(layout: Layout) -> float:
    """Return how much the border constant counts."""
    return 0.0 if layout.mode == "shrink" else 1.0


def _filter(
    kernels: tuple[Kernel, ...],
    norm: bool,
    layout: Layout,
    correlate: Correlate,
    image: npt.NDArray,
    presence: Presence,
    piece: Piece,
    target: npt.NDArray,
) -> bool:
    """Write a piece of the result to `target`. Return whether sums may have overflowed."""
    real, several = layout.real, len(kernels) > 1 or norm
    samples, counts, large = _loaded(layout, image, presence, piece)
    pairs, beyond = _pairs(layout, piece), _beyond(layout)
    result: npt.NDArray = np.zeros((), real)
    for kernel in kernels:
        sums = (
            *_sums(kernel, correlate, samples, pairs, layout.cval, piece, layout),
            *_sums(kernel, correlate, counts, pairs, beyond, piece, layout),
        )
        least = presence.least(kernel.size)
        to = np.empty(target.shape, real) if several else target
        _combine(kernel.total, sums, least, 0.0 if several else layout.bias, to)
        if several:
            with np.errstate(all="ignore"):
                result = result + (to * to if norm else to)
    if several:
        with np.errstate(all="ignore"):
            result = np.sqrt(result) if norm else result
            dtypes.place(result + real.type(layout.bias) if layout.bias else result, target)
    return large


def _loaded(
    layout: Layout, image: npt.NDArray, presence: Presence, piece: Piece
) -> tuple[npt.NDArray, npt.NDArray, bool]:
    """Return what `_load` returns for a piece."""
    where = *(slice(None),) * piece.axis, taken(piece.rows)
    piece_of_image = np.ascontiguousarray(dtypes.readable(image[where]))
    mask = None if presence.mask is None else np.ascontiguousarray(presence.mask[where])
    if mask is not None and presence.graded:
        mask = mask.astype(layout.real, copy=False)
    return _load(piece_of_image, mask, presence.ignore_nan, layout.real)


def _load(
    image: npt.NDArray, mask: npt.NDArray | None, ignore_nan: bool, real: np.dtype
) -> tuple[npt.NDArray, npt.NDArray, bool]:
    """Return contiguous samples times how much they count, and how much they count.

    Also return whether a sample is so large that sums could overflow, or infinite.
    """
    count, lanes = image.size, BYTES // real.itemsize
    if count < lanes:
        shape = image.shape
        image = np.resize(image, lanes)
        mask = None if mask is None else np.resize(mask, lanes)
        samples, counts, large = _load(image, mask, ignore_nan, real)
        return samples[:count].reshape(shape), counts[:count].reshape(shape), large
    flag = np.zeros(1, np.int64)
    samples, counts = np.empty(image.shape, real), np.empty(image.shape, real)
    job = np.zeros((), LOAD_JOB)
    job["kind"] = NO_MASK if mask is None else BOOLS if mask.dtype.kind == "b" else NUMBERS
    job["ignore_nan"], job["count"] = ignore_nan, count
    tables = {"image": image, "samples": samples, "counts": counts, "flag": flag}
    tables |= {} if mask is None else {"mask": mask}
    owners = set_addresses(job, tables)
    over_piece.entry()(load_samples.address(real, image.dtype), address(job))
    del owners
    return samples, counts, bool(flag[0])


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
    with np.errstate(all="ignore"):
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
    k, (before, after) = layout.axes.index(piece.axis), piece.pair
    start = layout.paddings[k].before - before
    count = array.shape[piece.axis] + before + after - layout.spans[k] + 1
    return array[(*(slice(None),) * piece.axis, slice(start, start + count))]


def _combine(
    total: float, sums: tuple[npt.NDArray | None, ...], least: float, bias: float, target: npt.NDArray
) -> None:
    """Write the result of a kernel from its sums over samples and over counts."""
    names = "positive", "negative", "more", "less"
    tables = {
        name: np.ascontiguousarray(array)
        for name, array in zip(names, sums, strict=True)
        if array is not None
    }
    if not tables:  # a kernel of zeros sees nothing
        dtypes.place(np.full(target.shape, np.nan), target)
        return
    both = len(tables) == 4
    if not both:
        tables = dict(zip(("positive", "more"), tables.values(), strict=True))
    real, count = tables["more"].dtype, target.size
    padded = max(count, BYTES // real.itemsize)
    if padded > count:
        tables = {name: np.resize(array, padded) for name, array in tables.items()}
    direct = target.flags.c_contiguous and target.dtype in dtypes.NATIVE and padded == count
    to = target if direct else np.empty(padded, real)
    job = np.zeros((), COMBINE_JOB)
    job["total"], job["least"], job["bias"], job["count"] = total, least, bias, padded
    owners = set_addresses(job, tables | {"to": to})
    code = combine_both if both else combine_one
    over_piece.entry()(code.address(real, to.dtype), address(job))
    del owners
    if not direct:
        dtypes.place(to[:count].reshape(target.shape), target)
