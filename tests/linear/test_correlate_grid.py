"""correlate and convolve against the float64 direct sum, on every small combination of arguments.

The bounds are relative to sum|w|*max|x|, the size of the numbers added: 1e-12 in float64 and 2e-6 in
float32. Integer results of integer kernels are exact; others are within one, where a sum that is a
rounding tie in exact arithmetic falls on either side.
"""

import itertools

import numpy as np
import pytest

import imfilter
from tests.reference import naive

BOUND = {"float64": 1e-12, "float32": 2e-6}
FUNCTIONS = ("correlate", "convolve")
CVAL = 0.7
BIAS = 0.25
STRIDES = DILATIONS = (1, 2, 3)


def check(function, image, kernel, dtypes=tuple(BOUND), **options):
    """Compare one call, on the same numbers in each dtype, with the direct sum."""
    image = image.astype(np.float32)
    expected = getattr(naive, function)(image, kernel, **options)
    unit = naive.scale(image, kernel, options.get("cval", 0.0), options.get("bias", 0.0))
    for dtype in dtypes:
        result = getattr(imfilter, function)(image.astype(dtype), kernel, **options)
        shape = naive.dense(kernel, image.ndim).shape
        label = f"{function}, {dtype} image {image.shape}, kernel {shape}, {options}"
        assert result.dtype == dtype, label
        assert result.shape == expected.shape, label
        error = np.abs(result - expected).max(initial=0.0)
        assert error <= BOUND[dtype] * unit, f"{label}: {error:.3g} of {unit:.3g}"


def paddings(n, kernel, dilation, index=None):
    """The paddings that leave at least one output sample."""
    reach = dilation * (kernel - 1)
    every = ["same", "valid", 1, (0, reach), (reach + 2, 1)]
    for padding in every if index is None else [every[index % len(every)]]:
        before, after = np.broadcast_to(0 if isinstance(padding, str) else padding, 2)
        if padding == "same" or n + before + after > reach:
            yield padding


@pytest.mark.slow
@pytest.mark.parametrize("mode", naive.MODES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_1d_every_combination(function, mode):
    """Each combination is once float32 and once float64: one in a correlation, one in a convolution."""
    rng = np.random.default_rng(1)
    turn = FUNCTIONS.index(function) + naive.MODES.index(mode)
    for n, k in itertools.product(range(1, 9), range(1, 10)):
        image, kernel = rng.normal(size=n), rng.normal(size=k)
        for stride, dilation in itertools.product(STRIDES, DILATIONS):
            for padding in paddings(n, k, dilation):
                turn += 1
                check(
                    function,
                    image,
                    kernel,
                    [[*BOUND][turn % 2]],
                    stride=stride,
                    dilation=dilation,
                    padding=padding,
                    mode=mode,
                    cval=CVAL,
                    bias=BIAS,
                )


@pytest.mark.slow
@pytest.mark.parametrize("mode", naive.MODES)
def test_2d_every_size_and_kernel(mode):
    """Every 2-D size with every kernel size, each in one mode; strides, dilations, paddings take turns."""
    rng = np.random.default_rng(2)
    kernels = [rng.normal(size=size) for size in itertools.product(range(1, 10), range(1, 10))]
    shapes = itertools.product(range(1, 9), range(1, 9))
    cells = itertools.product(enumerate(kernels), enumerate(shapes))
    chosen = [(k, s) for (i, k), (j, s) in cells if (i + j + naive.MODES.index(mode)) % 6 == 0]
    for turn, (kernel, shape) in enumerate(chosen):
        size = kernel.shape
        if turn % 2 == 0:  # every other time the plain call, which takes the quick ways
            options = {}
        else:
            stride, dilation = rng.integers(1, 4, 2).tolist(), rng.integers(1, 4, 2).tolist()
            padding = [
                p
                for n, k, d in zip(shape, size, dilation, strict=True)
                for p in paddings(n, k, d, int(rng.integers(2, 5)))
            ]
            options = {
                "stride": stride,
                "dilation": dilation,
                "padding": padding if len(padding) == 2 else "same",
            }
        check(FUNCTIONS[turn // 2 % 2], rng.normal(size=shape), kernel, mode=mode, cval=CVAL, **options)


@pytest.mark.slow
@pytest.mark.parametrize("mode", naive.MODES)
def test_3d_samples(mode):
    rng = np.random.default_rng(3)
    for turn in range(400):
        shape, size = rng.integers(1, 7, 3), rng.integers(1, 6, 3)
        options = {}
        if turn % 2:
            stride, dilation = rng.integers(1, 4, 3).tolist(), rng.integers(1, 3, 3).tolist()
            reach = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]
            padding = ["same", [(int(r), int(rng.integers(0, 3))) for r in reach], max(reach)][turn // 2 % 3]
            options = {"stride": stride, "dilation": dilation, "padding": padding, "bias": BIAS}
        image, kernel = rng.normal(size=shape), rng.normal(size=size)
        check(FUNCTIONS[turn // 4 % 2], image, kernel, mode=mode, cval=CVAL, **options)


def separable_of(rng, size):
    return [rng.normal(size=k) for k in size]


@pytest.mark.slow
@pytest.mark.parametrize("mode", naive.MODES)
def test_separable_samples(mode):
    """Sequences of 1-D kernels: 1-D, 2-D and 3-D, with the same options."""
    rng = np.random.default_rng(4)
    for turn in range(600):
        ndim = 1 + turn % 3
        shape, size = rng.integers(1, 9, ndim), rng.integers(1, 10, ndim)
        options = {}
        if turn % 2:
            stride, dilation = rng.integers(1, 4, ndim).tolist(), rng.integers(1, 3, ndim).tolist()
            reach = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]
            padding = ["same", [(int(r), int(rng.integers(0, 3))) for r in reach], max(reach)][turn // 2 % 3]
            options = {"stride": stride, "dilation": dilation, "padding": padding, "bias": BIAS}
        image = rng.normal(size=shape)
        check(FUNCTIONS[turn // 4 % 2], image, separable_of(rng, size), mode=mode, cval=CVAL, **options)


@pytest.mark.parametrize("size", [(3, 3), (5, 5), (2, 4), (1, 7), (7, 1), (15, 15), "separable"])
def test_every_width(size):
    """Widths around every vector length and block: the last partial vector, and the interior beside it."""
    rng = np.random.default_rng(5)
    for width in [*range(9, 75), 95, 96, 97, 127, 128, 129, 191, 255, 256, 257, 300]:
        image = rng.normal(size=(int(rng.integers(1, 24)), width))
        kernel = separable_of(rng, (5, 4)) if size == "separable" else rng.normal(size=size)
        check("correlate", image, kernel, mode=naive.MODES[width % 6], cval=CVAL)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("size", [(3, 3), (5, 5), (1, 5), (5, 1), (2, 4), (7, 7), "separable"])
def test_every_width_of_integers(size, dtype):
    """The same for integer images and results, where an integer kernel is exact."""
    rng = np.random.default_rng(6)
    limits = np.iinfo(dtype)
    for width in [*range(1, 75), 95, 96, 97, 127, 128, 129, 255, 256, 257, 300]:
        image = rng.integers(0, limits.max, (int(rng.integers(1, 24)), width), dtype=dtype, endpoint=True)
        if size == "separable":
            kernel = [rng.integers(-3, 6, 5).astype(float), rng.integers(-3, 6, 4).astype(float)]
        else:
            kernel = rng.integers(-8, 9, size).astype(float)
        options = {"mode": naive.MODES[width % 6], "cval": 3.0}
        exact = naive.correlate(image, kernel, **options)
        label = f"image {image.shape}, {options}"
        result = imfilter.correlate(image, kernel, dtype=dtype, **options)
        np.testing.assert_array_equal(
            result, np.clip(exact, limits.min, limits.max).astype(dtype), err_msg=label
        )
        if dtype == "uint8":  # sums below 2**24 are whole in float32
            np.testing.assert_array_equal(imfilter.correlate(image, kernel, **options), exact, err_msg=label)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int8", "int16", "int32"])
def test_integer_results_are_rounded(dtype):
    """Weights that are no integers: the rounded direct sum, but at rounding ties, and there within one."""
    rng = np.random.default_rng(7)
    limits = np.iinfo(dtype)
    for turn in range(300):
        # A few sizes, because kernels are compiled for each of them.
        shape, size = rng.integers(1, 40, 2), rng.choice([1, 3, 4, 7], 2)
        image = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
        kernel = rng.uniform(0.1, 1.0, size)
        kernel /= kernel.sum()
        if turn % 3 == 0:
            kernel *= rng.choice([-1.0, 2.5], size)  # leaves the range: saturation
        if turn % 2:
            kernel = [kernel[0].copy(), kernel[:, 0].copy()]
        options = {"mode": naive.MODES[turn % 6], "cval": 5.0, "stride": 1 + turn % 2}
        result = imfilter.correlate(image, kernel, dtype=dtype, **options)
        exact = naive.correlate(image, kernel, **options)
        # Only 8 bits have room for the error of a float32 sum; wider integers are summed in float64.
        error = BOUND["float32" if result.itemsize == 1 else "float64"] * naive.scale(image, kernel, 5.0)
        assert naive.is_rounding_of(result, exact, error), f"image {shape}, kernel {size}, {options}"


def test_halves_round_to_even():
    image = np.array([1, 2, 3, 4, 5, 6, 7], dtype=np.uint8)
    for kernel in ([0.5], [np.array([0.5])]):
        assert imfilter.correlate(image, kernel, dtype=np.uint8).tolist() == [0, 1, 2, 2, 2, 3, 4]
    assert imfilter.correlate(image, [1.0], bias=0.5, dtype="uint8").tolist() == [2, 2, 4, 4, 6, 6, 8]
    assert imfilter.correlate(image - 8.0, [0.5], dtype="int16").tolist() == [-4, -3, -2, -2, -2, -1, 0]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_even_kernels_have_scipys_origin(function):
    impulse = np.zeros(9)
    impulse[4] = 1.0
    found = getattr(imfilter, function)(impulse, [1.0, 2.0, 3.0, 4.0])
    expected = {"correlate": [0, 0, 0, 4, 3, 2, 1, 0, 0], "convolve": [0, 0, 1, 2, 3, 4, 0, 0, 0]}
    assert found.tolist() == expected[function]


def test_zero_taps_are_not_read():
    image = np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    np.testing.assert_array_equal(
        imfilter.correlate(image, [1.0, 0.0, 1.0], padding="valid"), [4.0, np.nan, 8.0]
    )
    # The kernel of zeros alone reads nothing.
    np.testing.assert_array_equal(imfilter.correlate(image, np.zeros(3), bias=2.0), np.full(5, 2.0))
