"""Parts of windows: means and variances, merged along one axis after the other.

The mean of a line is kept as one of its samples plus a small rest. So the means of two lines are subtracted
without the error of a large common offset.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.loops import places_of
from imfilter._base.program import address, set_addresses
from imfilter._base.store import roomy
from imfilter._filters.local.kernels.merge import COUNTED, MERGE_JOB, RESTS, SPREADS, merge, merge_lines
from imfilter._simd.registers import BYTES


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
        z, y, x = (len(taps) - 1 if a == axis else 0 for a in range(3))
        return cls(offsets, np.array(taps, np.float64), len(taps) // 2, (z, y, x))

    @classmethod
    def of_footprint(cls, inside: npt.NDArray[np.bool_]) -> "Step":
        """Return the step for a footprint over z, y and x."""
        offsets = np.argwhere(inside).astype(np.int64)
        middle = np.array([n // 2 for n in inside.shape])
        centre = int(np.abs(offsets - middle).sum(1).argmin())
        z, y, x = (n - 1 for n in inside.shape)
        return cls(offsets, np.ones(len(offsets)), centre, (z, y, x))


class Parts(NamedTuple):
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
    """Where results are written, which, and how much must be counted at least.

    form: `VARIANCE`, `DEVIATION` or `THRESHOLD`. numbers: a, b and c of thresholds; see `kernels/box.py`.
    """

    target: npt.NDArray
    form: int
    numbers: tuple[float, float, float]
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


def merged(parts: Parts, step: Step, finish: Finish | None = None) -> Parts:
    """Return the parts of the windows of a step. With `finish`, only the counts, and write the results."""
    padded, extent = parts.sample.shape, (0, *step.extent, 0)
    shape = tuple(n - e for n, e in zip(padded, extent, strict=True))
    new = {name: roomy(shape) for name in ("sample", "rest", "spread")} if finish is None else {}
    if parts.counts is not None:
        new["counts"] = roomy(shape)
    result = None if finish is None else _result(finish.target, shape)
    # Lines are as long as their samples are neighbours in the parts and in the result.
    first = max((a for a in range(5) if extent[a]), default=0)
    while result is not None and not packed(result, first):
        first += 1
    pitches = [math.prod(padded[a + 1 :]) for a in range(5)]
    starts, count = places_of(shape[:first], pitches), math.prod(shape[first:])
    tables = {"starts": starts, "spots": np.arange(starts.size) * count}
    tables |= {"offsets": step.offsets @ pitches[1:4], "weights": step.weights}
    job = np.zeros((), MERGE_JOB)
    job["lines"], job["count"], job["taps"] = starts.size, count, len(step.weights)
    job["centre"], job["total"] = step.centre, step.weights.sum()
    if finish is not None and result is not None:
        tables["places"] = places_of(shape[:first], [s // result.itemsize for s in result.strides])
        job["form"], job["least"], job["result"] = finish.form, finish.least, address(result)
        job["a"], job["b"], job["c"] = finish.numbers
    for name, array in parts._asdict().items():
        job[name] = 0 if array is None else address(array)
    for name, array in new.items():
        job[f"to_{name}"] = address(array)
    target = dtypes.FLOAT64 if result is None else result.dtype
    job["merge"] = merge.address(parts.sample.dtype, target, parts.form)
    owners = set_addresses(job, tables)
    merge_lines.entry()(address(job))
    del owners
    if finish is not None and result is not None and result is not finish.target:
        dtypes.place(result, finish.target)
    return Parts(**{"sample": parts.sample, **new})


def _result(target: npt.NDArray, shape: tuple[int, ...]) -> npt.NDArray:
    """Return the array for results: the target if its lines are long enough for vectors, or a new array."""
    native = target.dtype in dtypes.NATIVE and target.dtype.isnative
    direct = native and packed(target, 3) and math.prod(shape[3:]) * 8 >= BYTES
    return target if direct else roomy(shape)


def packed(view: npt.NDArray, first: int) -> bool:
    """Tell whether all steps are whole samples, and the samples of the axes from `first` on contiguous."""
    size = view.itemsize
    if any(step % size for step in view.strides):
        return False
    for n, step in zip(reversed(view.shape[first:]), reversed(view.strides[first:]), strict=True):
        if n > 1 and step != size:
            return False
        size *= n
    return True
