"""Layers multiply: 0 times infinity is NaN, for one channel as for many, forwards and backwards."""

import numpy as np
import pytest

from imfilter import layers
from tests.layers.test_layers import some_layer
from tests.looping import loop_over
from tests.reference import layers_by_loops as loops
from tests.reference import naive

VALUES = np.array([0.0, 0.0, 1.0, -2.0, 3.0])


def spoiled(rng, shape, dtype, share):
    """Small whole numbers and zeros, among them NaN and infinity."""
    array = rng.choice(VALUES, shape).astype(dtype)
    bad = rng.random(shape) < share
    array[bad] = rng.choice([np.nan, np.inf, -np.inf], np.count_nonzero(bad))
    return array


def agree(found, expected, message=""):
    for kind in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(kind(found), kind(expected), err_msg=f"{kind.__name__} {message}")
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[finite], expected[finite], err_msg=message)  # whole numbers are exact


def some_spoiled_layer(seed):
    """A random layer whose images, or weights too, are not all finite; every third has one channel."""
    rng = np.random.default_rng([3, seed])
    x, weight, bias, ours, theirs = some_layer(seed)
    if seed % 3 == 0:
        x, weight, bias = x[:, :1], weight[:1, :1], bias[:1]
        ours["groups"] = theirs["groups"] = 1
    x = spoiled(rng, x.shape, x.dtype, 0.03)
    weight = spoiled(rng, weight.shape, weight.dtype, rng.choice([0.0, 0.0, 0.05]))
    bias = spoiled(rng, bias.shape, bias.dtype, rng.choice([0.0, 0.1]))
    return rng, x, weight, bias, ours, theirs


def views(array, taps, lengths, stride, dilation):
    """Each tap, and the samples of a padded array that it reads; a view."""
    for tap in np.ndindex(*taps):
        yield (
            tap,
            array[
                (
                    ...,
                    *(
                        slice(t * d, t * d + (n - 1) * s + 1, s)
                        for t, d, n, s in zip(tap, dilation, lengths, stride, strict=True)
                    ),
                )
            ],
        )


def read(x, weight, lengths, *, stride, pads, mode, dilation, groups):
    """Each tap, the group's channels that it reads of the padded image, and its weights; (N, groups, …)."""
    padded = naive.pad(x.astype(float), *zip((0, 0), (0, 0), *pads, strict=True), mode)
    for tap, samples in views(padded, weight.shape[2:], lengths, stride, dilation):
        parted = samples.reshape(len(x), groups, 1, weight.shape[1], *lengths)
        taps = weight.astype(float)[(..., *tap)].reshape(1, groups, -1, weight.shape[1])
        yield tap, parted, taps[(..., *(None,) * len(lengths))]


def forwards(x, weight, bias, **given):
    """A layer by its definition, where padding is samples of 0."""
    n, taps = x.ndim - 2, weight.shape[2:]
    sides = given["stride"], given["pads"], given["dilation"]
    lengths = loops.lengths(x.shape[2:], taps, *sides)
    total = bias.astype(float).reshape(1, given["groups"], -1, *(1,) * n)
    for _, samples, factors in read(x, weight, lengths, **given):
        for channel in range(weight.shape[1]):
            total = total + samples[:, :, :, channel] * factors[:, :, :, channel]
    return np.broadcast_to(total, (len(x), *total.shape[1:3], *lengths)).reshape(len(x), -1, *lengths)


@loop_over("seed", range(60))
def test_forwards(seed):
    _, x, weight, bias, ours, theirs = some_spoiled_layer(seed)
    with np.errstate(invalid="ignore"):
        expected = forwards(x, weight, bias, **ours)
    agree(layers.conv(x, weight, bias, **theirs), expected, f"{x.shape} {weight.shape}")
    many = layers.dynamic_conv(x, np.broadcast_to(weight, (len(x), *weight.shape)), bias, **theirs)
    agree(many, expected)
    every = weight.reshape(1, *weight.shape, *(1,) * (x.ndim - 2))
    every = np.broadcast_to(every, (len(x), *weight.shape, *expected.shape[2:]))
    agree(layers.dynamic_conv(x, every, bias, **theirs), expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_one_channel_is_as_many(channels, bad):
    """A tap of weight 0 over what is not finite."""
    x = np.ones((1, channels, 9, 9), np.float32)
    x[0, 0, 4, 4] = bad
    weight = np.zeros((1, channels, 3, 3), np.float32)
    weight[:, :, 1, 2] = 1
    result = layers.conv(x, weight, padding=1)[0, 0]
    under = np.zeros((9, 9), bool)
    under[3:6, 3:6] = True
    np.testing.assert_array_equal(np.isfinite(result), ~under)
    np.testing.assert_array_equal(result[4, 3], channels - 1 + bad)
    assert np.isnan(np.delete(result[under], 3)).all()
    depthwise = layers.depthwise(x, np.moveaxis(weight, 0, 1), padding=1)[0, 0]
    np.testing.assert_array_equal(np.isnan(depthwise), np.isnan(result))


@loop_over("seed", range(60))
def test_backwards(seed):
    rng, x, weight, bias, ours, theirs = some_spoiled_layer(seed)
    shape = forwards(np.zeros_like(x), np.zeros_like(weight), bias, **ours).shape
    gradient = spoiled(rng, shape, x.dtype, 0.02)
    slopes = gradient.astype(float).reshape(len(x), ours["groups"], -1, *shape[2:])
    of_weight = np.zeros(weight.shape)
    around = [(0, 0), (0, 0), *ours["pads"]]
    whole = np.zeros([n + a + b for n, (a, b) in zip(x.shape, around, strict=True)])
    places = list(views(whole, weight.shape[2:], shape[2:], ours["stride"], ours["dilation"]))
    with np.errstate(invalid="ignore"):
        for (tap, samples, factors), (_, place) in zip(
            read(x, weight, shape[2:], **ours), places, strict=True
        ):
            for channel in range(weight.shape[1]):
                products = slopes * samples[:, :, :, channel]
                sums = products.sum(axis=(0, *range(3, products.ndim)))
                of_weight[(slice(None), channel, *tap)] = sums.ravel()
                for output in range(slopes.shape[2]):  # one by one, for inf - inf is NaN in any order
                    back = slopes[:, :, output] * factors[:, :, output, channel]
                    place[:, channel :: weight.shape[1]] += back
        expected = folded(whole, x.shape, around, ours["mode"])
        of_bias = gradient.astype(float).sum(axis=(0, *range(2, x.ndim)))
    agree(layers.conv_input_gradient(gradient, weight, x.shape[2:], **theirs), expected)
    agree(layers.conv_weight_gradient(gradient, x, weight.shape[2:], **theirs), of_weight)
    agree(layers.conv_bias_gradient(gradient, x.ndim - 2), of_bias)


def folded(whole, shape, around, mode):
    """The transpose of `naive.pad`: what falls on the border goes to the samples that stand there."""
    result = np.zeros(shape)
    for at in np.ndindex(*whole.shape):
        pairs = zip(at, shape, around, strict=True)
        to = [naive.border_index(i - before, n, mode) for i, n, (before, _) in pairs]
        if None not in to:
            result[tuple(to)] += whole[at]
    return result


def test_transposed_weights_that_are_not_finite_stay_where_samples_are():
    """There is nothing between the samples that a stride leaves apart, nor beyond the last."""
    found = layers.conv_transpose([[1.0, 2.0]], [[[np.inf, 3.0]]], stride=3)
    np.testing.assert_array_equal(found, [[np.inf, 3, 0, np.inf, 6]])
    found = layers.conv_transpose([[1.0, 0.0, 2.0]], [[[np.inf, 3.0]]])
    np.testing.assert_array_equal(found, [[np.inf, np.nan, np.inf, 6]])
    found = layers.conv_input_gradient([[1.0, np.inf]], [[[0.0, 3.0]]], (5,), stride=3)
    np.testing.assert_array_equal(found, [[0, 3, 0, np.nan, np.inf]])


def layouts(array):
    """The same elements elsewhere in memory."""
    yield np.asfortranarray(array)
    yield np.ascontiguousarray(array.T).T
    if array.ndim > 2:
        yield np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    yield np.flip(np.flip(array).copy())
    yield np.repeat(array, 2, axis=-1)[..., ::2]
    yield array.astype(array.dtype.newbyteorder())
    read_only = array.copy()
    read_only.flags.writeable = False
    yield read_only
    unaligned = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    unaligned[...] = array
    yield unaligned


FUNCTIONS = {
    "conv": (lambda x, w, b: layers.conv(x, w, b, padding=1, stride=2), (3, 4), (6, 4), 6),
    "one channel": (lambda x, w: layers.conv(x, w, padding=1), (3, 1), (1, 1)),
    "depthwise": (layers.depthwise, (3, 4), (4, 2), 8),
    "transposed": (lambda x, w, b: layers.conv_transpose(x, w, b, stride=2), (3, 4), (4, 3), 3),
    "input gradient": (lambda g, w: layers.conv_input_gradient(g, w, (33, 15, 9)[: g.ndim - 2],
                                                               padding=1, stride=2), (3, 6, 0), (6, 4)),
    "bias gradient": (lambda g: layers.conv_bias_gradient(g, g.ndim - 2), (3, 4)),
    "weight gradient": (lambda g, x: layers.conv_weight_gradient(g, x, (1,) * (x.ndim - 2)), (3, 6), (3, 4)),
    "weight gradient, strides": (
        lambda g, x: layers.conv_weight_gradient(g, x, (3,) * (x.ndim - 2), stride=2, padding=1),
        (3, 6, 0),
        (3, 4),
    ),
    "weight gradient, one channel": (
        lambda g, x: layers.conv_weight_gradient(g, x, (1,) * (x.ndim - 2)), (1, 1), (1, 1)),
    "weight gradient, groups": (
        lambda g, x: layers.conv_weight_gradient(g, x, (1,) * (x.ndim - 2), groups=2), (3, 6), (3, 4)),
    "dynamic": (layers.dynamic_conv, (3, 4), (3, 6, 4)),
    "softmax": (
        lambda x: layers.Stack([layers.Activation("softmax")], x.shape[1:]).forward(x, []), (3, 40)),
}  # fmt: skip
EXTENTS = {"x": (33, 15, 9), "kernel": (3, 3, 3), "strided": (17, 8, 5)}


@loop_over("dtype", ["float32", "float64"])
@loop_over("n", [1, 2, 3])
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.slow
def test_bits_do_not_depend_on_the_layout(name, n, dtype):
    function, *shapes = FUNCTIONS[name]
    rng = np.random.default_rng([4, n])
    arrays = []
    for number, shape in enumerate(shapes):
        if isinstance(shape, int):
            arrays.append(rng.normal(size=shape).astype(dtype))
            continue
        images = number == 0 or name.startswith("weight")
        extent = EXTENTS["strided" if shape[-1] == 0 else "x" if images else "kernel"][:n]
        arrays.append(rng.normal(size=(*(s for s in shape if s), *extent)).astype(dtype))
    expected = function(*arrays)
    for number, array in enumerate(arrays):
        for other in layouts(array):
            found = function(*(other if i == number else a for i, a in enumerate(arrays)))
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bits_of_a_stack(dtype):
    rng = np.random.default_rng(5)
    stack = layers.Stack(
        [layers.Conv(4, 3), layers.Activation("relu"), layers.Pool(2), layers.Flatten(), layers.Dense(5)],
        (3, 12, 10),
    )
    x, first, second = (rng.normal(size=s).astype(dtype) for s in ((2, 3, 12, 10), (4, 3, 3, 3), (5, 80)))
    biases = np.zeros(4), np.zeros(5)
    expected = stack.forward(x, [(first, biases[0]), (second, biases[1])])
    for one in layouts(x):
        np.testing.assert_array_equal(stack.forward(one, [(first, biases[0]), (second, biases[1])]), expected)
    for one, two in zip(layouts(first), layouts(second), strict=False):
        np.testing.assert_array_equal(stack.forward(x, [(one, biases[0]), (two, biases[1])]), expected)
