"""Means and variances of windows, merged along one axis after the other.

The mean of a line is kept as one of its samples plus a small rest. So the means of two lines are subtracted
without the error of a large common offset.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import address, set_addresses
from imfilter._filters.local.kernels.merge import COUNTED, MERGE_JOB, RESTS, SPREADS, merge, over_lines
from imfilter._filters.local.pieces import offsets, roomy
from imfilter._simd.vector import BYTES


class Step(NamedTuple):
    """Taps that are merged: their offsets along z, y and x, their weights, and the tap of the centre."""

    offsets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    centre: int
    extent: tuple[int, int, int]

    @classmethod
    def of_line(cls, axis: int, taps: npt.NDArray) -> "Step":
        """Return the step along an axis: 0, 1 or 2 for z, y or x."""
        offsets = np.zeros((len(taps), 3), np.int64)
        offsets[:, axis] = np.arange(len(taps))
        extent = tuple(len(taps) - 1 if a == axis else 0 for a in range(3))
        return cls(offsets, np.array(taps, np.float64), len(taps) // 2, extent)  # type: ignore[arg-type]

    @classmethod
    def of_footprint(cls, inside: npt.NDArray[np.bool_]) -> "Step":
        """Return the step for a footprint over z, y and x."""
        offsets = np.argwhere(inside).astype(np.int64)
        middle = np.array([n // 2 for n in inside.shape])
        centre = int(np.abs(offsets - middle).sum(1).argmin())
        z, y, x = (n - 1 for n in inside.shape)
        return cls(offsets, np.ones(len(offsets)), centre, (z, y, x))


class Moments(NamedTuple):
    """One sample of each window, the mean minus this sample, the variance, and how much is present.

    All are contiguous, and vectors may be read beyond their ends. All but the samples are float64.
    """

    sample: npt.NDArray
    rest: npt.NDArray | None = None
    spread: npt.NDArray | None = None
    counts: npt.NDArray | None = None

    @property
    def form(self) -> int:
        """What there is besides the samples."""
        present = (self.rest, RESTS), (self.spread, SPREADS), (self.counts, COUNTED)
        return sum(bit for array, bit in present if array is not None)

    @property
    def plain(self) -> bool:
        """Whether there are samples only."""
        return self.form == 0


class Finish(NamedTuple):
    """Where the variances are written or their roots, and how much must be counted at least."""

    target: npt.NDArray
    root: bool
    least: float


def split(samples: npt.NDArray) -> tuple[npt.NDArray, npt.NDArray]:
    """Return samples as float64, and what float64 does not hold of them."""
    kind, values, rest = samples.dtype, roomy(samples.shape), roomy(samples.shape)
    if kind.kind in "iu":
        low = samples & kind.type(2047)  # the other 53 bits fit into float64
        values[...], rest[...] = samples - low, low
        return values, rest
    with np.errstate(all="ignore"):
        values[...] = samples
        rest[...] = samples - values
    rest[~np.isfinite(rest)] = 0
    return values, rest


def merged(moments: Moments, step: Step, finish: Finish | None = None) -> Moments:
    """Return the moments of the windows of a step. With `finish`, only the results and counts."""
    padded = moments.sample.shape
    extent = (0, *step.extent, 0)
    shape = tuple(n - e for n, e in zip(padded, extent, strict=True))
    pitches = [math.prod(padded[a + 1 :]) for a in range(5)]
    # Lines are as long as their samples are neighbours in the parts and in the result.
    first = max((a for a in range(5) if extent[a]), default=0)
    native = finish is not None and finish.target.dtype in dtypes.NATIVE and finish.target.dtype.isnative
    view = finish.target if finish is not None and native else None
    count = math.prod(shape[first:])
    if view is not None:
        while first < 4 and not packed(view, first):
            first += 1
            count = math.prod(shape[first:])
        if not packed(view, first) or count * 8 < BYTES:
            view = None
            first = max((a for a in range(5) if extent[a]), default=0)
            count = math.prod(shape[first:])
    starts = offsets(shape[:first], pitches)
    places = np.arange(starts.size) * count
    new = {name: roomy(shape) for name in ("sample", "rest", "spread")} if finish is None else {}
    counts = None if moments.counts is None else roomy(shape)
    job = np.zeros((), MERGE_JOB)
    direct = view
    if finish is not None:
        job["root"], job["least"] = finish.root, finish.least
        if direct is None:
            direct = roomy(shape)
        else:
            places = offsets(shape[:first], [s // direct.itemsize for s in direct.strides])
        job["result"] = address(direct)
    target = dtypes.FLOAT64 if direct is None else direct.dtype
    job["lines"], job["count"], job["taps"], job["centre"] = starts.size, count, len(step.weights), step.centre
    job["total"] = step.weights.sum()
    job["merge"] = merge.address(moments.sample.dtype, target, moments.form)
    for name, array in (*moments._asdict().items(), *((f"to_{n}", a) for n, a in (*new.items(), ("counts", counts)))):
        job[name] = 0 if array is None else address(array)
    owners = set_addresses(
        job, {"starts": starts, "places": places, "offsets": step.offsets @ pitches[1:4], "weights": step.weights}
    )
    over_lines.entry()(address(job))
    del owners
    if finish is not None:
        if direct is not view and direct is not None:
            dtypes.place(direct, finish.target)
        return Moments(direct, counts=counts)  # type: ignore[arg-type]
    return Moments(counts=counts, **new)


def packed(view: npt.NDArray, first: int) -> bool:
    """Tell whether the samples of the axes from `first` on are contiguous."""
    size = view.itemsize
    for n, step in zip(view.shape[:first - 1:-1] if first else view.shape[::-1],
                       view.strides[:first - 1:-1] if first else view.strides[::-1], strict=True):  # fmt: skip
        if n > 1 and step != size:
            return False
        size *= n
    return True

