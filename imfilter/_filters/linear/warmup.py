"""Compilation ahead of time: the kernels of linear filters for the usual element types."""

from collections.abc import Iterator

import numpy as np

from imfilter._filters.linear import symmetry
from imfilter._filters.linear.kernels import box, cosine, large_samples, sample_ranges, winograd
from imfilter._filters.linear.kernels.box_rows import slide_box
from imfilter._filters.linear.kernels.constants import kernels_number, looped, window_number, written_out
from imfilter._filters.linear.kernels.cosine_rows import slide_cosine
from imfilter._filters.linear.kernels.job import BLOCK_ALONG
from imfilter._filters.linear.kernels.normalized import (
    combine_both,
    combine_one,
    load_samples,
    over_piece,
)
from imfilter._filters.linear.kernels.normalized_window import merge, slide_normalized, sum_rows, sum_up
from imfilter._filters.linear.kernels.sliding_window import prepare, slide
from imfilter._filters.linear.kernels.symmetric_rows import sum_symmetric, sum_symmetric_along
from imfilter._filters.linear.kernels.symmetric_sums import ABOUT, CENTRED
from imfilter._filters.linear.kernels.symmetric_window import sum_symmetric_window
from imfilter._filters.linear.kernels.winograd_line import line_winograd
from imfilter._filters.linear.kernels.winograd_rows import slide_winograd
from imfilter._filters.linear.tap_runs import ROWS, rows_at_once
from imfilter._simd import lane_transpose, lines, tones, unrolled_sums, weighted_sums
from imfilter._simd.denormals import switch
from imfilter._simd.jit import Combination
from imfilter._simd.registers import FEATURES

_U8, _U16, _I32, _F32, _F64 = map(np.dtype, ("u1", "u2", "i4", "f4", "f8"))


def combinations() -> Iterator[Combination]:
    """Yield kernels with the types that they are compiled for."""
    yield slide, ()
    yield prepare, ()
    yield switch, ()
    yield tones.scale, ()
    for element in ("u1", "u2"):
        yield tones.scale_samples, (np.dtype("f4"), np.dtype(element))
    for real, source in ((_F32, _U8), (_F32, _U16), (_F32, _F32), (_F64, _U16), (_F64, _F64)):
        yield lines.fetch, (real, source)
        yield lines.combine, (real, source)
    for real, target in ((_F32, _U8), (_F32, _F32), (_F64, _U16), (_F64, _F64)):
        yield lines.place, (real, target)
    for real in (_F32, _F64):
        yield weighted_sums.sum_rows, (real, real, 1, 0)
        for outputs in range(2, ROWS + 1):
            for single in (0, 1):
                yield weighted_sums.sum_rows, (real, real, outputs, single)
        for target in (real, _U8 if real == _F32 else _U16):
            for taps in (3, 5):
                yield unrolled_sums.sum_window, (real, target, rows_at_once(taps), taps, taps, 0)
        yield from _symmetric(real)
        for taps in range(3, unrolled_sums.STRAIGHT_LINE + 1, 2):
            yield unrolled_sums.sum_window, (real, real, 1, 1, taps, 0)
        yield weighted_sums.sum_rows, (real, _U8 if real == _F32 else _U16, ROWS, 1)
        yield weighted_sums.sum_along, (real, BLOCK_ALONG)
        yield lane_transpose.to_lanes, (real,)
        yield lane_transpose.join, (real,)
    yield slide_box, ()
    for sums, source, real, exact in (
        (_U16, _U8, _U16, 0),
        (_U16, _U8, _U16, 1),
        (_U16, _U8, _F32, 0),
        (_I32, _U8, _F32, 0),
        (_I32, _U16, _F32, 0),
        (_I32, _U16, _F64, 0),
        (_F64, _F32, _F64, 0),
    ):
        yield box.box_down, (sums, source)
        yield box.box_border, (sums, source)
        yield box.box_along, (sums, real, source, exact)
    yield slide_winograd, ()
    yield line_winograd, ()
    for real in (_F32, _F64):
        yield winograd.subtract, (real,)
        for times in (2, 3):
            yield winograd.mix, (real, times)
        for rows in (0, 1, 3, 7, 10):  # kernels of 20, 21 and 28 to 31 rows
            yield winograd.sum_lines, (real, ROWS, rows)
    yield slide_cosine, ()
    for real, terms in ((_F32, 8), (_F32, 10), (_F64, 10)):
        yield cosine.oscillate, (real, terms)
    yield from _sizes()
    yield from _missing()
    for sums in (_U16, _I32, _F64):
        for channels in (1, 3):
            yield box.box_prefix, (sums, channels)


def _missing() -> Iterator[Combination]:
    """Yield the kernels for missing data."""
    yield slide_normalized, ()
    yield over_piece, ()
    for real in (_F32, _F64):
        for kernel in (merge, sum_rows, sum_up):
            yield kernel, (real,)
        yield load_samples, (real, real)
        yield combine_one, (real, real)
        yield combine_both, (real, real)


def _sizes() -> Iterator[Combination]:
    """Yield the kernels that measure the sizes of samples, and those that repair sums."""
    yield sample_ranges.survey, ()
    for real in (_F32, _F64):
        for kernel in (sample_ranges.widen_strip, sample_ranges.close_strip, sample_ranges.finish):
            yield kernel, (real,)
    yield sample_ranges.close_windows, (_F32,)
    yield large_samples.sift, ()
    yield large_samples.count_broken, ()
    yield large_samples.sift_line, (_F32,)
    yield large_samples.divide_line, (_F32,)


def _symmetric(real: np.dtype) -> Iterator[Combination]:
    """Yield the kernels that Gaussians, Sobel's and other symmetric kernels need."""
    cross = np.array([[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]])
    smooth, difference = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    gradient = [np.multiply.outer(smooth, difference)[None], np.multiply.outer(difference, smooth)[None]]
    for target in (real, _U8 if real == _F32 else _U16):
        for kernels in ([cross], gradient[:1], gradient[1:], gradient):
            window = symmetry.window(kernels)
            assert window is not None
            numbers = window_number(*window.shape), kernels_number(list(window.kernels), len(kernels) > 1)
            rows = rows_at_once(3, kernels=len(kernels))
            yield sum_symmetric_window, (real, target, rows, *numbers)
    # float64 images are rarer than results of 16 bits, so only their short kernels are compiled.
    for half in range(1, (8 if real == _F32 else 4) + 1):
        for form, target in ((ABOUT, real), (CENTRED, _U8 if real == _F32 else _U16)):
            number, biased = written_out([(0, half, form)]), int(target == real)
            yield sum_symmetric, (real, real, real, 1, number, 0, 0, 1)
            rows = rows_at_once(2 * half + 1, centred=form == CENTRED)
            yield sum_symmetric, (real, real, target, rows, number, 0, 0, biased)
            if not (FEATURES.get("avx512f") or FEATURES.get("avx2")):
                continue
            for step in (1, 3, 4):  # between the samples of a channel: grey, RGB and RGBA
                yield sum_symmetric, (real, real, real, 1, number, 0, step, 0)
            if target == real:  # lines of one filtered axis
                yield sum_symmetric, (real, real, real, 1, number, 0, 1, 1)
    for outputs in (1, ROWS):
        yield sum_symmetric, (real, real, real, outputs, looped({ABOUT}), 0, 0, 1)
    yield sum_symmetric_along, (real, BLOCK_ALONG, looped({ABOUT}))
