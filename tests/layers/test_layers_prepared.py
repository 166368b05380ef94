"""Layers whose weights are laid out once, and the memory of recent weights."""

import gc
import re
import threading
import weakref

import numpy as np
import pytest

from imfilter import layers
from imfilter._filters.layers import laid_out
from imfilter.layers.convolution import prepare
from tests.reference import loops

#: Shapes of the input and of the weights, and other arguments: one for each way to compute a layer.
LAYERS = [
    ((2, 16, 12, 14), (20, 16, 3, 3), {"padding": 1}),
    ((2, 18, 9, 7), (30, 18, 1, 1), {}),
    ((2, 6, 12, 40), (6, 1, 3, 3), {"padding": 1, "groups": 6}),
    ((2, 4, 15, 17), (8, 2, 3, 2), {"stride": (2, 1), "padding": "same", "groups": 2}),
    ((1, 1, 12, 13), (1, 1, 3, 3), {"padding": [(1, 0), (2, 1)], "padding_mode": "mirror"}),
    ((3, 2, 40), (5, 2, 4), {"dilation": 3}),
    ((1, 2, 6, 7, 8), (3, 2, 2, 3, 1), {"padding": 1}),
]


@pytest.fixture(autouse=True)
def empty_memory():
    laid_out.forget()
    yield
    laid_out.forget()


def some_arrays(shape, kernel):
    rng = np.random.default_rng(len(shape) + kernel[0])
    x, weight = (rng.normal(size=s).astype(np.float32) for s in (shape, kernel))
    return x, weight, rng.normal(size=kernel[0]).astype(np.float32)


@pytest.mark.parametrize(("shape", "kernel", "options"), LAYERS)
def test_same_bits_as_conv(shape, kernel, options):
    x, weight, bias = some_arrays(shape, kernel)
    prepared = prepare(weight, bias, **options)
    for images in (x, x[0], x.astype(np.float64), (20 * x).astype(np.int8)):
        expected = layers.conv(images, weight, bias, **options)
        for workers in (None, 1, 3):
            found = prepared(images, workers=workers)
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
    whole = np.zeros(expected.shape, np.int16)
    assert prepared((20 * x).astype(np.int8), out=whole) is whole
    np.testing.assert_array_equal(
        whole, layers.conv((20 * x).astype(np.int8), weight, bias, dtype=np.int16, **options)
    )
    np.testing.assert_array_equal(
        prepare(weight, shape=shape, **options)(x), layers.conv(x, weight, **options)
    )


def test_against_plain_loops():
    x, weight, bias = some_arrays((2, 3, 9, 10), (4, 3, 3, 3))
    found = prepare(weight, bias, padding=1)(x)
    expected = loops.conv(x, weight, bias, padding=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_prepared_weights_are_a_copy():
    x, weight, bias = some_arrays((2, 16, 12, 14), (20, 16, 3, 3))
    padding = [1, 1]
    prepared = prepare(weight, bias, padding=padding)
    expected = layers.conv(x, weight, bias, padding=1)
    weight[...], bias[...], padding[0] = 0, 0, 5
    np.testing.assert_array_equal(prepared(x), expected)
    assert not prepared.weight.flags.writeable
    assert not prepared.bias.flags.writeable
    assert prepare(weight).bias is None
    assert repr(prepared) == "PreparedConv(weight of shape (20, 16, 3, 3), float32)"


@pytest.mark.parametrize("lists", [[[[1.0, 2.0]]], [[[1, 2]]]])
def test_lists(lists):
    np.testing.assert_array_equal(prepare(lists)([[1.0, 2.0, 4.0]]), [[5.0, 10.0]])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"weight": np.ones((2, 2))}, ValueError, "weight must be of shape"),
        ({"bias": np.ones(2)}, ValueError, "bias must be of shape (3,)"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"stride": 1.5}, TypeError, "stride"),
        ({"dilation": (1, 2, 3)}, ValueError, "dilation"),
        ({"padding": -1}, ValueError, "padding"),
        ({"padding_mode": "constant"}, ValueError, "padding_mode"),
        ({"groups": 2}, ValueError, "groups must divide C_out=3, got 2"),
        ({"shape": (1, 4, 9, 9)}, ValueError, "x must have 2 channels"),
        ({"shape": (1, 2, 9.5, 9)}, TypeError, "shape"),
        ({"strides": 2}, TypeError, "strides"),
    ],
)
def test_errors_when_it_is_prepared(arguments, error, words):
    given = {"weight": np.ones((3, 2, 3, 3)), **arguments}
    with pytest.raises(error, match=re.escape(words)):
        prepare(given.pop("weight"), **given)


def test_errors_when_it_is_called():
    prepared = prepare(np.ones((3, 2, 3, 3)))
    for x, words in ((np.ones((3, 9, 9)), "x must have 2 channels"), (np.ones((2, 2, 9)), "axis")):
        with pytest.raises(ValueError, match=words):
            prepared(x)
    with pytest.raises(ValueError, match="out"):
        prepared(np.ones((2, 9, 9)), out=np.zeros((3, 7, 8)))


def test_threads_share_a_prepared_layer():
    x, weight, bias = some_arrays((2, 16, 12, 14), (20, 16, 3, 3))
    prepared, found = prepare(weight, bias, padding=1), []
    crowd = [threading.Thread(target=lambda: found.append(prepared(x))) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    expected = layers.conv(x, weight, bias, padding=1)
    assert len(found) == 6
    for result in found:
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(("shape", "kernel", "options"), LAYERS)
def test_weights_changed_in_place_are_noticed(shape, kernel, options):
    x, weight, _ = some_arrays(shape, kernel)
    layers.conv(x, weight, **options)
    for change in range(weight.size if weight.size < 100 else 40):
        weight.reshape(-1)[-1 - change] += 1
        found = layers.conv(x, weight, **options)
        np.testing.assert_array_equal(found, prepare(weight.copy(), **options)(x))


def test_signs_of_zeros_and_nan_are_compared_by_their_bits():
    weight = np.zeros((2, 3, 1, 1), np.float32)
    first = laid_out.recent(weight, 1)
    assert laid_out.recent(weight.copy(), 1) is first
    assert laid_out.recent(-weight, 1) is not first
    weight[0, 0] = np.nan
    assert laid_out.recent(weight, 1) is laid_out.recent(weight.copy(), 1)


@pytest.mark.parametrize("other", ["groups", "shape", "dtype"])
def test_what_weights_are_remembered_by(other):
    weight = np.ones((4, 2, 3, 3), np.float32)
    first = laid_out.recent(weight, 1)
    if other == "groups":
        assert laid_out.recent(weight, 2) is not first
    elif other == "shape":
        assert laid_out.recent(weight.reshape(2, 4, 3, 3), 1) is not first
    else:
        assert laid_out.recent(weight.astype(np.float64), 1).weight.dtype == np.float64
    assert laid_out.recent(np.asfortranarray(weight), 1) is first


@pytest.mark.slow
def test_the_memory_is_bounded(monkeypatch):
    """The oldest go first; weights that are too large are not kept, and none refers to the caller's array."""
    monkeypatch.setattr(laid_out, "_KEPT", 100_000)
    monkeypatch.setattr(laid_out, "_LARGEST", 50_000)
    x, weights = np.ones((1, 16, 12, 12), np.float32), []
    for k in range(30):
        weight = np.full((16, 16, 3, 3), k, np.float32)
        weights.append(weakref.ref(weight))
        layers.conv(x, weight, padding=1)
    del weight
    gc.collect()
    assert not any(reference() is not None for reference in weights)
    kept = list(laid_out._recent.values())
    assert sum(one.nbytes for one in kept[:-1]) <= 100_000
    assert 1 <= len(kept) <= 4
    assert kept[-1].weight[0, 0, 0, 0] == 29
    laid_out.recent(np.ones((1, 20_000, 1), np.float32), 1)
    assert [one.weight[0, 0, 0, 0] for one in laid_out._recent.values()][-1] == 29


def test_gradients_and_dynamic_layers_do_not_fill_the_memory():
    x, weight, _ = some_arrays((2, 16, 12, 12), (16, 16, 3, 3))
    layers.conv_input_gradient(layers.conv(x, weight), weight, (12, 12))
    layers.dynamic_conv(x, np.stack([weight, 2 * weight]))
    assert len(laid_out._recent) == 1
