"""Gabor filters, and derivatives in any direction."""

import numpy as np
import pytest
import skimage.filters

import imfilter
from tests.orientation.test_hessian import MODES, image_of
from tests.reference import missing, naive
from tests.reference import orientation as reference


def gabor_kernel(frequency, theta, along, across, spacing=(1.0, 1.0)):
    """The kernel of a correlation, sample by sample."""
    cosine, sine = np.cos(theta), np.sin(theta)
    reach = (
        max(abs(3 * across * cosine), abs(3 * along * sine)) / spacing[0],
        max(abs(3 * along * cosine), abs(3 * across * sine)) / spacing[1],
    )
    half = [int(np.ceil(max(r, 1))) for r in reach]
    kernel = np.zeros([2 * n + 1 for n in half], complex)
    for i, j in np.ndindex(kernel.shape):
        y, x = -(i - half[0]) * spacing[0], -(j - half[1]) * spacing[1]
        u, v = x * cosine + y * sine, y * cosine - x * sine
        bell = np.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2)) / (2 * np.pi * along * across)
        kernel[i, j] = bell * np.exp(2j * np.pi * frequency * u) * spacing[0] * spacing[1]
    return kernel


def gabor_kernel_in_space(frequency, unit, along, across, spacing=(1.0, 1.0, 1.0)):
    """The kernel of a correlation in three axes, sample by sample."""
    reach = [max(abs(3 * along * u), 3 * across * np.sqrt(1 - u * u)) for u in unit]
    half = [int(np.ceil(max(r / s, 1) - 1e-12)) for r, s in zip(reach, spacing, strict=True)]
    kernel = np.zeros([2 * n + 1 for n in half], complex)
    for at in np.ndindex(kernel.shape):
        place = [-(i - n) * s for i, n, s in zip(at, half, spacing, strict=True)]
        u = float(np.dot(place, unit))
        beside = max(float(np.dot(place, place)) - u * u, 0.0)
        bell = np.exp(-0.5 * ((u / along) ** 2 + beside / across**2)) / (2 * np.pi) ** 1.5 / along / across**2
        kernel[at] = bell * np.exp(2j * np.pi * frequency * u) * np.prod(spacing)
    return kernel


def default_sigma(frequency, bandwidth=1.0):
    octaves = 2.0**bandwidth
    return np.sqrt(np.log(2) / 2) / np.pi * (octaves + 1) / (octaves - 1) / frequency


@pytest.mark.parametrize(
    ("frequency", "theta", "options"),
    [
        (0.25, 0.0, {}),
        (0.25, np.pi / 2, {}),
        (0.3, 0.7, {"bandwidth": 1.5}),
        (0.25, -2.0, {"sigma_x": 1.5, "sigma_y": 2.5}),
        (0.2, 0.4, {"sigma_x": 2.0, "sigma_y": 2.0, "spacing": (1.5, 0.5)}),
    ],
)
@pytest.mark.parametrize("mode", ["mirror", "constant", "wrap"])
def test_gabor(frequency, theta, options, mode):
    image = image_of((17, 15))
    sigma = default_sigma(frequency, options.get("bandwidth", 1.0))
    along, across = options.get("sigma_x", sigma), options.get("sigma_y", sigma)
    kernel = gabor_kernel(frequency, theta, along, across, options.get("spacing", (1.0, 1.0)))
    border = {"mode": mode, "cval": 2.0}
    real = naive.correlate(image, kernel.real, **border)
    imaginary = naive.correlate(image, kernel.imag, **border)
    found = imfilter.gabor(image, frequency, theta, **options, **border)
    assert found.dtype == np.complex128
    np.testing.assert_allclose(found, real + 1j * imaginary, rtol=0, atol=1e-12)
    for part, expected in (("real", real), ("imag", imaginary), ("magnitude", np.hypot(real, imaginary))):
        given = imfilter.gabor(image, frequency, theta, part=part, **options, **border)
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int32"])
def test_gabor_of_scikit_image(dtype):
    image = (image_of((40, 45)) * 20 + 60).astype(dtype)
    for theta in (0.0, 0.6):
        expected = skimage.filters.gabor(image.astype(float), 0.25, theta)
        found = imfilter.gabor(image, 0.25, theta, mode="symmetric")
        narrow = dtype in ("uint8", "float32")
        assert found.dtype == (np.complex64 if narrow else np.complex128)
        bound = (3e-6 if narrow else 1e-13) * np.abs(image.astype(float)).max()
        np.testing.assert_allclose(found, expected[0] + 1j * expected[1], rtol=0, atol=bound)


@pytest.mark.parametrize("direction", [(0, 0, 2), (1, 0, 0), (1, 2, -3), (-0.5, 0.2, 0.1)])
@pytest.mark.parametrize(
    "options",
    [
        {"sigma_x": 1.0, "sigma_y": 1.0},
        {"sigma_x": 0.8, "sigma_y": 1.2},
        {"sigma_x": 1.2, "sigma_y": 1.2, "spacing": (1.5, 1.0, 0.8)},
    ],
)
def test_gabor_of_volumes(direction, options):
    image = image_of((11, 9, 10))
    unit = np.array(direction) / np.linalg.norm(direction)
    kernel = gabor_kernel_in_space(
        0.25, unit, options["sigma_x"], options["sigma_y"], options.get("spacing", (1.0, 1.0, 1.0))
    )
    expected = naive.correlate(image, kernel.real) + 1j * naive.correlate(image, kernel.imag)
    found = imfilter.gabor(image, 0.25, direction=direction, **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    bank = imfilter.gabor(image, (0.25, 0.3), direction=[direction, (0, 1, 0)], part="magnitude", **options)
    assert bank.shape == (4, *image.shape)
    np.testing.assert_allclose(bank[0], np.abs(expected), rtol=0, atol=1e-12)
    present = np.random.default_rng(5).random(image.shape) < 0.5
    gaps = imfilter.gabor(image, 0.25, direction=direction, mask=present, part="real", **options)
    wanted = missing.correlate(image, present, kernel.real)
    np.testing.assert_allclose(gaps, wanted, rtol=0, atol=1e-12)


def test_a_direction_is_an_angle():
    image = image_of((30, 32)).astype(np.float32)
    angles = np.array([0.0, 0.6, -2.0])
    vectors = 7 * np.stack([np.sin(angles), np.cos(angles)], 1)
    for found, expected in (
        (imfilter.gabor(image, 0.25, direction=vectors), imfilter.gabor(image, 0.25, angles)),
        (imfilter.steered(image, 1.0, direction=vectors), imfilter.steered(image, 1.0, angles)),
        (imfilter.gabor(image, 0.25, direction=[0, 3]), imfilter.gabor(image, 0.25)),
    ):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    turned = imfilter.steered(image, 1.0, direction=(1, 2), axes=(1, 0))
    np.testing.assert_allclose(turned, imfilter.steered(image, 1.0, direction=(2, 1)), rtol=0, atol=1e-6)


def test_a_bank_is_one_call():
    image = image_of((30, 32)).astype(np.float32)
    frequencies, angles = (0.25, 0.3), np.array([0.0, 0.6])
    pairs = [(f, t) for f in frequencies for t in angles]
    for part in ("complex", "real", "imag", "magnitude"):
        bank = imfilter.gabor(image, frequencies, angles, part=part)
        assert bank.shape == (4, 30, 32)
        assert bank.dtype == (np.complex64 if part == "complex" else np.float32)
        for found, (f, t) in zip(bank, pairs, strict=True):
            np.testing.assert_array_equal(found, imfilter.gabor(image, f, t, part=part))
        out = np.empty_like(bank)
        assert imfilter.gabor(image, frequencies, angles, part=part, out=out) is out
        np.testing.assert_array_equal(out, bank)
    assert imfilter.gabor(image, [0.25], 0.0, part="real").shape == (1, 30, 32)
    whole = imfilter.gabor(image * 50, 0.25, 0.6, part="magnitude", dtype="uint8")
    exact = imfilter.gabor(image * 50, 0.25, 0.6, part="magnitude")
    np.testing.assert_array_equal(whole, np.rint(exact))
    own = image.copy()
    np.testing.assert_array_equal(
        imfilter.gabor(own, 0.25, 0.6, part="magnitude", out=own),
        imfilter.gabor(image, 0.25, 0.6, part="magnitude"),
    )
    assert imfilter.gabor(image, 0.25, dtype=np.float64).dtype == np.complex128
    for name, real in (("complex64", "float32"), ("complex128", "float64")):
        found = imfilter.gabor(image, 0.25, dtype=name)
        assert found.dtype == name
        np.testing.assert_array_equal(found, imfilter.gabor(image, 0.25, dtype=real))
        np.testing.assert_array_equal(
            imfilter.gabor(image, 0.25, dtype=name, out=np.empty(image.shape, name)), found
        )


def test_gabor_axes_workers_and_channels():
    image = image_of((3, 20, 21, 2))
    found = imfilter.gabor(image, 0.25, (0.0, 0.6), axes=(1, 2))
    assert found.shape == (2, *image.shape)
    np.testing.assert_allclose(
        found[1, 2, :, :, 1], imfilter.gabor(image[2, :, :, 1], 0.25, 0.6), rtol=0, atol=1e-14
    )
    one = imfilter.gabor(image[0], 0.25, 0.6, channel_axis=-1, workers=1)
    np.testing.assert_array_equal(one, imfilter.gabor(image[0], 0.25, 0.6, channel_axis=-1, workers=3))


@pytest.mark.parametrize("part", ["complex", "real", "imag", "magnitude"])
def test_gabor_with_missing_data(part):
    """The definition is for the whole kernel, not for the terms into which it is split."""
    image, present = image_of((14, 15)), np.random.default_rng(5).random((14, 15)) < 0.5
    present[2:11, 2:10] = False
    kernel = gabor_kernel(0.3, 0.5, default_sigma(0.3), default_sigma(0.3))
    parts = [
        missing.correlate(image, present, kernel_part, least=0.3)
        for kernel_part in (kernel.real, kernel.imag)
    ]
    expected = {"complex": parts[0] + 1j * parts[1], "real": parts[0], "imag": parts[1]}
    expected["magnitude"] = np.hypot(*parts)
    masked = np.ma.array(image, mask=~present)
    found = imfilter.gabor(masked, 0.3, 0.5, part=part, min_coverage=0.3)
    undefined = np.isnan(expected[part])
    np.testing.assert_array_equal(found.mask, undefined)
    np.testing.assert_allclose(found.data[~undefined], expected[part][~undefined], rtol=0, atol=1e-12)
    bank = imfilter.gabor(masked, (0.3, 0.4), 0.5, part=part, min_coverage=0.3)
    np.testing.assert_array_equal(bank.mask[0], found.mask)
    gaps = imfilter.gabor(
        np.where(present, image, np.nan), 0.3, 0.5, part=part, nan="ignore", min_coverage=0.3
    )
    np.testing.assert_allclose(gaps[~undefined], found.data[~undefined], rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", [1, 2])
def test_steered(mode, order):
    image, border = image_of((15, 14)), {"mode": mode, "cval": 1.0 if mode == "constant" else 0.0}
    angles = (0.0, 0.5, np.pi / 2, -2.0)
    if order == 2:
        rr, rc, cc = reference.hessian(image, 1.0, **border)
    else:
        along = [
            naive.separable(image, [reference.taps(1.0, int(a == axis)) for a in range(2)], **border)
            for axis in range(2)
        ]
    found = imfilter.steered(image, 1.0, angles, order=order, **border)
    for result, theta in zip(found, angles, strict=True):
        c, s = np.cos(theta), np.sin(theta)
        wanted = c * c * cc + 2 * c * s * rc + s * s * rr if order == 2 else c * along[1] + s * along[0]
        np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-13)
        np.testing.assert_array_equal(imfilter.steered(image, 1.0, theta, order=order, **border), result)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("spacing", [1.0, (2.0, 1.0, 0.5)])
def test_steered_in_volumes(order, spacing):
    image = image_of((9, 10, 8))
    directions = np.array([[1.0, 0, 0], [0, 0, -2], [1, 2, 3], [-1, 0.5, 2]])
    found = imfilter.steered(image, 1.5, direction=directions, order=order, spacing=spacing)
    assert found.shape == (4, *image.shape)
    if order == 2:
        parts = reference.matrices(reference.hessian(image, 1.5, spacing))
    else:
        steps = naive.per_axis(spacing, 3)
        parts = np.stack(
            [
                naive.separable(
                    image,
                    [
                        reference.taps(1.5 / d, int(a == axis)) / (d if a == axis else 1)
                        for a, d in enumerate(steps)
                    ],
                )
                for axis in range(3)
            ],
            -1,
        )
    for result, vector in zip(found, directions, strict=True):
        unit = vector / np.linalg.norm(vector)
        np.testing.assert_allclose(
            result, parts @ unit @ unit if order == 2 else parts @ unit, rtol=0, atol=1e-12
        )
    flat = np.full((9, 9, 9), 100.3, np.float32)
    assert not imfilter.steered(flat, 1.0, direction=directions, order=order).any()


def test_steered_to_the_orientation_of_a_volume():
    """The derivative along the dominant direction is the gradient of layers."""
    along = np.tensordot(np.array([1, 2, 3]) / np.sqrt(14), np.indices((21, 21, 21)), 1)
    layers = np.cos(0.5 * along)
    unit = imfilter.orientation(layers, 2.0)[:, 10, 10, 10]
    found = imfilter.steered(layers, 1.0, direction=unit)[10, 10, 10]
    magnitude = imfilter.gaussian_gradient_magnitude(layers, 1.0)[10, 10, 10]
    assert abs(found) == pytest.approx(magnitude, rel=1e-5)


def test_steered_to_the_orientation_is_the_gradient():
    image = image_of((40, 41))
    dx, dy = (imfilter.steered(image, 1.0, theta) for theta in (0.0, np.pi / 2))
    magnitude = imfilter.gaussian_gradient_magnitude(image, 1.0)
    np.testing.assert_allclose(np.hypot(dx, dy), magnitude, rtol=0, atol=1e-13)
    theta = float(np.arctan2(dy[20, 20], dx[20, 20]))
    assert imfilter.steered(image, 1.0, theta)[20, 20] == pytest.approx(magnitude[20, 20], abs=1e-13)
    flat = np.full((20, 20), 100.3, np.float32)
    assert not imfilter.steered(flat, 1.0, (0.0, 0.4, 2.0), order=2).any()
    assert not imfilter.steered(flat, 1.0, (0.0, 0.4, 2.0), order=1).any()


def test_steered_options():
    image = image_of((20, 22))
    rr, rc, cc = reference.hessian(image, (2.0, 1.5), spacing=(2.0, 1.5))
    found = imfilter.steered(image, (2.0, 1.5), 0.5, order=2, spacing=(2.0, 1.5))
    c, s = np.cos(0.5), np.sin(0.5)
    np.testing.assert_allclose(found, c * c * cc + 2 * c * s * rc + s * s * rr, rtol=0, atol=1e-13)
    whole = imfilter.steered((image * 40 + 90).astype("uint8"), 1.0, 0.3, dtype="int16")
    assert whole.dtype == np.int16
    out = np.empty((2, 20, 22), np.float32)
    assert imfilter.steered(image.astype(np.float32), 1.0, [0.1, 0.2], out=out) is out
    masked = imfilter.steered(np.ma.array(image, mask=image > 4), 1.0, [0.1, 0.2])
    assert masked.mask.shape == (2, 20, 22)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda a: imfilter.gabor(a, 0.0), ValueError, "frequency must be greater than 0, got 0.0"),
        (lambda a: imfilter.gabor(a, ()), ValueError, "frequency must contain at least one number"),
        (lambda a: imfilter.gabor(a, "0.1"), TypeError, "frequency must be a number, got '0.1'"),
        (lambda a: imfilter.gabor(a, 0.1, part="phase"), ValueError, "part must be one of 'complex', 'real'"),
        (
            lambda a: imfilter.gabor(a, 0.1, bandwidth=0),
            ValueError,
            "bandwidth must be greater than 0, got 0",
        ),
        (lambda a: imfilter.gabor(a, 1e-7), ValueError, "must span at most 4096 samples"),
        (lambda a: imfilter.gabor(a[0], 0.1), ValueError, "image must have 2 axes for a Gabor filter, got 1"),
        (lambda a: imfilter.gabor(a, 0.1, out=a.copy()), TypeError, "out must be complex64 or complex128"),
        (
            lambda a: imfilter.gabor(a, 0.1, dtype="uint8"),
            ValueError,
            "dtype must be float32, float64, complex",
        ),
        (lambda a: imfilter.gabor(a, 0.1, dtype="clongdouble"), ValueError, "dtype must be float32, float64"),
        (lambda a: imfilter.gabor(a, 0.1, dtype="S3"), TypeError, "dtype must be a real NumPy dtype, got"),
        (
            lambda a: imfilter.gabor(a, 0.1, part="real", dtype="complex64"),
            TypeError,
            "dtype must be a real NumPy dtype, got complex64",
        ),
        (
            lambda a: imfilter.gabor(a, 0.1, dtype="complex64", out=np.empty(a.shape, complex)),
            ValueError,
            "dtype must agree with out, got complex64 and out of dtype complex128",
        ),
        (
            lambda a: imfilter.gabor(a, (0.1, 0.2), out=np.empty(a.shape, complex)),
            ValueError,
            r"out must have shape \(2, 9, 9\), got \(9, 9\)",
        ),
        (lambda a: imfilter.steered(a, 1.0, 0.0, order=3), ValueError, "order must be at most 2, got 3"),
        (lambda a: imfilter.steered(a, 0.0, 0.0), ValueError, "sigma must be positive"),
        (lambda a: imfilter.steered(a, 1.0, ()), ValueError, "theta must contain at least one number"),
        (
            lambda a: imfilter.steered(a[None], 1.0, 0.0),
            ValueError,
            "image must have 2 axes for a derivative in a direction, got 3; .* or give direction=",
        ),
        (
            lambda a: imfilter.gabor(a[None], 0.1),
            ValueError,
            "image must have 2 axes for a Gabor filter, got 3",
        ),
        (
            lambda a: imfilter.gabor(a, 0.1, direction=(1, 0, 0)),
            ValueError,
            "image must have 3 axes for a Gabor filter, got 2",
        ),
        (lambda a: imfilter.gabor(a, 0.1, 0.0, direction=(1, 0)), ValueError, "not both, got both"),
        (lambda a: imfilter.steered(a, 1.0), ValueError, "theta or direction must be given, .* got neither"),
        (
            lambda a: imfilter.steered(a, 1.0, direction=1.0),
            ValueError,
            "direction must be a vector of 2 or 3",
        ),
        (
            lambda a: imfilter.steered(a, 1.0, direction=(0, 0)),
            ValueError,
            "direction must be finite and not 0",
        ),
        (
            lambda a: imfilter.steered(a, 1.0, direction="up"),
            TypeError,
            "direction must contain real numbers",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(np.zeros((9, 9)))
