"""Exact distances: the definition, SciPy, types, layouts, axes, sizes, and both kinds of squares."""

import itertools
import math

import cv2
import numpy as np
import pytest
from scipy import ndimage

from imfilter._filters.morphology import distance as decisions
from imfilter.morphology import distance
from tests.looping import loop_over
from tests.photos import GREY, photo
from tests.reference import distances as loops

SHAPES = [
    *((1,), (2,), (9,), (40,), (1, 1), (1, 7), (7, 1), (2, 3), (5, 17), (17, 33), (12, 70)),
    *((1, 1, 1), (3, 1, 5), (1, 4, 6), (4, 5, 18), (6, 7, 3)),
]
TYPES = (
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "uint32",
    "int64",
    "float16",
    "float32",
    "float64",
    ">i4",
)


def images(shape, seed=0):
    """Images with few and many zeros, and with none and all."""
    rng = np.random.default_rng(seed)
    for share in (0.02, 0.2, 0.7, 1.0, 0.0):
        yield rng.random(shape) >= share


def roots(squares, dtype):
    """The roots of integers, each rounded once."""
    found = [s if s == math.inf else loops.rounded_root(int(s), dtype) for s in squares.flat]
    return np.array(found, dtype).reshape(squares.shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_definition(shape):
    for image in images(shape):
        squares, nearest = loops.squared(image, (1,) * len(shape))
        for dtype in (np.float32, np.float64):
            found, places = distance(image, indices=True, dtype=dtype)
            assert found.dtype == dtype
            np.testing.assert_array_equal(found, roots(squares, dtype))
            np.testing.assert_array_equal(distance(image, dtype=dtype), found)
            np.testing.assert_array_equal(places, nearest)
            assert places.dtype == np.int32


@loop_over("shape", SHAPES)
@loop_over("spacing", [(0.5, 2.0, 1.25), (3.0, 1.0, 0.1), (1e-30, 2e-30, 1e-30), (1e300, 3e299, 1e299)])
def test_physical_spacing(shape, spacing):
    spacing = spacing[: len(shape)]
    unit = max(spacing)
    for image in images(shape, 1):
        squares, _ = loops.squared(image, [(s / unit) ** 2 for s in spacing])
        found, places = distance(image, spacing=spacing, indices=True, dtype=float)
        np.testing.assert_allclose(found, unit * np.sqrt(squares), rtol=1e-14)
        np.testing.assert_array_equal(distance(image, spacing=spacing, dtype=float), found)
        if (image == 0).any():
            away = [s * (p - i) for s, p, i in zip(spacing, places, np.indices(shape), strict=True)]
            np.testing.assert_allclose(np.hypot.reduce(away), found, rtol=1e-14)
            assert not image[tuple(places)].any()


def test_equal_spacings_are_a_factor():
    image = np.random.default_rng(3).random((40, 50)) > 0.1
    assert np.array_equal(distance(image, spacing=0.25), distance(image) / 4)
    np.testing.assert_allclose(distance(image, spacing=0.3), 0.3 * distance(image), rtol=1e-6)


@pytest.mark.parametrize("picture", GREY)
def test_photographs_are_those_of_scipy(picture):
    for image in (photo(picture) > 100, photo(picture) <= 100):
        want, where = ndimage.distance_transform_edt(image, return_indices=True)
        found, places = distance(image, indices=True, dtype=float)
        np.testing.assert_array_equal(found, want)
        np.testing.assert_array_equal(distance(image), want.astype(np.float32))
        for some in (where, places):
            away = ((some - np.indices(image.shape)) ** 2).sum(axis=0)
            np.testing.assert_array_equal(np.sqrt(away), want)


@pytest.mark.parametrize("sampling", [None, (2.0, 1.0), (0.7, 1.1)])
def test_points_and_blobs_are_those_of_scipy(sampling):
    rng = np.random.default_rng(5)
    noise = ndimage.gaussian_filter(rng.random((211, 347)), 9)
    for image in (rng.random((211, 347)) > 0.001, noise > np.median(noise), np.pad(np.ones((200, 300)), 1)):
        want = ndimage.distance_transform_edt(image, sampling=sampling)
        np.testing.assert_allclose(distance(image, spacing=sampling, dtype=float), want, rtol=1e-14)


def test_volumes_are_those_of_scipy():
    rng = np.random.default_rng(6)
    for share in (0.001, 0.1):
        image = rng.random((31, 40, 53)) >= share
        for sampling in (None, (3.0, 1.0, 0.5)):
            want = ndimage.distance_transform_edt(image, sampling=sampling)
            np.testing.assert_allclose(distance(image, spacing=sampling, dtype=float), want, rtol=1e-14)


def test_opencv_differs_by_rounding_errors():
    image = (photo("coins") > 100).astype(np.uint8)
    other = cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_allclose(distance(image), other, rtol=1e-5)


@pytest.mark.parametrize("dtype", TYPES)
def test_element_types(dtype):
    values = np.random.default_rng(7).integers(0, 4, (19, 34))
    image = values.astype(dtype)
    want = ndimage.distance_transform_edt(values).astype(np.float32)
    np.testing.assert_array_equal(distance(image), want)


def test_only_zero_is_background():
    image = np.array([0.0, np.nan, -0.0, np.inf, 5e-324, -1.0])
    np.testing.assert_array_equal(distance(image), [0, 1, 0, 1, 2, 3])
    np.testing.assert_array_equal(distance(image.astype(np.longdouble)), [0, 1, 0, 1, 2, 3])


def test_layouts_and_workers_give_the_same_bits():
    image = np.random.default_rng(8).random((300, 260)) > 0.01
    want, places = distance(image, indices=True, workers=1)
    for workers in (2, 3, 5):
        found = distance(image, indices=True, workers=workers)
        assert np.array_equal(found[0], want)
        assert np.array_equal(found[1], places)
        assert np.array_equal(
            distance(image, spacing=(1, 2), workers=workers), distance(image, spacing=(1, 2))
        )
    for other in (
        np.asfortranarray(image),
        np.repeat(image, 2, axis=1)[:, ::2],
        image[::-1][::-1],
        image * 3.5,
    ):
        found = distance(other, indices=True)
        assert np.array_equal(found[0], want)
        assert np.array_equal(found[1], places)
        assert found[0].flags.c_contiguous


@pytest.mark.parametrize(
    "axes", [(0,), (2,), (0, 1), (1, 0), (0, 2), (2, 1), (1, 2), (0, 1, 2), (2, 0, 1), -1]
)
def test_axes_are_batches_of_the_others(axes):
    image = np.random.default_rng(9).random((7, 8, 9)) > 0.3
    chosen = [a % 3 for a in (axes if isinstance(axes, tuple) else (axes,))]
    spacing = (1.0, 2.0, 3.0)[: len(chosen)]
    want, places = np.empty(image.shape), np.empty((len(chosen), *image.shape), int)
    batch = [range(n) if a not in chosen else [slice(None)] for a, n in enumerate(image.shape)]
    for where in itertools.product(*batch):
        order = sorted(chosen)
        steps = [spacing[chosen.index(a)] for a in order]
        found, nearest = distance(image[where], spacing=steps, indices=True, dtype=float)
        want[where] = found
        for k, a in enumerate(chosen):
            places[(k, *where)] = nearest[order.index(a)]
    got, indices = distance(image, spacing=spacing, axes=axes, indices=True, dtype=float)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(indices, places)


def test_channels_are_separate():
    image = np.random.default_rng(10).random((12, 14, 3)) > 0.2
    got = distance(image, channel_axis=-1)
    for c in range(3):
        np.testing.assert_array_equal(got[..., c], distance(image[..., c]))


def test_out_may_be_the_image():
    image = (np.random.default_rng(11).random((30, 31)) > 0.2).astype(np.float32)
    want = distance(image)
    for shared in (image.copy(), np.asfortranarray(image)):
        assert distance(shared, out=shared) is shared
        np.testing.assert_array_equal(shared, want)
    for dtype in ("float64", "float16", "uint8", "bool", "int64"):
        place = np.empty(image.shape, dtype)
        assert distance(image, out=place) is place
        whole = np.rint(want) if place.dtype.kind != "f" else distance(image, dtype=float)
        np.testing.assert_array_equal(place, whole.astype(dtype))
    strided = np.empty((60, 31), np.float32)[::2]
    np.testing.assert_array_equal(distance(image, out=strided), want)


def test_integer_results_are_rounded_and_saturated():
    line = np.append(0, np.ones(400))
    np.testing.assert_array_equal(distance(line, dtype=np.uint8), np.minimum(np.arange(401), 255))
    np.testing.assert_array_equal(distance([0, 1, 1, 1], spacing=0.5, dtype=int), [0, 0, 1, 2])
    assert distance([1, 1], dtype=np.uint8).tolist() == [255, 255]


def test_large_squares_are_those_of_small_ones(monkeypatch):
    """Squares that int32 does not hold are computed in float64. The results are the same."""
    image = np.random.default_rng(12).random((60, 70)) > 0.02
    volume = image.reshape(6, 10, 70)
    want = [distance(a, indices=i) for a in (image, volume) for i in (False, True)]
    monkeypatch.setattr(decisions, "_LARGEST", 1)
    decisions.Metric.of.cache_clear()
    assert not decisions.Metric.of((1.0, 1.0), image.shape).whole
    for (a, i), result in zip(itertools.product((image, volume), (False, True)), want, strict=True):
        found = distance(a, indices=i)
        for x, y in zip((found,) if not i else found, (result,) if not i else result, strict=True):
            np.testing.assert_array_equal(x, y)
    decisions.Metric.of.cache_clear()


def test_long_lines():
    line = np.ones(300_001, bool)
    line[[5, 299_999]] = False
    want = np.minimum(abs(np.arange(300_001) - 5), abs(np.arange(300_001) - 299_999))
    np.testing.assert_array_equal(distance(line), want)
    two = distance(np.stack([line, np.ones_like(line)]), dtype=float)
    np.testing.assert_array_equal(two, [want, np.sqrt(1 + want.astype(float) ** 2)])
    np.testing.assert_array_equal(distance(line[:, None]), want[:, None])


@pytest.mark.parametrize("shape", [(23_100, 3), (3, 23_100), (23_200, 3), (2, 3, 23_100)])
def test_the_largest_squares_of_int32(shape):
    image = np.ones(shape, bool)
    image.flat[[0, 70]] = False
    zeros = np.argwhere(~image)
    squares = [((np.indices(shape) - z.reshape(-1, *(1,) * len(shape))) ** 2).sum(axis=0) for z in zeros]
    found = np.sqrt(np.min(squares, axis=0))
    np.testing.assert_array_equal(distance(image, dtype=float), found)
    np.testing.assert_array_equal(distance(image, indices=True, dtype=float)[0], found)


ERRORS = [
    (TypeError, "image", (np.ones((2, 2), complex),), {}),
    (ValueError, "image must not be empty", (np.ones((0, 2)),), {}),
    (TypeError, "masked", (np.ma.masked_array([1, 0], [True, False]),), {}),
    (ValueError, "spacing must be positive, got 0.0", ([1, 0],), {"spacing": 0}),
    (ValueError, "spacing must be one number or one for each of 1", ([1, 0],), {"spacing": (1, 2)}),
    (TypeError, "indices must be True or False, got 1", ([1, 0],), {"indices": 1}),
    (ValueError, "axes", ([1, 0],), {"axes": 1}),
    (ValueError, "axes must name at most 3", (np.ones((2, 2, 2, 2)),), {}),
    (ValueError, "out must have shape", ([1, 0],), {"out": np.empty(3)}),
    (ValueError, "dtype must agree with out", ([1, 0],), {"out": np.empty(2), "dtype": "f4"}),
    (TypeError, "dtype", ([1, 0],), {"dtype": complex}),
    (ValueError, "workers must be at least 1", ([1, 0],), {"workers": 0}),
    (TypeError, "here it is called 'spacing'", ([1, 0],), {"sampling": 1}),
    (TypeError, "here it is called 'indices'", ([1, 0],), {"return_indices": True}),
]


@pytest.mark.parametrize(("error", "message", "given", "options"), ERRORS, ids=[m for _, m, _, _ in ERRORS])
def test_errors(error, message, given, options):
    with pytest.raises(error, match=message):
        distance(*given, **options)


def test_axes_that_are_too_long_are_refused():
    image = np.broadcast_to(np.uint8(1), (2**29 + 1, 1))
    with pytest.raises(ValueError, match="at most 536870912 samples along a measured axis, got 536870913"):
        distance(image)
