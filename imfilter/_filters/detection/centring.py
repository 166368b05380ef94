"""The offset and the scale that a search removes from an image, so that its sums lose no digits."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.denormals import as_zeros

#: Samples whose mean is the offset of an image, and samples that tell whether this mean is near most samples.
_SOME, _FEW = 1 << 17, 1 << 12
#: Largest distance of the mean from the median, in median deviations. Farther away, sums lose digits.
_FAR = 64
#: Samples are scaled if all are below the first power of two, or most are above the second, by the size of
#: an element. Then squares, or sums, could leave the range.
_RANGE = {4: (-90, 112), 8: (-400, 400)}
#: Samples beyond this share of the largest number are summed one by one. Long sums of them could be infinite.
_MOST = 2.0**-32


class Centre(NamedTuple):
    """What is subtracted from samples, and the power of two by which the rest is divided."""

    offset: float
    exponent: int = 0

    @as_zeros
    def remove(self, samples: npt.NDArray, to: npt.NDArray) -> None:
        """Write the samples minus the offset, scaled. To scale is exact."""
        if not self.exponent:
            np.subtract(samples, self.offset, out=to, dtype=to.dtype)
            return
        with np.errstate(over="ignore"):
            np.ldexp(samples, -self.exponent, out=to)
            to += self.removed(0.0)

    def removed(self, value: float) -> float:
        """Return a number minus the offset, scaled."""
        if not self.exponent:
            return value - self.offset
        scaled = [_scaled(number, -self.exponent) for number in (value, self.offset)]
        return scaled[0] - scaled[1]


def _scaled(number: float, exponent: int) -> float:
    with np.errstate(over="ignore"):
        return float(np.ldexp(number, exponent))


def are_large(samples: npt.NDArray) -> bool:
    """Tell whether some samples must be summed one by one, because they are very large or not finite."""
    most = np.finfo(samples.dtype).max * _MOST
    return not (-most <= samples.min() and samples.max() <= most)


def grid(size: int, ndim: int) -> tuple[slice, ...]:
    """Return the index of the samples that tell the offset of an image of some size."""
    return (slice(None, None, max(1, round((size / _SOME) ** (1 / ndim)))),) * ndim


@as_zeros
def of_all(some: npt.NDArray, real: np.dtype) -> Centre:
    """Return the centre of an image from some of its samples. The offset of integers is a whole number."""
    # NumPy sums samples of the other byte order in parts, which changes the last bits of a mean.
    some = some.astype(some.dtype.newbyteorder("="), copy=False)
    mean, exponent = _middle(some[np.isfinite(some)], real)
    return Centre(float(np.rint(mean)) if some.dtype.kind in "biu" else mean, exponent)


@as_zeros
def of_present(
    some: npt.NDArray, there: npt.NDArray[np.bool_], smallest: float | None, real: np.dtype
) -> Centre:
    """Return the centre of the samples that are present, from some of an image.

    If none of these is present, the offset is the `smallest` of all samples; see `smallest_of`.
    """
    values = some[there].astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size and smallest is not None:
        values = np.array([smallest])
    return Centre(*_middle(values, real))


@as_zeros
def smallest_of(samples: npt.NDArray, there: npt.NDArray[np.bool_]) -> float | None:
    """Return the finite sample that is present and has the least magnitude, if there is one.

    Of two that are as far from 0, it is the positive one. It does not depend on the order of samples.
    """
    values = samples[there & np.isfinite(samples)].astype(np.float64)
    return least(values.tolist()) if values.size < 2 else least([_nearest(values, 1), _nearest(values, -1)])


def _nearest(values: npt.NDArray[np.float64], sign: int) -> float | None:
    side = values[values >= 0] if sign > 0 else values[values < 0]
    return None if not side.size else float(side.min() if sign > 0 else side.max())


def least(numbers: "list[float] | list[float | None]") -> float | None:
    """Return the number of the least magnitude, if there is one."""
    given = [number for number in numbers if number is not None]
    return min(given, key=lambda number: (abs(number), number < 0)) if given else None


def _middle(finite: npt.NDArray, real: np.dtype) -> tuple[float, int]:
    """Return the mean of finite samples, or their median if a few of them move the mean far away; the scale.

    Samples that are equal to the median tell nothing of the distances: they may be the background.
    """
    if not finite.size:
        return 0.0, 0
    with np.errstate(all="ignore"):
        exponent = _exponent(finite, real) if finite.dtype.kind == "f" else 0
        if exponent:
            middle, _ = _middle(np.ldexp(finite, -exponent), real)
            return float(np.ldexp(middle, exponent)), exponent
        mean = float(finite.mean(dtype=np.float64))
        few = finite[:: -(-finite.size // _FEW)].astype(np.float64)
        median = float(np.median(few))
        others = few[few != median]
        spread = float(np.median(np.abs(others - median))) if others.size else 0.0
        return (mean if abs(mean - median) <= _FAR * spread else median), 0


def _exponent(finite: npt.NDArray, real: np.dtype) -> int:
    """Return the power of two that brings samples in range; 0 if they are."""
    low, high = _RANGE[real.itemsize]
    largest = max(abs(float(finite.max())), abs(float(finite.min())))
    _, exponent = math.frexp(largest)
    if exponent < low and largest > 0:
        return exponent
    if exponent > high:
        sizes = np.abs(finite[:: -(-finite.size // _FEW)].astype(np.float64))
        sizes = sizes[sizes > 0]
        _, exponent = math.frexp(float(np.sort(sizes)[sizes.size // 2])) if sizes.size else (0.0, 0)
        return exponent if exponent > high else 0
    return 0
