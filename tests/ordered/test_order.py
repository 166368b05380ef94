"""Sums in SciPy's order: the same bits as loops that add in that order, and as SciPy itself."""

import itertools
import platform

import numpy as np
import pytest
import scipy.ndimage

from imfilter._filters.ordered import lines, windows

MODES = {
    "reflect": "symmetric",
    "mirror": "mirror",
    "nearest": "edge",
    "wrap": "wrap",
    "constant": "constant",
}
TYPES = ("f8", "f4", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8")
#: SciPy for other processors may be compiled with fused multiply-adds.
on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="SciPy may fuse there")


def image_of(rng, shape, kind):
    values = rng.random(shape) * 200 - (0 if kind[0] == "u" else 50)
    image = values.astype(kind)
    if kind[0] == "f" and rng.random() < 0.2:
        image.flat[rng.integers(image.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return image


def kernel_of(rng, size, symmetry):
    weights = rng.random(size) * 2 - 0.7
    return weights + symmetry * weights[::-1] if symmetry else weights


def same(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.view(np.uint8), expected.view(np.uint8))


@pytest.mark.parametrize("symmetry", [0, 1, -1])
@pytest.mark.parametrize("size", [1, 4, 5])
def test_loops(size, symmetry):
    """The centre is first, then pairs from the outside. Other kernels begin with their last tap."""
    rng = np.random.default_rng(size + symmetry)
    x, weights = rng.standard_normal(40), kernel_of(rng, size, symmetry)
    before = size // 2
    padded = np.concatenate([x[::-1], x, x[::-1]])
    expected = np.empty_like(x)
    for i in range(len(x)):
        window = padded[len(x) + i - before :][:size]
        paired = size % 2 and (symmetry or size == 1)
        total = window[before] * weights[before] if paired else window[-1] * weights[-1]
        for k in range(before if paired else size - 1):
            value = window[k] + symmetry * window[-1 - k] if paired else window[k]
            total = total + value * weights[k]
        expected[i] = total
    found = np.empty_like(x)
    lines.correlate(x, weights, 0, found, lines.Sides(before, size - 1 - before, "symmetric", 0.0), 1)
    same(found, expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_loops_of_means(axis):
    """The sum of the window is moved by one sample: new minus old is added. Then it is divided."""
    rng = np.random.default_rng(7)
    image, size = rng.standard_normal((9, 11)), 4
    found, expected = np.empty_like(image), np.empty_like(image)
    for line, to in zip(np.moveaxis(image, axis, -1), np.moveaxis(expected, axis, -1), strict=True):
        padded = np.concatenate([[3.5] * 2, line, [3.5]])
        total = 0.0
        for value in padded[:size]:
            total = total + value
        to[0] = total / size
        for i in range(1, len(line)):
            total = total + (padded[i + size - 1] - padded[i - 1])
            to[i] = total / size
    lines.uniform(image, size, axis, found, lines.Sides(2, 1, "constant", 3.5), 1)
    same(found, expected)


@on_x86
@pytest.mark.parametrize("seed", range(8))
def test_scipy_along_lines(seed):
    """Random types, shapes, kernels, origins and borders: correlations and running means."""
    rng = np.random.default_rng(seed)
    for trial in range(40):
        ndim = int(rng.integers(1, 4))
        shape = tuple(map(int, rng.integers(1, [400, 40, 14][ndim - 1], ndim)))
        source, kind = rng.choice(TYPES, 2)
        image, size, axis = image_of(rng, shape, source), int(rng.integers(1, 12)), int(rng.integers(ndim))
        weights = kernel_of(rng, size, (0, 1, -1)[trial % 3])
        origin = int(rng.integers(-(size // 2), (size - 1) // 2 + 1))
        mode, cval = str(rng.choice(list(MODES))), float(rng.random() * 9)
        sides = lines.Sides(size // 2 + origin, size - 1 - size // 2 - origin, MODES[mode], cval)
        found = np.empty(shape, kind)
        for ours, theirs, what in (
            (lines.correlate, scipy.ndimage.correlate1d, weights),
            (lines.uniform, scipy.ndimage.uniform_filter1d, size),
        ):
            ours(image, what, axis, found, sides, int(rng.integers(1, 3)))
            with np.errstate(all="ignore"):
                expected = theirs(image, what, axis, kind, mode, cval, origin)
            if np.isfinite(image.astype(float)).all() or kind[0] == "f":
                np.testing.assert_array_equal(found, expected)


@on_x86
@pytest.mark.parametrize("seed", range(4))
def test_scipy_over_windows(seed):
    rng = np.random.default_rng(seed)
    for _ in range(40):
        ndim = int(rng.integers(1, 5))
        shape = tuple(map(int, rng.integers(1, [300, 40, 14, 8][ndim - 1], ndim)))
        source, kind = rng.choice(TYPES, 2)
        image, sizes = image_of(rng, shape, source), tuple(map(int, rng.integers(1, 6, ndim)))
        weights = rng.random(sizes) * 2 - 0.7
        weights[rng.random(sizes) < 0.2] = 0
        origins = [int(rng.integers(-(k // 2), (k - 1) // 2 + 1)) for k in sizes]
        mode, cval = str(rng.choice(list(MODES))), float(rng.random() * 9)
        found = np.empty(shape, kind)
        before = tuple(k // 2 + o for k, o in zip(sizes, origins, strict=True))
        windows.correlate(image, weights, found, before, MODES[mode], cval, int(rng.integers(1, 3)))
        expected = scipy.ndimage.correlate(image, weights, kind, mode, cval, origins)
        if np.isfinite(image.astype(float)).all() or kind[0] == "f":
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("shape", [(3, 90_000), (90_000, 3), (2, 40_000, 2)])
def test_blocks_change_no_bit(shape):
    """Long lines are cut into blocks; threads share blocks; the result may replace the image."""
    rng = np.random.default_rng(5)
    image, weights = rng.standard_normal(shape), rng.standard_normal(9)
    axis = int(np.argmax(shape))
    sides, found = lines.Sides(4, 4, "wrap", 0.0), []
    for workers, alias in itertools.product((1, 3), (False, True)):
        given = image.copy()
        out = given if alias else np.empty(shape)
        lines.correlate(given, weights, axis, out, sides, workers)
        found.append(out)
    index = np.arange(-4, shape[axis] + 4) % shape[axis]
    padded, n = image.take(index, axis), shape[axis]
    expected = padded.take(range(8, 8 + n), axis) * weights[8]
    for k in range(8):
        expected = expected + padded.take(range(k, k + n), axis) * weights[k]
    for out in found:
        same(out, expected)


def test_strided_output():
    image = np.random.default_rng(1).random((6, 7))
    found = np.zeros((6, 14))[:, ::2]
    lines.correlate(image, np.ones(3), 0, found, lines.Sides(1, 1, "edge", 0.0), 1)
    np.testing.assert_allclose(found[1:-1], image[:-2] + image[1:-1] + image[2:])
