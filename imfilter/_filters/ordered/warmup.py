"""Compilation ahead of time: all kernels of the family."""

from collections.abc import Iterator

from imfilter._filters.ordered.kernels import sums
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    for made in (sums.sums, sums.means_of_columns, sums.means_of_lines, sums.write_sums, sums.write_means):
        yield made, ()
