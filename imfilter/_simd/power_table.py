"""The table of a weighted power of two; see `vector_math.power_parts`."""

import numpy as np
import numpy.typing as npt

from imfilter._simd.registers import FEATURES

#: Lanes of a register of float32, which holds a table. A table of two registers would have a third of the
#: error. But a permutation of two registers reads three, as multiply-adds and stores do, and waits for them:
#: `bilateral` took 104 ms instead of 101 for 3840x2160 and 17 x 17, the least of several times (Zen 4, two
#: threads).
LANES = 16
#: From 0 to 1/16, 2**-r is ``_SCALE * ((r - SHIFT)**2 + TERM)`` with a relative error from -5.9e-7 to 7.9e-7.
#: Both roundings of `power_parts` and `power_of_parts` toward 0 take up to 2e-7 from a result, so the sums of
#: all errors are equally far from 0. The shift is a multiple of 1/32.
SHIFT, _SCALE, TERM = 47 / 32, 0.235946004, 2.08103376


def is_tabulated(real: npt.DTypeLike) -> bool:
    """Tell whether powers of two of a type of samples are looked up: 16 lanes at once."""
    return np.dtype(real) == np.float32 and bool(FEATURES.get("avx512f"))


#: With AVX2 and without AVX-512, powers of float32 take a table of 4 entries, 2**(-k/4), which an instruction
#: looks up in each half of a register. From -1/8 to 1/8, 2**-r is the product of ``(r - 1)**2 + SQUARE`` and
#: ``SLOPE * (r - 1) + LINE`` with a relative error of at most 4.7e-7. To subtract 1 takes no operation of its
#: own, because 1 is a multiple of 1/4. A polynomial of degree 5 takes one operation more, of which more wait
#: for each other: `bilateral` took 64.4 ms instead of 59.7 for 3840x270 and 17 x 17, and 1.58 instead of 1.37
#: for 200x40, where samples do not share weights (Zen 3, one thread).
HALF, QUARTERS = 8, 4
SQUARE, SLOPE, LINE = 6.79035047, -0.0560199389, 0.0723439354


def _quarters() -> list[float]:
    """Return the table of a register. The bits of j are added, because those of k are subtracted."""
    found = np.exp2(-np.arange(QUARTERS) / QUARTERS).astype(np.float32)
    found.view(np.int32)[:] += np.arange(QUARTERS, dtype=np.int32) << 21
    return [float(entry) for entry in found] * (HALF // QUARTERS)


ENTRIES = _quarters()


def is_quartered(real: npt.DTypeLike) -> bool:
    """Tell whether powers of two of a type of samples are looked up in quarters: 8 lanes at once."""
    return np.dtype(real) == np.float32 and bool(FEATURES.get("avx2")) and not FEATURES.get("avx512f")


def power_table(logarithms: npt.NDArray[np.float64], real: np.dtype) -> npt.NDArray:
    """Return a row for each weight, whose binary logarithm is given.

    Let k/16 be an exponent rounded down to a multiple of 1/16. A row has an entry for each value of the
    lowest four bits of k: the weight times `_SCALE` and 2**(-k/16), divided by 2**floor(-k/16 - SHIFT).
    `power_of_parts` multiplies by this whole power of two: its argument `steps` is -k/16 - SHIFT. Without a
    table a row contains the logarithm.
    """
    if not is_tabulated(real):
        return logarithms.astype(real)[:, None]
    low = -np.arange(LANES) / LANES
    return (_SCALE * np.exp2(logarithms[:, None] + low - np.floor(low - SHIFT))).astype(real)
