"""Canny's edges: OpenCV's in every pixel, scikit-image's, thresholds that are found, masks, mistakes."""

import functools
import tracemalloc

import cv2
import numpy as np
import pytest
import skimage.data
import skimage.feature
import skimage.filters

import imfilter
from imfilter._filters.canny import edges, quantiles, thresholds
from tests import photos
from tests.looping import loop_over

RNG = np.random.default_rng(31)
GREY = ("camera", "coins", "page", "moon", "text", "clock", "brick", "grass", "gravel", "cell")
COLOUR = ("astronaut", "chelsea", "coffee", "rocket")
THRESHOLDS = (
    *((0, 0), (50, 150), (100, 100), (10.5, 33.3), (200, 400)),
    *((0, 1020), (1, 2), (149, 150), (300, 900), (1000, 2040)),
)


def photograph(name):
    """A photograph at its own size, grey."""
    image = getattr(skimage.data, name)()
    return image if image.ndim == 2 else np.ascontiguousarray(image[..., 1])


@pytest.mark.parametrize("name", GREY + COLOUR)
@pytest.mark.slow
def test_every_pixel_is_that_of_opencv(name):
    image = photograph(name)
    for low, high in THRESHOLDS:
        for norm in ("l1", "l2"):
            expected = cv2.Canny(image, low, high, L2gradient=norm == "l2") != 0
            result = imfilter.canny(image, low, high, sigma=0, norm=norm)
            assert result.dtype == bool
            np.testing.assert_array_equal(result, expected, err_msg=f"{low} {high} {norm}")


@loop_over("height", range(1, 41))
@pytest.mark.slow
def test_small_sizes_are_those_of_opencv(height):
    for width in range(1, 41):
        image = RNG.integers(0, 256, (height, width)).astype(np.uint8)
        for norm, (low, high) in (("l1", (200, 700)), ("l2", (100, 500))):
            expected = cv2.Canny(image, low, high, L2gradient=norm == "l2") != 0
            np.testing.assert_array_equal(imfilter.canny(image, low, high, sigma=0, norm=norm), expected)


def test_large_noise_is_that_of_opencv():
    image = RNG.integers(0, 256, (2160, 3840)).astype(np.uint8)
    for norm in ("l1", "l2"):
        expected = cv2.Canny(image, 100, 900, L2gradient=norm == "l2") != 0
        np.testing.assert_array_equal(imfilter.canny(image, 100, 900, sigma=0, norm=norm), expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", GREY + COLOUR)
@loop_over("sigma", [1, 2, 3])
def test_interpolated_edges_are_those_of_scikit_image(name, sigma):
    """At least 999 of 1000: it computes in float64, and ties between neighbours fall either way."""
    image = photograph(name)
    for low, high in ((10, 30), (25, 50), (60, 120)):
        expected = skimage.feature.canny(image, sigma, low, high)
        result = imfilter.canny(image, low, high, sigma=sigma, nms="interpolated", mode="zero")
        assert (result != expected).mean() <= 1e-3
    double = imfilter.canny(image.astype(float), 25, 50, sigma=sigma, nms="interpolated", mode="zero")
    expected = skimage.feature.canny(image, sigma, 25, 50)
    assert (double != expected).mean() <= 1e-4


def test_a_constant_border_counts_beside_a_mask():
    inside = np.ones((30, 34), bool)
    inside[15, 15] = False
    flat, options = np.full(inside.shape, 5.0), {"mode": "constant", "cval": 5.0, "mask": inside}
    assert not imfilter.canny(flat, 1e-3, 1e-2, **options).any()
    dot = flat.copy()
    dot[9, 12] = 9
    found = imfilter.canny(dot, 1e-3, 1e-2, **options)
    assert found.any()
    assert not any(found[rows].any() for rows in np.s_[:3, -10:, (..., slice(3)), (..., slice(-9, None))])
    padded = np.pad(dot, 9, constant_values=5.0), np.pad(inside, 9, constant_values=True)
    np.testing.assert_array_equal(found, imfilter.canny(padded[0], 1e-3, 1e-2, mask=padded[1])[9:-9, 9:-9])


def test_masks_are_those_of_scikit_image():
    image = photograph("camera")
    mask = np.zeros(image.shape, bool)
    mask[40:300, 60:400] = True
    mask[100:130, 200:240] = False
    expected = skimage.feature.canny(image, 1.5, 25, 50, mask=mask)
    result = imfilter.canny(image, 25, 50, sigma=1.5, mask=mask, nms="interpolated", mode="zero")
    assert (result != expected).mean() <= 1e-4
    # What is outside does not matter at all.
    other = np.where(mask, image, 255 - image)
    np.testing.assert_array_equal(
        imfilter.canny(other, 25, 50, sigma=1.5, mask=mask),
        imfilter.canny(image, 25, 50, sigma=1.5, mask=mask),
    )


def test_quantiles_are_those_of_scikit_image():
    image = photograph("coins")
    expected = skimage.feature.canny(image, 2, 0.7, 0.9, use_quantiles=True)
    options = {"sigma": 2, "nms": "interpolated", "mode": "zero", "threshold": "quantile"}
    assert (imfilter.canny(image, 0.7, 0.9, **options) != expected).mean() <= 2e-3


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("nms", ["sector", "interpolated"])
def test_floats_have_the_same_edges_after_scaling(norm, nms):
    image = photograph("coins")
    options = {"sigma": 0, "norm": norm, "nms": nms}
    expected = imfilter.canny(image, 60, 160, **options)
    for dtype in ("float32", "float64", "int16", "uint16", "int64", ">f4"):
        result = imfilter.canny(image.astype(dtype), 60, 160, **options)
        # Between neighbours strengths are rounded: there ties may fall another way in float64.
        assert (result != expected).mean() <= (1e-4 if nms == "interpolated" else 0)
    for scale in (2.0**-20, 1 / 256, 2.0**30):
        for dtype in (np.float32, np.float64):
            result = imfilter.canny((image * scale).astype(dtype), 60 * scale, 160 * scale, **options)
            assert (result != expected).mean() <= (1e-4 if nms == "interpolated" else 0)


def test_thresholds_that_are_found():
    image = photograph("camera")
    gradient = imfilter.sobel(imfilter.gaussian(image, 1, dtype=np.float32), mode="edge")
    otsu = skimage.filters.threshold_otsu(gradient)
    by_hand = imfilter.canny(image, 0.5 * otsu, otsu)
    for result in (imfilter.canny(image), imfilter.canny(image, threshold="otsu")):
        assert (result != by_hand).mean() < 2e-3
    np.testing.assert_array_equal(imfilter.canny(image, 0.5, 1.0, threshold="otsu"), imfilter.canny(image))
    middle = float(np.median(gradient))
    expected = imfilter.canny(image, 2 / 3 * middle, 4 / 3 * middle)
    np.testing.assert_array_equal(imfilter.canny(image, threshold="median"), expected)
    seen = []

    def rule(values):
        seen.append(values)
        return 40, 90

    np.testing.assert_array_equal(imfilter.canny(image, threshold=rule), imfilter.canny(image, 40, 90))
    np.testing.assert_allclose(seen[0], gradient, rtol=1e-6)


def test_nothing_is_found_in_a_flat_image():
    for image in (np.zeros((9, 11), np.uint8), np.full((9, 11), 7.5)):
        for nms in ("sector", "interpolated"):
            assert not imfilter.canny(image, nms=nms).any()
            assert not imfilter.canny(image, 0, 0, nms=nms, sigma=0).any()


def test_what_is_no_number_is_no_edge():
    image = photograph("coins").astype(np.float32)
    image[100:103, 200:204] = np.nan
    result = imfilter.canny(image, 60, 160, sigma=0)
    clean = imfilter.canny(photograph("coins"), 60, 160, sigma=0)
    assert not result[100:103, 200:204].any()
    np.testing.assert_array_equal(result[:60], clean[:60])


@pytest.mark.parametrize("nms", ["sector", "interpolated"])
@pytest.mark.parametrize("shape", [(61, 133), (400, 900), (1, 300), (300, 1)], ids=str)
def test_workers_and_layouts_do_not_matter(nms, shape):
    image = RNG.normal(size=shape).astype(np.float32)
    options = {"nms": nms, "sigma": 1.0}
    alone = imfilter.canny(image, 1, 3, workers=1, **options)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(imfilter.canny(image, 1, 3, workers=workers, **options), alone)
    for other in (np.asfortranarray(image), image[::-1].copy()[::-1], np.repeat(image, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(imfilter.canny(other, 1, 3, **options), alone)


@loop_over(
    ("error", "message", "arguments", "options"),
    [
        (ValueError, "low must not be greater than high, got low=3.0 and high=2.0", (3, 2), {}),
        (ValueError, "low must not be negative, got -1.0", (-1, 2), {}),
        (ValueError, "low must be a number, got nan", (np.nan, 2), {}),
        (ValueError, "high must be given together with the other threshold, got None", (1,), {}),
        (ValueError, "low must be given together with the other threshold, got None", (None, 1), {}),
        (TypeError, "high must be a number, got '2'", (1, "2"), {}),
        (ValueError, "sigma must be at least 0, got -1.0", (1, 2), {"sigma": -1}),
        (ValueError, "sigma must be finite, got nan", (1, 2), {"sigma": float("nan")}),
        (ValueError, "norm must be one of 'l1', 'l2', got 'L2'; did you mean 'l2'?", (1, 2), {"norm": "L2"}),
        (TypeError, "norm must be one of 'l1', 'l2', got 2", (1, 2), {"norm": 2}),
        (ValueError, "nms must be one of 'sector', 'interpolated', got 'x'", (1, 2), {"nms": "x"}),
        (
            ValueError,
            "threshold must be one of 'absolute', 'quantile', 'median', 'otsu', got 'best'",
            (),
            {"threshold": "best"},
        ),
        (
            ValueError,
            "high must be at most 1 with threshold='quantile', got 2.0",
            (0.5, 2),
            {"threshold": "quantile"},
        ),
        (
            ValueError,
            "low and high must be given with threshold='quantile', got None",
            (),
            {"threshold": "quantile"},
        ),
        (
            ValueError,
            "low and high must be left out if threshold is a function: the function returns both",
            (1, 2),
            {"threshold": lambda g: (1, 2)},
        ),
        (
            ValueError,
            "threshold must return two numbers, low and high, got 3",
            (),
            {"threshold": lambda g: 3},
        ),
        (
            ValueError,
            "mask must have shape (5, 6), got (5, 5)",
            (1, 2),
            {"mask": np.ones((5, 5))},
        ),
        (ValueError, "workers must be at least 1, got 0", (1, 2), {"workers": 0}),
        (TypeError, "cval must be a number, got '1'", (1, 2), {"cval": "1"}),
    ],
)
def test_errors(error, message, arguments, options):
    with pytest.raises(error) as caught:
        imfilter.canny(np.zeros((5, 6)), *arguments, **options)
    assert str(caught.value) == message


def test_images_are_checked():
    with pytest.raises(
        ValueError, match=r"image must have 2 axes, got shape \(3, 3, 3\); convert a colour image"
    ):
        imfilter.canny(np.zeros((3, 3, 3)))
    with pytest.raises(TypeError, match="image must contain real numbers"):
        imfilter.canny(np.zeros((3, 3), complex))
    with pytest.raises(ValueError, match="mode 'reflect' is ambiguous"):
        imfilter.canny(np.zeros((3, 3)), mode="reflect")


def test_out_may_be_the_image_or_of_another_type():
    image = photograph("coins")
    expected = imfilter.canny(image, 50, 150)
    for dtype in (bool, np.uint8, np.float32):
        place = np.full(image.shape[::-1], 7, dtype).T
        assert imfilter.canny(image, 50, 150, out=place) is place
        np.testing.assert_array_equal(place, expected)
    same = image.copy()
    assert imfilter.canny(same, 50, 150, out=same) is same
    np.testing.assert_array_equal(same, expected)
    with pytest.raises(ValueError, match="out must have shape"):
        imfilter.canny(image, 1, 2, out=np.empty((3, 3), bool))


@pytest.mark.parametrize("mode", ["mirror", "symmetric", "edge", "wrap", "zero", "constant"])
@pytest.mark.slow
def test_smoothing_in_strips_of_rows_changes_nothing(mode, monkeypatch):
    image = photos.photo("camera")[100:191, 200:283]
    inside = np.ones(image.shape, bool)
    inside[20:50, 30:70] = False
    for sigma in (1, (2, 0.5), (0, 1), 3):
        for options in ({}, {"mask": inside}, {"nms": "interpolated"}):
            options |= {"sigma": sigma, "mode": mode, "cval": 7}
            whole = imfilter.canny(image, 60, 150, **options)
            assert whole.any()
            for strip in (1, 83 * 5, 83 * 40):
                monkeypatch.setattr(edges, "_STRIP", strip)
                monkeypatch.setattr(edges, "_LEAST", 0)
                for workers in (1, 3):
                    again = imfilter.canny(image, 60, 150, workers=workers, **options)
                    np.testing.assert_array_equal(again, whole)
            monkeypatch.undo()


@pytest.mark.parametrize("nms", ["sector", "interpolated"])
def test_thresholds_found_in_strips_of_rows_are_those_of_the_whole(nms, monkeypatch):
    image = photos.photo("camera")[100:191, 200:283].astype(np.float32)
    inside = np.ones(image.shape, bool)
    inside[20:50, 30:70] = False
    absent = image.copy()
    absent[60:63, 10:20] = np.nan
    calls = [
        *((image, {"norm": norm, "mode": mode}) for norm in ("l1", "l2") for mode in ("mirror", "wrap")),
        *((image, {"sigma": 0}), (image, {"mask": inside}), (image, {"mask": np.zeros_like(inside)})),
        *((absent, {}), (absent, {"nan": "ignore"}), (np.full_like(image, 3), {}), (image[:, :2], {})),
        (image, {"low": 0.2, "high": 0.9, "threshold": "otsu", "sigma": (2, 0.5)}),
    ]
    for threshold in ("median", "quantile"):
        own = {"low": 0.6, "high": 0.9, "threshold": threshold}
        calls += [(image, own), (image.astype(float), own), (np.rint(image / 50), own)]
        calls += [(image, own | {"mask": inside, "norm": "l1"}), (absent, own)]
    for number, (source, options) in enumerate(calls):
        whole = imfilter.canny(source, nms=nms, **options)
        assert whole.any() == (number not in (6, 9, 16, 21)) or nms == "interpolated"
        for strip in (1, 83 * 5, 83 * 40):
            monkeypatch.setattr(edges, "_STRIP", strip)
            monkeypatch.setattr(edges, "_LEAST", 0)
            for workers in (1, 3):
                again = imfilter.canny(source, nms=nms, workers=workers, **options)
                np.testing.assert_array_equal(again, whole)
        monkeypatch.undo()


def part(numbers, first, stop):
    return numbers[first:stop].copy()


@loop_over("dtype", ["f4", "f8"])
@loop_over("values", ["wide", "whole", "equal", "infinite", "nan"])
def test_ranks_are_those_of_sorted_values(dtype, values):
    for count in (1, 2, 3, 40, 41):
        numbers = RNG.random(count) * 10.0 ** RNG.uniform(-30, 30, count)
        numbers = {"whole": RNG.integers(0, 3, count), "equal": np.ones(count)}.get(values, numbers)
        numbers = numbers.astype(dtype)
        if values in ("infinite", "nan"):
            numbers[count // 2] = np.inf if values == "infinite" else np.nan
        order = np.sort(numbers)  # NaN is the last
        for low, high in ((0, 1), (0.5, 0.5), (0.21, 0.83), (1 / 3, 2 / 3)):
            rule = quantiles.Quantiles(low, high)
            for step in (1, 7, count):
                rows = functools.partial(part, numbers)
                with np.errstate(invalid="ignore"):  # infinity minus infinity
                    found = thresholds.of_rows(rule, rows, count, step, 2)
                    np.testing.assert_array_equal(found, rule.of_values(numbers))
                    middle = thresholds.of_rows(quantiles.Median(1, 2), rows, count, step, 2)
                    np.testing.assert_array_equal(middle[0], np.median(numbers))
                if np.isfinite(order[-1]):
                    places = np.array([low, high]) * (count - 1)
                    np.testing.assert_allclose(found, np.interp(places, np.arange(count), order), rtol=1e-6)


@loop_over("dtype", ["f4", "f8"])
@loop_over("rows", [20, 900])
def test_gradients_of_a_ramp_differ_by_rounding_errors(dtype, rows, monkeypatch):
    """There are fewer floats between them than bins, so none exceeds Otsu's threshold."""
    ramp = np.tile(np.arange(50) * 0.1, (rows, 1)).astype(dtype)
    monkeypatch.setattr(edges, "_STRIP", 50 * 100)
    monkeypatch.setattr(edges, "_LEAST", 0)
    gradient = imfilter.sobel(ramp, mode="edge")[1:-1, 1:-1]
    assert gradient.min() < gradient.max()
    assert not imfilter.canny(ramp, sigma=0, nms="interpolated").any()


@pytest.mark.parametrize("threshold", ["otsu", "median", "quantile"])
def test_a_threshold_of_the_whole_image_takes_little_memory(threshold):
    image = RNG.integers(0, 255, (3000, 1000)).astype(np.uint8)
    imfilter.canny(image[:700])
    tracemalloc.start()
    try:
        imfilter.canny(image, 0.5, 0.9, threshold=threshold, workers=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Marks, the result and the stack have 10 bytes for each sample. The gradients had 12 more.
    assert peak < 17 * image.size
