"""Words of 64 bits."""

import numba
import numpy as np
import pytest

from imfilter._simd.words import lowest_bit


@numba.njit
def lowest(word):
    return lowest_bit(word)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_lowest_bit(kind):
    for place in range(64):
        above = (0xABCDEF0123456789 << place + 1) % (1 << 64)
        assert lowest(np.uint64(1 << place | above).astype(kind)) == place
