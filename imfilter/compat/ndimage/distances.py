"""The Euclidean distance transform of `scipy.ndimage`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.ndimage

from imfilter._base import dtypes
from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.morphology import distance
from imfilter.typing import ArrayLike, NDArray

#: Largest length of an axis in whole units. The cubes of lengths, which SciPy compares, are exact then.
_LARGEST = 1 << 16


@like(scipy.ndimage.distance_transform_edt, "scipy.ndimage.distance_transform_edt")
def distance_transform_edt(
    input: ArrayLike,
    sampling: float | Sequence[float] | None = None,
    return_distances: bool = True,
    return_indices: bool = False,
    distances: NDArray | None = None,
    indices: NDArray | None = None,
) -> NDArray | tuple[NDArray, NDArray] | None:
    """Measure distances to the nearest sample that is 0, as `scipy.ndimage.distance_transform_edt` does.

    If the squares of the distances between samples have few digits, for example with samplings such as 1, 3
    or 0.75, all results are those of SciPy. With others, distances differ by rounding, and indices come from
    SciPy: rounding decides there which of two equally near samples is found.
    """
    array = arguments.image(input)
    if not (return_distances or return_indices):
        raise Elsewhere("nothing is asked for")
    metric = remembered(_metrics, _metric, array, (sampling,))
    if return_indices and not metric.exact:
        raise Elsewhere("the nearest samples depend on rounding")
    to = places = None
    if distances is not None:
        to = _given(distances, return_distances, array.shape, np.float64)
    if indices is not None:
        places = _given(indices, return_indices, (array.ndim, *array.shape), np.int32)
    axes, own, _, scale = metric
    found, near = distance.distance(array, axes, own, return_indices, dtypes.FLOAT64, to, None)
    if math.isinf(found.item(0)):
        raise Elsewhere("no sample is 0")
    if scale != 1:
        _scale(found, scale)
    results = [found] if return_distances and to is None else []
    if near is not None and places is None:
        results.append(near)
    elif near is not None and places is not None:
        places[...] = near
    return (results[0] if len(results) == 1 else (results[0], results[1])) if results else None


class _Metric(NamedTuple):
    """The axes, their spacings, whether squared distances are exact, and a factor of the distances."""

    axes: tuple[int, ...]
    spacings: tuple[float, ...]
    exact: bool
    scale: float


#: Metrics by the samplings that they are made of.
_metrics: Calls[_Metric] = Calls()


def _metric(array: NDArray, sampling: Any) -> _Metric:
    if array.ndim > arguments.MOST_AXES:
        raise Elsewhere("the image has more than three axes")
    axes, spacings = tuple(range(array.ndim)), (1.0,) * array.ndim
    if sampling is not None:
        spacings = tuple(float(s) for s in arguments.each(sampling, array.ndim, "sampling"))
    if not all(math.isfinite(s) and s > 0 for s in spacings):
        raise Elsewhere("a sampling is not positive")
    exact = _exact(spacings, array.shape)
    if exact and len(set(spacings)) == 1:
        return _Metric(axes, (1.0,) * array.ndim, exact, spacings[0])
    return _Metric(axes, spacings, exact, 1.0)


def _exact(spacings: Sequence[float], shape: tuple[int, ...]) -> bool:
    """Tell whether all squared distances, and what SciPy compares, are whole numbers of a small unit."""
    unit = min(math.frexp(s)[1] for s in spacings) - 17
    lengths = [math.ldexp(s, -unit) for s in spacings]
    if not all(n.is_integer() and n < _LARGEST << 17 for n in lengths):
        return False
    common = math.gcd(*map(int, lengths))
    common &= -common  # a power of two
    return all(int(n) // common * size < _LARGEST for n, size in zip(lengths, shape, strict=True))


def _scale(found: NDArray, spacing: float) -> None:
    """Multiply roots of whole numbers. Only the result is rounded, as in SciPy."""
    np.multiply(found, found, out=found)
    np.rint(found, out=found)
    found *= spacing * spacing
    np.sqrt(found, out=found)


def _given(given: Any, wanted: bool, shape: tuple[int, ...], kind: type) -> NDArray:
    """Return the array that is given for a result."""
    fits = type(given) is np.ndarray and given.shape == shape and given.dtype.type is kind
    if not wanted or not fits or not given.dtype.isnative or not given.flags.writeable:
        raise Elsewhere("an array for a result does not fit")
    return given
