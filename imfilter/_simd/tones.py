"""Scaled samples: floats that become integers of a file in one pass, rounded and saturated."""

import numpy as np

from imfilter._simd.denormals import denormals_as_numbers
from imfilter._simd.jit import Driver, kernel
from imfilter._simd.lanewise import absolute, where
from imfilter._simd.registers import BYTES
from imfilter._simd.vector import invoke, load, load_one, size_of, splat, store

_F64 = np.dtype(np.float64)


@kernel("real", "target", contract=False)
def scale_samples(real, target, samples, to, count, magnitude, numbers):
    """Convert contiguous samples, at least a vector. Each operation is rounded to `real`, as NumPy does.

    magnitude: 1 for absolute values, else 0. numbers: address of four float64: what is subtracted, the
    factor, what is added then, and what NaN becomes.
    """
    size, step = size_of(real), size_of(target)
    blacks = splat(real, load_one(real, numbers, _F64))
    factors = splat(real, load_one(real, numbers + 8, _F64))
    mores = splat(real, load_one(real, numbers + 16, _F64))
    hollows = splat(real, load_one(real, numbers + 24, _F64))
    lanes = BYTES // size
    for start in range(0, count, lanes):
        i = min(start, count - lanes)  # the last vector begins with samples of the one before
        values = load(real, samples + i * size, real)
        if magnitude:
            values = absolute(values)
        values = (values - blacks) * factors + mores
        store(to + i * step, target, where(values == values, values, hollows))


@Driver
@denormals_as_numbers
def scale(kernel_at, samples, to, count, magnitude, numbers):
    """Run `scale_samples` for some types, whose address is `kernel_at`."""
    invoke(2, kernel_at, (samples, to, count, magnitude, numbers))
