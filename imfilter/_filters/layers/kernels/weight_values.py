"""The values of 3x3 kernels at the 36 points of their tiles, in the order in which tiles are multiplied."""

import numpy as np

from imfilter._filters.layers.kernels.tile_transforms import FAR, NEAR
from imfilter._simd.denormals import denormals_as_zeros
from imfilter._simd.jit import Driver, inlined
from imfilter._simd.vector import load_one, store_one

_REAL, _WIDE = np.dtype(np.float32), np.dtype(np.float64)
#: Each value is divided by the product of the distances of its point from the other points but infinity.
_ZERO_SHARE = 1.0 / (NEAR**2 * FAR**2)
_NEAR_SHARE = 1.0 / (2 * NEAR**2 * (NEAR**2 - FAR**2))
_FAR_SHARE = 1.0 / (2 * FAR**2 * (FAR**2 - NEAR**2))


@inlined
def _values(a, b, c):
    """Return the values of three taps, as coefficients of a polynomial, at the six points of an axis."""
    near, far = a + c * NEAR**2, a + c * FAR**2
    return (
        a * _ZERO_SHARE,
        (near + b * NEAR) * _NEAR_SHARE,
        (near - b * NEAR) * _NEAR_SHARE,
        (far + b * FAR) * _FAR_SHARE,
        (far - b * FAR) * _FAR_SHARE,
        c,
    )


@inlined
def _tap(weight_at, k):
    return load_one(_WIDE, weight_at + 4 * k, _REAL)


@inlined
def _write_row(to, step, values):
    """Write the values of a row of points, rounded to float32. The points are `step` bytes apart."""
    a, b, c = values
    for i, value in enumerate(_values(a, b, c)):
        store_one(to + i * step, _REAL, np.float32(value))


@Driver
@denormals_as_zeros
def transform_weights(weight_at, values_at, step, inputs, outputs, block, blocks, start, stop):
    """Write the values of blocks `start` … `stop` of outputs, counted over all groups.

    weight_at: address of float32 weights, with `outputs` for each group, `inputs` for each output, 3x3 taps.
    values_at: address of the values, in the order group, point, block, input, output. The points are `step`
    bytes apart. Outputs that do not exist are not written. The values are computed in float64.
    """
    for entry in range(start, stop):
        group, b = entry // blocks, entry % blocks
        group_at = values_at + group * 36 * step + b * inputs * block * 4
        for c in range(inputs):
            for o in range(b * block, min((b + 1) * block, outputs)):
                at = weight_at + ((group * outputs + o) * inputs + c) * 36
                to = group_at + (c * block + o - b * block) * 4
                left = _values(_tap(at, 0), _tap(at, 3), _tap(at, 6))
                middle = _values(_tap(at, 1), _tap(at, 4), _tap(at, 7))
                right = _values(_tap(at, 2), _tap(at, 5), _tap(at, 8))
                for i in range(6):
                    _write_row(to + 6 * i * step, step, (left[i], middle[i], right[i]))
