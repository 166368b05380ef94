"""Convolution layers, forwards and backwards, against plain loops, finite differences and PyTorch."""

import itertools

import numpy as np
import pytest

import imfilter
from imfilter import layers
from imfilter._filters.layers import conv_layer
from tests.looping import loop_over
from tests.reference import layers_by_loops as loops

MODES = ("zero", "mirror", "symmetric", "edge", "wrap")


def close(result, expected, dtype):
    """Within 1e-5 of the largest for float32, 1e-11 for float64: an order more than was seen."""
    scale = max(np.abs(expected).max(initial=0), 1e-30)
    assert result.dtype == dtype
    assert result.shape == expected.shape
    assert np.abs(result - expected).max(initial=0) <= (1e-6 if dtype == "float32" else 1e-13) * scale


def some_layer(seed, mode=None):
    """Return a random layer: arrays, and the arguments of both the oracle and the library."""
    rng = np.random.default_rng(seed)
    n, groups = int(rng.integers(1, 4)), int(rng.choice([1, 1, 2, 3]))
    inputs, outputs = int(rng.integers(1, 4)), int(rng.integers(1, 9 if n == 1 else 4))
    taps = tuple(int(v) for v in rng.integers(1, 4 if n == 3 else 5, n))
    stride, dilation = (tuple(int(v) for v in rng.integers(1, most, n)) for most in (4, 3))
    pads = tuple((int(a), int(b)) for a, b in rng.integers(0, 4 if n < 3 else 2, (n, 2)))
    extent = tuple(
        max(int(rng.integers(1, (25, 9, 5)[n - 1])), d * (k - 1) + 1 - sum(p), 1)
        for k, d, p in zip(taps, dilation, pads, strict=True)
    )
    dtype = str(rng.choice(["float32", "float64"]))
    x = rng.normal(size=(int(rng.integers(1, 3)), inputs * groups, *extent)).astype(dtype)
    weight = rng.normal(size=(outputs * groups, inputs, *taps)).astype(dtype)
    bias = rng.normal(size=outputs * groups).astype(dtype)
    given = {"stride": stride, "dilation": dilation, "groups": groups}
    mode = mode or MODES[seed % len(MODES)]
    return (
        x,
        weight,
        bias,
        {**given, "pads": pads, "mode": mode},
        {**given, "padding": pads, "padding_mode": mode},
    )


@loop_over("seed", range(60))
def test_forwards(seed, monkeypatch):
    """Also where bands are of a row, and of some columns of it."""
    x, weight, bias, ours, theirs = some_layer(seed)
    expected = loops.conv(x, weight, bias, **ours)
    close(layers.conv(x, weight, bias, **theirs), expected, x.dtype)
    monkeypatch.setattr(conv_layer, "_ROWS", 2000)
    conv_layer._plan.cache_clear()
    close(layers.conv(x, weight, bias, **theirs), expected, x.dtype)
    conv_layer._plan.cache_clear()
    alone = layers.conv(x[0], weight, bias, **theirs)
    np.testing.assert_array_equal(alone, layers.conv(x[:1], weight, bias, **theirs)[0])


@loop_over("seed", range(40))
def test_backwards(seed):
    x, weight, _, ours, theirs = some_layer(seed)
    rng = np.random.default_rng(seed)
    gradient = rng.normal(size=layers.conv(x, weight, **theirs).shape).astype(x.dtype)
    of_x, of_weight = loops.gradients(gradient, x, weight, **ours)
    close(layers.conv_input_gradient(gradient, weight, x.shape[2:], **theirs), of_x, x.dtype)
    close(layers.conv_weight_gradient(gradient, x, weight.shape[2:], **theirs), of_weight, x.dtype)
    of_bias = gradient.sum(axis=(0, *range(2, x.ndim)), dtype=np.float64)
    close(layers.conv_bias_gradient(gradient, x.ndim - 2), of_bias, x.dtype)
    alone = layers.conv_input_gradient(gradient[0], weight, x.shape[2:], **theirs)
    np.testing.assert_array_equal(
        alone, layers.conv_input_gradient(gradient[:1], weight, x.shape[2:], **theirs)[0]
    )


@pytest.mark.parametrize("seed", range(10))
def test_gradients_are_slopes(seed):
    """Finite differences of a loss; a layer is linear, so that any step will do."""
    x, weight, bias, _, theirs = some_layer(seed)
    x, weight, bias = (a.astype(np.float64) for a in (x, weight, bias))
    rng = np.random.default_rng(seed)
    gradient = rng.normal(size=layers.conv(x, weight, bias, **theirs).shape)

    def loss(x, weight, bias):
        return (layers.conv(x, weight, bias, **theirs) * gradient).sum()

    of_x = layers.conv_input_gradient(gradient, weight, x.shape[2:], **theirs)
    of_weight = layers.conv_weight_gradient(gradient, x, weight.shape[2:], **theirs)
    of_bias = layers.conv_bias_gradient(gradient, x.ndim - 2)
    before, arrays = loss(x, weight, bias), [x, weight, bias]
    for k, slopes in enumerate((of_x, of_weight, of_bias)):
        for index in rng.choice(slopes.size, min(slopes.size, 5), replace=False):
            moved = [a.copy() for a in arrays]
            moved[k].flat[index] += 1.0
            assert loss(*moved) - before == pytest.approx(slopes.flat[index], abs=1e-9)


@loop_over("seed", range(40))
def test_transposed(seed):
    x, weight, _, _, theirs = some_layer(seed)
    rng = np.random.default_rng(seed)
    n = x.ndim - 2
    stride, dilation, groups = (theirs[name] for name in ("stride", "dilation", "groups"))
    more = tuple(int(rng.integers(0, max(s, d))) for s, d in zip(stride, dilation, strict=True))
    small = rng.normal(size=(2, len(weight), *rng.integers(1, 5, n))).astype(x.dtype)
    cut = tuple(
        int(rng.integers(0, max(((m - 1) * s + d * (k - 1) + e) // 2 + 1, 1)))
        for m, s, d, k, e in zip(small.shape[2:], stride, dilation, weight.shape[2:], more, strict=True)
    )
    shift = np.arange(weight.shape[1] * groups, dtype=x.dtype)
    given = {"stride": stride, "dilation": dilation, "groups": groups, "padding": cut, "output_padding": more}
    expected = loops.transposed(small, weight, shift, **given)
    close(layers.conv_transpose(small, weight, shift, **given), expected, x.dtype)


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="torch is an extra of its own")
    for seed in range(40):
        agree(torch, *some_layer(seed, "zero"))


def agree(torch, x, weight, bias, _, options):
    """Compare a layer, its gradients and its transpose."""
    n = x.ndim - 2
    pads = [p + 4 for p, _ in options.pop("padding")]  # enough for any of the kernels
    del options["padding_mode"]
    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, weight, bias)]
    expected = getattr(torch.nn.functional, f"conv{n}d")(*tensors, padding=pads, **options)
    options["padding"] = [(p, p) for p in pads]
    close(layers.conv(x, weight, bias, **options), expected.detach().numpy(), x.dtype)
    gradient = np.random.default_rng(n).normal(size=expected.shape).astype(x.dtype)
    expected.backward(torch.from_numpy(gradient))
    found = (
        layers.conv_input_gradient(gradient, weight, x.shape[2:], **options),
        layers.conv_weight_gradient(gradient, x, weight.shape[2:], **options),
        layers.conv_bias_gradient(gradient, n),
    )
    for ours, theirs in zip(found, tensors, strict=True):
        close(ours, theirs.grad.numpy(), x.dtype)
    del options["padding"]
    with torch.no_grad():
        there = getattr(torch.nn.functional, f"conv_transpose{n}d")(
            torch.from_numpy(gradient), tensors[1], **options
        )
    close(layers.conv_transpose(gradient, weight, **options), there.numpy(), x.dtype)


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2])
def test_same(size, stride):
    """ceil(n/stride) outputs, and of an odd number of samples one more behind."""
    x, weight = np.arange(14.0).reshape(1, 2, 7), np.ones((1, 2, size))
    result = layers.conv(x, weight, padding="same", stride=stride)
    before = (size - 1) // 2
    padded = layers.conv(x, weight, padding=[(before, size - 1 - before)])
    np.testing.assert_array_equal(result[..., :3], padded[..., ::stride][..., :3])
    assert result.shape == (1, 1, -(-7 // stride))
    np.testing.assert_array_equal(layers.conv(x, weight, padding="valid"), layers.conv(x, weight))


@pytest.mark.parametrize("huge", [100, 2**40, 10**30])
def test_distances_of_which_there_is_none_may_be_huge(huge):
    """A stride with one position, a dilation of one tap."""
    x, weight = np.arange(24.0).reshape(1, 2, 3, 4), np.arange(12.0).reshape(3, 2, 1, 2)
    options = {"stride": (huge, 1), "dilation": (huge, 2)}
    expected = layers.conv(x, weight, stride=(3, 1), dilation=(1, 2))
    np.testing.assert_array_equal(layers.conv(x, weight, **options), expected)
    np.testing.assert_array_equal(layers.dynamic_conv(x, weight[None], **options), expected)
    np.testing.assert_array_equal(
        layers.conv_input_gradient(expected, weight, (3, 4), **options),
        layers.conv_input_gradient(expected, weight, (3, 4), stride=(3, 1), dilation=(1, 2)),
    )
    one = layers.pointwise(x, np.ones((1, 2)), stride=huge)
    np.testing.assert_array_equal(one, x[:, :, :1, :1].sum(axis=1, keepdims=True))
    with pytest.raises(MemoryError, match="does not fit into memory"):
        layers.conv_transpose(x, np.ones((2, 1, 1, 1)), stride=2**60)


def test_positions_that_do_not_fit_are_dropped():
    assert layers.conv(np.ones((1, 7)), np.ones((1, 1, 3)), stride=3).shape == (1, 2)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int16", "uint16", "float16", ">f4", "int32", "uint64", ">f8"]
)
def test_types(dtype):
    rng = np.random.default_rng(5)
    x = rng.integers(0, 2 if dtype == "bool" else 100, (2, 3, 8, 9)).astype(dtype)
    for kind, real in (("int8", np.int8), ("float32", np.float32), ("float64", np.float64)):
        weight = rng.integers(-3, 4, (4, 3, 3, 3)).astype(real)
        narrow = dtype not in ("int32", "uint64", ">f8") and kind != "float64"
        result = layers.conv(x, weight, padding=1)
        expected = loops.conv(
            x, weight, np.zeros(4), stride=(1, 1), pads=((1, 1),) * 2, mode="zero", dilation=(1, 1), groups=1
        )
        assert result.dtype == (np.float32 if narrow else np.float64)
        np.testing.assert_array_equal(result, expected)
    rounded = layers.conv(x, weight, padding=1, dtype="uint8")
    np.testing.assert_array_equal(rounded, np.clip(expected, 0, 255))


def test_layouts_and_workers_do_not_matter():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(3, 4, 21, 30)).astype(np.float32)
    weight = rng.normal(size=(13, 4, 3, 5)).astype(np.float32)
    options = {"padding": 2, "stride": (2, 1)}
    expected = layers.conv(x, weight, workers=1, **options)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(layers.conv(x, weight, workers=workers, **options), expected)
    for other in (
        np.asfortranarray(x),
        x[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1],
        np.repeat(x, 2, axis=3)[..., ::2],
        np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1),
        x.astype(">f4"),
    ):
        np.testing.assert_array_equal(layers.conv(other, weight, **options), expected)
    for out in (
        np.empty_like(expected),
        np.empty(expected.shape[::-1], np.float32).T,
        expected[..., ::-1].copy(),
    ):
        assert layers.conv(x, weight, out=out, **options) is out
        np.testing.assert_array_equal(out, expected)
    square = rng.normal(size=(4, 4, 3, 3)).astype(np.float32)
    expected = layers.conv(x, square, padding=1)
    assert layers.conv(x, square, padding=1, out=x) is x
    np.testing.assert_array_equal(x, expected)
    read_only = expected.copy()
    read_only.flags.writeable = False
    np.testing.assert_array_equal(layers.conv(read_only, square), layers.conv(expected, square))


def test_one_channel_is_a_filter():
    """For which there are quicker ways; also in a batch, with a bias and a place for the result."""
    image = np.random.default_rng(7).normal(size=(2, 1, 40, 50)).astype(np.float32)
    kernel = np.random.default_rng(8).normal(size=(1, 1, 3, 4)).astype(np.float32)
    result = layers.conv(image, kernel, [0.5], padding=[(1, 1), (2, 1)], padding_mode="mirror")
    expected = imfilter.correlate(image[:, 0], kernel[0, 0], bias=0.5, axes=(1, 2))
    np.testing.assert_allclose(result[:, 0], expected, atol=1e-5)
    out = np.empty((1, 38, 47), np.float32)
    assert layers.conv(image[0], kernel, out=out) is out
    np.testing.assert_array_equal(out, layers.conv(image[:1], kernel)[0])


def test_what_is_not_finite_stays_where_it_is():
    x = np.ones((1, 2, 9, 9), np.float32)
    x[0, 0, 4, 4] = np.nan
    result = layers.conv(x, np.ones((3, 2, 3, 3), np.float32), padding=1)
    assert np.isnan(result[:, :, 3:6, 3:6]).all()
    result[:, :, 3:6, 3:6] = 0
    assert np.isfinite(result).all()
    weight = np.ones((2, 2, 3, 3), np.float32)
    weight[1] = np.inf
    result = layers.conv(np.ones((2, 5, 5), np.float32), weight)
    assert np.isfinite(result[0]).all()
    assert np.isinf(result[1]).all()


def test_depthwise_pointwise_separable():
    rng = np.random.default_rng(9)
    x, bias = rng.normal(size=(2, 3, 8, 9)), rng.normal(size=6)
    depth, point = rng.normal(size=(3, 2, 3, 3)), rng.normal(size=(5, 6))
    each = layers.depthwise(x, depth, bias, padding=1, stride=2)
    np.testing.assert_array_equal(
        each, layers.conv(x, depth.reshape(6, 1, 3, 3), bias, padding=1, stride=2, groups=3)
    )
    mixed = layers.pointwise(each, point)
    np.testing.assert_allclose(mixed, np.einsum("oc,nchw->nohw", point, each), atol=1e-12)
    whole = layers.depthwise_separable(x, depth, point, rng.normal(size=5) * 0, padding=1, stride=2)
    without = layers.pointwise(layers.depthwise(x, depth, padding=1, stride=2), point)
    np.testing.assert_array_equal(whole, without)
    signal = layers.pointwise(rng.normal(size=(3, 7)), rng.normal(size=(2, 3)), axes=1)
    assert signal.shape == (2, 7)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_dynamic(n, groups):
    rng = np.random.default_rng(10)
    x = rng.normal(size=(3, 4, *(6, 5, 4)[:n]))
    options = {"padding": 1, "stride": (2, 1, 1)[:n], "padding_mode": "edge", "groups": groups}
    weight, bias = rng.normal(size=(3, 6, 4 // groups, *(3, 2, 2)[:n])), rng.normal(size=6)
    each = np.concatenate([layers.conv(x[i : i + 1], weight[i], bias, **options) for i in range(3)])
    np.testing.assert_allclose(layers.dynamic_conv(x, weight, bias, **options), each, atol=1e-12)
    spread = np.broadcast_to(weight.reshape(*weight.shape, *(1,) * n), (*weight.shape, *each.shape[2:]))
    np.testing.assert_allclose(layers.dynamic_conv(x, spread, bias, **options), each, atol=1e-12)
    varied = spread * rng.normal(size=spread.shape)
    result = layers.dynamic_conv(x, varied, bias, **options)
    for place in itertools.islice(np.ndindex(*each.shape[2:]), 4):
        here = [
            layers.conv(x[i], varied[(i, ..., *place)], bias, **options)[(slice(None), *place)]
            for i in range(3)
        ]
        np.testing.assert_allclose(result[(slice(None), slice(None), *place)], here, atol=1e-12)


GOOD = np.ones((2, 4, 9, 8)), np.ones((6, 4, 3, 3))
ONE = np.ones((6, 9, 8))


@loop_over(
    ("error", "message", "arguments", "options"),
    [
        (TypeError, "x must contain real numbers", (np.ones((1, 4, 9, 8), complex), GOOD[1]), {}),
        (
            ValueError,
            r"x must be of shape \(N, C, \*spatial\) or .* 2 spatial axes",
            (np.ones((9, 8)), GOOD[1]),
            {},
        ),
        (ValueError, "x must not be empty", (np.ones((0, 4, 9, 8)), GOOD[1]), {}),
        (ValueError, r"weight must be of shape \(C_out, C_in/groups", (GOOD[0], np.ones((3, 3))), {}),
        (ValueError, "x must have 4 channels.*got 5", (np.ones((2, 5, 9, 8)), GOOD[1]), {}),
        (ValueError, "x must have 2 groups of 4 channels.*got 4", GOOD, {"groups": 2}),
        (ValueError, "groups must divide C_out=6, got 4", GOOD, {"groups": 4}),
        (ValueError, "groups must be at least 1, got 0", GOOD, {"groups": 0}),
        (TypeError, "groups must be an integer, got 1.5", GOOD, {"groups": 1.5}),
        (ValueError, r"bias must be of shape \(6,\).*\(4,\)", (*GOOD, np.ones(4)), {}),
        (ValueError, "stride must be at least 1, got 0", GOOD, {"stride": 0}),
        (ValueError, "stride must be one number or one for each of 2", GOOD, {"stride": (1, 1, 1)}),
        (ValueError, "dilation must be at least 1, got -1", GOOD, {"dilation": -1}),
        (ValueError, "padding must leave room for the kernel", (GOOD[0], np.ones((6, 4, 11, 3))), {}),
        (ValueError, "padding must be at least 0, got -1", GOOD, {"padding": -1}),
        (ValueError, "padding must be 'same', 'valid'", GOOD, {"padding": "full"}),
        (
            ValueError,
            "padding_mode must .*called 'edge'",
            GOOD,
            {"padding_mode": "replicate"},
        ),
        (ValueError, "padding_mode 'reflect' is ambiguous", GOOD, {"padding_mode": "reflect"}),
        (ValueError, "padding_mode must be a border other than", GOOD, {"padding_mode": "constant"}),
        (ValueError, r"out must have shape \(2, 6, 7, 6\)", GOOD, {"out": np.ones((2, 6, 9, 8))}),
        (TypeError, "dtype must be a real NumPy dtype", GOOD, {"dtype": "complex64"}),
        (ValueError, "workers must be at least 1", GOOD, {"workers": 0}),
    ],
)
def test_errors(error, message, arguments, options):
    with pytest.raises(error, match=message):
        layers.conv(*arguments, **options)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("gradient must have the shape of the output of the layer",
         lambda: layers.conv_input_gradient(np.ones((2, 6, 9, 8)), GOOD[1], (9, 8))),
        ("shape must be one number or one for each of 2",
         lambda: layers.conv_input_gradient(np.ones((2, 6, 7, 6)), GOOD[1], (9, 8, 7))),
        (
            "gradient must have the shape",
            lambda: layers.conv_weight_gradient(np.ones((2, 6, 9, 8)), GOOD[0], (3, 3)),
        ),
        ("groups must divide C_in=4, got 3",
         lambda: layers.conv_weight_gradient(np.ones((2, 6, 7, 6)), GOOD[0], (3, 3), groups=3)),
        ("groups must divide C_out=5, got 2",
         lambda: layers.conv_weight_gradient(np.ones((2, 5, 7, 6)), GOOD[0], (3, 3), groups=2)),
        ("kernel must have 1 to 3 spatial axes", lambda: layers.conv_weight_gradient(*GOOD, (3, 3, 3, 3))),
        ("axes must be at most 3, got 4", lambda: layers.conv_bias_gradient(GOOD[0], 4)),
        ("x must have 6 channels.*got 4", lambda: layers.conv_transpose(*GOOD)),
        ("output_padding must be less than stride or dilation, 2, got 2",
         lambda: layers.conv_transpose(np.ones((6, 9, 8)), GOOD[1], stride=2, output_padding=2)),
        ("padding must leave a sample", lambda: layers.conv_transpose(ONE[:, :1], GOOD[1], padding=2)),
        ("groups must divide C_in=6, got 4", lambda: layers.conv_transpose(ONE, GOOD[1], groups=4)),
        (r"weight must be of shape \(C_in, C_out/", lambda: layers.conv_transpose(GOOD[0], np.ones((3, 3)))),
        (r"weight must be of shape \(C_out, C_in\)", lambda: layers.pointwise(*GOOD)),
        ("axes must be at least 1", lambda: layers.pointwise(GOOD[0], np.ones((2, 4)), axes=0)),
        (r"weight must be of shape \(N, C_out", lambda: layers.dynamic_conv(*GOOD)),
        (r"x must have shape \(N, C_in", lambda: layers.dynamic_conv(np.ones((2, 4)), GOOD[1])),
        ("weight must end with the shape of the output",
         lambda: layers.dynamic_conv(GOOD[0], np.ones((2, 6, 4, 3, 3, 9, 8)))),
    ],
)  # fmt: skip
def test_errors_of_the_others(message, call):
    with pytest.raises(ValueError, match=message):
        call()
