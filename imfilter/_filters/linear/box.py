"""The program of box filters by running sums, for images of one shape and layout."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from imfilter._base import dtypes
from imfilter._base.loops import LONGEST, ArrayLayout, Loops, Placement, along, extent, tiles
from imfilter._base.program import (
    Job,
    Program,
    RowsOnly,
    Settings,
    far,
    layout_workspace,
    rows_per_task,
    set_geometry,
)
from imfilter._filters.linear.algorithm import Compiled, Offer, Request
from imfilter._filters.linear.dynamic_range import Recomputation, Rerun
from imfilter._filters.linear.kernels import box
from imfilter._filters.linear.kernels.box_rows import BOX_JOB, slide_box
from imfilter._filters.linear.operators import Operator
from imfilter._filters.linear.separable import SEPARABLE
from imfilter._simd.inexact_rows import WORDS
from imfilter._simd.registers import BYTES, REGISTERS

#: Up to this many interleaved channels, prefix sums are computed with shuffles.
_FEW_CHANNELS = 4
#: Up to this many integers along a line are summed one by one, without prefix sums.
_FEW = 7
#: Fewest rows that one thread computes in sequence. The first totals need a sum over the whole box.
_ROWS_PER_TASK = 64
#: The rounding error of one addition to a total, relative to the samples in it; and the largest rounding
#: error that a mean may have, relative to the largest sample of its own box.
_SPREAD, _BOUND = 2.0**-53, 1e-6


#: Cost of running sums by the type of their totals, and extra cost for each plane of the box. Boxes of 7, 9
#: and 15 of float32 at 1080p took 2.8 ms by running sums, and 1.0, 1.1 and 1.6 axis by axis; without AVX-512
#: 2.4, and 1.3, 1.6 and 2.5 (Zen 4, one thread). Boxes of 9, 11, 13 and 15 took 2.2, 2.4, 2.8 and 2.4 ms by
#: running sums, and 2.1, 2.6, 3.6 and 3.3 axis by axis (Zen 3, one thread). So running sums are chosen from
#: 13 on without AVX-512, and from 16 on with it.
_COST = {"u": 0.45, "i": 0.65, "f": 1.8 if BYTES // REGISTERS == 64 else 1.6}
#: The same for floats and windows along one axis. Boxes of 21, 31 and 45 of float32 at 1080p along rows took
#: 1.84, 1.87 and 1.32 ns a sample by running sums, and 1.90, 1.79 and 2.18 by window; along columns 1.61,
#: 1.86 and 1.50, and 1.51, 2.31 and 2.62. With AVX-512 along rows 1.21, 1.30 and 1.34, and 0.89, 1.38 and
#: 1.59; along columns 1.50, 1.39 and 1.55, and 1.11, 1.16 and 1.55 (Sapphire Rapids, one thread). So running
#: sums are chosen from 26 on without AVX-512, and from 39 on with it.
_COST_ONE_AXIS = 1.39 if BYTES // REGISTERS == 64 else 1.09
_COST_PLANE = {"u": 0.15, "i": 0.2, "f": 0.4}


class RunningBox(Compiled):
    """Running sums. Their cost does not depend on the size of the box."""

    name = "running"
    fallback = SEPARABLE

    def shares(self, request: Request) -> bool:
        """Tell whether totals are rounded. Those of integers are exact."""
        return request.source.kind == "f"

    def offer(self, operator: Operator, request: Request, others: dict[str, Offer]) -> Offer | None:
        """Return the cost of a box. float64 has no wider type, so it shares no sums."""
        kinds = request.source.kind, request.dtype.kind
        if not request.unit or (kinds == ("f", "f") and request.real == dtypes.FLOAT64):
            return None
        box = operator.box()
        kind = None if box is None else totals_of(operator, request)
        if box is None or kind is None:
            return None
        planes = operator.shape[0] if len(operator.shape) == 3 else 0
        one = request.source.kind == "f" and sum(n > 1 for n in operator.shape) == 1
        each = _COST_ONE_AXIS if one else _COST[kind.kind]
        return Offer(each + planes * _COST_PLANE[kind.kind], box)

    def program(self, operator: Operator, settings: Settings, place: Placement) -> Program | None:
        """Return the program of running sums."""
        return make(operator, settings, place)


def totals_of(operator: Operator, request: Request) -> np.dtype | None:
    """Return the type of running sums that is exact enough for the samples, or None."""
    kind, axes = request.source, request.axes
    source = np.dtype(np.uint8) if kind.kind == "b" else kind.newbyteorder("=")
    if source == np.float16:
        source = dtypes.FLOAT32  # the type in which it is read
    last, taps = max(axes), math.prod(operator.shape)
    if source not in dtypes.NATIVE:
        return None
    along_line = operator.shape[axes.index(last)]
    line = request.image[last] + 2 * along_line
    most = taps // along_line * line
    if along(request.image, axes):
        return totals(source, request.cval, taps, most)
    return totals(source, request.cval, taps, max(most, taps * (math.prod(request.image[last + 1 :]) + 1)))


def totals(source: np.dtype, cval: float, taps: int, most: int) -> np.dtype | None:
    """Return a type that holds totals of `taps` samples without an error that matters, or None.

    Integers may wrap around, and differences are still exact. float64 holds sums of up to `most` samples.
    Sums of integers in float64 must be exact.
    """
    if not math.isfinite(cval):
        return None
    if source.kind == "f":
        return dtypes.FLOAT64 if source.itemsize == 4 else None
    largest, unit = _largest(source, cval)
    if largest * taps < 2**16 and cval >= 0 and unit == 1 and source == np.uint8:
        return np.dtype(np.uint16)
    if largest * taps < 2**31 and unit == 1 and source.itemsize <= 2:
        return np.dtype(np.int32)
    return dtypes.FLOAT64 if source.itemsize <= 4 and largest * unit * most < 2**53 else None


def _largest(source: np.dtype, cval: float) -> tuple[int, int]:
    """Return the largest magnitude of integer samples and a finite constant, and the unit's denominator."""
    largest, unit = _magnitude(source), 1
    if cval:
        largest, unit = max(largest, math.ceil(abs(cval))), float(cval).as_integer_ratio()[1]
    return largest, unit


@functools.cache
def _magnitude(source: np.dtype) -> int:
    """Return the largest magnitude that an integer type holds. bool is read as bytes."""
    bounds = np.iinfo(np.uint8 if source.kind == "b" else source)
    return max(-int(bounds.min), int(bounds.max))


def holds(source: np.dtype, cval: float, taps: int, real: np.dtype) -> bool:
    """Tell whether a floating type holds every sum of so many integers, with two bits to spare."""
    largest, unit = _largest(source, cval if math.isfinite(cval) else 0.0)
    return largest * unit * taps < (1 << 22 if real == dtypes.FLOAT32 else 1 << 51)


class _Scaling(NamedTuple):
    """How totals become means, and their type; see `imfilter._filters.linear.kernels.box.box_along`."""

    kind: np.dtype
    scale: float
    bias: float
    shift: int = 0
    exact: int = 0  # whether quotients of integers are rounded exactly


def _scaling(
    source: np.dtype, target: np.dtype, sums: np.dtype, scale: float, taps: int, settings: Settings
) -> _Scaling:
    """Return how totals of `taps` samples are scaled, so that they are rounded correctly.

    A mean that is half-way between two integers is rounded to the even one. A mean of an odd number of
    integers is never half-way: it is at least 1/(2*taps) away, so a product is exact enough. Means of bytes
    are quotients of integers: box 3 and 15 took 0.64 and 0.98 instead of 0.80 and 1.18 ms at 1080p.
    """
    if not settings.divisor:
        counts = scale == 1 and settings.bias == 0 and sums.kind != "f" and target.itemsize == 1
        narrow = counts and holds(source, settings.cval, taps, dtypes.FLOAT32)
        return _Scaling(dtypes.FLOAT32 if narrow else dtypes.FLOAT64, scale, settings.bias)
    # If a longer box was folded onto the image, its weights are all the same multiple.
    scale = 1 / taps
    odd = taps % 2 == 1 and float(settings.cval).is_integer()
    if sums == np.uint16 and target == np.uint8 and settings.cval <= 255:
        # Division by multiplication: T. Granlund and P. L. Montgomery, Division by Invariant Integers
        # using Multiplication, PLDI 1994.
        shift = max((taps - 1).bit_length() - 1, 0)
        factor = -(-(2 ** (16 + shift)) // taps)
        half, excess = taps // 2, factor * taps - 2 ** (16 + shift)
        if factor < 2**16 > 255 * taps + half and (255 * taps + half) * excess < 2 ** (16 + shift):
            return _Scaling(sums, factor, half, shift, exact=int(taps % 2 == 0))
    narrow = sums.kind != "f" and target.itemsize <= 2 and holds(source, settings.cval, taps, dtypes.FLOAT32)
    kind = dtypes.FLOAT32 if narrow else dtypes.FLOAT64
    if odd and target.kind in "iu" and holds(source, settings.cval, taps, kind):
        return _Scaling(kind, scale, 0.0)
    return _Scaling(kind, scale, taps, exact=1)


def make(operator: Operator, settings: Settings, place: Placement) -> Program | None:
    """Lay out the lines. Return None if lines must be packed and are not."""
    loops = place.loops
    if loops.x.axis is None and loops.z.axis is not None:
        # Totals hardly depend on the order of the axes. The window slides over neighbouring lines: boxes of
        # 31 of 150x150x1100 float32 took 0.4 s, and 0.86 from row to row (Sapphire Rapids, one thread).
        loops = loops._replace(z=loops.y, y=loops.z)
    return _over(operator, settings, loops, place.source, place.target)


def _over(
    operator: Operator, settings: Settings, loops: Loops, source: ArrayLayout, target: ArrayLayout
) -> Program | None:
    """Lay out the lines for given loops."""
    if not loops.packed("source", source.dtype.itemsize):
        return None
    z, y, x = loops.z, loops.y, loops.x
    (term,) = operator.terms
    taps = z.taps * y.taps * x.taps
    cut = _tiles(loops)
    widest = extent(cut)[1]
    sums = totals(source.dtype, settings.cval, taps, z.taps * y.taps * (widest + x.taps))
    assert sums is not None
    scale = math.prod(float(along[0]) for along in term)
    scaling = _scaling(source.dtype, target.dtype, sums, scale, taps, settings)
    job = Job(BOX_JOB, "along_prefix")
    set_geometry(job, loops, source.dtype, target.dtype, settings.mode)
    job["box_z"], job["box_y"], job["box_x"] = z.taps, y.taps, x.taps
    rows = rows_per_task(y.length, x.length, max(_ROWS_PER_TASK, 2 * y.taps))
    job["rows_per_task"] = rows
    job["size"] = sums.itemsize
    job["far"] = y.source_step if far(loops, source) else 0
    job["scale"], job["bias"], job["shift"] = scaling.scale, scaling.bias, scaling.shift
    job["cval"] = settings.cval
    looking = sums.kind == "f" and source.dtype.kind == "f"
    line = widest + x.taps  # samples and border
    least = _SPREAD * (2 * z.taps * (rows + y.taps) + line) / _BOUND
    job["least"] = least * taps if looking else 0.0
    job["tiles"], job["n_tiles"] = cut, len(cut) - 1
    job["down"] = box.box_down.address(sums, source.dtype)
    job["border"] = box.box_border.address(sums, source.dtype)
    if x.taps > _FEW or sums.kind == "f":
        few = loops.channels <= _FEW_CHANNELS
        prefix = box.box_prefix if few else box.box_prefix_apart
        job["along_prefix"] = prefix.address(sums, loops.channels if few else 0)
    job["looking"] = looking
    job["along"] = box.box_along.address(sums, scaling.kind, target.dtype, scaling.exact)
    widest *= loops.channels
    padded = max(widest + x.taps * loops.channels, (x.before + x.samples) * loops.channels)
    padded += 2 * BYTES  # blocks of registers may end after the line
    sizes = {
        "totals": padded * sums.itemsize,
        "prefix": padded * sums.itemsize,
        "spare": (widest + 2 * BYTES) * target.dtype.itemsize,
        "addresses": 8 * z.taps * (y.taps + 1),
        "flag": 8,
        "inexact": 8 * WORDS,
        "sizes": 16,
    }
    workspace = layout_workspace(job, sizes)
    units = len(loops.batch) * z.length * (len(cut) - 1) * -(-y.length // rows)
    recomputation = None
    if looking:

        def without() -> RowsOnly:
            return _alone(operator, settings._replace(cval=0.0), loops, source, target)

        rerun = Rerun(lambda: made.rows_only, functools.cache(without), marks(settings))
        recomputation = Recomputation(
            *(loops, settings.mode, settings.cval, settings.bias, rows, cut, least, rerun),
            most=z.taps * y.taps * line,
        )
    made = job.program(
        slide_box,
        lines=units,
        work=units * rows * widest * (8 + 2 * z.taps),
        rows=1,
        workspace=workspace,
        check_finite=True,
        recompute=recomputation,
    )
    return made


def _alone(
    operator: Operator, settings: Settings, loops: Loops, source: ArrayLayout, target: ArrayLayout
) -> RowsOnly:
    """Return the program that computes rows alone with other settings."""
    made = _over(operator, settings, loops, source, target)
    assert made is not None
    return made.rows_only


def marks(settings: Settings) -> Callable[[Loops, float], RowsOnly]:
    """Return a function that makes programs that count marks in windows of given settings; see `Rerun`."""
    made: dict[float, Program] = {}

    def counting(loops: Loops, cval: float) -> RowsOnly:
        program = made.get(cval)
        if program is None:
            plain = settings._replace(bias=0.0, cval=cval, divisor=0)
            side = ArrayLayout((), (), np.dtype(np.uint8))
            program = _over(Operator(((np.ones(1),),)), plain, loops, side, side)
            assert program is not None
            made[cval] = program
        tasks = program.lines // (loops.z.length * (len(_tiles(loops)) - 1))

        def call(source: int, target: int, strip: int, first: int, end: int) -> None:
            program.rows_only(source, target, strip * tasks, first, end)

        return call

    return counting


def _tiles(loops: Loops) -> np.ndarray:
    """Return where tiles of output columns begin, and where the last one ends.

    Only the line of a box of one row is cut. The border of a line of totals is taken from the line itself.
    """
    longest = max(LONGEST // loops.channels, 4 * loops.x.taps)
    count = -(-loops.x.length // longest) if loops.z.taps * loops.y.taps == 1 else 1
    return tiles(loops.x.length, count)
