"""Box filters over images of one shape and layout, by running sums: their program."""

import math
from typing import NamedTuple

import numpy as np

from imfilter._core import dtypes
from imfilter._core.geometry import LONGEST, Loops, Placement, tiles
from imfilter._core.operators import Operator
from imfilter._core.program import Job, Program, Settings, describe, far, reserve, stretch
from imfilter._kernels import box
from imfilter._kernels.simd import BYTES
from imfilter._kernels.slide_box import BOX_JOB, slide_box

#: Interleaved channels for which there are prefix sums.
MOST_CHANNELS = 4
#: Integers along a line that are summed one by one rather than by prefix sums.
_FEW = 7
#: Rows that one thread computes one after the other, at least: the first totals are a sum over the whole box.
_STRETCH = 64


def totals(source: np.dtype, cval: float, taps: int) -> np.dtype | None:
    """Return a type that holds totals of `taps` samples without an error that matters, if there is one.

    Those of float32 are kept in float64, which is exact for samples whose magnitudes differ by less than
    2**20, and errs by no more than 1e-12 otherwise.
    """
    if source.kind == "f":
        return dtypes.FLOAT64 if source.itemsize == 4 else None
    bounds = np.iinfo(source)
    most = max(-int(bounds.min), int(bounds.max), abs(cval)) * taps
    if most < 2**16 and cval >= 0 and float(cval).is_integer() and source == np.uint8:
        return np.dtype(np.uint16)
    if most < 2**31 and source.itemsize <= 2 and float(cval).is_integer():
        return np.dtype(np.int32)
    return dtypes.FLOAT64 if most < 2**53 and source.itemsize <= 4 else None


class _Scaling(NamedTuple):
    """How totals become means, and in which type; see `imfilter._kernels.box.box_along`."""

    kind: np.dtype
    scale: float
    bias: float
    shift: int = 0


def _scaling(target: np.dtype, sums: np.dtype, taps: int, scale: float, bias: float, cval: float) -> _Scaling:
    """Return how totals of `taps` samples are scaled, so that they are rounded right.

    In float32 that is off by up to 2**-23 of the mean, which must not take it across a half: the nearest
    mean that is not one is half a sample's share away. Means of an odd number of bytes, of which none is
    half-way between two, are quotients of integers: box 3 and 15 took 0.64 and 0.98 instead of 0.80 and
    1.18 ms at 1080p.
    """
    mean = bias == 0 and abs(scale * taps - 1) < 1e-12
    if mean and sums == np.uint16 and target == np.uint8 and taps % 2 and cval <= 255:
        # Division by multiplication, after T. Granlund and P. L. Montgomery, Division by Invariant Integers
        # using Multiplication, PLDI 1994.
        shift = taps.bit_length() - 1
        factor = -(-(2 ** (16 + shift)) // taps)
        half, excess = taps // 2, factor * taps - 2 ** (16 + shift)
        if factor < 2**16 > 255 * taps + half and (255 * taps + half) * excess < 2 ** (16 + shift):
            return _Scaling(sums, factor, half, shift)
    if mean and target.kind in "iu" and target.itemsize <= 2 and sums.kind != "f":
        most = np.iinfo(target).max
        if most * taps < 2**24 and most * 2.0**-23 < 0.5 / taps:
            return _Scaling(dtypes.FLOAT32, scale, bias)
    return _Scaling(dtypes.FLOAT64, scale, bias)


def make(operator: Operator, settings: Settings, place: Placement) -> Program | None:
    """Lay out the lines. Return None if lines must be packed and are not."""
    loops, source, target = place.loops(), place.source, place.target
    if not loops.packed("source", source.dtype.itemsize):
        return None
    z, y, x = loops.z, loops.y, loops.x
    sums = totals(source.dtype, settings.cval, z.taps * y.taps * x.taps)
    assert sums is not None
    (term,) = operator.terms
    taps = z.taps * y.taps * x.taps
    scale = math.prod(float(along[0]) for along in term)
    scaling = _scaling(target.dtype, sums, taps, scale, settings.bias, settings.cval)
    job = Job(BOX_JOB)
    cut = _tiles(loops)
    describe(job, loops, source, target, settings.mode)
    job["box_z"], job["box_y"], job["box_x"] = z.taps, y.taps, x.taps
    rows = stretch(y.length, x.length, max(_STRETCH, 2 * y.taps))
    job["stretch"] = rows
    job["size"], job["watched"] = sums.itemsize, source.dtype.kind == "f"
    job["far"] = y.source_step if far(loops, source) else 0
    job["scale"], job["bias"], job["shift"] = scaling.scale, scaling.bias, scaling.shift
    job["cval"] = settings.cval
    job["tiles"], job["n_tiles"] = cut, len(cut) - 1
    job["down"] = box.box_down.address(sums, source.dtype)
    job["border"] = box.box_border.address(sums, source.dtype)
    if x.taps > _FEW or sums.kind == "f":
        job["along_prefix"] = box.box_prefix.address(sums, loops.channels)
    job["along"] = box.box_along.address(sums, scaling.kind, target.dtype)
    widest = int(np.diff(cut).max()) * loops.channels
    padded = max(widest + x.taps * loops.channels, (x.before + x.samples) * loops.channels)
    padded += 2 * BYTES  # blocks of registers end behind the line
    sizes = {
        "totals": padded * sums.itemsize,
        "prefix": padded * sums.itemsize,
        "spare": (widest + 2 * BYTES) * target.dtype.itemsize,
        "addresses": 8 * z.taps * (y.taps + 1),
        "flag": 8,
    }
    workspace = reserve(job, sizes)
    units = len(loops.batch) * z.length * (len(cut) - 1) * -(-y.length // rows)
    return job.program(
        slide_box,
        lines=units,
        work=units * rows * widest * (8 + 2 * z.taps),
        rows=1,
        workspace=workspace,
        watched=True,
    )


def _tiles(loops: Loops) -> np.ndarray:
    """Return where tiles of output columns begin, and the last one's end.

    Only the line of a box of one row: the border of a line of totals is taken from the line itself.
    """
    longest = max(LONGEST // loops.channels, 4 * loops.x.taps)
    count = -(-loops.x.length // longest) if loops.z.taps * loops.y.taps == 1 else 1
    return tiles(loops.x.length, count)
