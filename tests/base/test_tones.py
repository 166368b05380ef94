"""Scaled samples in one pass: the values that NumPy's operations give, one after the other."""

import numpy as np
import pytest

from imfilter._base import dtypes, tones
from imfilter._base.tones import scaled


def by_numpy(values, dtype, black, factor, offset, hollow, magnitude):
    number = values.dtype.type
    values = np.abs(values) if magnitude else values
    with np.errstate(over="ignore", invalid="ignore"):
        made = (values - number(black)) * number(factor) + number(offset)
    out = np.empty(made.shape, dtype)
    dtypes.place(made, out)
    out[np.isnan(made)] = hollow
    return out


def samples(dtype):
    """Samples around all halves, far beyond all limits, and those that are no numbers."""
    rng = np.random.default_rng(3)
    halves = np.arange(-70_000, 70_000) / 2
    wild = rng.standard_normal(5000) * 10.0 ** rng.integers(-45, 38, 5000)
    odd = [np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, np.finfo(dtype).max, np.finfo(dtype).min]
    return np.concatenate([halves, wild, odd]).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2"])
@pytest.mark.parametrize("real", ["f4", "f8"])
def test_scaled_is_what_numpy_computes(real, dtype):
    values, dtype = samples(real), np.dtype(dtype)
    for black, factor, offset, hollow, magnitude in [
        (0.0, 1.0, 0.0, 0, False),
        (0.1, 255 / 7, 0.0, 5, True),
        (-3.3, 0.7, 127, 100, False),
        (0.0, 1e30, 0.0, 0, False),
    ]:
        with np.errstate(over="ignore"):
            want = by_numpy(values, dtype, black, factor, offset, hollow, magnitude)
        got = scaled(
            values, dtype, black=black, factor=factor, offset=offset, hollow=hollow, magnitude=magnitude
        )
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, want)


def test_shapes_and_layouts():
    values = samples("f4")[:140_000].reshape(350, 400)[:, ::-1]
    got = scaled(values, np.dtype("u1"), factor=0.5)
    assert got.shape == values.shape
    np.testing.assert_array_equal(got, by_numpy(values, "u1", 0, 0.5, 0, 0, False))


@pytest.mark.parametrize(
    ("real", "dtype", "count"),
    [("f4", "u1", tones._MANY - 1), ("f2", "u1", 1 << 17), ("f4", "f4", 1 << 17), ("f4", "u4", 1 << 17)],
)
def test_what_is_left_to_numpy(real, dtype, count):
    assert scaled(np.zeros(count, real), np.dtype(dtype)) is None
