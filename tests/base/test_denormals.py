"""Denormals: filters that compute take them for zeros, on every path; those that compare take them as is."""

import functools

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter import layers
from imfilter._base.denormals import as_zeros
from tests.denormals import FLOATS, SIZES, bits, flushed, near_zero, none_denormal, same, smallest
from tests.looping import loop_over
from tests.peers.cases import CASES

#: Filters whose results are samples, or are told by comparisons alone, and functions of a user.
COMPARING = (
    *("median", "minimum", "maximum", "percentile", "max_pool", "generic", "local_entropy"),
    *(f"series.moving_{name}" for name in ("minimum", "maximum", "quantile", "rank", "apply")),
    *(f"threshold.{name}" for name in ("otsu", "multi_otsu", "li", "yen", "triangle", "isodata")),
    *("threshold.minimum", "threshold.mean", "threshold.local median"),
)
#: clahe counts samples, and rolling_ball compares them. Transforms of whole images are SciPy's, in float64:
#: denormal samples of float32 are normal there, and its threads do not change the mode of the processor.
NUMBERS = ("clahe", "rolling_ball", "butterworth", "wiener", "richardson_lucy")
#: Morphology compares too. Its top-hats and gradients are differences of samples, which may be denormal.
COMPUTING = [
    c
    for c in CASES
    if not c.name.startswith((*COMPARING, *NUMBERS, "canny")) and not c.name.endswith("morphology")
]


def test_samples_of_these_tests_are_what_they_say():
    for dtype in FLOATS:
        x = near_zero((50, 50), dtype)
        share = float((np.abs(x) < smallest(dtype)).mean())
        assert 0.2 < share < 0.5
        assert not none_denormal(x)
        assert none_denormal(flushed(x))


@pytest.mark.slow
@loop_over("case", COMPUTING)
def test_denormals_count_as_zeros(case):
    """Wherever a filter computes with samples: in vectors and behind them, in sums, transforms, fallbacks."""
    for dtype in FLOATS:
        shape = SIZES[case.ndim] + (3,) * case.rgb
        x = near_zero(shape, dtype)
        expected = case.ours(flushed(x), workers=1)
        assert none_denormal(expected)
        same(case.ours(x, workers=1), expected, dtype)
        same(case.ours(x, workers=3), expected, dtype)
        same(case.ours(np.asfortranarray(x), workers=2), expected, dtype)
        same(case.ours(x.astype(x.dtype.newbyteorder()), workers=1).astype(expected.dtype), expected, dtype)
        x[tuple(n // 2 for n in shape)] = np.nan  # what cannot take it takes another way
        same(case.ours(x), case.ours(flushed(x), workers=1), dtype)


@loop_over("case", COMPUTING)
@pytest.mark.slow
def test_results_are_zeros_or_normal(case):
    """Of samples that are normal, but are small and have fallen off to nothing."""
    for dtype in FLOATS:
        shape = SIZES[case.ndim] + (3,) * case.rgb
        along = np.arange(shape[0]).reshape(-1, *(1,) * (len(shape) - 1))
        x = np.random.default_rng(1).normal(size=shape) * 2.0 ** (-1100.0 * along / shape[0])
        assert none_denormal(case.ours(flushed(x.astype(dtype))))


RNG = np.random.default_rng(5)
WEIGHT = RNG.normal(size=(7, 3, 3, 3))
LAYERS = {
    "conv": lambda x: layers.conv(x, WEIGHT.astype(x.dtype), padding=1),
    "strided": lambda x: layers.conv(x, WEIGHT.astype(x.dtype), stride=2),
    "depthwise": lambda x: layers.depthwise(x, WEIGHT[:3, :2].astype(x.dtype)),
    "one channel": lambda x: layers.conv(x[:1], WEIGHT[:1, :1].astype(x.dtype)),
    "wide weights": lambda x: layers.conv(x, WEIGHT),
    "one channel, wide weights": lambda x: layers.conv(x[:1], WEIGHT[:1, :1]),
    "transposed": lambda x: layers.conv_transpose(x, WEIGHT.swapaxes(0, 1).astype(x.dtype), stride=2),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_count_denormals_as_zeros(name):
    for dtype in FLOATS:
        x = near_zero((3, 40, 37), dtype)
        same(LAYERS[name](x), LAYERS[name](flushed(x)))


COLORS = ("rgb_to_gray", "rgb_to_lab", "lab_to_rgb", "lab_to_lch", "lch_to_lab")


@pytest.mark.parametrize("name", COLORS)
def test_colours_of_denormals_are_those_of_zeros(name):
    """Within the smallest normal number: a lightness may pass as it is."""
    for dtype in FLOATS:
        x = np.abs(near_zero((40, 37, 3), dtype))
        found, expected = (getattr(imfilter.color, name)(y) for y in (x, flushed(x)))
        different = bits(found) != bits(expected)
        assert (np.abs(found[different]) < smallest(dtype)).all()


# --- error bounds ---------------------------------------------------------------------------------------

KERNELS = {
    "direct": (np.random.default_rng(7).normal(size=(5, 5)), 2e-6, 1e-12),
    "separable": ([np.arange(1.0, 10), np.linspace(-1, 2, 9)], 2e-6, 1e-12),
    "low-rank": (
        np.outer(np.arange(1.0, 16), np.linspace(-1, 2, 15)) + np.outer(np.ones(15), np.arange(15.0) ** 2),
        *(2e-6, 1e-12),
    ),
    "winograd": (np.random.default_rng(8).normal(size=(25, 25)), 2e-6, 1e-12),
    "fft": (np.random.default_rng(9).normal(size=(61, 61)), 2e-6, 1e-12),
    "running": ([np.ones(31) / 31] * 2, 2e-6, 1e-12),
    "cosines": ([np.exp(-0.5 * (np.arange(-48, 49) / 12.0) ** 2)] * 2, 2e-6, 1e-12),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_error_bound_has_a_term_for_what_is_flushed(name, dtype):
    """Next to zero it is the smallest normal number for each tap, and each sum|w|."""
    kernel, *bounds = KERNELS[name]
    dense = functools.reduce(np.multiply.outer, kernel) if isinstance(kernel, list) else kernel
    taps = sum(map(len, kernel)) if isinstance(kernel, list) else kernel.size
    tiny, lift = smallest(dtype), 2.0 ** (300 if dtype == "float32" else 900)
    shape = (120, 130)
    for scale in (0.01, 1.0, 100.0, 1e6, 1e9):
        x = (np.random.default_rng(3).normal(size=shape) * scale * tiny).astype(dtype)
        gain, largest = float(np.abs(dense).sum()), float(np.abs(x).max())
        # Scaled by a power of two that takes all of it out of reach of denormals: exact.
        exact = x.astype(np.float64) * lift
        for axis, line in enumerate(kernel if isinstance(kernel, list) else ()):
            exact = ndi.correlate1d(exact, line, axis, mode="mirror")  # the dense kernel has 9,409 taps
        if not isinstance(kernel, list):
            exact = ndi.correlate(exact, kernel, mode="mirror")
        exact /= lift
        error = np.abs(imfilter.correlate(x, kernel).astype(np.float64) - exact).max()
        relative = bounds[dtype == "float64"]
        assert error <= relative * gain * largest + taps * (1 + gain) * tiny


# --- comparisons ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_ranks_and_maxima_of_denormals_are_exact(dtype):
    """In a thread whose mode somebody has changed too."""
    x = near_zero((61, 70), dtype)
    calls = {
        "median": (lambda: imfilter.median(x, 3), lambda: ndi.median_filter(x, 3, mode="mirror")),
        "median 15": (lambda: imfilter.median(x, 15), lambda: ndi.median_filter(x, 15, mode="mirror")),
        "minimum": (lambda: imfilter.minimum(x, 7), lambda: ndi.minimum_filter(x, 7, mode="mirror")),
        "percentile": (
            lambda: imfilter.percentile(x, 20, footprint=np.tri(5)),
            lambda: ndi.percentile_filter(x, 20, footprint=np.tri(5), mode="mirror"),
        ),
        "max_pool": (lambda: imfilter.max_pool(x, 2), lambda: blocks(x, 2).max(axis=(1, 3))),
        "max_pool 5": (lambda: imfilter.max_pool(x, 5), lambda: blocks(x, 5).max(axis=(1, 3))),
        "global_pool": (
            lambda: imfilter.global_pool(x[..., None], "max", channel_axis=2),
            lambda: np.array([x.max()]),
        ),
    }
    for name, (ours, expected) in calls.items():
        same(ours(), expected(), name)
        with imfilter.set_workers(1):  # threads that are made now would keep the mode
            same(as_zeros(ours)(), expected(), name)


def blocks(x, n):
    rows, columns = (m // n for m in x.shape)
    return x[: rows * n, : columns * n].reshape(rows, n, columns, n)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("nms", ["sector", "interpolated"])
def test_edges_do_not_depend_on_the_scale(dtype, nms):
    """Down to where differences of samples are denormal; squares are of half as many orders of magnitude."""
    x = np.random.default_rng(2).integers(0, 50, (50, 61)).astype(dtype)
    lowest = int(np.log2(smallest(dtype)))
    for norm, scales in (("l1", (lowest // 2, lowest + 8)), ("l2", (lowest // 2 + 6,))):
        expected = imfilter.canny(x, 60, 120, sigma=0, norm=norm, nms=nms)
        assert 100 < expected.sum() < 2000
        for k in scales:
            found = imfilter.canny(np.ldexp(x, k), 60 * 2.0**k, 120 * 2.0**k, sigma=0, norm=norm, nms=nms)
            np.testing.assert_array_equal(found, expected, err_msg=f"{norm} {k}")


def test_a_denormal_threshold_is_exceeded_by_what_is_more():
    x = np.zeros((9, 12))
    x[:, 6:] = 1e-300
    for low in (0.0, 5e-324, 1e-310):
        assert imfilter.canny(x, low, low, sigma=0, norm="l1").any()
        small = x * 1e-11
        np.testing.assert_array_equal(imfilter.hysteresis_threshold(small, low, low), small > low)


def test_fits_are_the_same_for_any_number_of_workers():
    x = RNG.normal(size=(60, 70))
    x[20:40] *= 1e-310
    y = imfilter.correlate(x, np.arange(9.0).reshape(3, 3))
    expected = imfilter.fit_kernel(x, y, 3, workers=1)
    np.testing.assert_allclose(expected.kernel, np.arange(9.0).reshape(3, 3), atol=1e-9)
    for workers in (2, 3):
        same(imfilter.fit_kernel(x, y, 3, workers=workers).kernel, expected.kernel)
    small = near_zero((40, 40), "float32")  # which float64 holds
    found = imfilter.fit_kernel(small, 2 * small.astype(float), 1)
    np.testing.assert_allclose(found.kernel, [[2.0]])
