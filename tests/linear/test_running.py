"""Running sums: exact for integers, within the footprint, and of no drift."""

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(7)
BORDERS = {
    "mirror": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
    "constant": "constant",
}


def mean(image, sizes, mode, cval):
    """The box in float64, tap by tap."""
    result = image.astype(np.float64)
    for axis, size in enumerate(sizes):
        taps = np.full(size, 1 / size)
        result = ndi.correlate1d(result, taps, axis=axis, mode=BORDERS[mode], cval=cval)
    return result


@loop_over("mode", BORDERS)
@loop_over("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
@loop_over("shape", [(5,), (700,), (1, 40), (9, 40), (70, 300), (300, 65), (5, 6, 7), (9, 20, 130)])
def test_every_border_and_type(shape, dtype, mode):
    image = (RNG.random(shape) * 250).astype(dtype)
    for size in (4, 15, 51, 101):
        sizes = (size,) * image.ndim
        expected = mean(image, sizes, mode, 3.0)
        found = imfilter.box(image, size, mode=mode, cval=3.0)
        assert found.dtype == image.dtype
        if image.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=0, atol=4e-7 * 250)
        else:
            tie = np.abs(expected - np.floor(expected) - 0.5) < 1e-4
            np.testing.assert_array_equal(found[~tie], np.rint(expected)[~tie])
            np.testing.assert_allclose(found, expected, rtol=0, atol=0.5001)


def test_not_finite_stays_in_the_footprint():
    image = RNG.random((120, 310)).astype(np.float32)
    image[60, 200], image[5, 5] = np.nan, np.inf
    found = imfilter.box(image, 21)
    clean = imfilter.box(np.where(np.isfinite(image), image, 0), 21)
    hit = ndi.uniform_filter((~np.isfinite(image)).astype(float), 21, mode="mirror") > 1e-9
    assert not np.isfinite(found[hit]).any()
    np.testing.assert_allclose(found[~hit], clean[~hit], rtol=0, atol=1e-6)


def test_large_beside_small():
    """What has left the sum leaves nothing behind."""
    image = np.zeros((200, 400), np.float32)
    image[100, 200] = 1e6
    found = imfilter.box(image, 25)
    assert np.count_nonzero(found) == 25 * 25
    np.testing.assert_allclose(found[100, 200], 1600.0, rtol=1e-6)
    image += RNG.random(image.shape).astype(np.float32)
    expected = mean(image, (25, 25), "mirror", 0.0)
    np.testing.assert_allclose(imfilter.box(image, 25), expected, rtol=0, atol=2e-6 * 1e6)
    far = np.ones(image.shape, bool)
    far[80:121, 180:221] = False
    np.testing.assert_allclose(imfilter.box(image, 25)[far], expected[far], rtol=0, atol=1e-6)


def test_a_constant_stays_one():
    image = np.full((300, 500), 0.1, np.float32)
    np.testing.assert_allclose(imfilter.box(image, 101), image, rtol=2e-7)


def test_given_as_a_kernel():
    image = (RNG.random((90, 200)) * 255).astype(np.uint8)
    kernel = np.full((27, 29), 1 / 783)
    assert imfilter.plan(image.shape, image.dtype, kernel).algorithm == "running"
    expected = ndi.correlate(image.astype(np.float64), kernel, mode="mirror")
    np.testing.assert_allclose(imfilter.correlate(image, kernel), expected, rtol=0, atol=1e-6 * 255)
    shifted = imfilter.correlate(image, kernel, bias=-3.5, padding="valid")
    np.testing.assert_allclose(shifted, expected[13:-13, 14:-14] - 3.5, rtol=0, atol=1e-6 * 255)
    signal = image[0].astype(np.float32)
    found = imfilter.correlate(signal, np.ones(40))
    np.testing.assert_allclose(
        found, ndi.correlate1d(signal.astype(float), np.ones(40), mode="mirror"), rtol=4e-7
    )


@pytest.mark.parametrize("shape", [(255,), (9, 7), (15, 15), (3, 3, 5)])
def test_means_of_bytes_are_exact(shape):
    """Every total that can come: those of an odd number of bytes are divided as integers."""
    taps = np.prod(shape)
    found = []
    for total in range(0, 255 * taps + 1, 97 if taps > 100 else 1):
        full, rest = divmod(total, 255)
        box = np.zeros(taps, np.uint8)
        box[:full], box[full : full + 1] = 255, rest
        found.append(imfilter.box(box.reshape(shape), shape, mode="zero")[tuple(n // 2 for n in shape)])
    np.testing.assert_array_equal(
        found, np.rint(np.arange(0, 255 * taps + 1, 97 if taps > 100 else 1) / taps)
    )


@loop_over("mode", naive.MODES)
@loop_over("dtype", ["uint8", "int16", "float32"])
def test_few_of_the_outputs(dtype, mode):
    """The border is of samples that may be in none of the boxes."""
    cval = 2.0 if mode == "constant" else 0.0
    for shape, size, options in [
        ((9, 11), (4, 7), {"stride": (7, 5)}),
        ((9, 11), (5, 6), {"padding": [(5, 0), (6, 0)]}),
        ((9, 11), (5, 6), {"padding": [(0, 4), (0, 7)]}),
        ((7, 40), (3, 9), {"padding": [(0, 0), (30, 0)], "stride": (1, 50)}),
        ((2, 1, 3), (3, 2, 4), {"stride": (3, 5, 3)}),
        ((3, 8, 3), (3, 5), {"stride": (2, 8), "channel_axis": 2}),
    ]:
        image = (RNG.random(shape) * 250).astype(dtype)
        kernel = np.full(size, 1 / np.prod(size))
        geometry = {n: v for n, v in options.items() if n != "channel_axis"}
        found = imfilter.correlate(image, kernel, mode=mode, cval=cval, dtype="float64", **options)
        channels = np.moveaxis(image, -1, 0) if "channel_axis" in options else [image]
        expected = [
            naive.correlate(c.astype(float), kernel, mode=mode, cval=cval, **geometry) for c in channels
        ]
        expected = np.stack(expected, axis=-1) if "channel_axis" in options else expected[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_sums_that_are_not_means_are_rounded_right():
    image = np.arange(65536, dtype=np.uint16)[None]
    found = imfilter.correlate(image, [[0.16689543]], bias=0.25, dtype="uint16")
    exact = image * 0.16689543 + 0.25
    tie = np.abs(exact - np.floor(exact) - 0.5) < 1e-9
    np.testing.assert_array_equal(found[~tie], np.rint(exact)[~tie])


@pytest.mark.parametrize("axis", [0, 1])
def test_the_choice_for_a_window_along_one_axis(axis: int) -> None:
    """Running sums take the time of 26 to 38 float32 taps along one axis. See `_COST_ONE_AXIS`."""
    sizes = [tuple(n if a == axis else 1 for a in (0, 1)) for n in (9, 21, 45, 101)]
    chosen = [imfilter.plan((500, 600), np.float32, imfilter.box, size).algorithm for size in sizes]
    assert chosen == ["direct", "direct", "running", "running"]


def test_totals_at_the_limit_of_float64():
    """The longest line behind a filtered axis whose totals float64 holds, and its neighbours."""
    longest = 2**53 // (31 * (2**32 - 1)) - 1  # a total has a sample more than the line
    for length in (longest, longest + 1, longest + 2):
        array = np.full((40, length), 2**32 - 1, np.uint32)
        found = imfilter.box(array, 31, axes=0, dtype="float64")
        np.testing.assert_array_equal(found, np.full(found.shape, 2.0**32 - 1))
