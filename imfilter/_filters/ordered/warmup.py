"""Compilation ahead of time: all kernels of the family."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.ordered.kernels import sums
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    for made in (sums.sums, sums.means_of_columns, sums.means_of_lines):
        yield made, ()
    for driver in (sums.write_sums, sums.write_means, sums.write_totals):
        yield driver, ()
    yield sums.totals, (np.dtype("u1"), np.dtype("i4"), np.dtype("i8"))
    yield sums.totals, (np.dtype("f4"), np.dtype("f8"), np.dtype("f8"))
