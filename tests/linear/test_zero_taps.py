"""NaN and infinity at random places, in all filters that are linear, whichever algorithm runs.

Each output is what the plain sum gives that does not read taps of weight 0: NaN, +inf or -inf, or finite.
"""

import numpy as np
import pytest

import imfilter
from tests.looping import loop_over
from tests.reference import naive

TYPES = ("float16", "float32", "float64", ">f4", ">f8")
MODES = naive.MODES
#: Extents of images and of kernels, by the number of axes. Small ones are few, because code is compiled for
#: each number of taps, and an image that is smaller than the kernel folds it.
SMALL = {
    1: ((1, 2, 4, 7, 12, 29), (1, 2, 3, 4, 7, 11)),
    2: ((1, 2, 4, 11), (1, 2, 3, 4, 7)),
    3: ((1, 2, 7), (1, 2, 3, 5)),
}
LARGE = {
    1: (range(50, 900), range(2, 200)),
    2: (range(20, 90), range(2, 30)),
    3: (range(8, 24), range(2, 8)),
}


def extents(rng, ndim, lengths):
    return tuple(int(n) for n in rng.choice(lengths, ndim))


def sigmas(rng, ndim):
    """A few radii, because kernels are compiled for each of them."""
    sigma = rng.choice({1: [0.5, 1, 3, 12], 2: [0.5, 1, 3], 3: [0.5, 1]}[ndim], ndim)
    return [float(s) for s in sigma * rng.uniform(0.96, 1.01, ndim)]


def line(rng, n):
    """Weights of a line, some of which are zero."""
    weights = rng.normal(size=n).round(2)
    weights[rng.random(n) < 0.3] = 0.0
    if not weights.any():
        weights[rng.integers(n)] = 1.5
    return weights


def lines(rng, shape):
    return [line(rng, n) for n in shape]


def random_kernel(rng, shape):
    """A kernel with zeros: separable, of low rank, a derivative, dense or sparse."""
    kind, ndim = rng.integers(6), len(shape)
    if kind == 0:
        return lines(rng, shape)
    if kind == 1:
        return sum(naive.dense(lines(rng, shape), ndim) for _ in range(2)) + 0.0
    if kind == 2:
        return naive.derivative_taps("sobel", int(rng.integers(ndim)), ndim)
    if kind == 3:
        return naive.dense(naive.derivative_taps("scharr", int(rng.integers(ndim)), ndim), ndim)
    kernel = rng.normal(size=shape)
    kernel[rng.random(shape) < (0.3 if kind == 4 else 0.9)] = 0.0
    return kernel


def spoil(rng, image, infinities):
    """Put NaN, and infinity if it is wanted, at a few places."""
    bad = [np.nan, np.inf, -np.inf] if infinities else [np.nan]
    for _ in range(rng.integers(1, 4)):
        image.flat[rng.integers(image.size)] = rng.choice(bad)
    return image


def random_border(rng, infinities):
    mode = str(rng.choice(MODES))
    return {"mode": mode} | (
        {"cval": float(rng.choice([1.5, np.nan, np.inf, -np.inf] if infinities else [1.5, np.nan]))}
        if mode == "constant"
        else {}
    )


def agree(found, expected, unit, message):
    """Compare where a result is NaN, +inf and -inf, and the rest within rounding."""
    for kind in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(kind(found), kind(expected), err_msg=f"{kind.__name__} {message}")
    finite = np.isfinite(expected)
    error = np.abs(found.astype(np.float64)[finite] - expected[finite]).max(initial=0.0)
    assert error <= (2e-6 if found.dtype == np.float32 else 1e-12) * unit, message


def expected_of(image, kernel, **options):
    with np.errstate(invalid="ignore"):  # inf - inf
        return naive.correlate(image.astype(np.float64), kernel, **options)


@pytest.mark.parametrize("infinities", [False, True], ids=["nan", "infinity"])
@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize(("sizes", "count"), [(SMALL, 150), (LARGE, 40)], ids=["small", "large"])
def test_kernels_with_zeros(sizes, count, ndim, infinities):
    rng = np.random.default_rng([17, ndim, count, infinities])
    for number in range(count):
        shape = extents(rng, ndim, sizes[ndim][0])
        kernel = random_kernel(rng, extents(rng, ndim, sizes[ndim][1]))
        image = spoil(rng, rng.integers(-5, 6, shape).astype(rng.choice(TYPES)), infinities)
        options = random_border(rng, infinities)
        if rng.random() < 0.2:
            options["stride"] = int(rng.integers(1, 4))
        if rng.random() < 0.2:
            options["dilation"] = int(rng.integers(1, 4))
        expected = expected_of(image, kernel, **options)
        found = imfilter.correlate(image, kernel, **options)
        unit = 8 * np.abs(naive.dense(kernel, ndim)).sum()
        agree(found, expected, unit, f"number {number}: {shape} {image.dtype} {options}")


NORMAL = np.random.default_rng(1).normal(size=(6, 61))
SPARSE = np.where(np.random.default_rng(2).random((61, 61)) < 0.1, 0.0, np.outer(NORMAL[0], NORMAL[1]) + 0.1)
#: A kernel for which each algorithm is chosen; zeros where the algorithm takes some.
ALGORITHMS = {
    "direct": SPARSE[:4, :5],
    "separable": [np.tile([1.0, 0.0, 2.0], 9), np.tile([-1.0, 0.0, 0.0, 1.0], 6)],
    "low-rank": np.outer(NORMAL[2, :19], NORMAL[3, :19]) + np.outer(NORMAL[4, :19], NORMAL[5, :19]),
    "running": np.full((25, 25), 0.25),
    "cosines": [naive.gaussian_taps(20.0)] * 2,
    "winograd": np.random.default_rng(3).normal(size=(24, 24)),
    "fft": SPARSE,
}


@pytest.mark.parametrize("infinities", [False, True], ids=["nan", "infinity"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm(name, infinities):
    kernel, shape = ALGORITHMS[name], (110, 140)
    assert imfilter.plan(shape, "float32", kernel).algorithm == name
    rng = np.random.default_rng(5)
    for mode in ("mirror", "zero"):
        image = spoil(rng, rng.integers(-5, 6, shape).astype(np.float32), infinities)
        expected = expected_of(image, kernel, mode=mode)
        unit = 8 * np.abs(naive.dense(kernel, 2)).sum()
        agree(imfilter.correlate(image, kernel, mode=mode), expected, unit, mode)


def bell(sigma, order):
    return naive.dense([naive.gaussian_taps(s, o) for s, o in zip(sigma, order, strict=True)], len(sigma))


def centred(kernel, shape):
    """A kernel with zeros around it."""
    sides = [n // 2 - k // 2 for n, k in zip(shape, kernel.shape, strict=True)]
    return np.pad(kernel, [(b, n - k - b) for b, n, k in zip(sides, shape, kernel.shape, strict=True)])


def laplacian_of_gaussian(sigma):
    ndim = len(sigma)
    return sum(bell(sigma, [2 * (a == b) for b in range(ndim)]) for a in range(ndim))


def difference_of_gaussians(sigma):
    none = [0] * len(sigma)
    wide = bell([1.6 * s for s in sigma], none)
    return centred(bell(sigma, none), wide.shape) - wide


def unsharp_mask(sigma):
    blurred = bell(sigma, [0] * len(sigma))
    return centred(np.full((1,) * len(sigma), 2.0), blurred.shape) - blurred


SUMS = {f.__name__: f for f in (laplacian_of_gaussian, difference_of_gaussians, unsharp_mask)}


@pytest.mark.slow
@loop_over("ndim", [1, 2, 3])
@pytest.mark.parametrize("name", SUMS)
@loop_over(("sizes", "count"), [(SMALL, 40), (LARGE, 10)])
def test_sums_of_terms(sizes, count, name, ndim):
    """Infinities of two terms do not meet: the result is that of the whole kernel."""
    rng = np.random.default_rng([18, ndim, count])
    for number in range(count):
        shape = extents(rng, ndim, sizes[ndim][0])
        sigma = sigmas(rng, ndim)
        image = spoil(rng, rng.integers(-5, 6, shape).astype(rng.choice(TYPES)), rng.random() < 0.8)
        options = random_border(rng, infinities=True)
        kernel = SUMS[name](sigma)
        expected = expected_of(image, kernel, **options)
        found = getattr(imfilter, name)(image, sigma, **options)
        agree(found.astype(np.float64), expected, np.inf, f"number {number}: {shape} {sigma} {options}")


def test_sums_of_terms_with_the_other_arguments():
    """Channels, strided images, places for the result, integers with an infinite border."""
    rng = np.random.default_rng(19)
    image = rng.integers(-5, 6, (30, 3, 40)).astype(np.float32)
    up, down = (15, 1, 20), (16, 1, 23)
    image[up], image[down], image[9, 0, 9] = np.inf, -np.inf, np.nan
    plain = np.stack([imfilter.unsharp_mask(image[:, c].copy(), 1.5) for c in range(3)], axis=1)
    assert np.isposinf(plain[up])
    assert np.isneginf(plain[down])
    assert np.isnan(plain[15, 1, 21])
    np.testing.assert_array_equal(imfilter.unsharp_mask(image, 1.5, channel_axis=1), plain)
    np.testing.assert_array_equal(imfilter.unsharp_mask(np.asfortranarray(image), 1.5, axes=(0, 2)), plain)
    found = image.copy()
    assert imfilter.unsharp_mask(found, 1.5, axes=(2, 0), out=found) is found
    np.testing.assert_array_equal(found, plain)
    integers = imfilter.unsharp_mask(image, 1.5, channel_axis=1, dtype=np.int16)
    assert [integers[at] for at in (up, down, (15, 1, 21))] == [32767, -32768, 0]
    border = {"mode": "constant", "cval": np.inf}
    narrow = imfilter.unsharp_mask(np.full((9, 9), 7, np.uint8), 0.5, dtype="float32", **border)
    assert np.isneginf(narrow[0]).all()
    np.testing.assert_allclose(narrow[2:-2, 2:-2], 7, rtol=1e-6)


FAMILY = (
    "sobel",
    "scharr",
    "prewitt",
    "laplacian",
    "sharpen",
    "gaussian",
    "box",
    "gaussian_gradient_magnitude",
)


def family(rng, name, ndim):
    """A filter as a function of image and options, and the kernels of which it is the sum or the norm."""
    sigma = sigmas(rng, ndim)
    if name in naive.SMOOTHING:
        axis = int(rng.integers(ndim)) if rng.random() < 0.6 else None
        chosen = range(ndim) if axis is None else [axis]
        return {"axis": axis}, [naive.dense(naive.derivative_taps(name, a, ndim), ndim) for a in chosen]
    if name == "gaussian":
        order = [int(o) for o in rng.integers(0, 3, ndim)]
        return {"sigma": sigma, "order": order}, [bell(sigma, order)]
    if name == "gaussian_gradient_magnitude":
        return {"sigma": sigma}, [bell(sigma, [int(a == b) for b in range(ndim)]) for a in range(ndim)]
    if name == "box":
        size = [int(n) for n in rng.integers(1, 12, ndim)]
        return {"size": size}, [np.ones(size)]
    kernel = naive.laplacian_taps(ndim)
    if name == "sharpen":
        kernel = centred(np.ones((1,) * ndim), kernel.shape) - kernel
    return {}, [kernel]


@pytest.mark.slow
@loop_over("ndim", [1, 2, 3])
@pytest.mark.parametrize("name", FAMILY)
def test_families(name, ndim):
    rng = np.random.default_rng([20, ndim])
    for number in range(24):
        shape = extents(rng, ndim, (SMALL if number % 2 else LARGE)[ndim][0])
        own, kernels = family(rng, name, ndim)
        image = spoil(rng, rng.integers(-5, 6, shape).astype(rng.choice(TYPES)), rng.random() < 0.5)
        options = random_border(rng, infinities=rng.random() < 0.5)
        parts = [expected_of(image, kernel, **options) for kernel in kernels]
        expected = np.sqrt(sum(part**2 for part in parts)) if len(parts) > 1 else parts[0]
        if name in (*naive.SMOOTHING, "gaussian_gradient_magnitude") and own.get("axis") is None:
            expected = np.abs(expected)  # a norm, also of one
        found = getattr(imfilter, name)(image, **own, **options)
        agree(found.astype(np.float64), expected, np.inf, f"number {number}: {shape} {own} {options}")


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
@pytest.mark.parametrize("cval", [np.nan, np.inf, -np.inf])
def test_borders_that_are_not_finite(cval, dtype):
    """Weights of both signs over the planes do not cancel what stands beyond them."""
    rng = np.random.default_rng(21)
    for ndim in (1, 2, 3):
        image = rng.integers(0, 9, (7, 9, 2)[:ndim]).astype(dtype)
        for _ in range(20):
            kernel = random_kernel(rng, extents(rng, ndim, range(1, 6)))
            border = {"mode": "constant", "cval": cval}
            expected = expected_of(image, kernel, **border)
            agree(imfilter.correlate(image, kernel, **border).astype(np.float64), expected, np.inf, border)
