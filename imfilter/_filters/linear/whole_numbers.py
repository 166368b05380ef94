"""Whole numbers in floats: kernels and samples whose sums are exact while the arithmetic holds them."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._filters.linear.operators import Operator, Taps

#: Bits of whole numbers that floats hold, by their size in bytes.
BITS = {4: 24, 8: 53}


def multiples(weights: Taps, size: int) -> tuple[npt.NDArray[np.int64], int] | None:
    """Return weights as whole multiples of a power of two, the largest, and which; or None.

    They are whole numbers themselves; or, in a unit of that power, so small that floats of `size` bytes hold
    the sum of all, so that sums of whole samples can be exact.
    """
    exponent = math.frexp(float(np.abs(weights).max()))[1]
    unit = np.ldexp(weights, -exponent)  # from -1 to 1
    shifts = [BITS[size] - math.frexp(float(np.abs(unit).sum()))[1]]
    if exponent <= BITS[8]:
        shifts.append(exponent)
    for shift in shifts:
        floats = np.ldexp(unit, shift)
        if (floats == np.rint(floats)).all():
            numbers = floats.astype(np.int64)
            bits = int(np.bitwise_or.reduce(numbers, axis=None))
            zeros = max((bits & -bits).bit_length() - 1, 0)  # at the end of all numbers
            return numbers >> zeros, exponent - shift + zeros
    return None


def power(operator: Operator, size: int) -> int | None:
    """Return the power of two of which all weights of a kernel, and of its terms, are whole multiples."""
    return operator.known(("power", size), lambda: _power(operator, size))


def _power(operator: Operator, size: int) -> int | None:
    powers = []
    for term in [(operator.dense,)] if operator.dense is not None else operator.terms:
        factors = [multiples(taps, size) for taps in term]
        if any(factor is None for factor in factors):
            return None
        powers.append(sum(factor[1] for factor in factors if factor))
    return None if operator.norm else min(powers)


def peak(dtype: np.dtype, cval: float) -> float | None:
    """Return the largest magnitude of samples of a type and of the border; None if not all are whole."""
    if dtype.kind not in "biu" or not cval.is_integer():
        return None
    low, high = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return float(max(-low, high, abs(cval)))
