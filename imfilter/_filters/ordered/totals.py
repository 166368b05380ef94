"""Integral images: the sums of all samples above and to the left of each."""

import functools
import math

import numpy as np
import numpy.typing as npt

from imfilter._base import dtypes
from imfilter._base.program import Job, Program, address
from imfilter._filters.ordered.kernels import sums


def integral(image: npt.NDArray, out: npt.NDArray) -> None:
    """Write the sums of an image of rows and columns, and channels, to `out`, which has one more of each.

    `out` is contiguous, of int32 or float64. Sums of int32 wrap. A sum adds up a row first, then the rows.
    """
    samples = dtypes.ordered(image)
    channels = math.prod(image.shape[2:])
    out[0], out[:, 0] = 0, 0
    program = _program(samples.dtype, out.dtype, image.shape[1] * channels, channels)
    program.call(address(samples), address(out[1:, 1:]), 0, len(image))


@functools.lru_cache(64)
def _program(source: np.dtype, target: np.dtype, count: int, channels: int) -> Program:
    job = Job(sums.TOTALS_JOB)
    real = dtypes.FLOAT64 if target.kind == "f" else np.dtype(np.int64)
    job |= {"count": count, "channels": channels, "source_y": count * source.itemsize}
    job["target_y"] = (count + channels) * target.itemsize
    job["totals"] = sums.totals.address(source, target, real)
    return job.program(sums.write_totals, lines=1, work=1, rows=1, workspace=1)
