"""Whole numbers in floats: kernels and samples whose sums are exact as long as the type holds them."""

import math

import numpy as np
import numpy.typing as npt

from imfilter._filters.linear.operators import Operator, Taps

#: Bits of whole numbers that floats hold, by their size in bytes.
BITS = {4: 24, 8: 53}


def multiples(weights: Taps, size: int) -> tuple[npt.NDArray[np.int64], int] | None:
    """Return weights as whole multiples of the largest possible power of two, and its exponent; or None.

    Either the weights are whole numbers themselves. Or they are so small multiples of that power that floats
    of `size` bytes hold the sum of all, so that sums of whole samples can be exact.
    """
    exponent = math.frexp(float(np.abs(weights).max()))[1]
    unit = np.ldexp(weights, -exponent)  # values from -1 to 1
    shifts = [BITS[size] - math.frexp(float(np.abs(unit).sum()))[1]]
    if exponent <= BITS[8]:
        shifts.append(exponent)
    for shift in shifts:
        floats = np.ldexp(unit, shift)
        if (floats == np.rint(floats)).all():
            numbers = floats.astype(np.int64)
            bits = int(np.bitwise_or.reduce(numbers, axis=None))
            zeros = max((bits & -bits).bit_length() - 1, 0)  # zero bits that all numbers end with
            return numbers >> zeros, exponent - shift + zeros
    return None


def power(operator: Operator, size: int) -> int | None:
    """Return the exponent of the power of two that divides all weights of a kernel and its terms, or None."""
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
