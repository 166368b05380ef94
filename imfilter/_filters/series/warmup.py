"""Compilation in advance: the kernels of filters of series for the usual element types."""

from collections.abc import Iterator

from imfilter._filters.series.kernels import (
    exponential,
    extremes,
    gaps,
    mean,
    median,
    order,
    variance,
    windows,
)
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    for driver in (
        windows.weigh,
        median.middle,
        median.push_median,
        extremes.extreme,
        variance.variance,
        variance.counted_variance,
        order.slide_sorted,
        order.push_sorted,
        order.blend_neighbours,
        order.compare,
        mean.average,
        gaps.fill,
        gaps.mark,
        exponential.recur,
    ):
        yield driver, ()
