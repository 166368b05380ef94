"""Thresholds of compat.skimage.filters are scikit-image's."""

import numpy as np
import pytest
import skimage.data
import skimage.filters

import imfilter
from imfilter.compat.skimage import filters
from tests.compat.agreement import equal, runs_here

KINDS = ("uint8", "int8", "int16", "uint16", "int32", "float32", "float64")
HISTOGRAMS = ("otsu", "yen", "isodata", "triangle", "multiotsu")
PHOTOGRAPHS = ("camera", "coins", "moon", "page", "text", "brick", "grass", "gravel", "cell")


def agrees(name, *args, **options):
    runs_here("skimage.filters", filters, skimage.filters, f"threshold_{name}", *args, **options)


def exactly(name, *args, **options):
    agrees(name, *args, bound=0, **options)


def images(rng):
    """Return an image with two groups of values."""
    ndim = int(rng.integers(1, 4))
    shape = tuple(map(int, rng.integers(8, [90, 30, 12][ndim - 1], ndim)))
    kind = np.dtype(str(rng.choice(KINDS)))
    values = np.where(rng.random(shape) < 0.4, rng.normal(20, 6, shape), rng.normal(80, 9, shape))
    if kind == np.uint16:
        values *= 300
    shift = 50 * (kind.kind != "u")
    return np.clip(values - shift, 0 if kind.kind == "u" else -50, None).astype(kind)


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_histograms(name):
    rng = np.random.default_rng(1)
    for _ in range(30):
        image, bins = images(rng), int(rng.choice([256, 64, 33]))
        if name == "multiotsu":  # the time grows with the bins
            image, bins = (image // 300).astype(np.uint8) if image.dtype == np.uint16 else image, 33
        exactly(name, image, nbins=bins)


def test_minima():
    """Where the smoothed histogram does not have two peaks, the error is scikit-image's."""
    rng, done = np.random.default_rng(6), 0
    for _ in range(15):
        image = images(rng)
        if image.dtype == np.uint16:
            continue
        options = {"nbins": 64, "max_num_iter": 60}
        try:
            skimage.filters.threshold_minimum(image, **options)
        except RuntimeError as error:
            with pytest.raises(RuntimeError, match=str(error)):
                filters.threshold_minimum(image, **options)
            continue
        exactly("minimum", image, **options)
        done += 1
    assert done > 3


def test_means():
    rng = np.random.default_rng(2)
    for kind in ("uint8", "int8", "uint16", "int16", "bool"):
        for _ in range(5):
            exactly("mean", rng.integers(0, 100, (31, 17)).astype(kind))


def test_cross_entropy():
    rng = np.random.default_rng(3)
    for _ in range(20):
        image = rng.integers(0, 90, (31, 17)).astype(rng.choice(["uint8", "int8", "uint16", "int16"]))
        exactly("li", image - np.min(image) // 2)
        exactly("li", image, tolerance=1.5)


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_photographs(photograph):
    image = getattr(skimage.data, photograph)()
    for name in ("otsu", "yen", "isodata", "triangle", "multiotsu"):
        exactly(name, image)
        exactly(name, skimage.util.img_as_float64(image))
    for name in ("li", "mean"):
        exactly(name, image)
    for name in ("local", "niblack", "sauvola"):
        agrees(name, image, 15, bound=1e-7)


def test_neighbourhoods():
    rng = np.random.default_rng(4)
    for _ in range(25):
        image = images(rng)
        sizes = tuple(int(n) for n in 2 * rng.integers(1, 5, image.ndim) + 1)
        mode = str(rng.choice(["reflect", "constant", "nearest", "mirror", "wrap"]))
        for method in ("gaussian", "mean", "median"):
            agrees("local", image, sizes, method, float(rng.random()), mode, cval=2.0)
        agrees("local", image, 3, param=1.7)
        wide = image.astype(np.float64) if image.dtype == np.float32 else image
        agrees("niblack", wide, sizes, float(rng.random()), bound=1e-6)
        agrees("sauvola", wide, 5, float(rng.random()), float(rng.random() * 9 + 1), bound=1e-6)


def test_equal_samples():
    image = np.full((5, 6), 7, np.uint8)
    for name in ("otsu", "triangle", "li"):
        exactly(name, image)
    for name in ("yen", "isodata"):
        equal(
            getattr(filters, f"threshold_{name}")(image), getattr(skimage.filters, f"threshold_{name}")(image)
        )


def test_unusual_calls():
    """What runs in scikit-image has its result: histograms, floats of 16 bits, starts, NaN."""
    rng = np.random.default_rng(5)
    image, counts = rng.random((20, 21)), rng.integers(0, 9, 40)
    wrong = image.copy()
    wrong[3, 4] = np.nan
    for call in (
        lambda m: m.threshold_otsu(hist=counts),
        lambda m: m.threshold_isodata(image, return_all=True),
        lambda m: m.threshold_li(image, initial_guess=0.5),
        lambda m: m.threshold_li(wrong),
        lambda m: m.threshold_mean(image > 0.5),
        lambda m: m.threshold_yen(image.astype(np.float16)),
        lambda m: m.threshold_mean(image),
        lambda m: m.threshold_niblack(image.astype(np.float32)),
        lambda m: m.threshold_local(image, 3, "generic", param=np.max),
    ):
        equal(call(filters), call(skimage.filters))
    for call in (
        lambda m: m.threshold_otsu(wrong),
        lambda m: m.threshold_local(image, 4),
        lambda m: m.threshold_niblack(image, 4),
        lambda m: m.threshold_multiotsu(np.ones((4, 4), np.uint8)),
    ):
        with pytest.raises(ValueError) as theirs:  # noqa: PT011  # compared below
            call(skimage.filters)
        with pytest.raises(ValueError) as ours:  # noqa: PT011  # compared below
            call(filters)
        assert str(ours.value) == str(theirs.value)


def test_the_lowest_of_equal_bins_is_that_of_scikit_image():
    image = np.arange(625, dtype=np.uint8).reshape(25, 25)
    image[:9], image[14:] = 50, 250
    expected = skimage.filters.threshold_minimum(image)
    with imfilter.patch("scipy.ndimage", "skimage.filters", smallest=0):
        found = skimage.filters.threshold_minimum(image)
    assert found == expected == 95


@pytest.mark.parametrize("kind", ["uint8", "int16", "float32", "float64"])
def test_minima_between_two_peaks(kind):
    rng = np.random.default_rng(2)
    for number in range(4):
        low, high = rng.normal(60, 12, 900), rng.normal(190, 15, 400 + 100 * number)
        image = np.concatenate([low, high]).clip(0, 255).reshape(10, -1).astype(kind)
        exactly("minimum", image)
        exactly("minimum", image, 64, 500)
