"""Compilation in advance: the kernels of filters of series for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.series.kernels import (
    conversion,
    exponential,
    extremes,
    gaps,
    mean,
    median,
    order,
    variance,
    variance_gaps,
    windows,
)
from imfilter._simd.jit import Combination, Kernel


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    driver: Kernel
    for driver in (
        windows.weigh,
        median.middle,
        median.push_median,
        extremes.extreme,
        variance.variance,
        variance_gaps.counted_variance,
        variance_gaps.present_variance,
        order.slide_sorted,
        order.push_sorted,
        order.blend_neighbours,
        order.compare,
        mean.average,
        gaps.fill,
        gaps.mark,
        gaps.skip,
        exponential.recur,
        conversion.blocks_with_zeros,
        conversion.blocks_with_denormals,
        windows.weigh_of,
        extremes.extreme_of,
        variance.variance_of,
        variance_gaps.present_variance_of,
        mean.average_of,
        gaps.skip_of,
    ):
        yield driver, ()
    yield conversion.widen, (np.dtype(np.float32),)
    yield conversion.narrow, (np.dtype(np.float32),)
