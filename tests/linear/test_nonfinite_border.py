"""A border that is NaN or infinite reaches exactly the windows that touch it, whichever algorithm runs."""

import functools

import numpy as np
import pytest

import imfilter
from imfilter import weights
from tests.looping import loop_over
from tests.reference import naive

TYPES = ("bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
RNG = np.random.default_rng(3)


def positive(*shape):
    return RNG.random(shape) + 0.1


#: Positive taps, so that an infinite border makes an infinite sum, and the algorithm that they get inside.
KERNELS = {
    "direct": positive(3, 3),
    "box": np.full((9, 9), 1 / 81),
    "large box": np.full((25, 30), 1 / 750),
    "separable": [positive(9), positive(12)],
    "low-rank": np.outer(positive(15), positive(15)) + np.outer(positive(15), positive(15)),
    "long": [weights.gaussian(8.0), weights.gaussian(9.0)],
    "rows": positive(25, 26),
    "transform": positive(50, 51),
    "sparse": np.where(RNG.random((31, 31)) < 0.02, 1.0, 0.0) + np.eye(31),
}


def touched(shape, kernel):
    """Outputs that read what lies beyond the image."""
    inside = np.ones(shape)
    used = (naive.dense(kernel, len(shape)) != 0).astype(float)
    return naive.correlate(inside, used, mode="zero") < used.sum() - 0.5


@functools.cache
def touched_by(name, shape):
    return touched(shape, KERNELS[name])


@pytest.mark.slow
@loop_over("value", [np.nan, np.inf, -np.inf])
@loop_over("dtype", TYPES)
@pytest.mark.parametrize("name", KERNELS)
def test_kernels(name, dtype, value):
    kernel = KERNELS[name]
    image = (RNG.random((70, 84)) * 100).astype(dtype)
    found = imfilter.correlate(image, kernel, mode="constant", cval=value, dtype="f8")
    hit = touched_by(name, image.shape)
    if name == "low-rank":  # whose terms have weights of either sign
        assert not np.isfinite(found[hit]).any()
    else:
        np.testing.assert_array_equal(found[hit], value)
    clean = naive.correlate(image.astype(float), kernel, mode="zero")
    np.testing.assert_allclose(found[~hit], clean[~hit], rtol=2e-6)
    if np.dtype(dtype).kind in "iu" and name != "low-rank":
        scaled = [k / k.sum() for k in kernel] if isinstance(kernel, list) else kernel / kernel.sum()
        rounded = imfilter.correlate(image, scaled, mode="constant", cval=value, dtype=dtype)
        info = np.iinfo(dtype)
        beyond = 0 if np.isnan(value) else info.max if value > 0 else info.min
        np.testing.assert_array_equal(rounded[hit], beyond)
        clean /= naive.dense(kernel, 2).sum()
        assert np.abs(rounded[~hit] - clean[~hit]).max() <= 0.501


@loop_over("value", [np.nan, np.inf, -np.inf])
@loop_over("dtype", TYPES)
@loop_over(
    ("shape", "size"), [((8,), 3), ((900,), 101), ((8, 9), 4), ((60, 70), 9), ((9, 10, 11), 3), ((3, 4), 9)]
)
def test_boxes(shape, size, dtype, value):
    """In one to three dimensions, also where no window lies inside."""
    image = (RNG.random(shape) * 100).astype(dtype)
    found = imfilter.box(image, size, mode="constant", cval=value, dtype="f8")
    hit = touched(shape, np.ones((size,) * len(shape)))
    np.testing.assert_array_equal(found[hit], value)
    if not hit.all():
        inside = naive.box(image.astype(float), size)
        np.testing.assert_allclose(found[~hit], inside[~hit], rtol=1e-6)
    if len(shape) == 2:
        channels = np.stack([image] * 6, axis=-1)
        many = imfilter.box(channels, size, mode="constant", cval=value, dtype="f8", channel_axis=-1)
        np.testing.assert_allclose(many, np.stack([found] * 6, axis=-1), rtol=1e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf], ids=str)
@pytest.mark.parametrize("dtype", ["u1", "i4", "f4", "f8"])
def test_other_modes_do_not_read_it(dtype, value):
    image = (RNG.random((40, 50)) * 100).astype(dtype)
    for mode in ("mirror", "zero", "wrap"):
        np.testing.assert_array_equal(
            imfilter.box(image, 15, mode=mode, cval=value), imfilter.box(image, 15, mode=mode)
        )


@loop_over("value", [np.nan, np.inf])
@loop_over("dtype", ["u1", "i2", "u4", "i8", "f4", "f8"])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, **o: imfilter.sobel(x, **o),
        lambda x, **o: imfilter.laplacian(x, **o),
        lambda x, **o: imfilter.gaussian(x, 2.0, dtype="f8", **o),
        lambda x, **o: imfilter.gaussian(x, 8.0, order=(1, 0), **o),
        lambda x, **o: imfilter.difference_of_gaussians(x, 1.0, **o),
        lambda x, **o: imfilter.unsharp_mask(x, 1.0, dtype="f8", **o),
        lambda x, **o: imfilter.harris(x, **o),
        lambda x, **o: imfilter.shi_tomasi(x, **o),
    ],
)
def test_windows_inside_are_as_ever(call, dtype, value):
    image = (RNG.random((90, 96)) * 100).astype(dtype)
    found, clean = call(image, mode="constant", cval=value), call(image)
    inner = slice(40, 50), slice(40, 56)
    np.testing.assert_allclose(found[inner], clean[inner], rtol=1e-5, atol=1e-3)
    assert not np.isfinite(found[0]).any()


@loop_over("value", [np.nan, np.inf, -np.inf])
@loop_over("dtype", TYPES)
@pytest.mark.parametrize("name", ["moving_average", "weighted_average", "savgol", "gaussian"])
def test_series(name, dtype, value):
    values = (RNG.random(200) * 100).astype(dtype)
    own = {"moving_average": (9,), "weighted_average": (positive(9),), "savgol": (9, 2), "gaussian": (2.0,)}
    function = getattr(imfilter.series, name)
    found = function(values, *own[name], mode="constant", cval=value, dtype="f8")
    clean = function(values, *own[name], dtype="f8")
    reach = 8 if name == "gaussian" else 4
    np.testing.assert_allclose(found[reach:-reach], clean[reach:-reach], rtol=1e-12)
    assert not np.isfinite(found[:reach]).any()
    assert not np.isfinite(found[-reach:]).any()
