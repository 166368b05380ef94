"""Sums in boxes: where they lack digits, and windows of any width."""

import numpy as np
import pytest

import imfilter
from imfilter import threshold
from imfilter._filters.local import box
from imfilter._simd.registers import BYTES
from tests.looping import loop_over

F32 = np.dtype(np.float32)


def faint_and_strong(dtype, shape):
    """Samples of which sums have enough digits in some windows only: offsets, constants, faint noise."""
    rng = np.random.default_rng(5)
    image = rng.normal(0, 1, shape)
    image[: shape[0] // 3, : shape[1] // 2] += 3e3 if dtype == "f2" else 1e5
    image[shape[0] // 2 :, shape[1] // 3 : shape[1] // 2] = 0.1
    image[-9:, -40:] = 0
    image[shape[0] // 2 :, -30:] *= 1e-3 if dtype == "f2" else 1e-25
    return image.astype(dtype)


def two_passes(image, size):
    """The variance of each window, from distances to its mean."""
    padded = np.pad(image.astype(np.longdouble), [(n // 2, (n - 1) // 2) for n in size], "reflect")
    seen = np.lib.stride_tricks.sliding_window_view(padded, size)
    return seen.var((2, 3))


@pytest.mark.parametrize("dtype", ["f2", "f4"])
@pytest.mark.parametrize("size", [(3, 3), (9, 12), (1, 17), (16, 1)])
def test_windows_with_and_without_enough_digits(dtype, size):
    image = faint_and_strong(dtype, (60, 130))
    expected = two_passes(image, size)
    found = imfilter.local_variance(image, size)
    assert (abs(found - expected) <= 2e-7 * expected + 1e-37).all()
    assert (found[expected == 0] == 0).all()
    np.testing.assert_allclose(imfilter.local_std(image, size), np.sqrt(expected), rtol=2e-7, atol=1e-30)


@pytest.mark.parametrize("function", [imfilter.local_std, imfilter.local_variance, threshold.sauvola])
def test_the_choice_depends_on_the_window_only(function):
    size, reach = (7, 9), (3, 4)
    image = faint_and_strong("f4", (150, 400))
    expected = function(image, size, workers=1)
    np.testing.assert_array_equal(function(image, size, workers=3), expected)
    for top, left in ((0, 0), (1, 3), (17, 50), (40, 91), (83, 160)):
        part = np.ascontiguousarray(image[top : top + 60, left : left + 70])
        found = function(part, size)
        inside = tuple(slice(r, n - r) for r, n in zip(reach, part.shape, strict=True))
        rows, columns = slice(top, top + 60), slice(left, left + 70)
        np.testing.assert_array_equal(found[inside], expected[rows, columns][inside])
    faint = image[:45, :150]  # no window has sums with enough digits
    found = function(np.ascontiguousarray(faint), size)[reach[0] : -reach[0], reach[1] : -reach[1]]
    np.testing.assert_array_equal(found, expected[reach[0] : 45 - reach[0], reach[1] : 150 - reach[1]])
    narrow = image[:, 45:70]  # fewer columns than a vector
    found = function(np.ascontiguousarray(narrow), size)[reach[0] : -reach[0], reach[1] : -reach[1]]
    np.testing.assert_array_equal(found, expected[:, 45:70][reach[0] : -reach[0], reach[1] : -reach[1]])


@pytest.mark.parametrize("count", [3, 40, 300])
@pytest.mark.parametrize("size", [(5, 5), (1, 7)])
def test_scattered_windows_without_enough_digits(count, size):
    rng = np.random.default_rng(12)
    image = rng.normal(0, 1, (260, 300))
    for top, left in zip(rng.integers(0, 250, count), rng.integers(0, 290, count), strict=True):
        image[top : top + 9, left : left + 9] = rng.normal(1e4, 0.1, (9, 9))[: 260 - top, : 300 - left]
    image = image.astype("f4")
    expected = two_passes(image, size)
    np.testing.assert_allclose(imfilter.local_variance(image, size), expected, rtol=2e-7)


def test_many_small_planes_without_enough_digits():
    image = np.random.default_rng(6).normal(1e5, 1, (300, 9, 11)).astype("f4")
    found = imfilter.local_std(image, (3, 5), axes=(1, 2))
    for plane, result in zip(image[::37], found[::37], strict=True):
        np.testing.assert_array_equal(imfilter.local_std(plane, (3, 5)), result)


def test_three_axes_without_enough_digits():
    image = np.random.default_rng(7).normal(1e5, 1, (9, 40, 50)).astype("f4")
    image[:, 20:] -= 1e5
    padded = np.pad(image.astype(float), 2, "reflect")
    expected = np.lib.stride_tricks.sliding_window_view(padded, (5, 5, 5)).std((3, 4, 5))
    np.testing.assert_allclose(imfilter.local_std(image, 5), expected, rtol=2e-7)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_windows_of_any_width(dtype):
    rng = np.random.default_rng(8)
    image = rng.integers(0, 250, (7, 260, 3)).astype(dtype)
    for width in (*range(1, 36), 61, 64, 77, 128, 200):
        found = imfilter.local_variance(image, (3, width), channel_axis=-1, mode="wrap")
        for channel in range(3):
            plane = np.ascontiguousarray(image[..., channel])
            np.testing.assert_array_equal(
                imfilter.local_variance(plane, (3, width), mode="wrap"), found[..., channel]
            )
        padded = np.pad(image[..., 0].astype(float), [(1, 1), (width // 2, (width - 1) // 2)], "wrap")
        expected = np.lib.stride_tricks.sliding_window_view(padded, (3, width)).var((2, 3))
        np.testing.assert_allclose(found[..., 0], expected, rtol=2e-7)


@loop_over("width", [*range(8, 25), 31, 32, 40, 48, 61, 64, 95, 200])
def test_channels_have_the_bits_of_planes(width):
    """Sums of neighbours that lie apart have the order of neighbours that follow each other.

    Sums of 40 rows have more digits than float64, and most of them cancel, so each addition makes a
    difference that results show.
    """
    image = np.random.default_rng(13).normal(1700, 1, (45, 300, 3)).astype("f4")
    found = imfilter.local_variance(image, (40, width), channel_axis=-1)
    for channel in range(3):
        plane = np.ascontiguousarray(image[..., channel])
        np.testing.assert_array_equal(imfilter.local_variance(plane, (40, width)), found[..., channel])


@loop_over("size", [(1, 9), (1, 15), (1, 122), (2, 16), (3, 61), (9, 40)])
@loop_over("channels", [1, 2, 3, 4, 200])
def test_sums_of_neighbours_read_no_further_than_the_workspace(size, channels):
    layout = box.Layout((1, 1, 3, 40, channels), (1, *size), F32, F32, (120 * channels, 120 * channels, 1))
    prepared = box._sums(layout)
    job, wide = prepared.job, prepared.widest + layout.margin
    if channels == 1 and size[1] >= 16:
        beyond = -(-(8 * wide + 256) // 64) * 64  # four eights after the columns, an eight at a time
    else:
        beyond = -(-8 * wide // BYTES) * BYTES + (56 * channels if channels > 1 else BYTES)
    last = prepared.places["sums"] + int(job["pitch"]) * (2 * int(job["together"]) - 1)
    assert last + beyond <= prepared.size + 2 * BYTES  # of the job, and of its memory


@pytest.mark.parametrize("dtype", ["u1", "f4"])
@pytest.mark.slow
def test_windows_of_any_height(dtype):
    image = np.random.default_rng(10).integers(0, 250, (150, 37)).astype(dtype)
    for height in (*range(1, 36), 61, 64, 77, 128, 200):
        found = imfilter.local_variance(image, (height, 3), mode="wrap")
        around = [(height // 2, (height - 1) // 2), (1, 1)]
        padded = np.pad(image.astype(float), around, "wrap")
        expected = np.lib.stride_tricks.sliding_window_view(padded, (height, 3)).var((2, 3))
        np.testing.assert_allclose(found, expected, rtol=2e-7)
        lower = imfilter.local_variance(np.roll(image, -19, 0), (height, 3), mode="wrap")
        np.testing.assert_array_equal(np.roll(lower, 19, 0), found)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_pieces_of_very_many_rows(dtype):
    image = np.random.default_rng(11).integers(0, 250, (30_000, 5)).astype(dtype)
    found = imfilter.local_std(image, (9, 3))
    padded = np.pad(image.astype(float), [(4, 4), (1, 1)], "reflect")
    expected = np.lib.stride_tricks.sliding_window_view(padded, (9, 3)).std((2, 3))
    np.testing.assert_allclose(found, expected, rtol=2e-7)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20])
@pytest.mark.parametrize("offset", [0, 1e5])
def test_a_sample_of_float32_changes_only_its_windows(value, offset):
    image = np.random.default_rng(9).normal(offset, 1, (60, 140)).astype("f4")
    changed = image.copy()
    changed[30, 70] = value
    before, after = (imfilter.local_std(a, (5, 11)) for a in (image, changed))
    far = np.ones(image.shape, bool)
    far[28:33, 65:76] = False
    np.testing.assert_array_equal(after[far], before[far])
    if value == 1e20:
        np.testing.assert_allclose(after[~far], 1e20 * np.sqrt(1 / 55 - 1 / 55**2), rtol=1e-6)
    else:
        assert np.isnan(after[~far]).all()
