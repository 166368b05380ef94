"""The table of a weighted power of two; see `vector_math.power_parts`."""

import numpy as np
import numpy.typing as npt

from imfilter._simd.registers import FEATURES

#: Lanes of two registers of float32, which hold a table, and of one of them.
ENTRIES, LANES = 32, 16
#: From 0 to 1/32, 2**-r is ``_SCALE * ((r - SHIFT)**2 + TERM)`` with a relative error below 2.5e-7. The shift
#: is a multiple of 1/32.
SHIFT, _SCALE, TERM = 47 / ENTRIES, 0.23593767, 2.08118001


def is_tabulated(real: npt.DTypeLike) -> bool:
    """Tell whether powers of two of a type of samples are looked up: 16 lanes at once."""
    return np.dtype(real) == np.float32 and bool(FEATURES.get("avx512f"))


def power_table(logarithms: npt.NDArray[np.float64], real: np.dtype) -> npt.NDArray:
    """Return a row for each weight, whose binary logarithm is given.

    Let k/32 be an exponent rounded down to a multiple of 1/32. A row has an entry for each value of the
    lowest five bits of k: the weight times `_SCALE` and 2**(-k/32), divided by 2**floor(-k/32 - SHIFT).
    `power_of_parts` multiplies by this whole power of two: its argument `steps` is -k/32 - SHIFT. Without a
    table a row contains the logarithm.
    """
    if not is_tabulated(real):
        return logarithms.astype(real)[:, None]
    low = -np.arange(ENTRIES) / ENTRIES
    return (_SCALE * np.exp2(logarithms[:, None] + low - np.floor(low - SHIFT))).astype(real)
