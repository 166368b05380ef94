"""Gaussians and derivatives in SciPy's order of sums.

Every bit is that of scikit-image, so what is compared afterwards is equal: peaks, edges, blobs.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat.ndimage_sums import Lines
from imfilter._compat.serving import Elsewhere
from imfilter.compat.ndimage.derivatives import smoothed
from imfilter.compat.ndimage.gaussians import smoothing

_Array = npt.NDArray
#: Where derivatives of Gaussians are cut off, in standard deviations: far away if one of them is small.
_WIDE, _NARROW = 100, 8


def sigmas(given: Any, array: _Array) -> tuple[Any, ...]:
    """Return a standard deviation for each axis. SciPy's Gaussian depends on its type."""
    found = tuple(given) if isinstance(given, Iterable) else (given,) * array.ndim
    if len(found) != array.ndim or not all(s >= 0 for s in found):
        raise Elsewhere("sigma is not usual")
    return found


def gaussian(array: _Array, sigma: Sequence[float], mode: Any = "reflect", cval: Any = 0.0) -> _Array:
    """Smooth an image of floats."""
    return _run(smoothing(array, list(sigma), 0, mode, cval), array, cval)


def second_derivatives(array: _Array, sigma: Sequence[float], mode: Any, cval: Any) -> list[_Array]:
    """Return the elements of the Hessian matrices of an image of floats, by two derivatives of Gaussians."""
    truncate = _NARROW if all(s > 1 for s in sigma) else _WIDE
    scaled = [s * (1 / math.sqrt(2)) for s in sigma]

    def derivative(of: _Array, axis: int) -> _Array:
        orders = [int(a == axis) for a in range(array.ndim)]
        return _run(smoothing(of, scaled, orders, mode, cval, truncate), of, cval)

    slopes = [derivative(array, axis) for axis in range(array.ndim)]
    pairs = itertools.combinations_with_replacement(range(array.ndim), 2)
    return [derivative(slopes[a], b) for a, b in pairs]


def sobel(array: _Array, axis: int, mode: Any = "reflect", cval: Any = 0.0) -> _Array:
    """Differentiate an image of floats along an axis."""
    return _run(smoothed(array, axis, mode, cval, False), array, cval)


def laplacian(array: _Array, sigma: Sequence[float]) -> _Array:
    """Return the Laplacian of the Gaussian of an image of floats."""
    orders = np.eye(array.ndim, dtype=int) * 2
    parts = [
        _run(smoothing(array, list(sigma), list(map(int, o)), "reflect", 0.0), array, 0.0) for o in orders
    ]
    for part in parts[1:]:
        parts[0] += part
    return parts[0]


def _run(lines: Lines, array: _Array, cval: Any) -> _Array:
    out = np.empty_like(array, order="C")
    lines.in_order(array, float(cval), out)
    return out
