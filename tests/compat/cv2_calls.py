"""Random calls of functions of OpenCV, and the comparison with the functions of the same names here."""

import cv2
import numpy as np
import pytest

import imfilter.compat.cv2 as ours
from imfilter._compat import record

#: The borders that all filters have.
BORDERS = (cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT, cv2.BORDER_REFLECT_101)
#: The number of calls of each function.
COUNT = 300


def image(rng, dtype, *, channels=(None, 3), most=(24, 40), least=(1, 1)):
    """A small image of random samples; some have few levels, so that there are equal ones."""
    shape = tuple(int(rng.integers(low, high)) for low, high in zip(least, most, strict=True))
    number = channels[rng.integers(len(channels))]
    shape = shape if number is None else (*shape, number)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (rng.random(shape) * 200 - 50).astype(dtype)
    levels = np.iinfo(dtype) if rng.integers(3) else np.iinfo(np.int8 if dtype.kind == "i" else np.uint8)
    return rng.integers(levels.min, levels.max, shape, endpoint=True).astype(dtype)


def pick(rng, *values):
    """One of some values."""
    return values[rng.integers(len(values))]


def check(name, draw, *, share, seed=0, count=COUNT, scale=None):
    """Compare results of random calls, and the share of the calls that OpenCV accepts and that ran here.

    `draw` returns the arguments of a call. Floats differ by at most 1e-5 times the largest magnitude, or
    times `scale` of the arguments.
    """
    rng, entry = np.random.default_rng(seed), record.entry(f"cv2.{name}")
    before, accepted = entry.here, 0
    for number in range(count):
        args, options = draw(rng)
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        try:
            expected = getattr(cv2, name)(*args, **options)
        except cv2.error:
            with pytest.raises(cv2.error):
                getattr(ours, name)(*copies, **options)
            continue
        accepted += 1
        found = getattr(ours, name)(*copies, **options)
        for mine, other in zip(parts(found), parts(expected), strict=True):
            agree(mine, other, (name, number, args[1:], options), None if scale is None else scale(*args))
    assert entry.here - before >= share * accepted, entry


def parts(result):
    """The arrays of a result."""
    return result if isinstance(result, tuple | list) else (result,)


def agree(found, expected, call, scale=None):
    """Compare two results."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype, call
    assert found.shape == expected.shape, call
    if expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected, err_msg=str(call))
        return
    size = float(np.abs(expected).max(initial=0.0)) if scale is None else scale
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5 * size, err_msg=str(call))
