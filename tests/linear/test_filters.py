"""The filters: exact properties, and the definitions in float64, in one, two and three dimensions."""

import functools

import numpy as np
import pytest
from scipy import ndimage as ndi

import imfilter
from tests import photos
from tests.looping import loop_over
from tests.reference import naive

SHAPES = [(41,), (13, 38), (9, 11, 14)]
OPTIONS = {"mode": "edge"}


def image_of(shape, dtype="float64", seed=0):
    return (np.random.default_rng(seed).random(shape) * 10 - 3).astype(dtype)


# Each filter as imfilter calls it, the same from its definition, and sum|w| for its float tolerance.
def spread(ndim, *values):
    """One value for each axis."""
    return tuple(values[a % len(values)] for a in range(ndim))


FILTERS = {
    "gaussian": lambda lib, x, **o: lib.gaussian(x, 1.3, **o),
    "gaussian per axis": lambda lib, x, **o: lib.gaussian(x, spread(x.ndim, 0.7, 2.0, 0), **o),
    "gaussian truncate": lambda lib, x, **o: lib.gaussian(x, 1.3, truncate=2.5, **o),
    "gaussian radius": lambda lib, x, **o: lib.gaussian(x, 1.3, radius=spread(x.ndim, 2, 3), **o),
    "gaussian order 1": lambda lib, x, **o: lib.gaussian(x, 1.3, order=1, **o),
    "gaussian order 2": lambda lib, x, **o: lib.gaussian(x, 1.3, order=spread(x.ndim, 2, 0), **o),
    "gaussian order 3": lambda lib, x, **o: lib.gaussian(x, 1.6, order=spread(x.ndim, 0, 3), **o),
    "gaussian spacing": lambda lib, x, **o: lib.gaussian(
        x, 2.0, order=spread(x.ndim, 1, 0), spacing=spread(x.ndim, 0.5, 2.0), **o
    ),
    "box": lambda lib, x, **o: lib.box(x, 3, **o),
    "box even": lambda lib, x, **o: lib.box(x, 4, **o),
    "box per axis": lambda lib, x, **o: lib.box(x, spread(x.ndim, 5, 2, 1), **o),
    "box large": lambda lib, x, **o: lib.box(x, spread(x.ndim, 25, 61, 31), **o),
    "sharpen": lambda lib, x, **o: lib.sharpen(x, 0.7, **o),
    "unsharp_mask": lambda lib, x, **o: lib.unsharp_mask(x, 1.2, 0.8, **o),
    "unsharp_mask radius": lambda lib, x, **o: lib.unsharp_mask(x, 1.2, 2.0, radius=2, **o),
    "laplacian": lambda lib, x, **o: lib.laplacian(x, **o),
    "laplacian diagonals": lambda lib, x, **o: lib.laplacian(x, diagonals=True, **o),
    "laplacian_of_gaussian": lambda lib, x, **o: lib.laplacian_of_gaussian(x, 1.1, **o),
    "laplacian_of_gaussian per axis": lambda lib, x, **o: lib.laplacian_of_gaussian(
        x, spread(x.ndim, 1.1, 2.0), **o
    ),
    "laplacian_of_gaussian spacing": lambda lib, x, **o: lib.laplacian_of_gaussian(
        x, 2.0, spacing=spread(x.ndim, 1.0, 2.0), truncate=3.0, **o
    ),
    "difference_of_gaussians": lambda lib, x, **o: lib.difference_of_gaussians(x, 1.0, **o),
    "difference_of_gaussians high": lambda lib, x, **o: lib.difference_of_gaussians(
        x, spread(x.ndim, 0.8, 1.0), spread(x.ndim, 2.0, 3.0), **o
    ),
    "gaussian_gradient_magnitude": lambda lib, x, **o: lib.gaussian_gradient_magnitude(x, 1.4, **o),
    "gaussian_gradient_magnitude spacing": lambda lib, x, **o: lib.gaussian_gradient_magnitude(
        x, 1.4, spacing=0.5, **o
    ),
}


def derivative_of(lib, name):
    if lib is imfilter:
        return getattr(imfilter, name)
    return lambda x, **options: naive.derivative(name, x, **options)


for _name in naive.SMOOTHING:
    FILTERS[_name] = lambda lib, x, n=_name, **o: derivative_of(lib, n)(x, **o)
    FILTERS[f"{_name} normalized"] = lambda lib, x, n=_name, **o: derivative_of(lib, n)(
        x, normalize=True, **o
    )
    FILTERS[f"{_name} axis"] = lambda lib, x, n=_name, **o: derivative_of(lib, n)(x, axis=-1, **o)
    FILTERS[f"{_name} spacing"] = lambda lib, x, n=_name, **o: derivative_of(lib, n)(
        x, axis=0, normalize=True, spacing=spread(x.ndim, 0.25, 3.0), **o
    )


@functools.cache
def gain(call, ndim):
    """sum|w| of a linear filter: what it makes of the worst image of ones and minus ones is at most this."""
    reach = 31
    impulse = np.zeros((2 * reach + 1,) * ndim)
    impulse[(reach,) * ndim] = 1.0
    return max(1.0, float(np.abs(call(naive, impulse, mode="zero")).sum()))


@loop_over("shape", SHAPES)
@pytest.mark.parametrize("name", FILTERS)
def test_definition(name, shape):
    """Every filter, on every border, is the float64 sum over its definition."""
    call = FILTERS[name]
    size = gain(call, len(shape))
    image = image_of(shape)
    largest = np.abs(image).max()
    for mode in naive.MODES:
        border = {"mode": mode, "cval": 2.5}
        expected = call(naive, image, **border)
        result = call(imfilter, image, **border)
        assert result.shape == expected.shape
        assert np.abs(result - expected).max() <= 4e-12 * size * largest, mode
        narrow = call(imfilter, image.astype(np.float32), **border)
        assert narrow.dtype == np.float32
        assert np.abs(narrow - expected).max() <= 2e-6 * size * largest, mode


@pytest.mark.slow
@pytest.mark.parametrize("name", FILTERS)
def test_images_smaller_than_the_kernel(name):
    call = FILTERS[name]
    for shape in [(1,), (2,), (1, 1), (1, 3), (2, 1), (1, 2, 1)]:
        image = image_of(shape)
        size = gain(call, len(shape)) * np.abs(image).max()
        for mode in naive.MODES:
            expected = call(naive, image, mode=mode, cval=1.0)
            result = call(imfilter, image, mode=mode, cval=1.0)
            assert np.abs(result - expected).max() <= 4e-12 * max(size, gain(call, len(shape)))


AVERAGING = [
    n for n in FILTERS if n.startswith(("box", "gaussian", "sharpen", "unsharp")) and "order" not in n
]
AVERAGING = [n for n in AVERAGING if "gradient" not in n and n != "gaussian spacing"]
MAGNITUDES = ["sobel", "scharr", "prewitt", "sobel normalized", "scharr normalized", "prewitt normalized"]
MAGNITUDES += ["gaussian_gradient_magnitude", "gaussian_gradient_magnitude spacing"]
REPEATING = ("mirror", "symmetric", "edge", "wrap")


@loop_over("shape", SHAPES)
@pytest.mark.parametrize("name", AVERAGING)
def test_a_constant_is_preserved(name, shape):
    for dtype in ("uint8", "int16", "float32", "float64"):
        image = np.full(shape, 77, dtype)
        for mode in REPEATING:
            result = FILTERS[name](imfilter, image, mode=mode)
            assert result.dtype == dtype
            if np.dtype(dtype).kind == "f":
                np.testing.assert_allclose(result, image, rtol=2e-6 if dtype == "float32" else 1e-12)
            else:
                np.testing.assert_array_equal(result, image)


# The sampled second derivative of a Gaussian, SciPy's and ours, does not sum to zero exactly.
NOT_QUITE_ZERO = ("gaussian order 2", "gaussian order 3", "laplacian_of_gaussian")
DERIVATIVES = [n for n in FILTERS if n not in AVERAGING and not n.startswith(NOT_QUITE_ZERO)]


@pytest.mark.slow
@loop_over("shape", SHAPES)
@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_constant_has_no_derivative(name, shape):
    for dtype in ("uint8", "float32", "float64"):
        image = np.full(shape, 77, dtype)
        for mode in REPEATING:
            result = FILTERS[name](imfilter, image, mode=mode)
            bound = (1e-12 if dtype == "float64" else 2e-6) * 77 * gain(FILTERS[name], len(shape))
            assert np.abs(result).max() <= bound


@pytest.mark.parametrize("name", [n for n in FILTERS if n not in MAGNITUDES])
def test_linearity(name):
    first, second = image_of((13, 38), seed=1), image_of((13, 38), seed=2)
    call = FILTERS[name]
    together = call(imfilter, 2.0 * first - 3.0 * second)
    apart = 2.0 * call(imfilter, first) - 3.0 * call(imfilter, second)
    np.testing.assert_allclose(together, apart, rtol=0, atol=1e-11 * gain(call, 2))


@pytest.mark.parametrize("name", FILTERS)
def test_a_shift_of_the_image_is_a_shift_of_the_result(name):
    image = image_of((16, 39), seed=3)
    call = FILTERS[name]
    moved = call(imfilter, np.roll(image, (5, -7), (0, 1)), mode="wrap")
    expected = np.roll(call(imfilter, image, mode="wrap"), (5, -7), (0, 1))
    np.testing.assert_allclose(moved, expected, rtol=0, atol=1e-11 * gain(call, 2))


@pytest.mark.parametrize("name", [n for n in FILTERS if "even" not in n and "per axis" not in n])
def test_a_flip_of_the_image_flips_the_result(name):
    """Kernels are even or odd; an odd derivative along the flipped axis changes sign."""
    image = image_of((16, 39), seed=4)
    call = FILTERS[name]
    size = gain(call, 2)
    for axis in (0, 1):
        result = np.flip(call(imfilter, np.flip(image, axis)), axis)
        expected = call(imfilter, image)
        same, opposite = (np.abs(result - sign * expected).max() <= 1e-11 * size for sign in (1, -1))
        assert same or opposite
        if name in AVERAGING or name in MAGNITUDES or "laplacian" in name or "difference" in name:
            assert same


@pytest.mark.parametrize("name", naive.SMOOTHING)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_a_unit_ramp_gives_one(name, ndim):
    function = getattr(imfilter, name)
    shape = (7, 9, 8)[:ndim]
    for axis in range(ndim):
        ramp = np.moveaxis(
            np.broadcast_to(np.arange(float(shape[axis])), (*np.delete(shape, axis), shape[axis])), -1, axis
        )
        inner = (slice(1, -1),) * ndim
        np.testing.assert_allclose(function(ramp, axis=axis, normalize=True)[inner], 1.0, atol=1e-13)
        np.testing.assert_allclose(function(ramp, axis=axis - ndim, normalize=True)[inner], 1.0, atol=1e-13)
        np.testing.assert_allclose(function(ramp, normalize=True)[inner], 1.0, atol=1e-13)
        np.testing.assert_allclose(function(-ramp, axis=axis, normalize=True)[inner], -1.0, atol=1e-13)
        # Samples half a unit apart: the same numbers rise twice as fast.
        spacing = [0.5 if a == axis else 4.0 for a in range(ndim)]
        np.testing.assert_allclose(
            function(ramp, axis=axis, normalize=True, spacing=spacing)[inner], 2.0, atol=1e-12
        )
        np.testing.assert_allclose(function(ramp, normalize=True, spacing=spacing)[inner], 2.0, atol=1e-12)
        for other in set(range(ndim)) - {axis}:
            np.testing.assert_allclose(function(ramp, axis=other, normalize=True)[inner], 0.0, atol=1e-13)


def test_raw_taps_are_the_textbooks():
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1.0
    columns = {"sobel": [1, 2, 1], "scharr": [3, 10, 3], "prewitt": [1, 1, 1]}
    for name, smoothing in columns.items():
        # What one sample gives to its neighbours is the kernel turned round: a rising edge is positive.
        response = getattr(imfilter, name)(impulse, axis=1)[1:4, 1:4]
        np.testing.assert_array_equal(response, np.outer(smoothing, [1, 0, -1]))
        np.testing.assert_array_equal(
            getattr(imfilter, name)(impulse, axis=0)[1:4, 1:4], np.outer([1, 0, -1], smoothing)
        )
    np.testing.assert_array_equal(imfilter.laplacian(impulse)[1:4, 1:4], [[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    np.testing.assert_array_equal(
        imfilter.laplacian(impulse, diagonals=True)[1:4, 1:4], [[1, 1, 1], [1, -8, 1], [1, 1, 1]]
    )
    np.testing.assert_array_equal(imfilter.sharpen(impulse)[1:4, 1:4], [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    np.testing.assert_allclose(imfilter.box(impulse, 3)[1:4, 1:4], np.full((3, 3), 1 / 9), rtol=1e-14)


def test_laplacian_of_a_parabola():
    y, x, z = np.meshgrid(np.arange(6.0), np.arange(7.0), np.arange(8.0), indexing="ij")
    found = imfilter.laplacian(x**2 + 2 * y**2 - 3 * z**2 + 5 * x)[1:-1, 1:-1, 1:-1]
    np.testing.assert_allclose(found, 2.0 + 4.0 - 6.0, atol=1e-11)


def test_gaussian_derivatives_of_polynomials():
    """A sampled Gaussian sums to one, and its derivatives see those of a polynomial."""
    x = np.arange(81.0) - 40
    middle = slice(30, 51)
    np.testing.assert_allclose(imfilter.gaussian(3 * x + 2, 2.0)[middle], (3 * x + 2)[middle], atol=1e-10)
    # The sampled, truncated derivative is within its own truncation of the slope: 4 sigma leave 1 in 1000.
    np.testing.assert_allclose(imfilter.gaussian(3 * x, 2.0, order=1)[middle], 3.0, rtol=2e-3)
    np.testing.assert_allclose(imfilter.gaussian(x * x, 2.0, order=2, truncate=8.0)[middle], 2.0, rtol=1e-6)
    np.testing.assert_allclose(
        imfilter.gaussian(3 * x, 1.0, order=1, spacing=0.5, truncate=8.0)[middle], 6.0, rtol=1e-6
    )


def test_sigma_zero_leaves_an_axis_alone():
    image = image_of((12, 30))
    np.testing.assert_array_equal(imfilter.gaussian(image, 0), image)
    np.testing.assert_array_equal(imfilter.gaussian(image, (0, 0.0)), image)
    rows = imfilter.gaussian(image, (0, 2.0))
    for row, expected in zip(rows, image, strict=True):
        np.testing.assert_allclose(row, imfilter.gaussian(expected, 2.0), rtol=0, atol=1e-13)


def test_sizes_of_one_change_nothing():
    image = image_of((12, 30))
    np.testing.assert_array_equal(imfilter.box(image, 1), image)
    np.testing.assert_array_equal(imfilter.sharpen(image, 0.0), image)
    np.testing.assert_allclose(imfilter.unsharp_mask(image, 2.0, 0.0), image, atol=1e-14)


def test_methods_of_gaussian_agree():
    image = image_of((40, 90))
    auto = imfilter.gaussian(image, 3.0)
    np.testing.assert_array_equal(imfilter.gaussian(image, 3.0, method="auto"), auto)


def test_definitions_in_terms_of_each_other():
    image = photos.photo("coins")[30:120, 40:200].astype(float)
    blurred = imfilter.gaussian(image, 1.5)
    np.testing.assert_allclose(
        imfilter.unsharp_mask(image, 1.5, 0.7), image + 0.7 * (image - blurred), atol=1e-10
    )
    np.testing.assert_allclose(
        imfilter.sharpen(image, 0.7), image - 0.7 * imfilter.laplacian(image), atol=1e-10
    )
    np.testing.assert_allclose(
        imfilter.difference_of_gaussians(image, 1.5),
        blurred - imfilter.gaussian(image, 1.6 * 1.5),
        atol=1e-10,
    )
    np.testing.assert_allclose(
        imfilter.laplacian_of_gaussian(image, 1.5),
        imfilter.gaussian(image, 1.5, order=(2, 0)) + imfilter.gaussian(image, 1.5, order=(0, 2)),
        atol=1e-10,
    )
    gradient = [imfilter.gaussian(image, 1.5, order=order) for order in ((1, 0), (0, 1))]
    np.testing.assert_allclose(
        imfilter.gaussian_gradient_magnitude(image, 1.5), np.hypot(*gradient), atol=1e-10
    )
    for name in naive.SMOOTHING:
        function = getattr(imfilter, name)
        np.testing.assert_allclose(
            function(image), np.hypot(function(image, axis=0), function(image, axis=1)), atol=1e-9
        )


def test_whole_numbers_are_exact():
    """Integer taps on 8-bit images have exact float32 results."""
    image = photos.photo("camera")[100:190, 60:321]
    for name in naive.SMOOTHING:
        for axis in (0, 1):
            expected = naive.derivative(name, image, axis)
            np.testing.assert_array_equal(getattr(imfilter, name)(image, axis=axis), expected)
    for diagonals in (False, True):
        np.testing.assert_array_equal(
            imfilter.laplacian(image, diagonals=diagonals), naive.laplacian(image, diagonals)
        )
    np.testing.assert_array_equal(imfilter.sharpen(image), naive.cast(naive.sharpen(image), "uint8"))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32"])
def test_integer_averages_are_rounded(dtype):
    """Equal to the rounded direct sum, but at ties of the rounding."""
    rng = np.random.default_rng(5)
    limits = np.iinfo(dtype)
    image = rng.integers(limits.min, limits.max, (70, 131), dtype=dtype, endpoint=True)
    calls = {
        "box": (imfilter.box(image, (3, 5)), naive.box(image, (3, 5))),
        "box 31": (imfilter.box(image, 31), naive.box(image, 31)),
        "gaussian": (imfilter.gaussian(image, 1.7), naive.gaussian(image, 1.7)),
        "sharpen": (imfilter.sharpen(image, 0.37), naive.sharpen(image, 0.37)),
        "unsharp": (imfilter.unsharp_mask(image, 1.0, 0.6), naive.unsharp_mask(image, 1.0, 0.6)),
    }
    for name, (result, exact) in calls.items():
        assert result.dtype == dtype, name
        # 8-bit sums may be float32, wider ones have no room for its error.
        error = (2e-6 if dtype == "uint8" else 1e-12) * 3 * float(limits.max)
        assert naive.is_rounding_of(result, exact, error), name


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@loop_over("sigma", [1.0, 6.1, 12.3, 25.0])
@loop_over(("shape", "axes"), [((411,), 0), ((5000,), 0), ((7, 2000), 1), ((2000, 7), 0), ((3, 4, 1500), 2)])
def test_a_magnitude_of_one_axis_is_a_size(dtype, sigma, shape, axes):
    """It is no signed derivative, however long the line is."""
    image = image_of(shape, dtype)
    found = imfilter.gaussian_gradient_magnitude(image, sigma, axes=axes)
    derivative = ndi.gaussian_filter1d(image.astype(float), sigma, axis=axes, order=1, mode="mirror")
    assert (found >= 0).all()
    atol = 1e-12 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(found, np.abs(derivative), rtol=0, atol=atol * max(1, np.abs(image).max()))
