"""Stacks of layers: tables, forward passes against loops written out, and errors that name the layer."""

import math

import numpy as np
import pytest

import imfilter
from imfilter import layers
from imfilter.layers import Activation, Conv, Dense, Flatten, GlobalPool, Pool, Stack
from tests.reference import loops

RNG = np.random.default_rng(31)


@pytest.fixture(params=["loops", "imfilter"])
def run(request, monkeypatch):
    """Layers in plain loops, and the package's own as far as they are there."""
    homes = {"conv": layers, "max_pool": imfilter, "avg_pool": imfilter, "global_pool": imfilter}
    for name, home in homes.items():
        if request.param == "loops" or not hasattr(home, name):
            monkeypatch.setattr(home, name, getattr(loops, name), raising=False)


def weights(stack, dtype=np.float64):
    """Random weights for every layer that has some."""
    pairs = []
    for layer, shape in zip(stack.layers, stack.shapes, strict=False):
        wanted = layer.weight_shape(shape)
        if wanted is not None:
            weight = RNG.normal(size=wanted) / math.sqrt(math.prod(wanted[1:]))
            bias = RNG.normal(size=wanted[:1]) if layer.bias else None
            pairs.append((weight.astype(dtype), None if bias is None else bias.astype(dtype)))
    return pairs


SMALL = Stack(
    [
        Conv(4, 3, padding=1, name="first"),
        Activation("relu"),
        Pool(2),
        Conv(6, (3, 1), stride=(1, 2), groups=2, bias=False),
        Activation("tanh"),
        Flatten(),
        Dense(5, name="fc"),
        Activation("softmax"),
    ],
    input_shape=(2, 9, 8),
)


def test_rows():
    rows = SMALL.table()
    assert [row.name for row in rows] == [
        *("input", "first", "activation1", "pool1", "conv2", "activation2", "flatten1", "fc", "activation3")
    ]
    assert [row.kind for row in rows[:4]] == ["Input", "Conv", "Activation", "Pool"]
    assert SMALL.shapes == tuple(row.shape for row in rows)
    shapes = [(2, 9, 8), (4, 9, 8), (4, 9, 8), (4, 4, 4), (6, 2, 2), (6, 2, 2), (24,), (5,), (5,)]
    assert list(SMALL.shapes) == shapes
    assert [row.parameters for row in rows] == [0, 9 * 2 * 4 + 4, 0, 0, 3 * 2 * 6, 0, 0, 125, 0]
    assert [row.multiplications for row in rows] == [0, 72 * 72, 0, 0, 4 * 36, 0, 0, 120, 0]
    assert [row.activations for row in rows] == [144, 288, 0, 64, 24, 0, 0, 5, 0]
    for total in ("parameters", "multiplications", "activations"):
        assert getattr(SMALL, total) == sum(getattr(row, total) for row in rows)
    assert SMALL.memory() == (4 * SMALL.parameters, 4 * SMALL.activations)
    assert SMALL.memory("float16").activations == 2 * SMALL.activations
    sizes = [row.receptive_field.size for row in rows]
    assert sizes == [(1, 1), (3, 3), (3, 3), (4, 4), (8, 4), (8, 4), (8, 4), (10, 8), (10, 8)]
    assert rows[4].receptive_field == layers.receptive_fields([(3, 1, 1), (2, 2), ((3, 1), (1, 2))])[-1]


def test_costs_are_what_loops_count():
    """Random convolutions of one to three dimensions: arrays of the weights, and positions one by one."""
    for _ in range(30):
        n, groups = (int(v) for v in RNG.integers(1, 4, 2))
        ins, outs = (groups * int(v) for v in RNG.integers(1, 3, 2))
        lengths = tuple(int(v) for v in RNG.integers(6, 9, n))
        kernel, stride = (tuple(int(v) for v in RNG.integers(1, 4, n)) for _ in range(2))
        padding, bias = int(RNG.integers(0, 3)), bool(RNG.integers(2))
        layer = Conv(outs, kernel, stride, padding, 2, groups, bias)
        row = Stack([layer], (ins, *lengths)).table()[1]
        options = {"stride": stride, "padding": padding, "dilation": 2}
        assert row.shape == (outs, *map(len, loops.windows(lengths, kernel, **options)))
        assert row.multiplications == loops.multiplications(lengths, ins, outs, kernel, groups, **options)
        weight = np.empty((outs, ins // groups, *kernel))
        assert layer.weight_shape((ins, *lengths)) == weight.shape
        assert row.parameters == weight.size + outs * bias
        assert row.activations == math.prod(row.shape)


def test_the_printed_table():
    lines = str(SMALL).splitlines()
    assert lines[0].split() == [
        *("name", "layer", "output", "parameters", "multiplications", "activations", "field")
    ]
    assert lines[2].split() == ["1", "first", "conv", "3x3,", "relu", "4x9x8", "76", "5,184", "288", "3x3"]
    assert "conv 3x1, stride 1x2, 2 groups, tanh, flatten" in str(SMALL)
    assert lines[-3].split() == ["total", *(f"{n:,}" for n in (237, 5448, 525))]
    assert lines[-1] == "in float32: 948 B of parameters, 2.1 kB of activations for one image"
    body = lines[:-2]
    ends = {
        line.index(word) + len(word) for line, word in zip(body, ["activations", "144", "288"], strict=False)
    }
    assert len(ends) == 1  # numbers stand under each other
    assert not any(line != line.rstrip() for line in lines)
    line = Stack([Conv(2, 5, dilation=3), Pool(3, 2, reduce="mean"), GlobalPool("max")], (1, 40))
    for text in ("conv 5, dilation 3", "mean pool 3, stride 2", "global max pool", "2x28"):
        assert text in str(line)
    assert "lambda" in str(Stack([Activation(lambda x: x)], (3,)))
    assert "input" in str(Stack([], (3, 4)))
    assert "TB of parameters" in str(Stack([Dense(10**6)], (10**6,)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_forward_is_the_layers_one_by_one(run, dtype):
    pairs = weights(SMALL, dtype)
    x = RNG.normal(size=(3, 2, 9, 8)).astype(dtype)
    y = np.maximum(loops.conv(x, *pairs[0], padding=1), 0)
    y = loops.max_pool(y, 2, axes=(2, 3))
    y = np.tanh(loops.conv(y, pairs[1][0], stride=(1, 2), groups=2))
    y = np.array(
        [[sum(w * v for w, v in zip(row, one.ravel(), strict=True)) for row in pairs[2][0]] for one in y]
    )
    powers = np.exp(y + pairs[2][1])
    expected = powers / powers.sum(axis=1, keepdims=True)
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    before = x.copy()
    result = SMALL.forward(x, pairs)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, expected, rtol=tolerance)
    np.testing.assert_array_equal(x, before)
    for one, image in zip(expected, x, strict=True):
        alone = SMALL.forward(image, pairs)
        assert alone.shape == (5,)
        np.testing.assert_allclose(alone, one, rtol=tolerance)
    by_name = {"fc": pairs[2], "conv2": pairs[1][0], "first": list(pairs[0])}
    np.testing.assert_array_equal(SMALL.forward(x, by_name), result)
    read_only = np.asfortranarray(x)
    read_only.flags.writeable = False
    np.testing.assert_allclose(
        SMALL.forward(read_only.astype(np.dtype(dtype).newbyteorder(">")), pairs), result
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_forward_in_one_to_three_dimensions(run, n):
    lengths = (13, 12, 11)[-n:]
    for padding_mode in ("zero", "mirror", "wrap"):
        stack = Stack(
            [
                Conv(3, 3, stride=2, padding=2, dilation=2, padding_mode=padding_mode),
                Pool(3, 2, padding=1, reduce="max", ceil_mode=True),
                GlobalPool(),
            ],
            (2, *lengths),
        )
        ((weight, bias),) = weights(stack)
        x = RNG.normal(size=(2, 2, *lengths))
        options = {"stride": 2, "padding": 2, "dilation": 2, "padding_mode": padding_mode}
        y = loops.conv(x, weight, bias, **options)
        axes = tuple(range(2, n + 2))
        y = loops.max_pool(y, 3, stride=2, padding=1, ceil_mode=True, axes=axes)
        result = stack.forward(x, [(weight, bias)])
        np.testing.assert_allclose(result, y.reshape(2, 3, -1).mean(axis=2), rtol=1e-12)
        assert stack.shapes[2:] == (y.shape[1:], (3,))


def test_means(run):
    stack = Stack([Pool(2, reduce="mean"), GlobalPool("max")], (1, 4, 4))
    x = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    result = stack.forward(x, [])
    assert result.dtype == np.float32  # not rounded in between
    np.testing.assert_array_equal(result, [12.5])
    padded = Stack([Pool(3, 2, padding=1, reduce="mean", ceil_mode=True)], (1, 4, 4)).forward(x, [])
    zeros = np.pad(x[0].astype(float), ((1, 1), (1, 1)))  # the padding counts, what is behind it does not
    expected = [[zeros[i : i + 3, j : j + 3].mean() for j in (0, 2, 4)] for i in (0, 2, 4)]
    np.testing.assert_allclose(padded[0], expected, rtol=1e-6)


def test_connections(run):
    """Weights without a connection are not read, whatever stands there."""
    stack = Stack([Conv(3, 2, connections=[(0, 2), [1], range(4)], name="sparse")], (4, 5, 5))
    assert stack.parameters == (2 + 1 + 4) * 4 + 3
    assert stack.multiplications == (2 + 1 + 4) * 4 * 16
    ((weight, bias),) = weights(stack)
    x = RNG.normal(size=(1, 4, 5, 5))
    cut = weight.copy()
    cut[0, [1, 3]] = cut[1, [0, 2, 3]] = 0
    expected = loops.conv(x, cut, bias)
    np.testing.assert_allclose(stack.forward(x, [(weight, bias)]), expected, rtol=1e-12)
    weight[0, 1] = np.nan
    np.testing.assert_allclose(stack.forward(x, [(weight, bias)]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "dtype", [bool, "u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4"]
)
def test_dtypes(dtype):
    stack = Stack([Dense(2), Activation("relu")], (3,))
    x = np.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    weight = np.array([[1, 2, 4], [-1, -2, -4]], "i2")
    result = stack.forward(x, [(weight, [0.5, 0.5])])
    assert result.dtype == ("float64" if dtype in ("i4", "u4", "i8", "u8", "f8") else "float32")
    np.testing.assert_array_equal(result, [[6.5, 0], [5.5, 0]])


def test_activations_hold_at_the_extremes():
    x = np.array([[-1e5, -2.0, 0.0, 3.0, 1e5]])
    inf = np.array([[-np.inf, 0.0, np.inf, np.nan]])

    def of(function, values):
        return Stack([Activation(function)], (values.shape[1],)).forward(values, [])

    np.testing.assert_array_equal(of("relu", x), [[0, 0, 0, 3, 1e5]])
    np.testing.assert_allclose(of("sigmoid", x), [[0, 1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-3)), 1]])
    np.testing.assert_allclose(of("sigmoid", np.array([[-700.0]])), [[math.exp(-700)]])
    np.testing.assert_array_equal(of("softmax", x), [[0, 0, 0, 0, 1]])
    np.testing.assert_allclose(of("softmax", x[:, 1:4] + 1e4).sum(), 1)
    np.testing.assert_array_equal(of("sigmoid", inf), [[0, 0.5, 1, np.nan]])
    np.testing.assert_array_equal(of("tanh", inf), [[-1, 0, 1, np.nan]])
    np.testing.assert_array_equal(of("relu", inf), [[0, 0, np.inf, np.nan]])
    assert np.isnan(of("softmax", inf)).all()
    # Over the channels of each sample.
    volume = RNG.normal(size=(2, 4, 3, 5))
    result = Stack([Activation("softmax")], (4, 3, 5)).forward(volume, [])
    np.testing.assert_allclose(result.sum(axis=1), np.ones((2, 3, 5)))
    np.testing.assert_allclose(result, np.exp(volume) / np.exp(volume).sum(axis=1, keepdims=True))
    dense = Stack([Dense(2)], (2,)).forward([np.inf, 1.0], [([[1, 1], [0, 1]], [0, 0])])
    np.testing.assert_array_equal(dense, [np.inf, np.nan])


def test_a_stack_is_what_it_was_made_of():
    made = [Dense(3)]
    stack = Stack(made, [4])
    made.append(Dense(5))
    assert stack == Stack((Dense(3),), (4,))
    assert len(stack.layers) == 1
    with pytest.raises(AttributeError):
        stack.input_shape = (3,)
    x = np.ones(4)
    assert not np.shares_memory(Stack([Flatten()], (4,)).forward(x, []), x)
