"""Gradients of scikit-image: a derivative along one axis, or the root of their mean square."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat.ndimage_sums import Fast, Window, fits
from imfilter._filters.linear.operators import Operator, separable

_Taps = Sequence[npt.NDArray]


class Gradient:
    """The derivatives of an image along axes. `terms` are their taps along all axes of the image."""

    complex_result = False

    def __init__(self, terms: Sequence[_Taps], mode: str, cval: float) -> None:
        self._several = len(terms) > 1
        self._ndim, self._mode, self._cval = len(terms[0]), mode, cval
        spans = [len(taps) for taps in terms[0]]
        where = [(axis, n // 2, mode) for axis, n in enumerate(spans)]
        # scikit-image's kernels are dense and leave out weights of 0, so NaN and infinity go through them.
        build = _magnitude if self._several else _one
        self._fast = Fast(build, [*itertools.chain(*terms)], spans, where, watch=True)
        self._terms = terms

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        if not (fits(out, [self._mode] * self._ndim, self._cval) and self._fast.run(image, self._cval, out)):
            self._in_order(image, out)
        if self._several:  # not in the taps: the magnitude of a step is exactly its height
            out /= np.sqrt(self._ndim, dtype=out.dtype)

    def _in_order(self, image: npt.NDArray, out: npt.NDArray) -> None:
        for number, term in enumerate(self._terms):
            found = np.empty_like(out) if number else out
            befores = [len(taps) // 2 for taps in term]
            Window(_outer(term), befores, self._mode, self._cval).run(image, found)
            if self._several:
                np.multiply(found, found, found)
            if number:
                out += found
        if self._several:
            np.sqrt(out, out)


class Cross:
    """The root of the mean square of two derivatives with dense kernels: the gradient of Roberts."""

    complex_result = False

    def __init__(self, first: Window, second: Window) -> None:
        self._filters = first, second

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        other = np.empty_like(out)
        for each, found in zip(self._filters, (out, other), strict=True):
            each.run(image, found)
            np.multiply(found, found, found)
        out += other
        np.sqrt(out, out)
        out /= np.sqrt(2)


def _outer(taps: _Taps) -> npt.NDArray:
    """Return the dense kernel of taps along all axes."""
    kernel: Any = np.ones(())
    for each in taps:
        kernel = np.multiply.outer(kernel, each)
    return kernel


def _magnitude(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(*(taps[i : i + ndim] for i in range(0, len(taps), ndim)), norm=True)


def _one(ndim: int, axes: tuple[int, ...], *taps: npt.NDArray) -> Operator:
    return separable(taps)
