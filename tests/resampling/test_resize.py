"""Resizing: the definition, other libraries, types, borders, missing data, layouts and sizes."""

import itertools

import cv2
import numpy as np
import pytest
from PIL import Image

import imfilter
from tests.looping import loop_over
from tests.photos import GREY, photo
from tests.reference import naive
from tests.reference import resampling as loops

RNG = np.random.default_rng(23)
METHODS = ("area", "linear", "cubic", "lanczos", "nearest")
MODES = ("mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink")
SIZES = [(7, 3), (3, 7), (9, 9), (1, 4), (4, 1), (10, 4), (5, 12)]


@pytest.mark.parametrize("method", METHODS)
@loop_over(("n", "m"), SIZES)
def test_the_definition_in_one_dimension(n, m, method):
    x = RNG.normal(size=n)
    for mode, antialias in itertools.product(MODES, (True, False)):
        options = {"method": method, "mode": mode, "antialias": antialias}
        expected = loops.resize(x, (m,), cval=2.5, **options)
        found = imfilter.resize(x, m, cval=2.5, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-13, err_msg=str(options))
        if method != "area":
            expected = loops.resize(x, (m,), cval=2.5, align="corners", **options)
            found = imfilter.resize(x, m, cval=2.5, align="corners", **options)
            np.testing.assert_allclose(found, expected, rtol=0, atol=2e-13, err_msg=str(options))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [((5, 8), (9, 3)), ((6, 5, 7), (3, 8, 5))], ids=str)
def test_the_definition_in_more_dimensions(shape, method):
    image = RNG.normal(size=shape[0])
    for mode in ("edge", "constant", "shrink"):
        expected = loops.resize(image, shape[1], method=method, mode=mode, cval=-1.5)
        found = imfilter.resize(image, shape[1], method=method, mode=mode, cval=-1.5)
        np.testing.assert_allclose(found, expected, rtol=0, atol=5e-13)
        short = imfilter.resize(image.astype(np.float32), shape[1], method=method, mode=mode, cval=-1.5)
        np.testing.assert_allclose(short, expected, rtol=0, atol=4e-6)


@pytest.mark.parametrize("method", ["area", "linear", "cubic", "lanczos"])
@loop_over("dtype", ["uint8", "int16", "uint16", "int32", "float16", "bool", ">u2", ">f8"])
def test_types(method, dtype):
    high = {"bool": 2, "uint8": 256}.get(dtype, 20000)
    image = (RNG.integers(0, high, (11, 13)) - (high // 2 if "i" in dtype[:1] else 0)).astype(dtype)
    exact = loops.resize(image.astype(float), (5, 29), method=method)
    found = imfilter.resize(image, (5, 29), method=method)
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    if found.dtype.kind in "biu":
        expected = naive.cast(exact, found.dtype)
        near = np.abs(exact - np.floor(exact) - 0.5) < 1e-3  # float32 may round a near tie the other way
        np.testing.assert_array_equal(found[~near], expected[~near])
    else:
        np.testing.assert_allclose(found, exact, rtol=1e-3 if dtype == "float16" else 1e-12, atol=1e-9)
    wide = imfilter.resize(image, (5, 29), method=method, dtype=np.float64)
    np.testing.assert_allclose(wide, exact, rtol=1e-12, atol=1e-10)


@pytest.mark.parametrize("dtype", ["int64", "uint64", "longdouble", "float32", "bool"])
def test_samples_that_are_picked_are_exact(dtype):
    high = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else 2
    image = (RNG.integers(0, high, (6, 7), dtype="uint64")).astype(dtype)
    rows, columns = (np.floor((np.arange(m) + 0.5) * n / m).astype(int) for n, m in ((6, 9), (7, 3)))
    np.testing.assert_array_equal(imfilter.resize(image, (9, 3), method="nearest"), image[rows][:, columns])
    for method in METHODS:
        np.testing.assert_array_equal(imfilter.resize(image, (6, 7), method=method), image)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(100, 60), (37, 200), (600, 800), (512, 383)], ids=str)
def test_opencv(shape, dtype):
    image = photo(GREY[0]).astype(dtype)[:300, :383]
    names = {"linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC, "area": cv2.INTER_AREA}
    for method, name in names.items():
        if method == "area" and (shape[0] > 300 or shape[1] > 383):
            continue  # INTER_AREA of a larger image is another interpolation
        found = imfilter.resize(image, shape, method=method, antialias=False, cubic=-0.75)
        other = cv2.resize(image, shape[::-1], interpolation=name)
        # OpenCV rounds its weights of bytes to 11 bits.
        limit = 1 if dtype == "uint8" else 1e-3
        assert np.abs(found.astype(float) - other).max() <= limit
        if dtype == "uint8":
            assert (found != other).mean() < 0.15


@pytest.mark.parametrize("shape", [(100, 60), (37, 500), (600, 800)], ids=str)
def test_pillow(shape):
    image = photo(GREY[0]).astype(np.float32)
    names = {"linear": Image.BILINEAR, "cubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
    for method, name in names.items():
        found = imfilter.resize(image, shape, method=method, mode="shrink")
        other = np.asarray(Image.fromarray(image).resize(shape[::-1], name))
        np.testing.assert_allclose(found, other, rtol=0, atol=2e-4)


@pytest.mark.parametrize("antialias", [False, True])
def test_pytorch(antialias):
    torch = pytest.importorskip("torch")
    image = RNG.random((2, 3, 23, 31)).astype(np.float32)
    for (method, name), corners in itertools.product(
        (("linear", "bilinear"), ("cubic", "bicubic")), (False, True)
    ):
        if antialias and corners:
            continue  # PyTorch has other positions then: (i + 0.5)*(n - 1)/(m - 1) - 0.5
        for shape in ((11, 40), (50, 17)):
            found = imfilter.resize(
                image,
                shape,
                method=method,
                antialias=antialias,
                align="corners" if corners else "centres",
                cubic=-0.5 if antialias else -0.75,
                mode="shrink" if antialias else "edge",
                axes=(2, 3),
            )
            other = torch.nn.functional.interpolate(
                torch.from_numpy(image), shape, mode=name, align_corners=corners, antialias=antialias
            )
            np.testing.assert_allclose(found, other.numpy(), rtol=0, atol=3e-6)
    whole = torch.nn.functional.interpolate(torch.from_numpy(image[..., :30]), (23, 15), mode="area")
    np.testing.assert_allclose(imfilter.resize(image[..., :30], (23, 15), axes=(2, 3)), whole, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@loop_over("mode", ["edge", "mirror", "constant", "shrink"])
def test_missing_data(method, mode):
    image = RNG.normal(size=(6, 7))
    counts = np.where(RNG.random(image.shape) < 0.4, 0.0, RNG.random(image.shape))
    counts[:3, :4] = 0
    for given in (counts, counts > 0):
        expected, share = loops.resize(
            image, (4, 9), method=method, mode=mode, cval=2.0, counts=given.astype(float)
        )
        hidden = np.where(given > 0, image, np.inf)
        options = {"method": method, "mode": mode, "cval": 2.0}
        found = imfilter.resize(hidden, (4, 9), mask=given, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
        least = imfilter.resize(hidden, (4, 9), mask=given, min_coverage=0.37, **options)
        np.testing.assert_array_equal(np.isnan(least), ~(share >= 0.37))
    with_nan = np.where(counts > 0, image, np.nan)
    ignored = imfilter.resize(with_nan, (4, 9), nan="ignore", **options)
    np.testing.assert_array_equal(ignored, found)
    masked = imfilter.resize(np.ma.MaskedArray(image, counts == 0), (4, 9), **options)
    np.testing.assert_array_equal(masked.filled(np.nan), found)
    full = imfilter.resize(image, (4, 9), mask=np.ones(image.shape, bool), **options)
    np.testing.assert_array_equal(full, imfilter.resize(image, (4, 9), **options))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_and_infinity_stay_in_their_windows(method, dtype):
    image = RNG.random((20, 24)).astype(dtype)
    plain = imfilter.resize(image, (13, 31), method=method)
    for value in (np.nan, np.inf, -np.inf, np.finfo(dtype).max):
        spoiled = image.copy()
        spoiled[9, 11] = value
        with np.errstate(all="ignore"):
            found = imfilter.resize(spoiled, (13, 31), method=method)
        read = np.zeros(image.shape)
        read[9, 11] = 1
        apart = imfilter.resize(read, (13, 31), method=method) == 0
        assert apart.any()
        np.testing.assert_array_equal(found[apart], plain[apart])
        if not np.isfinite(value):
            assert not np.isfinite(found[~apart]).any()


@pytest.mark.parametrize("method", METHODS)
def test_flat_images_stay_flat(method):
    for value, dtype in itertools.product((0.1, 3.7e-5, 1e30), ("float32", "float64")):
        image = np.full((23, 31), value, dtype)
        for shape, mode in itertools.product(((10, 50), (7, 9), (60, 31)), ("edge", "wrap", "shrink")):
            found = imfilter.resize(image, shape, method=method, mode=mode)
            np.testing.assert_array_equal(found, np.full(shape, value, dtype))


@pytest.mark.parametrize("method", METHODS)
def test_layouts_axes_workers_and_output(method):
    image = RNG.random((33, 40, 3)).astype(np.float32)
    whole = imfilter.resize(image, (50, 21), method=method, channel_axis=-1)
    for c in range(3):
        alone = imfilter.resize(image[..., c].copy(), (50, 21), method=method)
        np.testing.assert_array_equal(whole[..., c], alone)
    for other in (image[::-1][::-1], np.asfortranarray(image), np.repeat(image, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(imfilter.resize(other, (50, 21), method=method, channel_axis=-1), whole)
    for workers in (1, 3, 7):
        found = imfilter.resize(image, (50, 21), method=method, channel_axis=-1, workers=workers)
        np.testing.assert_array_equal(found, whole)
    first = np.moveaxis(image, -1, 0)
    np.testing.assert_array_equal(
        imfilter.resize(first, (50, 21), method=method, axes=(1, 2)), np.moveaxis(whole, -1, 0)
    )
    turned = imfilter.resize(image.transpose(1, 0, 2), (21, 50), method=method, axes=(1, 0))
    np.testing.assert_array_equal(turned, imfilter.resize(image.transpose(1, 0, 2), (50, 21), method=method,
                                                          axes=(0, 1)))  # fmt: skip
    out = np.zeros((2 * 50, 3, 21), np.float32).transpose(0, 2, 1)[::2]
    assert imfilter.resize(image, (50, 21), method=method, channel_axis=-1, out=out) is out
    np.testing.assert_array_equal(out, whole)
    same = image.copy()
    imfilter.resize(same, (33, 40), method=method, channel_axis=-1, out=same)
    np.testing.assert_array_equal(same, image)


def test_an_axis_alone_is_the_axis_of_both():
    image = RNG.random((9, 11, 10))
    found = imfilter.resize(image, 5, axes=1, method="cubic")
    np.testing.assert_array_equal(found, imfilter.resize(image, (9, 5, 10), method="cubic"))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_long_lines_and_many_rows(dtype):
    """Lines of several tiles, and windows of many rows."""
    image = (RNG.random((64, 9001)) * 255).astype(dtype)
    columns = [loops.weights(9001, 4999, i, "lanczos") for i in (0, 1, 2500, 4998)]
    rows = [loops.weights(64, 3, i, "lanczos") for i in range(3)]
    expected = loops.summed(image, [rows, columns])
    found = imfilter.resize(image, (3, 4999), method="lanczos", dtype=np.float64)[:, [0, 1, 2500, 4998]]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    wrapped = imfilter.resize(image, (3, 4999), method="lanczos", mode="wrap", dtype=np.float64)
    np.testing.assert_array_equal(wrapped[1, 9:-9], imfilter.resize(
        image, (3, 4999), method="lanczos", dtype=np.float64, mode="wrap", workers=1)[1, 9:-9])  # fmt: skip
    one = imfilter.resize(image, (1, 1))
    assert abs(float(one[0, 0]) - image.mean(dtype=float)) <= (0.5 if dtype == "uint8" else 1e-4)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, ValueError, "shape or scale must be given"),
        ({"shape": 3, "scale": 2.0}, ValueError, "not both"),
        ({"shape": 0}, ValueError, "shape must be at least 1, got 0"),
        ({"shape": 2.5}, TypeError, "shape must be an integer"),
        ({"shape": (3, 3, 3)}, ValueError, "shape must be one number or one for each of 2"),
        ({"scale": 0}, ValueError, "scale must be positive"),
        ({"scale": -1.0}, ValueError, "scale must be positive"),
        ({"scale": 1e300}, ValueError, "scale must be positive"),
        ({"scale": float("nan")}, ValueError, "scale must be finite"),
        ({"shape": 3, "method": "bilinear"}, ValueError, "method must be one of"),
        ({"shape": 3, "align": "corners"}, ValueError, "align must be 'centres'"),
        ({"shape": 3, "align": "left"}, ValueError, "align must be one of"),
        ({"shape": 3, "antialias": 1}, TypeError, "antialias must be True or False"),
        ({"shape": 3, "cubic": "a"}, TypeError, "cubic must be a number"),
        ({"shape": 3, "mode": "reflect"}, ValueError, "mode 'reflect' is ambiguous"),
        ({"shape": 3, "out": np.zeros((2, 2))}, ValueError, "out must have shape"),
    ],
    ids=str,
)
def test_errors(options, error, words):
    with pytest.raises(error, match=words):
        imfilter.resize(np.zeros((5, 6)), **options)


def test_scales_round_half_to_even():
    for n, factor in itertools.product((1, 5, 6, 7), (0.01, 0.5, 1.5, 2.3)):
        assert imfilter.resize(np.zeros(n), scale=factor).shape == (max(1, round(n * factor)),)


@pytest.mark.parametrize("dtype", ["uint16", "int16", "uint8"])
@pytest.mark.slow
def test_sums_of_16_bit_integers_are_those_of_float64(dtype):
    """Weights of few bits give exact sums in float32, and other sums are in float64."""
    kind = np.dtype(dtype)
    high, low = np.iinfo(kind).max, np.iinfo(kind).min
    for shape in ((37, 41), (9, 8, 7), (300,)):
        image = RNG.integers(low, high, shape, endpoint=True).astype(dtype)
        for scale in (2, 4, 8, 0.5, 0.25, 1.3):
            for method in ("linear", "area", "cubic"):
                for mode in ("edge", "mirror", "shrink", "constant"):
                    options = {
                        "scale": scale,
                        "method": method,
                        "antialias": False,
                        "mode": mode,
                        "cval": 7.25,
                    }
                    exact = imfilter.resize(image, dtype=np.float64, **options)
                    found = imfilter.resize(image, dtype=np.int32, **options)
                    np.testing.assert_array_equal(found, np.rint(exact))
                    if dtype in ("uint16", "int16"):
                        wanted = np.clip(np.rint(exact), low, high)
                        np.testing.assert_array_equal(imfilter.resize(image, **options), wanted)


def test_samples_along_one_axis_and_sums_along_the_other():
    for dtype in ("uint8", "uint16", "float32"):
        image = (RNG.random((10, 9)) * 200).astype(dtype)
        found = imfilter.resize(image, (20, 3), method="linear", antialias=False)
        np.testing.assert_array_equal(
            found, imfilter.resize(image[:, 1::3], (20, 3), method="linear", antialias=False)
        )
        turned = imfilter.resize(image.T, (3, 20), method="linear", antialias=False)
        np.testing.assert_allclose(turned.T, found, rtol=0, atol=1 if dtype != "float32" else 1e-4)
