"""Colour spaces: against loops in float64, scikit-image, OpenCV and Pillow; every colour there and back."""

import itertools
import math

import cv2
import numpy as np
import PIL.Image
import pytest
import skimage.color

import imfilter
from imfilter import color
from tests import photos
from tests.looping import loop_over

RNG = np.random.default_rng(7)
XYZ = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
WHITE = [0.95047, 1.0, 1.08883]
FULL = {"uint8": 255, "uint16": 65535}
WAYS = {
    "rgb_to_gray": lambda n: RNG.uniform(0, 1, (n, 3)),
    "rgb_to_lab": lambda n: RNG.uniform(0, 1, (n, 3)),
    "lab_to_rgb": lambda n: RNG.uniform((0, -90, -90), (100, 90, 90), (n, 3)),
    "lab_to_lch": lambda n: RNG.uniform((0, -90, -90), (100, 90, 90), (n, 3)),
    "lch_to_lab": lambda n: RNG.uniform((0, 0, -9), (100, 130, 9), (n, 3)),
}
#: How far from float64 results of a type may be: L*a*b* of up to 100, sRGB of up to 1.
CLOSE = {"rgb_to_gray": 2e-7, "rgb_to_lab": 1e-4, "lab_to_rgb": 5e-6, "lab_to_lch": 1e-5, "lch_to_lab": 1e-5}


# --- the definitions, pixel by pixel ------------------------------------------------------------------


def lab_of(pixel):
    """L*a*b* of an sRGB pixel from 0 to 1."""
    linear = [((v + 0.055) / 1.055) ** 2.4 if v > 0.04045 else v / 12.92 for v in pixel]
    ratios = [
        sum(w * v for w, v in zip(row, linear, strict=True)) / n for row, n in zip(XYZ, WHITE, strict=True)
    ]
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def rgb_of(pixel):
    """SRGB from 0 to 1 of an L*a*b* pixel."""
    lightness, a, b = pixel
    y = (lightness + 16) / 116
    ratios = [
        f**3 if f > 0.2068966 else (f - 16 / 116) / 7.787 for f in (a / 500 + y, y, max(y - b / 200, 0))
    ]
    linear = np.linalg.inv(XYZ) @ (np.array(ratios) * WHITE)
    encoded = [1.055 * v ** (1 / 2.4) - 0.055 if v > 0.0031308 else 12.92 * v for v in linear]
    return [min(max(v, 0.0), 1.0) for v in encoded]


def lch_of(pixel):
    lightness, a, b = pixel
    return lightness, math.hypot(a, b), math.atan2(b, a) % (2 * math.pi)


def lab_of_lch(pixel):
    lightness, chroma, hue = pixel
    return lightness, chroma * math.cos(hue), chroma * math.sin(hue)


def gray_of(pixel):
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]


ORACLES = dict(zip(WAYS, (gray_of, lab_of, rgb_of, lch_of, lab_of_lch), strict=True))


def oracle(name, pixels):
    return np.array([ORACLES[name](p) for p in np.asarray(pixels, np.float64).tolist()])


def way(name):
    return getattr(color, name)


# --- values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WAYS)
@loop_over("count", [1, 2, 3, 5, 8, 15, 16, 17, 63, 64, 65, 511, 512, 513, 1100])
def test_pixels_by_loops(name, count):
    wide = WAYS[name](count)
    np.testing.assert_allclose(way(name)(wide), oracle(name, wide), rtol=0, atol=2e-12)
    narrow = wide.astype(np.float32)
    found = way(name)(narrow)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, oracle(name, narrow), rtol=0, atol=CLOSE[name])


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "float16", "float32", "float64", "bool", ">f4", ">u2", "g"]
)
def test_types_of_srgb(dtype):
    full = FULL.get(np.dtype(dtype).newbyteorder("=").name, 1)
    pixels = (WAYS["rgb_to_lab"](400) * full).round(0 if full > 1 else 9).astype(dtype)
    found = color.rgb_to_lab(pixels)
    wide = np.dtype(dtype).itemsize >= 8
    assert found.dtype == (np.float64 if wide else np.float32)
    close = 2e-12 if wide else 1e-4
    np.testing.assert_allclose(
        found, oracle("rgb_to_lab", pixels.astype(np.float64) / full), rtol=0, atol=close
    )


@pytest.mark.parametrize("name", ["lab_to_rgb", "lab_to_lch", "lch_to_lab"])
@loop_over("dtype", ["int8", "int16", "int32", "int64", "float16", "float32", "float64", ">f8", "g"])
def test_types_of_lab(name, dtype):
    pixels = WAYS[name](300).astype(dtype)
    found = way(name)(pixels)
    wide = np.dtype(dtype).itemsize >= 4 and np.dtype(dtype) != np.float32
    assert found.dtype == (np.float64 if wide else np.float32)
    np.testing.assert_allclose(found, oracle(name, pixels), rtol=0, atol=2e-12 if wide else CLOSE[name])


@loop_over(
    "dtype",
    [
        *("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
        *("float16", "float32", "float64", ">i2", ">f4", "g"),
    ],
)
@loop_over("standard", ["bt601", "bt709"])
def test_gray_keeps_the_type(dtype, standard):
    kind = np.dtype(dtype)
    ends = (0, 1) if kind.kind in "bf" else (np.iinfo(kind).min, np.iinfo(kind).max)
    pixels = RNG.uniform(*map(float, ends), (700, 3)).astype(dtype)
    found = color.rgb_to_gray(pixels, standard=standard)
    assert found.dtype.str == kind.newbyteorder("=").str
    weights = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}[standard]
    expected = pixels.astype(np.float64) @ weights
    if kind.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=2 * float(np.finfo(kind).eps), atol=1e-15)
    else:
        slack = 0.5 + 1e-2 + max(abs(float(e)) for e in ends) * 2e-16
        assert np.abs(found.astype(np.float64) - expected).max() <= slack


def test_gray_is_opencvs_in_every_pixel():
    pixels = np.stack(np.meshgrid(*[np.arange(0, 256, 3, dtype=np.uint8)] * 3), axis=-1).reshape(1, -1, 3)
    for image in (pixels, *(photos.photo(name) for name in photos.COLOUR)):
        expected = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        found = color.rgb_to_gray(image)
        np.testing.assert_array_equal(found, expected)
        pillow = np.asarray(PIL.Image.fromarray(image).convert("L"))
        assert np.abs(found.astype(int) - pillow).max() <= 1
    image = photos.as_type(photos.photo("chelsea"), "uint16")
    found = color.rgb_to_gray(image)
    assert np.abs(found.astype(int) - cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)).max() <= 2
    thousandths = image.astype(np.int64) @ [299, 587, 114]
    assert np.abs(1000 * found.astype(np.int64) - thousandths).max() <= 500


def test_gray_is_not_rescaled():
    pixels = np.array([[255, 255, 255], [100, 50, 20]], np.uint8)
    found = color.rgb_to_gray(pixels, dtype=np.float32)
    np.testing.assert_allclose(found, [255, 61.53], rtol=1e-6)


@pytest.mark.parametrize("name", photos.COLOUR)
def test_agrees_with_scikit_image(name):
    image = photos.photo(name)
    expected = skimage.color.rgb2lab(image)
    units = image / 255
    for source in (image, image.astype(np.uint16) * 257, units.astype(np.float32), units):
        found = color.rgb_to_lab(source)
        assert np.abs(found - expected).max() < 1e-4
    np.testing.assert_allclose(color.lab_to_rgb(expected), skimage.color.lab2rgb(expected), atol=1e-13)
    polar = skimage.color.lab2lch(expected)
    np.testing.assert_allclose(color.lab_to_lch(expected), polar, atol=1e-12)
    np.testing.assert_allclose(color.lch_to_lab(polar), skimage.color.lch2lab(polar), atol=1e-12)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB")
def test_colours_that_srgb_does_not_have():
    lab = RNG.uniform((-10, -150, -150), (120, 150, 150), (5000, 3))
    np.testing.assert_allclose(color.lab_to_rgb(lab), skimage.color.lab2rgb(lab), atol=1e-12)
    far = RNG.uniform(-0.5, 8.0, (5000, 3))
    np.testing.assert_allclose(color.rgb_to_lab(far), skimage.color.rgb2lab(far), atol=1e-11)


def test_opencv_has_nearly_the_same_white():
    units = (photos.photo("astronaut") / 255).astype(np.float32)
    assert np.abs(color.rgb_to_lab(units) - cv2.cvtColor(units, cv2.COLOR_RGB2Lab)).max() < 0.5


def test_every_colour_comes_back():
    """All 16.7 million of them; in slices of one red."""
    green_blue = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).astype(np.uint8)
    for reds in np.arange(256, dtype=np.uint8).reshape(16, 16):
        cube = np.empty((16, 256, 256, 3), np.uint8)
        cube[..., 0], cube[..., 1:] = reds[:, None, None], green_blue
        lab = color.rgb_to_lab(cube)
        back = color.lab_to_rgb(lab, dtype="uint8")
        assert np.array_equal(back, cube)
        if reds[0] % 64 == 0:
            # Farther than by rounding: within a hundredth of a grey level.
            assert np.abs(color.lab_to_rgb(lab) * 255 - cube).max() < 0.01


def test_colours_on_the_faces_come_back_by_all_ways():
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    faces = []
    for channel, end in itertools.product(range(3), (0, 255)):
        face = np.stack(np.meshgrid(levels, levels), axis=-1)
        faces.append(np.insert(face, channel, end, axis=-1))
    image = np.array(faces, np.uint8)
    lab = color.rgb_to_lab(image)
    again = color.lch_to_lab(color.lab_to_lch(lab))
    np.testing.assert_array_equal(color.lab_to_rgb(again, dtype="uint8"), image)
    deep = RNG.integers(0, 65536, (200, 300, 3)).astype(np.uint16)
    np.testing.assert_array_equal(color.lab_to_rgb(color.rgb_to_lab(deep), dtype="uint16"), deep)


def test_grays_have_hardly_any_chroma():
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    lab = color.rgb_to_lab(gray)
    assert np.abs(lab[:, 1:]).max() < 0.01
    assert (np.diff(lab[:, 0]) > 0).all()
    assert lab[0, 0] == pytest.approx(0, abs=1e-5)
    assert lab[255, 0] == pytest.approx(100, abs=1e-4)


def test_hue_all_around():
    angles = np.arange(8) * math.pi / 4
    lab = np.stack([np.full(8, 50), 30 * np.cos(angles), 30 * np.sin(angles)], axis=-1)
    lab[[0, 4], 2] = 0.0
    np.testing.assert_allclose(color.lab_to_lch(lab)[:, 2], angles, atol=1e-15)
    assert color.lab_to_lch([[50.0, 0.0, 0.0]])[0, 2] == 0
    turned = color.lch_to_lab(np.stack([lab[:, 0], np.full(8, 30.0), angles + 2000 * math.pi], axis=-1))
    np.testing.assert_allclose(turned, lab, atol=1e-10)


def test_not_a_number_stays_in_its_pixel():
    image = RNG.uniform(0, 1, (9, 31, 3)).astype(np.float32)
    image[3, 5, 1], image[4, 20, 0] = np.nan, np.inf
    bad = np.zeros((9, 31), bool)
    bad[3, 5] = bad[4, 20] = True
    for name in WAYS:
        found = way(name)(image)
        finite = np.isfinite(found) if name == "rgb_to_gray" else np.isfinite(found).all(axis=-1)
        if name != "lab_to_rgb":
            np.testing.assert_array_equal(finite, ~bad)
        else:  # what is infinite may be cut
            np.testing.assert_array_equal(finite[~bad], True)
            assert np.isnan(found[3, 5]).any()
    assert not color.lab_to_rgb(np.full(3, np.nan), dtype="uint8").any()


# --- layouts, types of results, threads -----------------------------------------------------------------


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_layouts_and_workers_change_nothing(name, dtype):
    if dtype == "int16" and name == "rgb_to_lab":
        dtype = "uint8"
    image = (WAYS[name](37 * 700) * (200 if name.startswith("rgb") and dtype != "float32" else 1)).reshape(
        37, 700, 3
    )
    image = image.astype(dtype)
    expected = way(name)(image, workers=1)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(way(name)(image, workers=workers), expected)
    channels_first = np.ascontiguousarray(np.moveaxis(image, -1, 0))
    in_the_middle = np.ascontiguousarray(np.moveaxis(image, -1, 1))
    wide = np.zeros((37, 700, 5), image.dtype)
    wide[..., 1:4] = image
    read_only = image.copy()
    read_only.flags.writeable = False
    for other, axis in (
        (channels_first, 0),
        (np.moveaxis(channels_first, 0, -1), -1),
        (in_the_middle, 1),
        (np.asfortranarray(image), 2),
        (image[::-1, ::-1].copy()[::-1, ::-1], -1),
        (image[..., ::-1].copy()[..., ::-1], -1),
        (np.repeat(np.repeat(image, 2, axis=1), 2, axis=0)[::2, ::2], -1),
        (wide[..., 1:4], -1),
        (image.astype(image.dtype.newbyteorder(">")), -1),
        (read_only, -1),
    ):
        found = way(name)(other, channel_axis=axis)
        if name != "rgb_to_gray":
            found = np.moveaxis(found, axis, -1)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(way(name)(image[:, :1]), expected[:, :1])
    np.testing.assert_array_equal(way(name)(image[5, 6]), expected[5, 6])
    np.testing.assert_array_equal(
        way(name)(image.reshape(37, 7, 2, 50, 3)), expected.reshape(37, 7, 2, 50, *expected.shape[2:])
    )


@pytest.mark.parametrize("name", WAYS)
@loop_over("dtype", ["float16", "float32", "float64", ">f4", "uint8", "uint16", "int16", "int64", "bool"])
def test_types_of_results(name, dtype):
    kind = np.dtype(dtype)
    pixels = WAYS[name](600)
    if name == "lab_to_rgb" and kind.kind != "f" and dtype not in FULL:
        return
    found = way(name)(pixels, dtype=dtype)
    assert found.dtype == kind
    exact = way(name)(pixels)
    if kind.kind == "f":
        np.testing.assert_allclose(found, exact, rtol=float(np.finfo(kind).eps), atol=1e-6)
    else:
        scale = FULL[dtype] if name == "lab_to_rgb" else 1
        low, high = (0, 1) if dtype == "bool" else (np.iinfo(kind).min, np.iinfo(kind).max)
        np.testing.assert_array_equal(found, np.clip(np.rint(exact * scale), low, high))
    for out in (
        np.empty(exact.shape, dtype),
        np.empty((2, *exact.shape), dtype)[1],
        np.empty((*exact.shape, 2), dtype)[..., 0],
    ):
        assert way(name)(pixels, out=out) is out
        np.testing.assert_array_equal(out, found)


@pytest.mark.parametrize("name", WAYS)
def test_out_may_be_the_image(name):
    image = WAYS[name](2000).astype(np.float32)
    expected = way(name)(image)
    if name == "rgb_to_gray":
        way(name)(image, out=image[:, 1])
        np.testing.assert_array_equal(image[:, 1], expected)
        return
    same = image.copy()
    assert way(name)(same, out=same) is same
    np.testing.assert_array_equal(same, expected)
    buffer = np.zeros((2001, 3), np.float32)
    buffer[:2000] = image
    way(name)(buffer[:2000], out=buffer[1:])
    np.testing.assert_array_equal(buffer[1:], expected)


def test_lists_and_single_colours():
    assert color.rgb_to_gray([10, 20, 30]).shape == ()
    assert color.rgb_to_gray([10, 20, 30]) == 18
    assert color.lab_to_rgb([[100, 0, 0]]).dtype == np.float64
    assert color.rgb_to_lab(np.array([True, True, True]))[0] == pytest.approx(100, abs=1e-4)


def test_the_room_is_lazy():
    assert imfilter.color is color
    assert "color" in imfilter.__all__
