"""Images that are replaced by their ranks, band by band: the same bits, and little memory."""

import tracemalloc
from functools import partial

import numpy as np
import pytest

import imfilter
from imfilter import morphology
from imfilter._base import bands
from imfilter._filters.rank.settings import bytes_of_comparison, compared_as
from tests.looping import loop_over

RNG = np.random.default_rng(31)
MODES = "shrink", "mirror", "symmetric", "edge", "wrap", "constant"
LOPSIDED = np.array([[0, 1, 1, 0, 1], [1, 1, 0, 1, 1], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]], bool)


@pytest.fixture
def short_bands(monkeypatch):
    """Cut images into bands of few rows. Return the list of those that are replaced."""
    for name in ("_AT_ONCE", "_PERIODIC", "_OTHERS"):
        monkeypatch.setattr(bands, name, 600)
    placed, place = [], bands._place

    def spy(band, *given):
        placed.append(band)
        return place(band, *given)

    monkeypatch.setattr(bands, "_place", spy)
    return placed


def reversed_rows(image):
    """Return a copy whose rows have the reverse order in memory."""
    found = image[::-1].copy()[::-1]
    assert found.strides[0] < 0
    return found


def check(placed, name, image, *given, copy=lambda image: image.copy(order="K"), **options):
    """Assert that an image is replaced by the results that a new array gets, in bands."""
    expected = getattr(imfilter, name)(image, *given, **options)
    found = copy(image)
    placed.clear()
    replaced = getattr(imfilter, name)(found, *given, out=found, **options)
    assert len(placed) > 1
    assert replaced is found or (replaced.data is found or np.shares_memory(replaced, found))
    np.testing.assert_array_equal(found, np.ma.getdata(expected))
    np.testing.assert_array_equal(np.ma.getmaskarray(replaced), np.ma.getmaskarray(expected))


@pytest.mark.slow
@loop_over("mode", MODES)
@pytest.mark.parametrize("dtype", ["?", "u1", "i2", "f4", "f8", "i8"])
def test_ranks(short_bands, dtype, mode):
    image = (RNG.standard_normal((240, 9)) * 50).astype(dtype)
    options = {"mode": mode, "cval": 3 if mode == "constant" else 0}
    for name, own in (("minimum", ()), ("maximum", ()), ("median", ()), ("percentile", (30.0,))):
        for size in (3, (7, 2)):
            check(short_bands, name, image, *own, size, **options)
        check(short_bands, name, image, *own, footprint=LOPSIDED, workers=3, **options)
        check(short_bands, name, image.T, *own, footprint=LOPSIDED, **options)
        check(short_bands, name, image, *own, 5, copy=reversed_rows, **options)
        check(short_bands, name, image, *own, 5, copy=reversed_rows, axes=1, **options)
        check(short_bands, name, np.stack([image, image[::-1]], -1), *own, 3, channel_axis=-1, **options)


@pytest.mark.slow
@loop_over("mode", MODES)
def test_missing_samples(short_bands, mode):
    image = (RNG.standard_normal((240, 9)) * 50).astype("f4")
    image[RNG.random(image.shape) < 0.1] = np.nan
    mask = RNG.random(image.shape) > 0.4
    mask[30:41] = False
    for name, own in (("minimum", ()), ("maximum", ()), ("median", ()), ("percentile", (30.0,))):
        for options in (
            {"mask": mask},
            {"nan": "ignore"},
            {"mask": mask, "nan": "ignore", "min_coverage": 0.7},
        ):
            check(short_bands, name, image, *own, (3, 5), mode=mode, **options)
            check(short_bands, name, image, *own, 9, mode=mode, workers=3, **options)
        check(short_bands, name, image, *own, 5, mode=mode, nan="propagate")
        check(short_bands, name, np.nan_to_num(image), *own, 5, mode=mode, nan="ignore")


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


def test_errors_of_arguments_leave_the_image(short_bands):
    image = RNG.integers(0, 200, (90, 20)).astype("u1")
    for options in ({"size": 3, "mode": "reflect"}, {"size": 3, "cval": "a"}, {"size": (3, 3, 3)}):
        found = image.copy()
        with pytest.raises((TypeError, ValueError)):
            imfilter.median(found, out=found, **options)
        np.testing.assert_array_equal(found, image)


def test_an_interrupt_leaves_the_image_partly_replaced(short_bands, monkeypatch):
    image = RNG.integers(0, 200, (90, 20)).astype("u1")
    expected, found, place = imfilter.median(image, 3), image.copy(), bands._place

    def interrupted(*given):
        if len(short_bands) == 1:
            raise KeyboardInterrupt
        return place(*given)

    monkeypatch.setattr(bands, "_place", interrupted)
    short_bands.clear()
    with pytest.raises(KeyboardInterrupt):
        imfilter.median(found, 3, out=found, workers=1)
    (rows, _), *others = (band.where for band in short_bands)
    assert not others
    np.testing.assert_array_equal(found[rows], expected[rows])
    np.testing.assert_array_equal(found[rows.stop :], image[rows.stop :])
    assert 0 < rows.stop < len(image)


def test_images_of_large_windows_are_copied(short_bands):
    """Bands would compute many samples twice."""
    image = RNG.integers(0, 200, (12, 83, 14)).astype("u1")
    for name, size in (("maximum", 13), ("minimum", (5, 41, 9))):
        expected, found = getattr(imfilter, name)(image, size), image.copy()
        short_bands.clear()
        getattr(imfilter, name)(found, size, out=found)
        np.testing.assert_array_equal(found, expected)
        assert not short_bands


def test_bands_of_large_windows_are_longer(short_bands):
    image = RNG.integers(0, 200, (900, 20)).astype("u1")
    check(short_bands, "maximum", image, (61, 3), workers=1)
    assert sum(len(range(900)[b.where[0]]) for b in short_bands) == 900
    assert len(short_bands) == 900 // 75


@pytest.mark.slow
@loop_over("mode", ["wrap", "mirror"])
@loop_over("dtype", ["u1", "i2", "f2", "f4"])
def test_memory_beside_a_line(dtype, mode):
    """The places of samples around a periodic line would take 16 bytes a sample."""
    image = RNG.integers(0, 200, 6_000_000).astype(dtype)
    for call in (
        partial(imfilter.minimum, size=5),
        partial(morphology.erosion, element=np.ones(3), weights=[1, 0, 2]),
        partial(morphology.erosion, element=np.ones(3)),
        partial(morphology.gradient, element=np.ones(3)),
        partial(morphology.opening, element=np.ones(3)),
    ):
        call(image, out=image, mode=mode, workers=1)  # compiles, which takes memory
        tracemalloc.start()
        call(image, out=image, mode=mode, workers=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 << 20, (call, peak)


@loop_over("dtype", ["u1", "f2", "f4", "f8"])
@pytest.mark.slow
def test_memory_beside_the_image(dtype):
    image = RNG.integers(0, 200, (1500, 2000)).astype(dtype)
    mask = image % 7 > 0
    for name, options in (
        ("minimum", {"size": 15}),
        ("maximum", {"footprint": np.asarray(morphology.disk(15))}),
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


@pytest.mark.parametrize("kind", "?BHqefdg")
def test_an_image_that_bands_can_replace_is_compared_with_its_output(kind):
    """Small images are not compared. Their bands would need as much memory as a copy."""
    dtype = np.dtype(kind)
    more = bytes_of_comparison(dtype, compared_as(np.zeros(1, dtype), 0, dtype)[1])
    replaced = 0
    for size in (1 << 15, 1 << 16, (1 << 16) + 256, 1 << 18, 1 << 20, 1 << 23):
        for columns in (1, 16, 256, size):
            image = np.zeros((size // columns, columns), dtype)
            done = bands.replace_by_results(
                image, (1, 1), lambda samples, _: (samples, None), 1, periodic=False, at_once=True,
                wanted=False, more=more,
            )  # fmt: skip
            replaced += done is not None
            assert done is None or bands.replaceable_at_once(image, image)
    assert replaced
