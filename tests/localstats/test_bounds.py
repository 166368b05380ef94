"""The error bounds of the page on local statistics."""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over

#: Distance of the rows that are compared.
STEP = 5


def image_of(kind, rng, shape):
    """An image in which sums of squares lose digits in some windows: edges, ramps, faint or strong noise."""
    image = rng.normal(size=shape) * 10.0 ** rng.integers(-4, 1)
    if kind == "edge":
        image[:, shape[1] // 2 :] += 10.0 ** rng.integers(0, 5)
    if kind == "ramp":
        image += np.linspace(0, 10.0 ** rng.integers(0, 5), shape[0])[:, None]
    if kind == "offset":
        image += 10.0 ** rng.integers(2, 9)
    if kind == "patches":
        image = np.kron(rng.normal(size=(4, 5)), np.ones((25, 20)))[: shape[0], : shape[1]]
    return image


def exact(image, size):
    """The variance by two passes in long doubles, from distances to the centre of each window."""
    around = [(size // 2, (size - 1) // 2)] * 2
    padded = np.pad(image.astype(np.longdouble), around, "reflect")
    seen = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    rows = []
    for row in range(0, len(image), STEP):
        values = seen[row] - image[row, :, None, None]
        values = values - values.mean((1, 2), keepdims=True)
        rows.append((values * values).mean((1, 2)))
    return np.stack(rows)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noise", "edge", "ramp", "offset", "patches"])
@loop_over("size", [2, 5, 15, 31, 64])
def test_bounds_of_boxes(kind, size):
    rng = np.random.default_rng(size)
    for dtype, bound in (("f8", 1e-11), ("f4", 2e-7)):
        image = image_of(kind, rng, (66, 90)).astype(dtype)
        expected = exact(image, size)
        found = imfilter.local_variance(image, size)[::STEP]
        error = abs(found - expected)
        tiny = 1e-36 if dtype == "f4" else 1e-300  # float32 holds no smaller variance with all digits
        assert (error <= bound * expected + tiny).all()
        assert (found[expected == 0] == 0).all()


@pytest.mark.parametrize(("dtype", "size"), [("u1", 18), ("u1", 19), ("u1", 20), ("i1", 9), ("u2", 6)])
def test_extreme_integers_do_not_overflow(dtype, size):
    info = np.iinfo(dtype)
    image = np.full((50, 90), info.max, dtype)
    image[::2, ::3], image[25:, 40:] = info.min, info.min
    expected = whole(image.astype(np.int64), size)
    np.testing.assert_array_equal(imfilter.local_variance(image, size, dtype=float), expected)
    found = imfilter.local_std(image, size)
    np.testing.assert_allclose(found, np.sqrt(expected), rtol=2e-7, atol=0)


@pytest.mark.slow
def test_a_window_of_many_integers_of_16_bits():
    image = np.random.default_rng(2).integers(0, 1 << 16, (60, 70)).astype("u2")
    image[20:] |= 0xFFF0
    found = imfilter.local_variance(image, 55, dtype=float)  # the product of both sums has 59 bits
    np.testing.assert_allclose(found, whole(image.astype(object), 55).astype(float), rtol=1e-15)


def test_integers_are_exact():
    rng = np.random.default_rng(1)
    for dtype, size in (("u1", 15), ("u1", 40), ("i1", 9), ("u2", 5)):
        image = rng.integers(0, 100, (70, 80)).astype(dtype)
        np.testing.assert_array_equal(
            imfilter.local_variance(image, size, dtype=float),
            [[float(v) for v in row] for row in whole(image.astype(int), size)],
        )


def whole(image, size):
    """The quotients of whole numbers that are variances."""
    padded = np.pad(image, [(size // 2, (size - 1) // 2)] * 2, "reflect")
    seen = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    n = size * size
    sums, squares = seen.sum((2, 3)), (seen * seen).sum((2, 3))
    return (n * squares - sums * sums) / (n * n)
