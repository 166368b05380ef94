"""The arithmetic of layers against counting loops, and its mistakes."""

import itertools
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import imfilter
from imfilter import layers
from tests.reference import loops

RNG = np.random.default_rng(11)


def picked(choices, n):
    """One of the choices for all axes, or one for each."""
    if RNG.random() < 0.3:
        return int(RNG.choice(choices))
    return tuple(int(v) for v in RNG.choice(choices, n))


def paddings(n):
    return [
        0,
        2,
        "same",
        "valid",
        tuple(int(v) for v in RNG.integers(0, 3, n)) if n > 1 else 1,
        [tuple(int(v) for v in RNG.integers(0, 4, 2)) for _ in range(n)],
    ]


@pytest.mark.parametrize("n", range(1, 9))
def test_every_small_length(n):
    for taps, stride, dilation, before, after, ceil_mode in itertools.product(
        range(1, 6), range(1, 5), (1, 2, 3), (0, 1, 3), (0, 1, 2), (False, True)
    ):
        options = {"stride": stride, "dilation": dilation, "padding": (before, after), "ceil_mode": ceil_mode}
        starts = loops.positions(n, taps, stride, before, after, dilation, ceil_mode)
        if starts:
            assert layers.output_shape(n, taps, **options) == (len(starts),)
        elif not ceil_mode:
            with pytest.raises(ValueError, match="padding must leave room"):
                layers.output_shape(n, taps, **options)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_shapes_in_one_to_three_dimensions(n):
    for _ in range(60):
        lengths = tuple(int(v) for v in RNG.integers(9, 14, n))
        kernel, stride, dilation = picked([1, 2, 3, 4], n), picked([1, 2, 3], n), picked([1, 2], n)
        for padding in paddings(n):
            options = {"stride": stride, "padding": padding, "dilation": dilation}
            expected = tuple(map(len, loops.windows(lengths, kernel, **options)))
            assert layers.output_shape(lengths, kernel, **options) == expected
            if padding == "same":
                steps = loops.each(stride, n)
                assert expected == tuple(-(-a // s) for a, s in zip(lengths, steps, strict=True))
            if padding != "same":
                expected = tuple(map(len, loops.windows(lengths, kernel, **options, ceil_mode=True)))
            assert layers.output_shape(lengths, kernel, **options, ceil_mode=True) == expected


def test_positions_that_do_not_fit_are_dropped():
    assert layers.output_shape(7, 3, stride=1) == (5,)
    assert layers.output_shape(7, 3, stride=2) == (3,)
    assert layers.output_shape(7, 3, stride=3) == (2,)
    assert layers.output_shape(7, 3, stride=3, padding=1) == (3,)
    assert layers.output_shape([32, 32], 5) == (28, 28)
    assert layers.output_shape(np.array([227, 227]), 11, stride=4) == (55, 55)
    # One window larger than the image, as PyTorch has it.
    assert layers.output_shape(1, 2, stride=2, ceil_mode=True) == (1,)


def test_the_shape_is_that_of_a_correlation():
    for padding, stride, dilation, taps in itertools.product(("same", "valid", 1), (1, 2), (1, 2), (2, 3)):
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        result = imfilter.correlate(np.ones((7, 8)), np.ones((taps, 3)), **options)
        assert layers.output_shape((7, 8), (taps, 3), **options) == result.shape


@pytest.mark.parametrize("n", [1, 2, 3])
def test_parameters_and_multiplications_are_what_loops_count(n):
    for _ in range(12):
        groups = int(RNG.choice([1, 2, 3]))
        ins, outs = (groups * int(v) for v in RNG.integers(1, 4, 2))
        kernel = tuple(int(v) for v in RNG.integers(1, 4, n))
        lengths = tuple(int(v) for v in RNG.integers(5, 8, n))
        options = {"stride": picked([1, 2], n), "padding": int(RNG.integers(0, 2)), "dilation": 2}
        weight = np.zeros((outs, ins // groups, *kernel))
        assert layers.parameters(kernel, ins, outs, groups=groups) == weight.size + outs
        assert layers.parameters(kernel, ins, outs, groups=groups, bias=False) == weight.size
        shape = layers.output_shape(lengths, kernel, **options)
        count = loops.multiplications(lengths, ins, outs, kernel, groups, **options)
        assert layers.multiplications(shape, kernel, ins, outs, groups=groups) == count


def test_parameters_of_a_dense_layer():
    assert layers.parameters((), 84, 10) == np.zeros((10, 84)).size + 10
    assert layers.multiplications((), (), 84, 10) == 840


def test_memory():
    for dtype, shape in itertools.product(
        ("uint8", "float16", np.float32, ">f8", bool), ((3, 4, 5), (7,), ())
    ):
        assert layers.memory(shape, dtype) == np.zeros(shape, dtype).nbytes
    assert layers.memory(1000) == 4000
    assert layers.memory(layers.parameters((3, 3), 3, 8)) == np.zeros(224, np.float32).nbytes


def test_depthwise_separable():
    for _ in range(20):
        n = int(RNG.integers(1, 4))
        kernel, shape = (tuple(int(v) for v in RNG.integers(1, 6, n)) for _ in range(2))
        ins, outs = (int(v) for v in RNG.integers(1, 30, 2))
        cost, full = comparison = layers.separable_cost(shape, kernel, ins, outs)
        assert Fraction(cost, full) == Fraction(1, outs) + Fraction(1, math.prod(kernel))
        assert comparison.ratio == cost / full
        assert full == math.prod(shape) * math.prod(kernel) * ins * outs
    # Table 4 of the paper is for whole networks; equation 5 gives 8 to 9 times less for 3 x 3.
    assert 8 < 1 / layers.separable_cost((14, 14), (3, 3), 512, 512).ratio < 9


def test_stacked_kernels():
    for channels in (1, 5, 512):
        three = layers.stacked_kernels((3, 3), 3, channels)
        assert three == (27 * channels**2, 49 * channels**2)
        assert layers.stacked_kernels((3, 3), 2, channels) == (18 * channels**2, 25 * channels**2)
    assert layers.stacked_kernels((3,), 3, 2) == (36, 28)  # along a line the stack costs more
    fields = layers.receptive_fields([(3,)] * 3)
    assert fields[-1].size == (7, 7)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: layers.output_shape((), 3), ValueError, "shape must have 1 to 3 spatial axes"),
        (lambda: layers.output_shape((5,) * 4, 3), ValueError, "shape must have 1 to 3 spatial axes"),
        (lambda: layers.output_shape((5, 0), 3), ValueError, "shape must be at least 1, got 0"),
        (lambda: layers.output_shape((5, 5.0), 3), TypeError, "shape must be an integer, got 5.0"),
        (lambda: layers.output_shape((5, 5), (3, 3, 3)), ValueError, "kernel must be one number or one for"),
        (lambda: layers.output_shape((5, 5), 0), ValueError, "kernel must be at least 1, got 0"),
        (lambda: layers.output_shape((5, 5), 3, stride=0), ValueError, "stride must be at least 1, got 0"),
        (lambda: layers.output_shape((5, 5), 3, stride=1.5), TypeError, "stride must be an integer, got 1.5"),
        (lambda: layers.output_shape((5, 5), 3, dilation=-1), ValueError, "dilation must be at least 1"),
        (
            lambda: layers.output_shape((5, 5), 3, padding=-1),
            ValueError,
            "padding must be at least 0, got -1",
        ),
        (lambda: layers.output_shape((5, 5), 3, padding=(1,)), ValueError, "padding must have one entry"),
        (
            lambda: layers.output_shape((5, 5), 3, padding=[(1, 1, 1)] * 2),
            ValueError,
            "padding must be an int",
        ),
        (
            lambda: layers.output_shape((5, 5), 3, padding="full"),
            ValueError,
            "padding must be 'same', 'valid'",
        ),
        (lambda: layers.output_shape((5, 5), 3, padding=0.5), TypeError, "padding must be an integer"),
        (lambda: layers.output_shape((5, 5), 3, ceil_mode=1), TypeError, "ceil_mode must be True or False"),
        (
            lambda: layers.output_shape((5, 5), 6),
            ValueError,
            "padding must leave room for the kernel: it spans 6 samples, the padded axis has 5",
        ),
        (
            lambda: layers.output_shape(5, 3, dilation=4, padding=1, ceil_mode=True),
            ValueError,
            "padding must leave room for the kernel: it spans 9 samples, the padded axis has 7",
        ),
        (
            lambda: layers.parameters(3, 4, 4),
            TypeError,
            r"kernel must have one size for each axis, such as \(3",
        ),
        (lambda: layers.parameters((3,) * 4, 4, 4), ValueError, "kernel must have 0 to 3 spatial axes"),
        (lambda: layers.parameters((3, 0), 4, 4), ValueError, "kernel must be at least 1, got 0"),
        (lambda: layers.parameters((3, 3), 0, 4), ValueError, "in_channels must be at least 1, got 0"),
        (lambda: layers.parameters((3, 3), 4, 4.0), TypeError, "out_channels must be an integer, got 4.0"),
        (lambda: layers.parameters((3, 3), 4, 4, groups=0), ValueError, "groups must be at least 1, got 0"),
        (
            lambda: layers.parameters((3, 3), 4, 6, groups=3),
            ValueError,
            "groups must divide the channels, got 3 for 4 of the input and 6 of the output",
        ),
        (lambda: layers.parameters((3, 3), 4, 6, groups=4), ValueError, "groups must divide the channels"),
        (lambda: layers.parameters((3, 3), 4, 6, bias=2), TypeError, "bias must be True or False, got 2"),
        (
            lambda: layers.multiplications((5, 5), (3,), 4, 4),
            ValueError,
            "kernel must have one size for each of 2 axes",
        ),
        (
            lambda: layers.multiplications((5, -5), (3, 3), 4, 4),
            ValueError,
            "output_shape must be at least 1",
        ),
        (lambda: layers.memory((3, -1)), ValueError, "shape must be at least 0, got -1"),
        (lambda: layers.memory(3, "complex64"), TypeError, "dtype must be a real NumPy dtype, got complex64"),
        (lambda: layers.memory(3, "word"), TypeError, "dtype must be a real NumPy dtype"),
        (
            lambda: layers.separable_cost((5, 5), 3, 4, 4),
            TypeError,
            "kernel must have one size for each",
        ),
        (lambda: layers.stacked_kernels((3, 3), 0, 4), ValueError, "depth must be at least 1, got 0"),
        (lambda: layers.stacked_kernels((3, 3), 3, 0), ValueError, "^channels must be at least 1, got 0"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_the_names_load_when_used():
    assert imfilter.layers is layers
    for name in layers.__all__:
        assert getattr(layers, name) is not None
    assert dir(layers) == sorted(layers.__all__)
    with pytest.raises(AttributeError, match=r"'imfilter.layers' has no attribute 'nothing'"):
        layers.nothing  # noqa: B018  (the look-up itself is what raises)
    code = (
        "import sys, imfilter; imfilter.layers.networks.vgg16(); "
        "from imfilter.layers import Stack, output_shape; "
        "assert output_shape(7, 3) == (5,) and callable(Stack); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"  # shapes are counted without the compiler
