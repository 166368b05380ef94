"""Folding of kernels longer than the image: a border repeats, so many taps read the same sample."""

import functools
import math

import numpy as np

from imfilter._base import borders
from imfilter._base.padding import Padding
from imfilter._base.reach import Along, Reach, of_paddings
from imfilter._filters.linear import symmetry
from imfilter._filters.linear.operators import LARGEST, Operator, Taps, cancelled


def folded(
    operator: Operator,
    lengths: list[int],
    paddings: tuple[Padding, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    mode: str,
    *,
    apart: bool = False,
) -> tuple[Operator, tuple[Padding, ...], tuple[int, ...], tuple[int, ...]]:
    """Return an equal operator of limited length, with its paddings, stride and dilation.

    A tap further away than the border's period reads the same sample as a nearer tap, for every output. So a
    kernel needs no more taps, and no wider a border, than about twice the image. With `apart`, weights of
    different signs are not added, and the border must be twice as wide.
    """
    if max(stride + dilation) == 1 and not _folds(lengths, operator.shape, dilation):
        return operator, paddings, stride, dilation
    if apart and len(operator.terms) > 1 and not operator.norm and math.prod(operator.shape) <= LARGEST:
        operator = Operator(dense=operator.components()[0])  # each term has its own sign
    strides = [1 if p.length == 1 else s for p, s in zip(paddings, stride, strict=True)]
    dilations = [d if taps > 1 else 1 for d, taps in zip(dilation, operator.shape, strict=True)]
    pads = list(paddings)
    for axis, (n, taps) in enumerate(zip(lengths, operator.shape, strict=True)):
        pad, gap = pads[axis], dilations[axis]
        if not _long(n, taps, gap):
            continue
        last = (pad.length - 1) * strides[axis]  # position of the last output, in samples from the first
        # Python integers, because 64 bits may be too few for the offsets.
        steps = np.arange(taps, dtype=object if gap * taps > 2**60 else np.int64)
        offsets = steps * gap - pad.before
        near = borders.nearest(offsets, n, last, mode, 0)
        beside = borders.nearest(offsets, n, last, mode, 1) if apart else near  # for negative weights
        low, high = min(int(near.min()), int(beside.min()), 0), max(int(near.max()), int(beside.max()), 0)
        period = borders.PERIODS[mode](n) if mode in borders.PERIODS else 1
        shared = not apart and period % 2 == 0 and low == -(period // 2)
        high = period // 2 if shared else high  # both positions half a period away are the same sample
        gather = functools.partial(_gathered, near - low, beside - low, high - low + 1, shared)
        operator = Operator(
            tuple(
                tuple(gather(t, 0) if a == axis else t for a, t in enumerate(term)) for term in operator.terms
            ),
            None if operator.dense is None else gather(operator.dense, axis),
            operator.norm,
        )
        pads[axis] = Padding(-low, max(last + high - (n - 1), 0), pad.length)
        dilations[axis] = 1
    return operator, tuple(pads), tuple(strides), tuple(dilations)


def reach_of_folded(
    axes: tuple[int, ...],
    lengths: list[int],
    taps: tuple[int, ...],
    paddings: tuple[Padding, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Reach | None:
    """Return the samples that a result depends on if the kernel is folded along an axis, else None.

    These are all samples of this axis: a part of it would fold the kernel otherwise. They are not more than
    the axis has, because readers reserve memory for so many.
    """
    if not _folds(lengths, taps, dilation):
        return None
    found = of_paddings(axes, paddings, taps, stride, dilation)
    for axis, n, size, gap, pad in zip(axes, lengths, taps, dilation, paddings, strict=True):
        if _long(n, size, gap):
            step = found[axis].step
            found[axis] = Along(pad.length * step, n, step)
    return found


def cancels(operator: Operator, lengths: list[int], dilation: tuple[int, ...]) -> bool:
    """Tell whether `folded` may add weights of different signs, which is wrong for NaN and infinity."""
    if not _folds(lengths, operator.shape, dilation):
        return False
    long = [_long(n, taps, gap) for n, taps, gap in zip(lengths, operator.shape, dilation, strict=True)]
    if operator.dense is not None:
        return _mixed(operator.dense)
    along = (_mixed(t) for term in operator.terms for t, folds in zip(term, long, strict=True) if folds)
    return (len(operator.terms) > 1 and not operator.norm) or any(along)


def _mixed(taps: Taps) -> bool:
    return bool((taps < 0).any() and (taps > 0).any())


def _long(n: int, taps: int, gap: int) -> bool:
    """Tell whether a kernel is so long that it is folded."""
    return gap * (taps - 1) > 2 * n


def _folds(lengths: list[int], taps: tuple[int, ...], gaps: tuple[int, ...]) -> bool:
    """Tell whether a kernel is folded along any axis."""
    return max(gaps) * (max(taps) - 1) > 2 * min(lengths) and any(map(_long, lengths, taps, gaps))


def _gathered(
    index: np.ndarray, beside: np.ndarray, length: int, shared: bool, taps: Taps, axis: int
) -> Taps:
    """Return `taps` along `axis`, added at their new `index`. Those with an index below 0 go to `beside`.

    If the first and the last of them read the same samples, they get equal `shared` parts, so that a
    symmetric kernel stays symmetric.
    """
    moved = np.moveaxis(taps, axis, 0)
    result = np.zeros((length, *moved.shape[1:]))
    if beside is index or np.array_equal(beside, index):
        # Add in both directions, so that sums of taps are rounded like the sums of their mirror images.
        np.add.at(result, index, moved / 2)
        back = np.zeros_like(result)
        np.add.at(back, index[::-1], moved[::-1] / 2)
        result += back
        sizes = np.zeros_like(result)
        np.add.at(sizes, index, np.abs(moved))
        result = cancelled(result, sizes)
    else:
        np.add.at(result, index, np.maximum(moved, 0.0))
        np.add.at(result, beside, np.minimum(moved, 0.0))
    if shared:
        result[-1] = result[0] = result[0] / 2
    if result.size == 1:  # use the exact value that the taps should add up to
        result[0] = symmetry.whole(taps.ravel().tolist())
    return np.moveaxis(result, 0, axis)
