"""Long smooth kernels as sums of cosines: as exact as the taps, at every border, and of no drift."""

import numpy as np
import pytest
import scipy.ndimage as ndi
import scipy.signal

import imfilter
from imfilter._filters.linear import cosine
from imfilter._filters.linear.operators import separable
from tests.looping import loop_over
from tests.reference.naive import MODES

RNG = np.random.default_rng(11)
BORDERS = {
    "mirror": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
    "zero": "constant",
    "constant": "constant",
}


def taps(sigma, order=0):
    return imfilter.weights.gaussian(sigma, order=order)


def algorithm(image, kernel):
    return imfilter.plan(image.shape, image.dtype, kernel).algorithm


def reference(image, sigma, mode="mirror", cval=0.0, order=0):
    """SciPy in float64, tap by tap."""
    return ndi.gaussian_filter(image.astype(np.float64), sigma, order, mode=BORDERS[mode], cval=cval)


def assert_rounded(found, expected):
    """Equal to the rounded sum but within float rounding of a tie, and there within one."""
    tie = np.abs(expected - np.floor(expected) - 0.5) < 1e-4
    np.testing.assert_array_equal(found[~tie], np.rint(expected)[~tie])
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.5001)


@pytest.mark.slow
@loop_over("mode", MODES)
@loop_over("dtype", ["uint8", "uint16", "int16", "float32"])
@loop_over("shape", [(40, 16), (16, 40), (300, 17), (130, 210), (301, 160)])
def test_every_border_and_type(shape, dtype, mode):
    """Also next to the border, and on images shorter than the kernel."""
    image = (RNG.random(shape) * 250).astype(dtype)
    cval = 3.0 if mode == "constant" else 0.0
    for sigma in (9.0, (12.3, 20.0), 33.0):
        found = imfilter.gaussian(image, sigma, mode=mode, cval=cval)
        assert found.dtype == image.dtype
        expected = reference(image, sigma, mode, cval)
        if image.dtype.kind == "f":
            np.testing.assert_allclose(found, expected, rtol=0, atol=5e-7 * 250)
        else:
            assert_rounded(found, expected)


@loop_over(
    ("shape", "sigma", "expected"),
    [
        ((64, 64), 6, "separable"),
        ((64, 64), 8, "cosines"),
        ((64, 64), 14, "cosines"),
        ((200, 300), 5.5, "separable"),
        ((200, 300), 6.5, "cosines"),
        ((1080, 1920), 5.5, "separable"),
        ((1080, 1920), 6.5, "cosines"),
    ],
)
def test_choice_for_16_bits(shape, sigma, expected):
    """Also for small images, whose oscillators have many steps before the first sample."""
    assert imfilter.plan(shape, "uint16", imfilter.gaussian, sigma).algorithm == expected


def test_they_are_what_runs():
    """What the other tests here would not notice."""
    image = np.zeros((500, 600), np.float32)
    for dtype in ("uint8", "uint16", "float32"):
        assert algorithm(image.astype(dtype), [taps(12.0), taps(12.0)]) == "cosines"
    assert algorithm(image, np.outer(taps(12.0), taps(12.0))) == "cosines"
    assert algorithm(image, [taps(12.0, 1), taps(12.0, 2)]) == "cosines"
    assert algorithm(image, [taps(2.0), taps(2.0)]) != "cosines"
    assert algorithm(image.astype(np.float64), [taps(12.0), taps(12.0)]) == "separable"
    rough = RNG.random(97)
    for other in (rough, rough + rough[::-1], taps(12.0) + 1e-4 * np.arange(97)):
        assert algorithm(image, [other, other]) == "separable"


@loop_over("truncate", [2.0, 3.0, 4.0, 5.0])
@loop_over("sigma", [6.5, 50.0, 700.0])
@loop_over("order", [0, 1, 2])
def test_fit(sigma, truncate, order):
    """The cosines add up to the taps, each at its own place, and to their sum."""
    kernel = imfilter.weights.gaussian(sigma, order=order, truncate=truncate)
    if order == 2 and truncate == 5.0:
        assert not cosine.fitted(separable((kernel, kernel)), 1e-9)
    fit = cosine.fitted(separable((kernel, kernel)), 2.5e-7)
    assert fit is not None
    table = fit.tables[0]
    parity, rows = table[-1], table[:-1].reshape(-1, 3)
    angles = np.arccos(rows[:, 0] / 2)
    wave, centre = (np.cos, np.sin)[int(parity < 0)], (len(kernel) - 1) / 2
    amplitudes = rows[:, 1] / wave(angles * centre)
    found = wave(np.outer(np.arange(len(kernel)) - centre, angles)) @ amplitudes
    size = np.abs(kernel).sum()
    assert np.abs(found - kernel).sum() <= 2.5e-7 * size
    if not order:
        assert abs(found.sum() - kernel.sum()) <= 1e-8 * size


@pytest.mark.parametrize("order", [(1, 0), (0, 1), (1, 1), (2, 0), (0, 2)])
def test_derivatives(order):
    image = (RNG.random((150, 220)) * 255).astype(np.float32)
    kernel = [taps(11.0, o) for o in order]
    expected = reference(image, 11.0, order=order)
    size = np.prod([np.abs(k).sum() for k in kernel])
    found = imfilter.gaussian(image, 11.0, order=order)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * size * 255)


@pytest.mark.parametrize("padding", ["valid", 100, [(0, 7), (90, 0)], [(70, 3), (2, 130)]])
def test_paddings(padding):
    """Also of even kernels, whose centre lies between two samples."""
    image = (RNG.random((170, 190)) * 255).astype(np.float32)
    m = np.arange(130) - 64.5
    kernel = [np.exp(-(m**2) / 600), np.exp(-(m[10:-10] ** 2) / 600)]
    assert algorithm(image, kernel) == "cosines"
    found = imfilter.correlate(image, kernel, padding=padding, mode="symmetric")
    exact = imfilter.correlate(image.astype(np.float64), kernel, padding=padding, mode="symmetric")
    size = np.prod([k.sum() for k in kernel])
    assert found.shape == exact.shape
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-6 * size * 255)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((180, 120, 3), {"channel_axis": -1}),
        ((3, 180, 120), {"channel_axis": 0}),
        ((2, 140, 3, 150), {"axes": (1, 3)}),
        ((90, 100, 40), {"axes": (0, 1)}),
        ((120, 130), {"axes": (1, 0)}),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_channels_and_batches(shape, options, dtype):
    """Each channel and image as if it were alone."""
    image = (RNG.random(shape) * 255).astype(dtype)
    axes = options.get("axes") or tuple(a for a in range(3) if a != options["channel_axis"] % 3)
    sigma = [9.0, 14.0]
    expected = image.astype(np.float64)
    for axis, s in zip(axes, sigma, strict=True):
        expected = ndi.gaussian_filter1d(expected, s, axis=axis, mode="mirror")
    found = imfilter.gaussian(image, sigma, **options)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 + 0.5001 * (dtype != "float32"))


def test_not_finite_stays_in_the_footprint():
    image = RNG.random((220, 310)).astype(np.float32)
    image[100, 200], image[5, 5] = np.nan, np.inf
    found = imfilter.gaussian(image, 10)
    clean = imfilter.gaussian(np.where(np.isfinite(image), image, 0), 10)
    hit = ndi.uniform_filter((~np.isfinite(image)).astype(float), 81, mode="mirror") > 1e-9
    assert not np.isfinite(found[hit]).any()
    np.testing.assert_allclose(found[~hit], clean[~hit], rtol=0, atol=1e-6)
    constant = imfilter.gaussian(np.where(np.isfinite(image), image, 0), 10, mode="constant", cval=np.nan)
    assert np.isnan(constant[0, 0])
    assert np.isfinite(constant[110, 150])


def smooth_by_fft(image, sigma, axis):
    """SciPy's taps along an axis of a mirrored image."""
    radius = int(4 * sigma + 0.5)
    impulse = np.zeros(2 * radius + 1)
    impulse[radius] = 1.0
    weights = np.expand_dims(ndi.gaussian_filter1d(impulse, sigma, mode="constant"), 1 - axis)
    border = [(radius, radius) if a == axis else (0, 0) for a in range(2)]
    return scipy.signal.fftconvolve(np.pad(image, border, "reflect"), weights, "valid", axes=axis)


@pytest.mark.slow
def test_very_long():
    """Kernels of more than 3,000 taps too, whose arithmetic is float64."""
    image = RNG.random((900, 2100)).astype(np.float32)
    assert algorithm(image, [taps(210.0), taps(500.0)]) == "cosines"
    found = imfilter.gaussian(image, [210.0, 500.0])
    # Tap by tap takes 4 s. The FFT in float64 is exact enough.
    expected = smooth_by_fft(smooth_by_fft(image.astype(np.float64), 210.0, 0), 500.0, 1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=5e-7)


def test_large_beside_small():
    """Of what has left hardly a trace is left: float64 rounds it to 1e-16 of what it was."""
    image = np.zeros((300, 400), np.float32)
    image[100, 200] = 1e6
    found = imfilter.gaussian(image, 10)
    np.testing.assert_allclose(found, reference(image, 10), rtol=0, atol=5e-7 * 1e6 * taps(10.0).max())
    far = np.ones(image.shape, bool)
    far[59:142, 159:242] = False
    assert np.abs(found[far]).max() < 1e-6
    image += RNG.random(image.shape).astype(np.float32)
    np.testing.assert_allclose(imfilter.gaussian(image, 10)[far], reference(image, 10)[far], atol=2e-6)


@pytest.mark.parametrize("shape", [(40_000, 32), (32, 40_000)])
def test_no_drift(shape):
    """The error at the end is that at the start."""
    image = RNG.random(shape).astype(np.float32)
    error = np.abs(imfilter.gaussian(image, 20) - reference(image, 20))
    ends = np.split(error if shape[0] > 32 else error.T, 8)
    assert max(e.max() for e in ends) < 4e-7
    assert ends[-1].max() < 2 * ends[0].max() + 1e-8


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_integers_are_rounded_right(dtype):
    image = RNG.integers(0, np.iinfo(dtype).max, (700, 900), dtype, endpoint=True)
    for sigma in (8.0, 40.0):
        found, expected = imfilter.gaussian(image, sigma), reference(image, sigma)
        assert_rounded(found, expected)
        assert (found != np.rint(expected)).mean() < 1e-4


def test_a_constant_stays_one():
    image = np.full((300, 500), 0.1, np.float32)
    np.testing.assert_allclose(imfilter.gaussian(image, 30), image, rtol=2e-7)
    white = np.full((300, 500), 65535, np.uint16)
    np.testing.assert_array_equal(imfilter.gaussian(white, 30), white)
