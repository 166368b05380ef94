"""Large full kernels by short sums: as exact as the taps, at every border, and within the footprint."""

import numpy as np
import pytest

import imfilter
from imfilter._filters.linear import winograd_sums
from tests.looping import loop_over
from tests.reference import naive
from tests.reference.naive import MODES

RNG = np.random.default_rng(13)
BORDERS = {"mirror": "reflect", "zero": "constant"}
SIZES = [(20, 5), (21, 22), (25, 9), (31, 31), (40, 7), (47, 12)]  # rows halved once, twice and three times


def kernel_of(size):
    kernel = RNG.normal(size=size)
    return kernel / np.abs(kernel).sum()


def algorithm(image, kernel, **options):
    return imfilter.plan(image.shape, image.dtype, kernel, **options).algorithm


def reference(image, kernel, mode="mirror", cval=0.0):
    """NumPy in float64, on the image with its border. SciPy errs where the kernel is much the larger."""
    pads = [(k // 2, (k - 1) // 2) for k in kernel.shape]
    options = {"constant_values": cval} if mode == "constant" else {}
    padded = np.pad(image.astype(np.float64), pads, mode=BORDERS.get(mode, mode), **options)
    return windowed(padded, kernel)


def windowed(padded, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape)
    return np.einsum("abij,ij->ab", windows, kernel)


def test_they_are_what_runs():
    image = np.zeros((400, 500), np.float32)
    for size in SIZES:
        kernel = kernel_of(size)
        assert algorithm(image, kernel) == "winograd"
        assert algorithm(image.astype(np.float64), kernel) == "winograd"
        kernel[1, 2] = 0.0  # what is not read must not be
        assert algorithm(image, kernel) != "winograd"
    assert algorithm(image, kernel_of((15, 15))) == "direct"
    assert algorithm(image, kernel_of((31, 31)), stride=2) == "direct"
    assert algorithm(image, kernel_of((31, 31)), dilation=2) == "direct"


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("size", SIZES)
@loop_over("shape", [(1, 60), (90, 3), (30, 33), (101, 300)])
def test_every_border(shape, size, mode):
    """Also on images smaller than the kernel."""
    image, kernel = RNG.normal(size=shape), kernel_of(size)
    cval = -1.5 if mode == "constant" else 0.0
    expected = reference(image, kernel, mode, cval)
    largest = max(np.abs(image).max(), abs(cval))
    for dtype, bound in (("float64", 1e-14), ("float32", 1e-6)):
        found = imfilter.correlate(image.astype(dtype), kernel, mode=mode, cval=cval)
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound * largest)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "float16"])
def test_types(dtype):
    image = (RNG.random((120, 140)) * 120).astype(dtype)
    kernel = kernel_of((31, 31))
    expected = reference(image, kernel)
    found = imfilter.correlate(image, kernel)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * 120)
    if dtype != "float16":
        rounded = imfilter.correlate(image, kernel * 40, dtype=dtype, bias=50)
        bounds = np.iinfo(dtype)
        exact = np.clip(expected * 40 + 50, bounds.min, bounds.max)
        tie = np.abs(exact - np.floor(exact) - 0.5) < 1e-3
        np.testing.assert_array_equal(rounded[~tie], np.rint(exact)[~tie])


@pytest.mark.parametrize("padding", ["valid", 40, [(0, 9), (50, 0)]])
@pytest.mark.parametrize("size", [(21, 30), (33, 8)])
def test_paddings(padding, size):
    """Also where outputs lie beyond the image, and rows that are not halved with them."""
    image, kernel = RNG.normal(size=(64, 75)), kernel_of(size)
    assert algorithm(image, kernel, padding=padding) == "winograd"
    found = imfilter.correlate(image, kernel, padding=padding, mode="edge", bias=2.5)
    pads = [(0, 0)] * 2 if padding == "valid" else [(40, 40)] * 2 if padding == 40 else padding
    padded = np.pad(image, pads, mode="edge")
    np.testing.assert_allclose(found, windowed(padded, kernel) + 2.5, rtol=0, atol=1e-13)


def test_axes_channels_and_batches():
    kernel = kernel_of((24, 26))
    image = RNG.normal(size=(70, 80, 3))
    found = imfilter.correlate(image, kernel, channel_axis=-1)
    for c in range(3):
        np.testing.assert_allclose(found[..., c], reference(image[..., c], kernel), atol=1e-13)
    found = imfilter.correlate(image[..., 0], kernel, axes=(1, 0))
    np.testing.assert_allclose(found, reference(image[..., 0].T, kernel).T, atol=1e-13)
    batch = np.moveaxis(image, -1, 0)
    np.testing.assert_array_equal(
        imfilter.correlate(batch, kernel, axes=(1, 2)),
        np.stack([imfilter.correlate(one, kernel) for one in batch]),
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_extremes_stay_in_the_footprint(value):
    """Also what is finite, but would not be in a difference."""
    image = RNG.random((120, 130)).astype(np.float32)
    image[60, 70] = value
    kernel = kernel_of((31, 31))
    found = imfilter.correlate(image, kernel)
    hit = np.zeros(image.shape, bool)
    hit[45:76, 55:86] = True
    clean = reference(
        np.where(image == image[60, 70], 0, image) if value == value else np.nan_to_num(image), kernel
    )
    np.testing.assert_allclose(found[~hit], clean[~hit], rtol=0, atol=1e-6)
    if np.isfinite(value):
        weights = kernel[::-1, ::-1]
        np.testing.assert_allclose(found[hit].reshape(31, 31), value * weights, rtol=1e-5, atol=1e30)
    else:
        assert not np.isfinite(found[hit]).any()
    constant = imfilter.correlate(np.nan_to_num(image, posinf=0), kernel, mode="constant", cval=3e38)
    assert np.isfinite(constant).all()


def test_large_beside_small():
    image = RNG.random((150, 160)).astype(np.float32)
    image[70, 80] = 1e6
    kernel = kernel_of((31, 31))
    expected = reference(image, kernel)
    found = imfilter.correlate(image, kernel)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 * 1e6 * np.abs(kernel).max())


# --- along a line -----------------------------------------------------------------------------------

#: Halved twice, three and four times, which makes no equal halves of them without zeros at the end.
LINES = [131, 350, 905]


def along(image, kernel, mode="mirror", cval=0.0):
    """NumPy in float64 over the last axis, on lines with their border."""
    n, before = image.shape[-1], len(kernel) // 2
    index = [naive.border_index(i, n, mode) for i in range(-before, n + len(kernel) - 1 - before)]
    padded = image.astype(np.float64)[..., [0 if i is None else i for i in index]]
    padded[..., [i is None for i in index]] = cval
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=-1)
    return windows @ kernel


def test_lines_are_what_runs():
    for length in LINES:
        kernel = kernel_of((length,))
        for dtype in ("uint8", "float32"):
            assert algorithm(np.zeros(60_000, dtype), kernel) == "winograd"
        assert algorithm(np.zeros((9, 60_000, 2), "float32"), kernel, axes=1) == "winograd"
        assert algorithm(np.zeros((9, 60_000, 50), "float32"), kernel, axes=1) != "winograd"
        assert algorithm(np.zeros(60_000), kernel, stride=2) == "direct"
        least = winograd_sums.shortest((length,), np.dtype("float32"))
        assert algorithm(np.zeros(least - 1, "float32"), kernel) != "winograd"
        kernel[1] = 0.0
        assert algorithm(np.zeros(60_000, "float32"), kernel) != "winograd"
    assert algorithm(np.zeros(60_000, "float64"), kernel_of((500,))) == "winograd"


@loop_over("mode", MODES)
@loop_over("length", LINES)
def test_every_border_of_lines(length, mode):
    """In one tile and in several, full ones and others."""
    cval = -1.5 if mode == "constant" else 0.0
    kernel = kernel_of((length,))
    for samples in (max(16 * length, 3100), 16384, 50_001):
        image = RNG.normal(size=samples)
        expected = along(image, kernel, mode, cval)
        for dtype, bound in (("float64", 1e-14), ("float32", 1e-6)):
            found = imfilter.correlate(image.astype(dtype), kernel, mode=mode, cval=cval)
            np.testing.assert_allclose(found, expected, rtol=0, atol=bound * np.abs(image).max())


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float16"])
def test_types_of_lines(dtype):
    image, kernel = (RNG.random((3, 20_000, 2)) * 120).astype(dtype), kernel_of((333,))
    expected = np.moveaxis(along(np.moveaxis(image, 1, -1), kernel), -1, 1)
    found = imfilter.correlate(image, kernel, axes=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * 120)
    if dtype != "float16":
        rounded = imfilter.correlate(image, kernel * 40, axes=1, dtype=dtype, bias=50)
        bounds = np.iinfo(dtype)
        exact = np.clip(expected * 40 + 50, bounds.min, bounds.max)
        tie = np.abs(exact - np.floor(exact) - 0.5) < 1e-3
        np.testing.assert_array_equal(rounded[~tie], np.rint(exact)[~tie])


@pytest.mark.parametrize(
    ("padding", "pads"), [("valid", (0, 0)), (40, (40, 40)), ([(0, 9)], (0, 9)), ([(700, 0)], (700, 0))]
)
def test_paddings_of_lines(padding, pads):
    image, kernel = RNG.normal(size=20_000), kernel_of((333,))
    assert algorithm(image, kernel, padding=padding) == "winograd"
    found = imfilter.correlate(image, kernel, padding=padding, mode="edge", bias=2.5)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, pads, mode="edge"), 333)
    np.testing.assert_allclose(found, windows @ kernel + 2.5, rtol=0, atol=1e-13)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_extremes_in_a_line_stay_in_the_footprint(value):
    image, kernel = RNG.random(30_000).astype(np.float32), kernel_of((333,))
    clean = imfilter.correlate(image, kernel)
    image[15_000] = value
    found = imfilter.correlate(image, kernel)
    hit = np.abs(np.arange(30_000) - 15_000) <= 166
    np.testing.assert_allclose(found[~hit], clean[~hit], rtol=0, atol=1e-6)
    if np.isfinite(value):
        np.testing.assert_allclose(found[hit], value * kernel[::-1], rtol=1e-4, atol=1e30)
    else:
        assert not np.isfinite(found[hit]).any()


# --- what lies elsewhere ----------------------------------------------------------------------------


@loop_over("dtype", ["float32", "float64"])
@loop_over("size", [*SIZES, (27, 5), (23, 6), (43, 8)])
def test_a_large_sample_changes_no_other_window(size, dtype):
    """Not a bit, also next to the window: a kernel whose rows cannot be halved is not made longer."""
    image, kernel = RNG.normal(size=(110, 90)).astype(dtype), kernel_of(size)
    assert algorithm(np.zeros((400, 500), dtype), kernel) == "winograd"
    clean = imfilter.correlate(image, kernel)
    for value in (1e3, 1e25):
        spoiled = image.copy()
        spoiled[55, 45] = value
        found = imfilter.correlate(spoiled, kernel)
        hit = np.zeros(image.shape, bool)
        (up, down), (left, right) = (((k - 1) // 2, k // 2) for k in size)
        hit[55 - up : 56 + down, 45 - left : 46 + right] = True
        np.testing.assert_array_equal(found[~hit], clean[~hit])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", [*LINES, 137, 500, 911])
def test_a_large_sample_changes_no_other_window_of_a_line(length, dtype):
    image, kernel = RNG.normal(size=20_000).astype(dtype), kernel_of((length,))
    assert algorithm(image, kernel) == "winograd"
    clean = imfilter.correlate(image, kernel)
    image[9_000] = 1e25
    found = imfilter.correlate(image, kernel)
    far = np.ones(len(image), bool)
    far[9_000 - (length - 1) // 2 : 9_001 + length // 2] = False
    np.testing.assert_array_equal(found[far], clean[far])
