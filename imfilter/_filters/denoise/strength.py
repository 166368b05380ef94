"""The strength of non-local means, from the noise."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._filters.denoise import noise

#: The default strength by the standard deviation of the noise. For patches of 5, photographs with noise of 20
#: are best with 0.75, with noise of 10 with 0.9, and with noise of 40 with 0.6; see `benchmarks.denoising`.
_STRENGTH = 0.8
#: Range of strengths whose squares have all digits in float32.
_LEAST, _MOST = 1e-13, 1e13
#: Squares of differences may be 0 in float64 below the first strength, and infinite above the second.
_SMALLEST, _LARGEST = 1e-140, 1e140


class Strength(NamedTuple):
    """Twice the variance of the noise, the strength, and the type of the arithmetic.

    They belong to samples that are multiplied by `unit`.
    """

    twice: float
    strength: float
    real: np.dtype
    unit: float = 1.0

    @property
    def unscaled(self) -> "Strength":
        """The same for samples as they are."""
        return Strength(self.twice / self.unit / self.unit, self.strength / self.unit, self.real)

    @property
    def slope(self) -> float:
        """The factor of squared distances in the binary logarithms of weights."""
        square = self.strength * self.strength
        return math.log2(math.e) / square if square > 1e-300 else 1e300


def of_block(
    block: npt.NDArray,
    present: npt.NDArray[np.bool_] | None,
    strength: float | None,
    deviation: float | None,
    dtype: np.dtype,
    workers: int | None,
) -> Strength:
    """Return the strength for a block of channels, z, y and x, and a dtype of the result."""
    if deviation is None:
        finite = present
        if block.dtype.kind == "f":
            finite = np.isfinite(block) if present is None else present & np.isfinite(block)
            finite = None if finite.all() else finite
        each = [
            noise.deviation(c, None if finite is None else finite[i], workers) for i, c in enumerate(block)
        ]
        known = [value for value in each if value == value]
        deviation = _root_mean_square(known) if known else 0.0
    strength = _STRENGTH * deviation if strength is None else strength
    real = dtypes.working(block.dtype, dtype)
    if not (_LEAST < strength < _MOST and (deviation == 0 or _LEAST < deviation < _MOST)):
        real = dtypes.FLOAT64
    unit, most = 1.0, max(strength, deviation)
    if most > _LARGEST or 0 < most < _SMALLEST:
        unit = 2.0 ** -max(min(math.frexp(most)[1], 1000), -1000)  # a normal number
        strength, deviation = strength * unit, deviation * unit
    return Strength(2 * deviation * deviation, strength, real, unit)


def _root_mean_square(values: list[float]) -> float:
    """Return the root of the mean of squares, which is at most the largest float64."""
    mean = sum(v * v for v in values) / len(values)
    if 1e-290 < mean < math.inf:
        return math.sqrt(mean)
    return min(math.hypot(*values) / math.sqrt(len(values)), float(np.finfo(np.float64).max))
