"""Kernels longer than what they filter: a border repeats, so that many of their taps read the same sample."""

import functools

import numpy as np

from imfilter._core import symmetry
from imfilter._core.operators import Operator, Taps, cancelled
from imfilter._core.padding import Padding

_PERIODS = {"wrap": lambda n: n, "symmetric": lambda n: 2 * n, "mirror": lambda n: max(2 * n - 2, 1)}


def folded(
    operator: Operator,
    lengths: list[int],
    paddings: tuple[Padding, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    mode: str,
) -> tuple[Operator, tuple[Padding, ...], tuple[int, ...], tuple[int, ...]]:
    """Return an equal operator of bounded reach, with its paddings, stride and dilation.

    A tap further away than the border's pattern is long reads what a nearer one reads, for every
    output; a kernel thus needs no more taps, and no wider a border, than about twice the image.
    """
    strides = [1 if p.length == 1 else s for p, s in zip(paddings, stride, strict=True)]
    dilations = [d if taps > 1 else 1 for d, taps in zip(dilation, operator.shape, strict=True)]
    pads = list(paddings)
    for axis, (n, taps) in enumerate(zip(lengths, operator.shape, strict=True)):
        pad, gap = pads[axis], dilations[axis]
        if gap * (taps - 1) <= 2 * n:
            continue
        last = (pad.length - 1) * strides[axis]  # the furthest output, in samples from the first
        # Python's integers, where 64 bits may not hold the offsets.
        steps = np.arange(taps, dtype=object if gap * taps > 2**60 else np.int64)
        offsets = _near(steps * gap - pad.before, n, last, mode).astype(np.int64)
        low, high = min(int(offsets.min()), 0), max(int(offsets.max()), 0)
        period = _PERIODS[mode](n) if mode in _PERIODS else 1
        shared = period % 2 == 0 and low == -(period // 2)
        high = period // 2 if shared else high  # half a period away on either side lies the same sample
        gather = functools.partial(_gathered, index=offsets - low, length=high - low + 1, shared=shared)
        operator = Operator(
            tuple(
                tuple(gather(t, axis=0) if a == axis else t for a, t in enumerate(term))
                for term in operator.terms
            ),
            None if operator.dense is None else gather(operator.dense, axis=axis),
            operator.norm,
        )
        pads[axis] = Padding(-low, max(last + high - (n - 1), 0), pad.length)
        dilations[axis] = 1
    return operator, tuple(pads), tuple(strides), tuple(dilations)


def _near(offsets: np.ndarray, n: int, last: int, mode: str) -> np.ndarray:
    """Return the offsets nearest to 0 at which every output reads what it reads at `offsets`."""
    if mode in _PERIODS:
        period = _PERIODS[mode](n)
        return (offsets + period // 2) % period - period // 2
    # One beyond the image is the constant, the last sample itself is the edge.
    beyond = mode != "edge"
    return np.clip(offsets, -last - beyond, n - 1 + beyond)


def _gathered(taps: Taps, index: np.ndarray, length: int, axis: int, *, shared: bool) -> Taps:
    """Return `taps` along `axis` added up at their new `index`.

    If the first and the last of them read the same samples they have equal `shared` parts: a symmetric kernel
    remains one.
    """
    moved = np.moveaxis(taps, axis, 0)
    result = np.zeros((length, *moved.shape[1:]))
    np.add.at(result, index, moved)
    sizes = np.zeros_like(result)
    np.add.at(sizes, index, np.abs(moved))
    result = cancelled(result, sizes)
    if shared:
        result[-1] = result[0] = result[0] / 2
    if result.size == 1:  # as exact as what the taps are meant to add up to
        result[0] = symmetry.whole(taps.tolist())
    return np.moveaxis(result, 0, axis)
