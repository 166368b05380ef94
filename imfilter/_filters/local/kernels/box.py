"""What the kernels of boxes share: the job, and the results from the means and variances of windows."""

import numpy as np

from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, nested
from imfilter._simd.lanewise import convert, count_lanes, full_like, root, where
from imfilter._simd.vector import invoke, record

#: Pieces and results: addresses, numbers of batch elements, planes and rows of results, distances of batch
#: elements, planes and rows of the piece in elements, offsets of each row of results. The box: lengths, the
#: number of its samples, distance of neighbours along a line. The tiles of columns: their starts and the end
#: of the last. The workspace, and the size of a line in it. Tables of the levels of groups down the columns
#: and along the rows, and of their parts; see `LEVEL` and `PART`. `numbers`: of types and numbers of the
#: kernel. `eights`: the levels above the sums of eight, see `kernels/eights.py`. Their parts have lines
#: instead of levels, and offsets in bytes: line 0 are the columns, 1 the eights, 2 the rest, then the levels.
#: a, b and c: numbers of a threshold. `unsure`, the levels above `fours`, the memory of `groups`, the bytes
#: of a `strip`, the lines of `sums`, the number of rows that are summed `together`, `table`, and the rows
#: `inside` the image, `before` column `low` and `after` column `high`: see `kernels/sums.py`. `unit`: how
#: many neighbours are summed in place of eight, see `kernels/units.py`.
BOX_JOB = np.dtype(
    [
        *(
            (name, np.int64)
            for name in (
                *("piece", "result", "places", "batch", "planes", "rows", "step_b", "step_z", "step_y"),
                *("taps_z", "taps_y", "taps_x", "beside", "tiles", "n_tiles", "workspace", "pitch"),
                *("down", "n_down", "down_parts", "along", "n_along", "along_parts", "numbers", "kernel"),
                *("eights", "n_eights", "eight_parts", "unsure", "fours", "n_fours", "four_parts"),
                *("groups", "strip", "sums", "together", "table", "inside", "before", "after", "low", "high"),
                "unit",
            )
        ),
        *((name, np.float64) for name in ("taps", "a", "b", "c")),
    ]
)
#: Fields of a level, 8 bytes each: the number of samples of a group, its number of rows, its number of parts,
#: its first part, the offset of its memory in bytes, and the number of groups that are kept.
LEVEL = 6
#: Fields of a part, 8 bytes each: its level, where 0 is a sample; its first row or column; its plane; and the
#: number of its samples as a float.
PART = 4
#: The results: variances, standard deviations, or thresholds ``m * (a + b*s) + c*s`` from the mean m and the
#: standard deviation s. `SHORT`: results are float32. `NARROW`: int32 holds ``n*n`` times a variance.
#: `FILL`: samples have at most the digits of float32, so the mean of a group as float64 has all digits that
#: float32 results need; and only results that are NaN are written.
VARIANCE, DEVIATION, THRESHOLD, SHORT, NARROW, FILL = 0, 1, 2, 4, 8, 16
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
#: Range of variances whose root is computed in float32.
_LEAST, _MOST = 1e-30, 1e30


@nested
def _root_of(form, spread):
    """Return the roots of variances, as precise as the results.

    The root of 16 float32 takes 12 cycles, that of 16 float64 36 cycles (Zen 4).
    """
    if not form & SHORT:
        return root(spread)
    found = convert(_F64, root(convert(_F32, spread)))
    plain = (spread == 0.0) | ((spread > _LEAST) & (spread < _MOST))
    if count_lanes(~plain):
        found = where(plain, found, root(spread))
    return found


@nested
def threshold_of(job, mean, deviation):
    """Return thresholds from means and standard deviations."""
    bent = full_like(deviation, _F64, job.b) * deviation + job.a
    return mean * bent + deviation * job.c


@nested
def result_of(form, job, spread, mean):
    """Return results from variances and means."""
    if form & THRESHOLD:
        return threshold_of(job, mean, _root_of(form, spread))
    if form & DEVIATION:
        return _root_of(form, spread)
    return spread


@Driver
@denormals_as_zeros
def sum_piece(job_at):
    """Run the kernel of a job, which is compiled for four or for three types and numbers."""
    job = record(BOX_JOB, job_at)
    if job.numbers == 4:
        invoke(4, job.kernel, (job_at,))
    else:  # 3
        invoke(3, job.kernel, (job_at,))
