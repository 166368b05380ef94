"""Angles and coherence of matrices of two rows."""

from numba.extending import intrinsic

from imfilter._filters.orientation.kernels.eigenvalues import of_two
from imfilter._filters.orientation.kernels.job import MATRIX_JOB, REGISTER
from imfilter._simd.jit import kernel
from imfilter._simd.lanewise import absolute, where
from imfilter._simd.vector import load_like, record, size_of, splat_register, store
from imfilter._simd.vector_math import Lanes, angle

#: What is written: the angle of the dominant direction, or the coherence.
ANGLE, COHERENCE = range(2)


@intrinsic
def _angle(typingctx, x, y):
    """Return the angles of points (x, y) with y >= 0."""

    def codegen(context, builder, sig, args):
        return angle(*(Lanes(builder, value) for value in args)).value

    return x(x, y), codegen


@kernel("real")
def angles(real, job_at):
    """Write a measure of the direction of matrices of two rows; see `MATRIX_JOB`."""
    job = record(MATRIX_JOB, job_at)
    size, like = size_of(real), splat_register(real, real.type(0))
    at = 0
    while at < job.count * size:
        yy, xy = load_like(like, job.c0 + at, real), load_like(like, job.c1 + at, real)
        xx = load_like(like, job.c2 + at, real)
        if job.form == ANGLE:
            double = xy + xy
            found = _angle(xx - yy, absolute(double)) * 0.5
            found = where(double < 0.0, -found, found)
            lost = (xx - yy) + double
        else:
            high, low = of_two(yy, xy, xx)
            total = xx + yy
            found = where(total > 0.0, (high - low) / total, 0.0)
            found = where(found > 1.0, 1.0, found)
            lost = total + xy
        store(job.to_0 + at, real, where(lost == lost, found, lost))
        at += REGISTER
