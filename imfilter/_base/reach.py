"""How far the results of a filter reach: the samples of an image that a result depends on."""

from collections.abc import Iterable
from typing import NamedTuple

from imfilter._base.padding import Padding


class Along(NamedTuple):
    """The samples along an axis that result i depends on: from i*step - before to i*step + after.

    `cell` is the number of samples of a cell, if the axis is divided into cells. A part of an image that is
    filtered alone must begin at the begin of a cell. `tile` results are computed together: they depend on the
    samples of all of them.
    """

    before: int
    after: int
    step: int = 1
    cell: int = 1
    tile: int = 1


#: The samples that a result depends on, for each filtered axis of the image.
Reach = dict[int, Along]


def of_sizes(axes: Iterable[int], sizes: Iterable[int]) -> Reach:
    """Return the reach of a window of `sizes` whose centre is at n // 2."""
    return {a: Along(n // 2, n - 1 - n // 2) for a, n in zip(axes, sizes, strict=True)}


def of_radii(axes: Iterable[int], radii: Iterable[int]) -> Reach:
    """Return the reach of a window that reaches so many samples to both sides."""
    return {a: Along(r, r) for a, r in zip(axes, radii, strict=True)}


def of_paddings(
    axes: Iterable[int],
    paddings: Iterable[Padding],
    sizes: Iterable[int],
    stride: Iterable[int],
    dilation: Iterable[int],
) -> Reach:
    """Return the reach of windows of `sizes` samples over an axis with its padding."""
    return {
        a: Along(pad.before, (n - 1) * gap - pad.before, step)
        for a, pad, n, step, gap in zip(axes, paddings, sizes, stride, dilation, strict=True)
    }
