"""Samples near zero, many of which are denormal, and comparisons of such samples."""

import functools

import numpy as np

from imfilter import series

FLOATS = ("float32", "float64")
#: Images, by their number of axes.
SIZES = {1: (3000,), 2: (150, 131), 3: (20, 21, 33)}
SERIES = {
    "moving_average": functools.partial(series.moving_average, size=5),
    "moving_average 100": functools.partial(series.moving_average, size=100),
    "weighted_average": functools.partial(series.weighted_average, weights=[1.0, 2.0, 4.0]),
    "gaussian": functools.partial(series.gaussian, sigma=2.0),
    "savgol": functools.partial(series.savgol, size=9, order=2),
    "exponential": functools.partial(series.exponential, alpha=0.3),
    "exponential, adjusted": functools.partial(series.exponential, alpha=0.1, adjust=True),
    "exponential, careful": functools.partial(series.exponential, alpha=0.0005),
    "causal": functools.partial(series.causal, kernel=[0.5, -0.25, 1.0]),
}


def smallest(dtype):
    return float(np.finfo(dtype).smallest_normal)


def near_zero(shape, dtype, seed=0):
    """Samples of both signs. A third are denormal. The others are so small that these affect sums."""
    rng = np.random.default_rng(seed)
    values = np.ldexp(rng.uniform(1, 2, shape), rng.integers(-12, 24, shape)) * rng.choice([-1.0, 1.0], shape)
    values = values * smallest(dtype)  # only the smallest float64 values are rounded
    return values.astype(dtype)


def flushed(values):
    """The values with zeros of the same sign instead of denormals."""
    return np.where(np.abs(values) < smallest(values.dtype), np.copysign(0, values), values)


def bits(values):
    values = np.ascontiguousarray(values)
    return values.view(f"u{values.itemsize}") if values.dtype.kind == "f" else values


def same(a, b, message=""):
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(bits(a), bits(b), err_msg=message)


def none_denormal(values):
    return not ((values != 0) & (np.abs(values) < smallest(values.dtype))).any()
