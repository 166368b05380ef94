"""Kernels longer than what they filter: a border repeats, so that many of their taps read the same sample."""

import numpy as np

from imfilter._core.operators import Operator, Taps
from imfilter._core.padding import Padding

#: After how many samples a border repeats, by the samples of the axis.
PERIODS = {"wrap": lambda n: n, "symmetric": lambda n: 2 * n, "mirror": lambda n: max(2 * n - 2, 1)}


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
        offsets = nearest(steps * gap - pad.before, n, last, mode).astype(np.int64)
        low, high = min(int(offsets.min()), 0), max(int(offsets.max()), 0)
        index = offsets - low
        operator = Operator(
            tuple(
                tuple(_gathered(t, index, high - low + 1, 0) if a == axis else t for a, t in enumerate(term))
                for term in operator.terms
            ),
            None if operator.dense is None else _gathered(operator.dense, index, high - low + 1, axis),
            operator.norm,
        )
        pads[axis] = Padding(-low, max(last + high - (n - 1), 0), pad.length)
        dilations[axis] = 1
    return operator, tuple(pads), tuple(strides), tuple(dilations)


def nearest(offsets: np.ndarray, n: int, last: int, mode: str) -> np.ndarray:
    """Return the offsets nearest to 0 at which every output reads what it reads at `offsets`."""
    if mode in PERIODS:
        period = PERIODS[mode](n)
        return (offsets + period // 2) % period - period // 2
    # One beyond the image is the constant, the last sample itself is the edge.
    beyond = mode != "edge"
    return np.clip(offsets, -last - beyond, n - 1 + beyond)


def _gathered(taps: Taps, index: np.ndarray, length: int, axis: int) -> Taps:
    """Return `taps` along `axis` added up at their new `index`."""
    moved = np.moveaxis(taps, axis, 0)
    result = np.zeros((length, *moved.shape[1:]))
    np.add.at(result, index, moved)
    return np.moveaxis(result, 0, axis)
