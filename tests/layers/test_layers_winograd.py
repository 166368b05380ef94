"""Layers of 3x3 kernels by Winograd's minimal filtering, against plain loops, the direct way and PyTorch."""

import numpy as np
import pytest

from imfilter import layers
from imfilter._filters.layers import channels, conv_layer, laid_out, winograd
from tests.reference import loops


def some_layer(seed, shape, outputs, groups=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype(np.float32)
    weight = rng.normal(size=(outputs, shape[1] // groups, 3, 3)).astype(np.float32)
    return x, weight, rng.normal(size=outputs).astype(np.float32)


def directly(x, weight, bias, padding=0, padding_mode="zero", groups=1):
    """The same layer, tap by tap: weights that are a plain array are used as they are."""
    settled = channels.settle(x, weight, 1, padding, padding_mode, 1, groups)
    shape = settled.result_shape
    return conv_layer.run(settled.x, weight, bias, settled.geometry, shape, np.dtype("f4"), None, None)


@pytest.fixture
def outcomes(monkeypatch):
    """Whether each layer that was tried this way was accurate."""
    found, run = [], winograd.run

    def spy(*args):
        found.append(run(*args))
        return found[-1]

    monkeypatch.setattr(winograd, "run", spy)
    return found


SHAPES = [
    ((2, 16, 12, 12), 16, 1, 1),
    ((1, 17, 13, 21), 19, 0, 1),
    ((3, 16, 14, 14), 18, 1, 1),
    ((2, 32, 9, 11), 34, ((2, 0), (1, 3)), 2),
    ((1, 70, 11, 70), 16, 2, 1),
    ((5, 16, 10, 8), 50, 1, 1),
]


@pytest.mark.parametrize(("shape", "outputs", "padding", "groups"), SHAPES)
@pytest.mark.parametrize("mode", ["zero", "mirror", "wrap"])
def test_plain_loops(shape, outputs, padding, groups, mode, outcomes):
    x, weight, bias = some_layer(len(mode), shape, outputs, groups)
    given = {"padding": padding, "padding_mode": mode, "groups": groups}
    found = layers.conv(x, weight, bias, **given)
    expected = loops.conv(x.astype(float), weight, bias, **given)
    assert outcomes == [True]
    assert found.dtype == np.float32
    # Ten times less than the promised 1e-5, so that a mistake in one of the transforms shows.
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * np.abs(expected).max())


@pytest.mark.parametrize("kind", [np.uint8, np.int16, ">f4", np.float16, bool])
def test_other_types(kind, outcomes):
    x, weight, bias = some_layer(3, (2, 16, 12, 15), 16)
    x = (40 + 30 * x).clip(0, 200).astype(kind)
    expected = loops.conv(x.astype(float), weight, bias, padding=1)
    found = layers.conv(x, weight, bias, padding=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * np.abs(expected).max())
    np.testing.assert_array_equal(layers.conv(x, weight, bias, padding=1, dtype="f8"), found)
    whole = layers.conv(x, weight, bias, padding=1, dtype=np.int16)
    np.testing.assert_array_equal(whole, np.rint(found).clip(-(2**15), 2**15 - 1))
    assert outcomes == [True] * 3


@pytest.mark.parametrize(("shape", "outputs", "padding", "groups"), SHAPES)
def test_bits_depend_on_neither_threads_nor_layout(shape, outputs, padding, groups, outcomes):
    x, weight, bias = some_layer(1, shape, outputs, groups)
    given = {"padding": padding, "groups": groups}
    expected = layers.conv(x, weight, bias, workers=1, **given)
    for workers in (2, 3, 5):
        np.testing.assert_array_equal(layers.conv(x, weight, bias, workers=workers, **given), expected)
    spaced = np.zeros([2 * n for n in shape], np.float32)[::2, ::2, ::2, ::2]
    spaced[...] = x
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    turned = np.ascontiguousarray(x[:, ::-1, ::-1, ::-1])[:, ::-1, ::-1, ::-1]
    for other in (spaced, last, turned):
        np.testing.assert_array_equal(layers.conv(other, weight, bias, **given), expected)
    out = np.zeros((*expected.shape[:3], 2 * expected.shape[3]), np.float32)[..., ::2]
    assert layers.conv(x, weight, bias, out=out, **given) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(layers.conv(x, np.asfortranarray(weight), bias, **given), expected)
    assert all(outcomes)


def test_out_may_overlap(outcomes):
    x, weight, bias = some_layer(2, (2, 16, 12, 12), 16)
    expected = layers.conv(x, weight, bias, padding=1)
    layers.conv(x, weight, bias, padding=1, out=x)
    np.testing.assert_array_equal(x, expected)


def test_one_image_is_as_in_a_batch(outcomes):
    x, weight, bias = some_layer(2, (3, 20, 16, 20), 16)
    many = layers.conv(x, weight, bias, padding=1)
    for image, expected in zip(x, many, strict=True):
        np.testing.assert_array_equal(layers.conv(image, weight, bias, padding=1), expected)
    assert outcomes == [True] * 4


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite(bad, outcomes):
    """At every place of a tile, and at the edges, where only some outputs of a tile exist."""
    x, weight, bias = some_layer(4, (2, 16, 13, 13), 16)
    weight[:, :, 1, 1] = 0  # 0 times infinity is NaN
    for y, column in [(y, column) for y in (0, 3, 4, 7, 12) for column in (0, 5, 6, 12)]:
        spoiled = x.copy()
        spoiled[1, 7, y, column] = bad
        for padding in (0, 1):
            found = layers.conv(spoiled, weight, bias, padding=padding)
            np.testing.assert_array_equal(found, directly(spoiled, weight, bias, padding))
            assert not np.isfinite(found).all()
    assert outcomes == [False] * 40


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite(bad, outcomes):
    x, weight, bias = some_layer(5, (1, 16, 12, 12), 16)
    x[:, 3] = 0
    weight[5, 3, 1, 1] = bad
    found = layers.conv(x, weight, bias, padding=1)
    np.testing.assert_array_equal(found, directly(x, weight, bias, 1))
    assert np.isnan(found[:, 5]).all()
    assert outcomes == [False]


def test_bias_that_is_not_finite(outcomes):
    x, weight, bias = some_layer(5, (1, 16, 12, 12), 16)
    bias[:2] = np.nan, np.inf
    found = layers.conv(x, weight, bias, padding=1)
    assert np.isnan(found[:, 0]).all()
    assert np.isposinf(found[:, 1]).all()
    assert np.isfinite(found[:, 2:]).all()
    assert outcomes == [True]


@pytest.mark.parametrize(
    ("of_x", "of_weight", "fits"),
    [(1e37, 1e-2, 0), (1e-2, 1e37, 1), (2e20, 1e15, 0), (1e-35, 1, 0), (1, 1e-35, 0), (1e15, 1e15, 1)],
)
def test_huge_and_tiny_numbers(of_x, of_weight, fits, outcomes):
    """What overflows or vanishes on the way of the transforms is computed directly."""
    x, weight, bias = some_layer(6, (1, 16, 12, 12), 16)
    x, weight = x * np.float32(of_x), weight * np.float32(of_weight)
    found = layers.conv(x, weight, padding=1)
    assert outcomes == [bool(fits)]
    assert found.any()
    if fits:
        expected = loops.conv(x.astype(float), weight.astype(float), padding=1)
        np.testing.assert_allclose(found, expected, rtol=0, atol=3e-6 * np.abs(expected).max())
    else:
        np.testing.assert_array_equal(found, directly(x, weight, 0 * bias, 1))


def test_numbers_that_are_all_zero(outcomes):
    x, weight, bias = some_layer(6, (1, 16, 12, 12), 16)
    expected = np.broadcast_to(bias[:, None, None], (1, 16, 12, 12))
    np.testing.assert_array_equal(layers.conv(0 * x, weight, bias, padding=1), expected)
    np.testing.assert_array_equal(layers.conv(x, 0 * weight, bias, padding=1), expected)


@pytest.mark.parametrize("inputs", [16, 64])
@pytest.mark.parametrize(
    "kind", ["far from zero", "second differences", "scales", "one bright place", "sparse"]
)
def test_error_of_hard_images(kind, inputs, outcomes):
    """Within 1e-5 of the largest output, or as the direct way, which rounds differences of large sums too."""
    rng = np.random.default_rng([7, inputs])
    x, weight, bias = some_layer(inputs, (1, inputs, 22, 26), 16)
    if kind == "far from zero":
        x, weight = 100 + x, weight - weight.mean(axis=(2, 3), keepdims=True)
    elif kind == "second differences":
        x = np.add.outer(np.arange(22.0) ** 2, np.arange(26.0)).astype(np.float32) + 0 * x
        weight = weight[:, :, :1, :1] * np.float32([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    elif kind == "scales":
        x *= (10.0 ** rng.uniform(-4, 4, size=(inputs, 1, 1))).astype(np.float32)
    elif kind == "one bright place":
        x[:, :, 5:9, 6:10] += 1e5
    else:
        x *= rng.random(x.shape) < 1e-3
    expected = loops.conv(x.astype(float), weight)
    found, other = layers.conv(x, weight), directly(x, weight, 0 * bias)
    largest = np.abs(expected).max()
    if outcomes == [True]:
        assert np.abs(found - expected).max() <= 1e-5 * largest
    else:
        np.testing.assert_array_equal(found, other)
    assert outcomes == [kind in ("scales", "one bright place", "sparse")]


def test_where_it_does_not_apply(outcomes):
    x, weight, bias = some_layer(8, (1, 16, 16, 16), 16)
    for options in ({"stride": 2}, {"dilation": 2}):
        layers.conv(x, weight, bias, padding=2, **options)
    layers.conv(x[:, :15], weight[:, :15], bias, padding=1)
    layers.conv(x, weight[:15], bias[:15], padding=1)
    layers.conv(x[..., :1, :1], weight, bias, padding=1)
    layers.conv(x, weight[..., :2], bias)
    wide = layers.conv(x.astype(float), weight, bias, padding=1)
    expected = loops.conv(x.astype(float), weight, bias, padding=1)
    np.testing.assert_allclose(wide, expected, rtol=0, atol=1e-13 * np.abs(expected).max())
    assert outcomes == []


@pytest.mark.parametrize("shape", [(2, 64, 28, 28), (4, 128, 14, 14), (9, 64, 7, 7), (1, 32, 60, 130)])
def test_agrees_with_pytorch(shape, outcomes):
    torch = pytest.importorskip("torch", reason="torch is an extra of its own")
    x, weight, bias = some_layer(9, shape, 48)
    tensors = [torch.from_numpy(a).double() for a in (x, weight, bias)]
    expected = torch.nn.functional.conv2d(*tensors, padding=1).numpy()
    found = layers.conv(x, weight, bias, padding=1)
    assert outcomes == [True]
    assert np.abs(found - expected).max() <= 5e-6 * np.abs(expected).max()


@pytest.mark.parametrize(("outputs", "inputs", "groups"), [(16, 16, 1), (14, 5, 2), (7, 3, 1)])
@pytest.mark.parametrize("workers", [1, 3])
def test_weights_at_the_points(outputs, inputs, groups, workers, monkeypatch):
    """The values of each kernel, as a polynomial in two variables, at all pairs of points."""
    monkeypatch.setattr(laid_out, "_SHARED", 0)
    weight = np.random.default_rng(outputs).normal(size=(outputs, inputs, 3, 3)).astype(np.float32)
    block, many = 6, outputs // groups
    blocks = -(-many // block)
    found = laid_out.LaidOut(weight, groups).transformed(block, workers).reshape(groups, 36, -1)
    found = found[..., : blocks * inputs * block].reshape(groups, 36, blocks, inputs, block)
    points = (0, 0.75, -0.75, 1.5, -1.5)
    rows = [[p**k / np.prod([p - q for q in points if q != p]) for k in range(3)] for p in points]
    matrix = np.array([*rows, [0, 0, 1]])
    expected = (matrix @ weight.astype(float) @ matrix.T).reshape(groups, many, inputs, 36)
    for o in range(blocks * block):
        values = found[:, :, o // block, :, o % block]
        if o < many:
            np.testing.assert_allclose(values, expected[:, o].transpose(0, 2, 1), rtol=2e-7, atol=1e-7)
        else:
            assert not values.any()
