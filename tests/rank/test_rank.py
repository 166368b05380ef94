"""Median, percentile, minimum and maximum: exact for every type, window, border and layout."""

import functools
import itertools
import math

import cv2
import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter._filters.rank import apply as rank
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

TYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
FLOATS = ("float16", "float32", "float64")
RNG = np.random.default_rng(41)


def picture(shape, dtype, few=False):
    """Random samples over the whole range of a type, or of few values, so that many are equal."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return RNG.random(shape) < 0.5
    if dtype.kind == "f":
        values = RNG.integers(-3, 3, shape) / 2 if few else RNG.normal(size=shape) * 100
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    low, high = (0, 4) if few else (limits.min, limits.max)
    return RNG.integers(low, high, shape, dtype=dtype, endpoint=True)


def same(result, expected):
    """Equal, and not a number in the same places."""
    if result.dtype.kind == "f":
        return np.array_equal(result, expected.astype(result.dtype), equal_nan=True)
    return result.tolist() == expected.tolist()


def call(image, inside, which, **options):
    """The filter for an index among the samples of a window, by its name where it has one."""
    count = int(inside.sum())
    window = {"size": inside.shape} if inside.all() else {"footprint": inside}
    if which == count // 2:
        return imfilter.median(image, **window, **options)
    if which == 0:
        return imfilter.minimum(image, **window, **options)
    if which == count - 1:
        return imfilter.maximum(image, **window, **options)
    return imfilter.percentile(image, 100 * (which + 0.5) / count, **window, **options)


@pytest.fixture(params=["cheapest", "network", "bits", "histogram"])
def algorithm(request, monkeypatch, no_remembered_calls):
    """Every window by every algorithm that there is for it, whichever would cost less."""
    costs = rank._costs

    def preferred(*where):
        found = costs(*where)
        return {request.param: found[request.param]} if request.param in found else found

    monkeypatch.setattr(rank, "_costs", preferred)
    return request.param


@pytest.mark.slow
@loop_over("dtype", TYPES + FLOATS)
@loop_over("few", [False, True])
def test_every_type(dtype, few, algorithm):
    image = picture((9, 13), dtype, few)
    for size in ((3, 3), (1, 4), (5, 2), (4, 7)):
        inside = np.ones(size, bool)
        for which in sorted({0, 1, inside.size // 2, inside.size - 1}):
            result = call(image, inside, which)
            assert result.dtype == image.dtype
            assert same(result, naive.rank(image, inside, which)), (size, which)


@pytest.mark.slow
@loop_over("mode", naive.MODES)
def test_every_border_and_small_size(mode, algorithm):
    """Images smaller than the window too, down to one sample."""
    for rows, columns in itertools.product((1, 2, 3, 7), (1, 2, 5, 70)):
        image = picture((rows, columns), "int16")
        for size in ((3, 3), (2, 5), (9, 1), (1, 8)):
            inside = np.ones(size, bool)
            for which in sorted({0, inside.size // 2, inside.size - 1}):
                result = call(image, inside, which, mode=mode, cval=-100.0)
                assert same(result, naive.rank(image, inside, which, mode, -100.0)), (image.shape, size)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_footprints(ndim, algorithm):
    """Any window: with holes, in pieces, of a single sample that is not in the middle, even ones."""
    shape = {1: (40,), 2: (12, 17), 3: (5, 6, 7)}[ndim]
    image = picture(shape, "uint16")
    for _ in range(12):
        inside = RNG.random(RNG.integers(1, {1: 12, 2: 6, 3: 4}[ndim], ndim)) < 0.5
        inside.flat[RNG.integers(inside.size)] = True
        count = int(inside.sum())
        for which in sorted({0, count // 2, count // 3, count - 1}):
            assert same(call(image, inside, which), naive.rank(image, inside, which)), inside


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_what_is_no_number_comes_last(dtype, algorithm):
    image = picture((11, 15), dtype)
    image[RNG.random(image.shape) < 0.2] = np.nan
    image[RNG.random(image.shape) < 0.1] = np.inf
    image[RNG.random(image.shape) < 0.1] = -np.inf
    image[3, 4] = -image[3, 5] if image[3, 5] != image[3, 5] else np.copysign(np.nan, -1)
    inside = np.ones((3, 3), bool)
    for which in range(9):
        assert same(call(image, inside, which), naive.rank(image, inside, which))
    zeros = np.array([0.0, -0.0, 0.0, -0.0, 0.0], dtype)
    assert np.signbit(imfilter.minimum(zeros, 3)).tolist() == [True] * 5
    assert np.signbit(imfilter.maximum(zeros, 3)).tolist() == [False] * 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_strange_sample_is_enough(dtype):
    # Floats are compared as they are, and all again as integers where there is -0.0 or no number.
    bits = np.dtype(f"i{np.dtype(dtype).itemsize}")
    image = np.round(RNG.normal(size=(70, 300))).astype(dtype) + dtype(0)
    for where in ((0, 0), (69, 299), (0, 299), (35, 150), (66, 63), None):
        for non_finite in (-0.0, np.nan):
            mixed = image.copy()
            if where:
                mixed[where] = non_finite
            turned = mixed.view(bits) ^ (mixed.view(bits) >> (bits.itemsize * 8 - 1) & np.iinfo(bits).max)
            for shape in ((3, 3), (5, 5), (1, 4), (7, 2)):
                padding = [(n // 2, n - 1 - n // 2) for n in shape]
                padded = np.pad(turned, padding, "reflect")
                windows = np.lib.stride_tricks.sliding_window_view(padded, shape)
                ordered = np.sort(windows.reshape(*image.shape, -1))
                ordered ^= ordered >> (bits.itemsize * 8 - 1) & np.iinfo(bits).max
                count = math.prod(shape)
                for name, which in (("median", count // 2), ("minimum", 0), ("maximum", count - 1)):
                    for workers in (1, 3):
                        result = getattr(imfilter, name)(mixed, shape, workers=workers)
                        np.testing.assert_array_equal(result.view(bits), ordered[..., which])


def test_integers_beyond_float64(algorithm):
    large = 2**63 - 1 - np.arange(30, dtype=np.int64)
    np.testing.assert_array_equal(imfilter.minimum(large, 3)[1:-1], large[2:])
    np.testing.assert_array_equal(imfilter.median(large, 3)[1:-1], large[1:-1])
    unsigned = (2**64 - 1) - np.arange(30, dtype=np.uint64)
    np.testing.assert_array_equal(imfilter.maximum(unsigned, 3)[1:], unsigned[:-1])


@pytest.mark.slow
@loop_over("size", range(1, 16))
@loop_over("dtype", ["uint8", "uint16", "float32"])
def test_agrees_with_scipy(dtype, size):
    image = photos.as_type(photos.photo("camera")[100:151, 200:283], dtype)
    for ours, theirs in (
        (imfilter.median, ndi.median_filter),
        (imfilter.minimum, ndi.minimum_filter),
        (imfilter.maximum, ndi.maximum_filter),
    ):
        np.testing.assert_array_equal(ours(image, size), theirs(image, size, mode="mirror"))
    for q in (5, 33.3, 80):
        expected = ndi.percentile_filter(image, q, size, mode="mirror")
        np.testing.assert_array_equal(imfilter.percentile(image, q, size), expected)
    volume, line = photos.as_type(photos.volume()[:6, :14, :17], dtype), image.reshape(-1)[:600]
    few = min(size, 6)
    np.testing.assert_array_equal(imfilter.median(volume, few), ndi.median_filter(volume, few, mode="mirror"))
    np.testing.assert_array_equal(imfilter.median(line, size), ndi.median_filter(line, size, mode="mirror"))


@pytest.mark.slow
@loop_over("size", [(31, 31), (64, 64), (101, 101), (140, 3), (3, 140), (300, 301)])
@loop_over("dtype", ["uint8", "int16", "float32"])
def test_large_windows(dtype, size, algorithm):
    """Columns and windows of more samples than a byte, or two, can count."""
    image, expected = ranks_of_large(dtype, size)
    for ours, theirs in zip((imfilter.median, imfilter.minimum, imfilter.maximum), expected, strict=True):
        np.testing.assert_array_equal(ours(image, size), theirs)


@functools.cache
def ranks_of_large(dtype, size):
    """Return an image and its median, minimum and maximum. NumPy finds a median in half the time of SciPy."""
    shape = (60, 130) if size[0] < 300 else (9, 11)
    image = photos.as_type(photos.photo("coins")[: shape[0], : shape[1]], dtype)
    # NumPy selects among 16 bits in vectors, but not among bytes.
    padded = np.pad(image, [(n // 2, n - 1 - n // 2) for n in size], "reflect")
    padded = padded.astype("uint16") if dtype == "uint8" else padded
    windows = np.lib.stride_tricks.sliding_window_view(padded, size)
    count = math.prod(size)
    medians = [np.partition(row.reshape(-1, count), count // 2)[:, count // 2] for row in windows]
    filters = ndi.minimum_filter, ndi.maximum_filter
    return image, [np.array(medians, dtype), *(theirs(image, size, mode="mirror") for theirs in filters)]


@pytest.mark.parametrize("size", [3, 5, 7, 15, 31])
def test_agrees_with_opencv(size):
    image = photos.photo("page")
    np.testing.assert_array_equal(imfilter.median(image, size, mode="edge"), cv2.medianBlur(image, size))
    if size <= 5:
        wide = photos.as_type(image, "uint16")
        np.testing.assert_array_equal(imfilter.median(wide, size, mode="edge"), cv2.medianBlur(wide, size))
    square = np.ones((size, size), np.uint8)
    border = cv2.BORDER_REFLECT_101
    np.testing.assert_array_equal(imfilter.minimum(image, size), cv2.erode(image, square, borderType=border))
    np.testing.assert_array_equal(imfilter.maximum(image, size), cv2.dilate(image, square, borderType=border))


@loop_over("size", [3, 6, 17])
@loop_over("q", [0, 20, 50, 100])
def test_workers_and_layouts_do_not_matter(size, q, algorithm):
    image = picture((70, 211), "float32")
    alone = imfilter.percentile(image, q, size, workers=1)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(imfilter.percentile(image, q, size, workers=workers), alone)
    for other in (
        np.asfortranarray(image),
        image[::-1].copy()[::-1],
        np.repeat(image, 2, axis=1)[:, ::2],
        image.astype(">f4"),
    ):
        np.testing.assert_array_equal(imfilter.percentile(other, q, size), alone)
        out = np.empty_like(other)
        assert imfilter.percentile(other, q, size, out=out) is out
        np.testing.assert_array_equal(out, alone)
    wide = image[::2]
    wide.flags.writeable = False
    np.testing.assert_array_equal(
        imfilter.percentile(wide, q, size), imfilter.percentile(wide.copy(), q, size)
    )
    crop = imfilter.percentile(image[:, 50:], q, size)
    np.testing.assert_array_equal(crop[:, size:], alone[:, 50 + size :])


def test_large_images_are_shared(algorithm):
    """Bands, tiles and blocks: every worker's part is that of the whole."""
    image = picture((700, 611), "uint8")
    expected = ndi.median_filter(image, 5, mode="wrap")
    for workers in (1, 2, 5):
        np.testing.assert_array_equal(imfilter.median(image, 5, mode="wrap", workers=workers), expected)


def test_axes_and_channels(algorithm):
    image = picture((21, 34, 3), "uint8")
    each = np.stack([imfilter.median(image[..., c], (3, 5)) for c in range(3)], axis=-1)
    np.testing.assert_array_equal(imfilter.median(image, (3, 5), channel_axis=-1), each)
    front = np.moveaxis(image, -1, 0)
    np.testing.assert_array_equal(imfilter.median(front, (3, 5), channel_axis=0), np.moveaxis(each, -1, 0))
    batch = picture((4, 6, 18, 19), "int32")
    expected = ndi.median_filter(batch, (1, 3, 1, 5), mode="mirror")
    np.testing.assert_array_equal(imfilter.median(batch, (3, 5), axes=(1, 3)), expected)
    for axis in range(4):
        size = [1, 1, 1, 1]
        size[axis] = 5
        expected = ndi.maximum_filter(batch, size, mode="mirror")
        np.testing.assert_array_equal(imfilter.maximum(batch, 5, axes=axis), expected)
        expected = ndi.median_filter(batch, size, mode="mirror")
        np.testing.assert_array_equal(imfilter.median(batch, 5, axes=axis), expected)


def test_out_may_be_the_image():
    image = picture((40, 51), "uint8")
    expected = imfilter.median(image, 5)
    assert imfilter.median(image, 5, out=image) is image
    np.testing.assert_array_equal(image, expected)


def test_result_types():
    """Rounded half to even and saturated, what is not a number 0."""
    image = np.array([-3.5, 0.5, 1.5, 300.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(imfilter.median(image, 1, dtype=np.uint8), [0, 0, 2, 255, 0, 0, 0])
    wide = np.array([-5, 2**40, 70_000, 3], np.int64)
    np.testing.assert_array_equal(imfilter.median(wide, 1, dtype=np.uint16), [0, 65535, 65535, 3])
    np.testing.assert_array_equal(imfilter.maximum(wide, 1, dtype=np.float32), wide.astype(np.float32))
    np.testing.assert_array_equal(imfilter.median(wide, 1, dtype=bool), [False, True, True, True])


def test_the_constant_is_a_sample_like_any():
    """A constant that the type of the image cannot hold is rounded and saturated only in the result."""
    image = np.array([5, 5, 5], np.uint8)
    options = {"mode": "constant"}
    np.testing.assert_array_equal(imfilter.minimum(image, 3, cval=2.5, **options), [2, 5, 2])
    np.testing.assert_array_equal(imfilter.minimum(image, 3, cval=-7, **options), [0, 5, 0])
    np.testing.assert_array_equal(imfilter.maximum(image, 3, cval=np.inf, **options), [255, 5, 255])
    np.testing.assert_array_equal(imfilter.minimum(image, 3, cval=np.nan, **options), [5, 5, 5])
    result = imfilter.minimum(image, 3, cval=2.25, dtype=np.float64, **options)
    np.testing.assert_array_equal(result, [2.25, 5, 2.25])


@pytest.mark.parametrize(
    ("error", "message", "arguments", "options"),
    [
        (TypeError, "size must be an integer, got 3.0", (3.0,), {}),
        (ValueError, "size must be at least 1, got 0", (0,), {}),
        (ValueError, "size must be one number or one for each of 2 filtered axes", ((3, 3, 3),), {}),
        (
            ValueError,
            "footprint must have 2 axes, one for each filtered axis, got 1",
            (),
            {"footprint": [1, 1]},
        ),
        (
            ValueError,
            "footprint must not be zero everywhere, got only zeros",
            (),
            {"footprint": np.zeros((3, 3))},
        ),
        (ValueError, "size must be left out if footprint is given, got 5", (5,), {"footprint": [[1]]}),
        (TypeError, "footprint must contain real numbers", (), {"footprint": [["a"]]}),
        (ValueError, "mode 'reflect' is ambiguous", (), {"mode": "reflect"}),
        (TypeError, "cval must be a number", (), {"mode": "constant", "cval": "1"}),
    ],
)
def test_errors(error, message, arguments, options):
    image = np.zeros((5, 5), np.uint8)
    for function in (imfilter.median, imfilter.minimum, imfilter.maximum):
        with pytest.raises(error) as caught:
            function(image, *arguments, **options)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message", "q"),
    [
        (ValueError, "q must be from 0 to 100, got 101.0", 101),
        (ValueError, "q must be from 0 to 100, got -0.5", -0.5),
        (ValueError, "q must be finite, got nan", float("nan")),
        (TypeError, "q must be a number, got '50'", "50"),
        (TypeError, "q must be a number, got True", True),
    ],
)
def test_errors_of_percentiles(error, message, q):
    with pytest.raises(error) as caught:
        imfilter.percentile(np.zeros((5, 5)), q)
    assert str(caught.value) == message


def test_images_are_checked():
    with pytest.raises(TypeError, match="image must contain real numbers, got dtype complex128"):
        imfilter.median(np.zeros((3, 3), complex))
    with pytest.raises(ValueError, match="image must not be empty"):
        imfilter.median(np.zeros((0, 3)))
    with pytest.raises(ValueError, match="out must have shape"):
        imfilter.median(np.zeros((3, 3)), out=np.zeros((3, 4)))


@pytest.mark.slow
@loop_over("dtype", ["uint8", "uint16", "float32"])
@loop_over("which", [0, 1, 4, 8])
def test_rows_of_whole_registers_and_a_rest(dtype, which):
    """Rows of a part of a register, of some registers, and of some and a part of one."""
    inside = np.ones((3, 3), bool)
    for columns in (1, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65, 127, 128, 129, 200):
        image = picture((4, columns), dtype)
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 1, "edge"), (3, 3))
        expected = np.sort(windows.reshape(4, columns, 9))[..., which]
        assert same(call(image, inside, which, mode="edge"), expected), columns
