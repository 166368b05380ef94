"""Compiling ahead: the kernels for the usual element types, a step at a time."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from imfilter._core import jit, layer, symmetry, tap_tables
from imfilter._core.runs import ROWS
from imfilter._kernels import (
    bitset,
    box,
    colors,
    cosine,
    deal,
    fir,
    histogram,
    lines,
    marks,
    medians,
    order,
    pool_line,
    recurrence,
    slide_descriptor,
    slide_mean,
    slide_series,
    small,
    small_rank,
    sort,
    survey,
    tensor,
    thin,
    vote,
    winograd,
)
from imfilter._kernels.apart import keep_apart
from imfilter._kernels.denormals import switch
from imfilter._kernels.flood import flood
from imfilter._kernels.job import BLOCK_ALONG
from imfilter._kernels.line_winograd import line_winograd
from imfilter._kernels.slide import prepare, slide
from imfilter._kernels.slide_blocks import slide_blocks
from imfilter._kernels.slide_box import slide_box
from imfilter._kernels.slide_canny import slide_canny
from imfilter._kernels.slide_cells import slide_cells
from imfilter._kernels.slide_color import slide_color
from imfilter._kernels.slide_corner import slide_corner
from imfilter._kernels.slide_cosine import slide_cosine
from imfilter._kernels.slide_layer import convolve, slide_layer
from imfilter._kernels.slide_pool import slide_extremes, slide_means
from imfilter._kernels.slide_rank import slide_rank
from imfilter._kernels.slide_winograd import slide_winograd
from imfilter._kernels.symmetric import sum_symmetric, sum_symmetric_along
from imfilter._kernels.symmetric_sums import ABOUT, looped, written_out
from imfilter._kernels.symmetric_window import kernels_number, sum_symmetric_window, window_number

_U8, _U16, _I32, _F32, _F64 = map(np.dtype, ("u1", "u2", "i4", "f4", "f8"))

_Combination = tuple[jit.Kernel, tuple[np.dtype | int, ...]]


def _combinations() -> Iterator[_Combination]:
    """Yield what the filters need for images of 8 and 16 bits and of floats, grey or in three colours."""
    yield slide, ()
    yield prepare, ()
    yield switch, ()
    for real, source in ((_F32, _U8), (_F32, _U16), (_F32, _F32), (_F64, _U16), (_F64, _F64)):
        yield lines.fetch, (real, source)
        yield lines.combine, (real, source)
    for real, target in ((_F32, _U8), (_F32, _F32), (_F64, _U16), (_F64, _F64)):
        yield lines.place, (real, target)
    for real in (_F32, _F64):
        yield fir.sum_rows, (real, real, 1, 0)
        for outputs in range(2, ROWS + 1):
            for single in (0, 1):
                yield fir.sum_rows, (real, real, outputs, single)
        for target in (real, _U8 if real == _F32 else _U16):
            yield small.sum_window, (real, target, min(3, ROWS), 3, 3, 0)
            yield small.sum_window, (real, target, min(5, ROWS), 5, 5, 0)
        yield from _symmetric(real)
        for taps in range(3, tap_tables.STRAIGHT_LINE + 1, 2):
            yield small.sum_window, (real, real, 1, 1, taps, 0)
        yield fir.sum_rows, (real, _U8 if real == _F32 else _U16, ROWS, 1)
        yield fir.sum_along, (real, BLOCK_ALONG)
        yield deal.deal, (real,)
        yield deal.join, (real,)
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
    yield from _ranks()
    yield from _pools()
    for sums in (_U16, _I32, _F64):
        for channels in (1, 3):
            yield box.box_prefix, (sums, channels)


def _sizes() -> Iterator[_Combination]:
    """Yield what looks at the sizes of samples that share sums, and what mends these."""
    yield survey.survey, ()
    for real in (_F32, _F64):
        for kernel in (survey.widen_strip, survey.close_strip, survey.finish):
            yield kernel, (real,)
    yield survey.close_windows, (_F32,)
    yield marks.sift, ()
    yield marks.count_broken, ()
    yield marks.sift_line, (_F32,)
    yield marks.divide_line, (_F32,)


def _symmetric(real: np.dtype) -> Iterator[_Combination]:
    """Yield what Gaussians, Sobel's and other symmetric kernels need."""
    cross = np.array([[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]])
    smooth, difference = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    gradient = [np.multiply.outer(smooth, difference)[None], np.multiply.outer(difference, smooth)[None]]
    for target in (real, _U8 if real == _F32 else _U16):
        for kernels in ([cross], gradient[:1], gradient[1:], gradient):
            window = symmetry.window(kernels)
            assert window is not None
            numbers = window_number(*window.shape), kernels_number(list(window.kernels), len(kernels) > 1)
            yield sum_symmetric_window, (real, target, min(3, ROWS), *numbers)
    # Of float64 images, which are rarer than results of 16 bits, short kernels alone.
    for half in range(1, (8 if real == _F32 else 4) + 1):
        number = written_out([(0, half, ABOUT)])
        yield sum_symmetric, (real, real, real, 1, number, 0)
        for target in (real, _U8 if real == _F32 else _U16):
            yield sum_symmetric, (real, real, target, min(2 * half + 1, ROWS), number, 0)
    for outputs in (1, ROWS):
        yield sum_symmetric, (real, real, real, outputs, looped({ABOUT}), 0)
    yield sum_symmetric_along, (real, BLOCK_ALONG, looped({ABOUT}))


def _ranks() -> Iterator[_Combination]:
    """Yield what medians, percentiles, minima and maxima need."""
    yield slide_rank, ()
    yield slide_blocks, ()
    for compared, kind, how in (
        (_U8, _U8, order.INTEGERS),
        (_U16, _U16, order.INTEGERS),
        (_F32, _I32, order.WATCHED),
    ):
        yield order.fetch_keys, (kind, how)
        yield order.compare, (compared,)
        yield lines.place, (kind, kind)
        yield small_rank.rank_window, (compared, 0, 5, 5, 12)
        for rank in (0, 4, 8):
            yield small_rank.rank_flow, (compared, 0, 3, 3, rank)
        if kind != _U8:
            turned = order.TURNED if kind == _I32 else order.INTEGERS
            yield order.fetch_keys, (kind, turned)
            yield sort.sort, (kind, turned)
    yield bitset.rank_bits, ()
    for summed in (_U8, _U16):
        for what in (histogram.VALUES, histogram.PLACES):
            yield histogram.rank_counts, (_U8, summed, what)
    yield flood, ()
    yield keep_apart, ()
    yield slide_corner, ()
    yield tensor.products, (_F32, 3)
    yield tensor.surround, (_F32,)
    for eigenvalue in (0, 1):
        yield tensor.measure, (_F32, eigenvalue)
    for size in (2, 3):
        yield small.sum_window, (_F32, _F32, 1, 1, size, 0)
        yield small.sum_window, (_F32, _F32, 1, size, 1, 0)
    yield slide_canny, ()
    for measure in (thin.L1, thin.SQUARED, thin.L2):
        yield thin.gradients, (_F32, measure)
    for interpolated in (0, 1):
        yield thin.thin, (_F32, interpolated)
    yield slide_layer, ()
    yield convolve, (_F32, layer.BLOCK)
    yield slide_cells, ()
    yield lines.fetch, (_F64, _U8)
    yield vote.gradients, (_F64, 1)
    yield vote.gradients, (_F64, 0)
    yield vote.vote, ()
    yield slide_descriptor.slide_descriptor, ()
    yield slide_descriptor.normalize, (_F64, slide_descriptor.L2_HYS)
    yield from _colors()
    for driver in (
        slide_series.weigh,
        medians.middle,
        medians.push_median,
        slide_mean.average,
        recurrence.recur,
    ):
        yield driver, ()


def _colors() -> Iterator[_Combination]:
    """Yield what colour spaces need."""
    yield slide_color, ()
    for formula in (colors.GRAY, colors.LINEAR, colors.LAB, colors.FROM_LAB):
        yield colors.convert, (_F32, formula)
    for kind in (_U8, _F32):
        yield colors.part, (_F32, kind)
        yield colors.join, (_F32, kind)
    for kind in (_U8, _U16):
        yield colors.look_up, (_F32, kind)


def _pools() -> Iterator[_Combination]:
    """Yield what pooling needs at a stride of two, of grey images or of three channels."""
    yield slide_means, ()
    yield slide_extremes, ()
    for source, joined, real in ((_U8, _U16, _F32), (_F32, _F64, _F64)):
        yield pool_line.join_rows, (source, source, pool_line.LARGEST)
        yield pool_line.join_rows, (joined, source, pool_line.SUM)
        for kind, what in ((source, pool_line.LARGEST), (joined, pool_line.SUM)):
            yield pool_line.fold, (kind, what)
            for channels in (1, 3):
                yield pool_line.join_picked, (kind, what, 2, channels)
        yield lines.place, (source, source)
        yield pool_line.divide, (real, joined, source, 1)


def steps() -> list[tuple[str, Callable[[], object]]]:
    """Return what there is to compile: a label, and a function that compiles or loads a kernel."""
    return [
        (f"{kernel.name}({', '.join(map(str, kinds))})", functools.partial(kernel.address, *kinds))
        for kernel, kinds in dict.fromkeys(_combinations())
    ]


@contextlib.contextmanager
def compilations() -> Iterator[list[str]]:
    """Collect the names of the kernels that are compiled meanwhile; those that are loaded do not count."""
    from numba.core import event

    names: list[str] = []
    with event.install_recorder("numba:compile") as recorder:
        yield names
    names += [
        e.data["dispatcher"].py_func.__name__ for _, e in recorder.buffer if e.is_start and jit.is_ours(e)
    ]


def places() -> tuple[Path, ...]:
    """Return the folders in which compiled kernels are looked for and kept, best first."""
    return jit.folders()


def flaw() -> str | None:
    """Return why no folder for compiled kernels is used, if others could write to all of them."""
    flaws = [jit.flaw(folder.resolve()) for folder in places()]
    return flaws[-1] if all(flaws) else None


def kept() -> set[Path]:
    """Return the files of compiled kernels that there are."""
    found: set[Path] = set()
    for folder in places():
        with contextlib.suppress(OSError):
            found.update(folder.glob("*.nbc"))
    return found
