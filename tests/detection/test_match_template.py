"""Search for a template: the definition, other libraries, types, borders, masks and errors."""

import tracemalloc

import cv2
import numpy as np
import pytest
import skimage.feature

import imfilter
from imfilter._filters.detection import centring
from tests.photos import GREY, photo
from tests.reference import detection as loops

RNG = np.random.default_rng(41)
MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink")
SHAPES = [((30,), (4,)), ((12, 17), (3, 5)), ((13, 11), (4, 2)), ((7, 6, 8), (3, 2, 3)), ((5, 9), (1, 4))]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_definition(shape):
    image, template = RNG.normal(size=shape[0]) + 3, RNG.normal(size=shape[1])
    for mode in MODES:
        expected, _ = loops.coefficients(image, template, mode=mode, cval=2.0)
        found = imfilter.match_template(image, template, mode=mode, cval=2.0)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11, err_msg=mode)
    expected, _ = loops.coefficients(image, template, valid=True)
    found = imfilter.match_template(image, template, padding="valid")
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)
    short = imfilter.match_template(image.astype(np.float32), template, padding="valid")
    assert short.dtype == np.float32
    np.testing.assert_allclose(short, expected, rtol=0, atol=2e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.slow
def test_missing_data(shape):
    image, template = RNG.normal(size=shape[0]) + 3, RNG.normal(size=shape[1])
    counts = np.where(RNG.random(shape[0]) < 0.4, 0.0, RNG.random(shape[0]))
    weights = np.where(RNG.random(shape[1]) < 0.3, 0.0, RNG.random(shape[1]))
    weights.flat[:2] = 1, 0.5
    for mode in MODES:
        for given in (counts, counts > 0, None):
            options = {"counts": given, "weights": weights, "mode": mode, "cval": 2.0}
            expected, share = loops.coefficients(image, template, **options)
            hidden = image if given is None else np.where(given > 0, image, np.inf)
            options = {"template_mask": weights, "mask": given, "mode": mode, "cval": 2.0}
            found = imfilter.match_template(hidden, template, **options)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7, err_msg=mode)
            least = imfilter.match_template(hidden, template, min_coverage=0.4, **options)
            np.testing.assert_array_equal(np.isnan(least), ~(share >= 0.4))
    hole = np.where(counts > 0, image, np.nan)
    whole = imfilter.match_template(hole, template, nan="ignore")
    masked = imfilter.match_template(np.ma.MaskedArray(image, counts == 0), template)
    np.testing.assert_array_equal(masked.filled(np.nan), whole)


def test_other_libraries():
    image = photo(GREY[0])[:120, :150]
    spread = imfilter.local_std(image, (17, 21))[8:-8, 10:-10]
    y, x = np.unravel_index(spread.argmax(), spread.shape)
    template = image[y : y + 17, x : x + 21].copy()
    pair = image.astype(np.float32), template.astype(np.float32)  # OpenCV loses digits of bytes
    other = cv2.matchTemplate(*pair, cv2.TM_CCOEFF_NORMED)
    for dtype in ("uint8", "float32", "float64"):
        found = imfilter.match_template(image.astype(dtype), template, padding="valid")
        assert np.unravel_index(found.argmax(), found.shape) == (y, x)
        assert (np.abs(found - other) * spread).max() < 0.05  # OpenCV loses digits in flat windows
        theirs = skimage.feature.match_template(image.astype(float), template.astype(float))
        np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-4)
    theirs = skimage.feature.match_template(image.astype(float), template.astype(float), pad_input=True)
    found = imfilter.match_template(image, template, mode="zero")
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-4)
    inside = RNG.random(template.shape) > 0.4
    image, template, mask = (a.astype(np.float32) for a in (image, template, inside))
    masked = cv2.matchTemplate(image, template, cv2.TM_CCOEFF_NORMED, mask=mask)
    found = imfilter.match_template(image, template, template_mask=inside, padding="valid")
    assert (np.abs(found - masked) * spread).max() < 0.05
    (best,) = imfilter.corner_peaks(imfilter.match_template(image, template), count=1)
    np.testing.assert_array_equal(best, [y + 8, x + 10])


def test_offsets_and_contrasts_change_nothing():
    image = RNG.normal(size=(40, 50))
    template = image[10:19, 20:31]
    found = imfilter.match_template(image, template)
    for factor, offset in ((1e-9, 0.0), (3.0, 1e6), (1e12, -1e13)):
        other = imfilter.match_template(image * factor + offset, template * 2 - 5)
        np.testing.assert_allclose(other, found, rtol=0, atol=1e-8)
    np.testing.assert_allclose(imfilter.match_template(-image, template), -found, rtol=0, atol=1e-12)


def test_flat_windows_give_zero():
    image = np.full((20, 30), 7, np.uint8)
    image[:, 20:] = RNG.integers(0, 255, (20, 10))
    for dtype in ("uint8", "float32", "float64"):
        for mask in (None, np.array([[1, 1, 0], [1, 1, 1], [1, 1, 1]])):
            options = {"template_mask": mask}
            found = imfilter.match_template(image.astype(dtype), np.arange(9.0).reshape(3, 3), **options)
            np.testing.assert_array_equal(found[:, :19], 0)
            assert np.abs(found[2:-2, 21:-2]).min() > 0


def test_axes_channels_layouts_and_output():
    image, template = RNG.random((20, 24, 3)).astype(np.float32), RNG.random((4, 5))
    whole = imfilter.match_template(image, template, channel_axis=-1)
    for c in range(3):
        alone = imfilter.match_template(np.ascontiguousarray(image[..., c]), template)
        np.testing.assert_allclose(whole[..., c], alone, rtol=0, atol=2e-5)
    first = np.moveaxis(image, -1, 0)
    by_axes = imfilter.match_template(first, template, axes=(1, 2))
    np.testing.assert_allclose(np.moveaxis(by_axes, 0, -1), whole, rtol=0, atol=2e-5)
    for workers in (1, 3):
        np.testing.assert_array_equal(
            imfilter.match_template(image, template, channel_axis=-1, workers=workers), whole
        )
    out = np.empty((17, 20, 3), np.float64)
    found = imfilter.match_template(image, template, channel_axis=-1, padding="valid", out=out)
    assert found is out


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"template": np.ones((2, 2))}, ValueError, "template must have different samples"),
        ({"template": np.arange(4.0)}, ValueError, "template must have 2 axes"),
        ({"template": np.ones((0, 2))}, ValueError, "template must have 2 axes.*not be empty"),
        ({"template": np.arange(99.0).reshape(9, 11), "padding": "valid"}, ValueError, "not be larger"),
        ({"template": [[1.0, np.nan]]}, ValueError, "template must be finite"),
        ({"padding": "full"}, ValueError, "padding must be one of"),
        ({"template_mask": np.zeros((2, 2))}, ValueError, "template_mask must have a sample"),
        ({"template_mask": np.ones(3)}, ValueError, r"template_mask must have shape \(2, 2\)"),
        ({"template_mask": -np.ones((2, 2))}, ValueError, "template_mask must contain"),
        ({"mode": "reflect"}, ValueError, "mode 'reflect' is ambiguous"),
        ({"out": np.zeros((2, 2))}, ValueError, "out must have shape"),
    ],
    ids=str,
)
def test_errors(change, error, words):
    options = {"template": np.arange(4.0).reshape(2, 2), **change}
    with pytest.raises(error, match=words):
        imfilter.match_template(np.zeros((6, 7)), **options)


@pytest.mark.parametrize("options", [{}, {"template_mask": [[0, 1, 1], [1, 1, 1]]}], ids=["whole", "masked"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_sample_changes_only_the_windows_that_contain_it(dtype, options):
    """NaN and infinity make them NaN, and a fill value takes no digits of the others."""
    image, template = RNG.normal(size=(30, 40)).astype(dtype), RNG.normal(size=(2, 3))
    present = np.ones(image.shape, bool)
    present[3] = False
    for given in ({}, {"mask": present}):
        expected = imfilter.match_template(image, template, **given, **options)
        around = np.zeros(image.shape, bool)
        around[20:22, 9:12] = True  # an even length has its centre at the second sample
        around[21, 11] = not options  # there it is under the first sample of the template
        for value in (np.nan, np.inf, -np.inf, 1e20, -3.4028235e38):
            spoiled = image.copy()
            spoiled[20, 10] = value
            found = imfilter.match_template(spoiled, template, **given, **options)
            if not np.isfinite(value):
                np.testing.assert_array_equal(np.isnan(found), around, err_msg=str(value))
            kept = ~around
            error = {"float32": 4e-5, "float64": 1e-10}[dtype]
            np.testing.assert_allclose(found[kept], expected[kept], rtol=0, atol=error, err_msg=str(value))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_a_background_is_no_reason_to_subtract_the_median(dtype):
    """Where most samples are equal, the others tell whether the mean is far away."""
    image = np.zeros((40, 50), dtype)
    image[5:25, 6:30] = RNG.integers(100, 200, (20, 24))
    found, error = centring.of_all(image, np.dtype(float)), 0.5 if dtype == "uint8" else 1e-9
    assert found.offset == pytest.approx(image.mean(), abs=error)
    if dtype != "uint8":
        image[30, 40] = 1e20
        assert centring.of_all(image, np.dtype(float)).offset == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_near_the_ends_of_the_range(dtype):
    """The coefficient has no unit, so a power of two that is common to all samples changes nothing."""
    image, template = (RNG.random((40, 44)) + 0.5).astype(dtype), RNG.random((6, 22))
    present = RNG.random(image.shape) < 0.8
    powers = {"float32": (-110, -60, 60, 110, 126), "float64": (-1000, -700, -500, 500, 700, 1000, 1022)}[
        dtype
    ]
    error = 1e-5 if dtype == "float32" else 1e-12
    for options in ({}, {"mask": present}, {"template_mask": RNG.random((6, 22))}, {"mode": "constant"}):
        for power in powers:
            scaled, cval = np.ldexp(image, power), 2.0**power if "mode" in options else 0.0
            expected = imfilter.match_template(image, template, cval=float(bool(cval)), **options)
            found = imfilter.match_template(scaled, template, cval=cval, **options)
            np.testing.assert_allclose(found, expected, rtol=0, atol=error, err_msg=f"{power} {options}")
    signs = np.where(RNG.random(image.shape) < 0.5, -1, 1) * image
    largest = signs / np.abs(signs).max() * np.finfo(dtype).max
    expected = imfilter.match_template(signs, template)
    np.testing.assert_allclose(imfilter.match_template(largest, template), expected, rtol=0, atol=error)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_byte_order_changes_no_bit(dtype):
    rng, template = np.random.default_rng(2), RNG.random((7, 9))
    for _ in range(6):
        image = (rng.normal(size=(140, 333)) * 3 + 1000 / 7).astype(dtype)
        swapped = image.astype(image.dtype.newbyteorder())
        expected = imfilter.match_template(image, template)
        np.testing.assert_array_equal(imfilter.match_template(swapped, template), expected)
        lazy = pytest.importorskip("dask.array").from_array(swapped, chunks=(60, 333))
        np.testing.assert_array_equal(imfilter.match_template(lazy, template).compute(), expected)


def test_bytes_take_the_memory_of_two_results():
    image = RNG.integers(0, 255, (1000, 1500)).astype(np.uint8)
    template = image[:20, :20]
    imfilter.match_template(image[:99], template)
    tracemalloc.start()
    try:
        imfilter.match_template(image, template, workers=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * image.size
