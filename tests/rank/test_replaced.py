"""Images that are replaced by their ranks, band by band: the same bits, and little memory."""

import tracemalloc

import numpy as np
import pytest

import imfilter
from imfilter._base import bands
from imfilter.morphology import disk
from tests.looping import loop_over

RNG = np.random.default_rng(31)
MODES = "shrink", "mirror", "symmetric", "edge", "wrap", "constant"
LOPSIDED = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 1, 1], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]], bool)


@pytest.fixture
def short_bands(monkeypatch):
    """Cut images into bands of few rows."""
    for name in ("_AT_ONCE", "_PERIODIC", "_OTHERS"):
        monkeypatch.setattr(bands, name, 600)


def check(name, image, *given, **options):
    """Assert that an image is replaced by the results that a new array gets, in bands."""
    expected = getattr(imfilter, name)(image, *given, **options)
    found = image.copy(order="K")
    replaced = getattr(imfilter, name)(found, *given, out=found, **options)
    assert replaced is found or (replaced.data is found or np.shares_memory(replaced, found))
    np.testing.assert_array_equal(found, np.ma.getdata(expected))
    np.testing.assert_array_equal(np.ma.getmaskarray(replaced), np.ma.getmaskarray(expected))


@loop_over("mode", MODES)
@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "f4", "f8", "i8"])
def test_ranks(short_bands, dtype, mode):
    image = (RNG.standard_normal((83, 14)) * 50).astype(dtype)
    options = {"mode": mode, "cval": 3 if mode == "constant" else 0}
    for name, own in (("minimum", ()), ("maximum", ()), ("median", ()), ("percentile", (30.0,))):
        for size in (3, (7, 2)):
            check(name, image, *own, size, **options)
        check(name, image, *own, footprint=LOPSIDED, workers=3, **options)
        check(name, image.T, *own, footprint=LOPSIDED, **options)
        check(name, image[::-1], *own, 5, axes=1, **options)
        check(name, np.stack([image, image[::-1]], -1), *own, 3, channel_axis=-1, **options)


@loop_over("mode", MODES)
def test_missing_samples(short_bands, mode):
    image = (RNG.standard_normal((83, 14)) * 50).astype("f4")
    image[RNG.random(image.shape) < 0.1] = np.nan
    mask = RNG.random(image.shape) > 0.4
    mask[30:41] = False
    for name, own in (("minimum", ()), ("maximum", ()), ("median", ()), ("percentile", (30.0,))):
        for options in (
            {"mask": mask},
            {"nan": "ignore"},
            {"mask": mask, "nan": "ignore", "min_coverage": 0.7},
        ):
            check(name, image, *own, (3, 5), mode=mode, **options)
            check(name, image, *own, 9, mode=mode, workers=3, **options)
        check(name, image, *own, 5, mode=mode, nan="propagate")
        check(name, np.nan_to_num(image), *own, 5, mode=mode, nan="ignore")


def test_masks_replaced_by_results(short_bands):
    truth = RNG.random((90, 20)) > 0.3
    data = RNG.integers(0, 200, (90, 20)).astype("u1")
    for name in ("minimum", "median"):
        function = getattr(imfilter, name)
        found = truth.copy()
        function(found, 3, mask=found, out=found)
        np.testing.assert_array_equal(found, function(truth, 3, mask=truth))
        masked, image = np.ma.MaskedArray(data.copy(), ~truth), data.copy()
        function(masked, 5, min_coverage=0.5, out=masked.data)
        np.testing.assert_array_equal(
            masked.data, function(np.ma.MaskedArray(image, ~truth), 5, min_coverage=0.5).data
        )


def test_errors_leave_the_image(short_bands):
    image = RNG.integers(0, 200, (90, 20)).astype("u1")
    for options in ({"size": 3, "mode": "reflect"}, {"size": 3, "cval": "a"}, {"size": (3, 3, 3)}):
        found = image.copy()
        with pytest.raises((TypeError, ValueError)):
            imfilter.median(found, out=found, **options)
        np.testing.assert_array_equal(found, image)


@loop_over("dtype", ["u1", "f4", "f8"])
@pytest.mark.slow
def test_memory_beside_the_image(dtype):
    image = RNG.integers(0, 200, (1500, 2000)).astype(dtype)
    mask = image % 7 > 0
    for name, options in (
        ("minimum", {"size": 15}),
        ("maximum", {"footprint": np.asarray(disk(15))}),
        ("median", {"size": 5}),
        ("median", {"size": 15}),
        ("maximum", {"size": 15, "mask": mask}),
        ("median", {"size": 5, "mask": mask, "mode": "wrap"}),
    ):
        call = getattr(imfilter, name)
        call(image, out=image, workers=1, **options)  # compiles, which takes memory
        tracemalloc.start()
        call(image, out=image, workers=1, **options)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20, (name, options.keys(), peak)
