"""Arguments and samples far from the usual: right, or refused, in bounded memory."""

import signal
import threading
import time

import numpy as np
import pytest
import scipy.ndimage as ndi

import imfilter
from imfilter._filters.linear import low_rank, operators
from tests.looping import loop_over
from tests.reference import naive

RNG = np.random.default_rng(7)
SMALL = RNG.normal(size=(20, 30))
MODES = {
    "mirror": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
    "constant": "constant",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sigma", [15.0, 300.0])
def test_gaussian_much_wider_than_the_image(mode, sigma):
    """Folding a kernel onto the border's period changes nothing but the order of the sum."""
    expected = ndi.gaussian_filter(SMALL, sigma, mode=MODES[mode], cval=0.0)
    np.testing.assert_allclose(imfilter.gaussian(SMALL, sigma, mode=mode), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_dense_kernel_larger_than_the_image(mode):
    kernel = RNG.normal(size=(71, 64))
    expected = ndi.correlate(SMALL, kernel, mode=MODES[mode], cval=1.5)
    result = imfilter.correlate(SMALL, kernel, mode=mode, cval=1.5)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12 * np.abs(kernel).sum() * 4)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", ["same", ((40, 7), (3, 90))])
def test_wide_dilation(mode, padding):
    """A dilated kernel is the dense one with its gaps."""
    kernel = RNG.normal(size=(3, 4))
    dense = np.zeros((2 * 23 + 1, 3 * 31 + 1))
    dense[::23, ::31] = kernel
    options = {"mode": mode, "cval": 0.5, "padding": padding, "stride": (2, 3)}
    result = imfilter.correlate(SMALL, kernel, dilation=(23, 31), **options)
    np.testing.assert_allclose(result, imfilter.correlate(SMALL, dense, **options), rtol=0, atol=1e-11)


@pytest.mark.parametrize("huge", [10**8, 2**62, 10**30])
def test_huge_dilation_and_stride(huge):
    kernel = np.array([[1.0, 2.0, 4.0]])
    wrapped = imfilter.correlate(SMALL, kernel, dilation=(huge, 30 * huge), mode="wrap")
    np.testing.assert_allclose(wrapped, 7 * SMALL, rtol=0, atol=1e-12)
    one = imfilter.correlate(SMALL, kernel, stride=huge)
    np.testing.assert_array_equal(one, imfilter.correlate(SMALL, kernel)[:1, :1])


@pytest.mark.parametrize("stride", [2, 5, 17, 29])
def test_stride_longer_than_the_kernel(stride):
    kernel = RNG.normal(size=(3, 3))
    full = imfilter.correlate(SMALL, kernel)
    np.testing.assert_array_equal(imfilter.correlate(SMALL, kernel, stride=stride), full[::stride, ::stride])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: imfilter.box(SMALL, 10**9), "size must be at most"),
        (lambda: imfilter.gaussian(SMALL, 1e9), "sigma must"),
        (lambda: imfilter.gaussian(SMALL, 1.0, radius=10**30), "radius must be at most"),
        (lambda: imfilter.gaussian(SMALL, 1.0, order=10**9), "order must be at most"),
        (lambda: imfilter.sharpen(SMALL, 1e308), "weights of the kernel must be finite"),
        (lambda: imfilter.sobel(SMALL, spacing=1e-320), "weights of the kernel must be finite"),
        (lambda: imfilter.gaussian(SMALL, 1e-200, order=1), "weights of the kernel must be finite"),
        (lambda: imfilter.gaussian(np.ones((9, 9, 9)), 300.0, method="direct"), None),
    ],
)
def test_refused_before_memory_is_touched(call, message):
    if message is None:  # folded first, and then small enough
        assert call().shape == (9, 9, 9)
        return
    with pytest.raises(ValueError, match=message):
        call()


def test_a_result_that_cannot_be_held():
    with pytest.raises(MemoryError, match="does not fit into memory"):
        imfilter.correlate(SMALL, [[1.0]], padding=10**12)


@pytest.mark.slow
@loop_over("sigma", [3.0, (8.0, 0.0, 2.0), 30.0])
@loop_over("dtype", ["u1", "f4", "f8"])
@loop_over("mode", MODES)
def test_volumes_summed_over_planes_in_place(sigma, dtype, mode):
    """Contiguous or not, narrower than a vector or wider, with the constant beyond the planes.

    SciPy lets each of its passes see `cval` anew. So the image minus the constant is filtered, with zeros
    beyond it: the weights add up to one.
    """
    volume = (RNG.random((9, 11, 75)) * 200).astype(dtype)
    beyond = 40.0 if mode == "constant" else 0.0
    for part in (volume, volume[:, :, :7], np.asfortranarray(volume), volume[::-1, ::2, ::-1]):
        result = imfilter.gaussian(part, sigma, mode=mode, cval=40.0, dtype=np.float64)
        expected = part.astype(np.float64) - beyond
        for axis, s in enumerate(np.broadcast_to(sigma, 3)):
            expected = ndi.correlate1d(expected, imfilter.weights.gaussian(s), axis, mode=MODES[mode])
        np.testing.assert_allclose(result, expected + beyond, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("dtype", "peak"), [("f4", 3e38), ("f8", 1e308)])
def test_large_samples_do_not_overflow_in_a_transform(dtype, peak):
    kernel = RNG.normal(size=(101, 101))
    kernel /= np.abs(kernel).sum()
    image = RNG.normal(size=(200, 200)).astype(dtype)
    assert imfilter.plan(image.shape, dtype, kernel).algorithm == "fft"
    image[0, 0] = peak
    assert np.isfinite(imfilter.correlate(image, kernel)).all()


def test_constant_border_beyond_float32():
    kernel = np.abs(RNG.normal(size=(61, 61)))
    result = imfilter.correlate(np.ones((150, 150), np.float32), kernel, mode="constant", cval=1e300)
    assert np.isinf(result[0, 0])
    np.testing.assert_allclose(result[75, 75], kernel.sum(), rtol=1e-5)


def test_bias_beyond_float32_is_infinite():
    assert np.isinf(imfilter.correlate(np.ones((150, 150), np.float32), np.ones((61, 61)), bias=1e300)).all()


def test_zero_taps_of_a_low_rank_kernel_are_not_read():
    kernel = np.zeros((31, 31))
    kernel[13:18] += 1
    kernel[:, 13:18] += 1
    image = np.zeros((90, 90), np.float32)
    image[45, 45] = np.nan
    assert np.isnan(imfilter.correlate(image, kernel)).sum() == np.count_nonzero(kernel)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_factor_at_any_scale(scale):
    kernel = np.multiply.outer([1.0, 2.0, 3.0], [1.0, -1.0, 0.5, 2.0]) * scale
    (term,) = low_rank.factor(kernel, 8, lambda terms, taps: True)
    np.testing.assert_allclose(operators.outer(term), kernel, rtol=1e-13)


@pytest.mark.parametrize("weight", [1e-60, 1e-35, 1e30, 1e39])
def test_weights_beyond_float32(weight):
    image = RNG.random((40, 50)).astype(np.float32) + 1
    kernel = np.full((5, 5), weight)
    expected = imfilter.correlate(image.astype(np.float64), kernel / weight) * weight
    result = imfilter.correlate(image, kernel, dtype=np.float64)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


@pytest.mark.parametrize("taps", [1000, 20_000])
def test_long_float32_sums(taps):
    """The bound holds for constant images too, where all rounding errors go the same way."""
    signal_ = np.full(50_000, np.float32(0.1))
    signal_[0] = np.nan  # no transform
    result = imfilter.box(signal_, taps, mode="edge")[taps:]
    np.testing.assert_allclose(result, np.float32(0.1), rtol=2e-6)


@pytest.mark.slow
def test_an_interrupt_is_heard_and_leaves_no_writer():
    """The call ends soon after the signal, and nobody writes to the output afterwards."""
    image = np.zeros((2500, 2500), np.float32)
    out = np.full(image.shape, -1.0, np.float32)
    taps = [RNG.random(501), RNG.random(501)]
    imfilter.correlate(image, taps, out=out)  # an interrupt that falls into the compiler is lost

    def forever():
        while True:  # however fast the machine
            imfilter.correlate(image, taps, out=out)

    heard = threading.Event()

    def ring():
        """Raise the signal, and again after a while: one that falls into a destructor is lost."""
        wait = 0.1
        while not heard.wait(wait):
            signal.raise_signal(signal.SIGINT)
            wait = 5.0

    alarm = threading.Thread(target=ring)
    alarm.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            forever()
    finally:
        heard.set()
        alarm.join()
    before = out.copy()
    time.sleep(0.3)
    np.testing.assert_array_equal(out, before)


def test_unknown_arguments_get_a_hint():
    with pytest.raises(TypeError, match=r"gaussian\(\) has no argument 'sgima'; did you mean 'sigma'"):
        imfilter.gaussian(SMALL, sgima=1.0)


def test_arguments_that_compare_equal_are_checked_each():
    """1, 1.0 and True are equal, and a call kept for one must not let the others in."""
    imfilter.box(SMALL, 1)
    with pytest.raises(TypeError, match="size"):
        imfilter.box(SMALL, True)
    with pytest.raises(TypeError, match="size"):
        imfilter.box(SMALL, 1.0)


def test_a_kernel_changed_in_place_is_seen():
    kernel = np.ones((3, 3))
    first = imfilter.correlate(SMALL, kernel)
    kernel *= 2
    np.testing.assert_allclose(imfilter.correlate(SMALL, kernel), 2 * first, rtol=1e-14)


@pytest.mark.parametrize("mode", MODES)
def test_border_along_an_axis_of_one_tap(mode):
    """A kernel that does nothing along an axis may still be asked for more of it."""
    volume, kernel = RNG.normal(size=(5, 10, 7)), RNG.normal(size=(1, 2, 4))
    options = {"padding": [(2, 1), (3, 2), (1, 1)], "mode": mode, "cval": 1.5 if mode == "constant" else 0.0}
    found = imfilter.correlate(volume, kernel, **options)
    assert found.shape == (8, 14, 6)
    np.testing.assert_allclose(found, naive.correlate(volume, kernel, **options), rtol=0, atol=1e-12)


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7])
def test_long_sums_over_planes_round_little(value):
    """Equal terms are the worst for a sum in one go: 2001 of them were off by 2e-5."""
    volume = np.full((1500, 6, 90), value, np.float32)
    for size in (161, 801, 2001):
        found = imfilter.box(volume, (size, 3, 3), mode="edge")
        np.testing.assert_allclose(found, volume, rtol=2e-6)
