"""Compilation ahead of time: histograms of the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.threshold.kernels import classes, collect, counted, histogram, small_integers, split
from imfilter._simd.jit import Combination


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types for which they are compiled."""
    yield histogram.count_samples, ()
    yield small_integers.count_bytes, (np.dtype("u1"),)
    yield small_integers.count_words, (np.dtype("u2"),)
    for element in ("u1", "u2"):
        yield histogram.sum_small, (np.dtype(element),)
    yield histogram.sum_line, (np.dtype("f4"),)
    yield histogram.sum_samples, ()
    yield histogram.count_real, (np.dtype("f4"),)
    yield collect.find, ()
    for kinds in (("u4", "u4"), ("u8", "f8")):
        types = np.dtype(kinds[0]), np.dtype(kinds[1])
        yield split.corner, types
    for kernel in (split.split, split.descend):
        yield kernel, (np.dtype("u8"), np.dtype("f8"))
    for kernel in (counted.split_counted, counted.descend_counted):
        yield kernel, (np.dtype("u4"), np.dtype("u4"))
    yield split.choose, ()
    yield classes.divide, ()
    yield classes.smooth_to_two, ()
