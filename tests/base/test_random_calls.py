"""Random calls of layers, series and fits: a result, or one line of TypeError, ValueError or MemoryError.

Warnings are errors. Arrays are of any type, order and shape, also empty, 0-d, read-only, mirrored and
repeated; other arguments are anything.
"""

import numpy as np
import pytest

import imfilter
from imfilter import layers, series

TYPES = ("float32", "float64", ">f4", "int8", "uint64", "bool", "float16", ">i2", "longdouble")
ANYTHING = (
    *(0, 1, 2, -1, 3, 1.5, 10**30, True, None, "same", "valid", "edge", (1, 2), (1,), [2, 1], (0, 1, 2)),
    *([(1, 2)], np.int64(2), np.nan, np.inf, np.array([1, 2]), np.array(2)),
)
GEOMETRY = ("stride", "padding", "padding_mode", "dilation", "groups")
#: Functions of layers, with how many arrays, and which of the other arguments.
LAYERS = {
    "conv": (3, (*GEOMETRY, "dtype", "workers")),
    "depthwise": (3, ("stride", "padding")),
    "pointwise": (3, ("axes", "stride")),
    "dynamic_conv": (3, GEOMETRY),
    "conv_transpose": (3, ("stride", "padding", "output_padding", "dilation", "groups")),
    "conv_bias_gradient": (1, ("axes",)),
}
SERIES = {
    "moving_average": 1,
    "gaussian": 1,
    "median": 1,
    "moving_maximum": 1,
    "moving_quantile": 2,
    "moving_rank": 1,
    "moving_std": 1,
    "moving_sum": 1,
    "savgol": 2,
    "exponential": 0,
    "difference": 0,
    "weighted_average": 1,
    "causal": 1,
}
OPTIONS = (
    "align",
    "mode",
    "cval",
    "nan",
    "axis",
    "dtype",
    "alpha",
    "spacing",
    "order",
    "initial",
    "bias",
    "deriv",
    "ddof",
    "min_count",
    "min_coverage",
    "method",
)


def anything(rng):
    return ANYTHING[rng.integers(len(ANYTHING))]


def some(rng, names, share):
    return {name: anything(rng) for name in names if rng.random() < share}


def normal(rng, *shape):
    """Numbers of any type."""
    return (rng.normal(size=shape) * 3).astype(rng.choice(TYPES[:2] + TYPES[3:4] + TYPES[6:7]))


def array(rng):
    """An array of any kind, or what is none."""
    least = 0 if rng.random() < 0.1 else 1
    with np.errstate(invalid="ignore"):  # of what an unsigned integer does not hold
        plain = np.asarray(rng.normal(size=rng.integers(least, 5, rng.integers(6))) * 3).astype(
            rng.choice(TYPES)
        )
    read_only = plain.copy()
    read_only.flags.writeable = False
    spoiled = plain.copy()
    if spoiled.dtype.kind == "f" and spoiled.size:
        spoiled.flat[0] = rng.choice([np.nan, np.inf])
    kinds = [plain, plain, read_only, spoiled, plain.tolist(), np.float32(2.5), 3, "abc", None]
    kinds += [np.zeros(plain.shape, complex), np.zeros(plain.shape, object), plain.T]
    if plain.ndim:
        kinds += [plain[::-1], np.broadcast_to(plain[:1], plain.shape)]
    return kinds[rng.integers(len(kinds))]


def call(function, arguments, options):
    """Return whether there is a result; an error must be one line that says what would do."""
    try:
        function(*arguments, **options)
    except (TypeError, ValueError, MemoryError) as error:
        text = str(error)
        assert "\n" not in text, text
        assert len(text) < 400, text
        words = ("must", "argument", "got", "leave", "means two", "fit into memory")
        assert any(word in text for word in words), f"{function.__name__}: {text}"
        return False
    return True


def layer(rng, name):
    """Arrays that fit each other."""
    n, inputs, outputs = (int(v) for v in rng.integers(1, 4, 3))
    kernel = tuple(int(v) for v in rng.integers(1, 4, n))
    x = normal(rng, 2, inputs, *(int(v) for v in rng.integers(1, 6, n)))
    weight, bias = normal(rng, outputs, inputs, *kernel), normal(rng, outputs)
    if name == "conv_transpose":
        weight = weight.swapaxes(0, 1)
    elif name == "depthwise":
        weight, bias = normal(rng, inputs, 2, *kernel), normal(rng, 2 * inputs)
    elif name == "pointwise":
        weight = weight[(..., *(0,) * n)]
    elif name == "dynamic_conv":
        weight = np.stack([weight, weight])
    return [x, weight, bias][: LAYERS[name][0]]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.slow
def test_layers(name):
    rng = np.random.default_rng([30, len(name)])
    count, names = LAYERS[name]
    fine = 0
    for number in range(500):
        arguments = layer(rng, name) if number % 3 else [array(rng) for _ in range(count)]
        fine += call(getattr(layers, name), arguments, some(rng, names, 0.15))
    assert fine > 10


def test_gradients():
    rng = np.random.default_rng(31)
    for function in (layers.conv_weight_gradient, layers.conv_input_gradient):
        for _ in range(150):
            call(function, [array(rng), array(rng), anything(rng)], some(rng, GEOMETRY, 0.2))


def test_gradients_of_pools():
    rng, fine = np.random.default_rng(34), 0
    names = ("stride", "padding", "ceil_mode")
    for number in range(600):
        function = (layers.max_pool_gradient, layers.avg_pool_gradient)[number % 2]
        n = int(rng.integers(1, 4))
        counts, size = rng.integers(1, 4, n), int(rng.integers(1, 4))
        given = [normal(rng, 2, 2, *counts), normal(rng, 2, 2, *counts * size), size]
        if number % 3 == 0:
            given = [array(rng), array(rng), anything(rng)]
        fine += call(function, given, some(rng, names, 0.15))
    assert fine > 100


def test_losses():
    rng, fine = np.random.default_rng(35), 0
    for number in range(600):
        shape = rng.integers(1, 5, rng.integers(1, 3))
        labels = rng.integers(0, 5, shape[:-1]).astype(rng.choice(["int8", "uint64", ">i2"]))
        given = [normal(rng, *shape), labels] if number % 3 else [array(rng), array(rng)]
        fine += call(layers.cross_entropy, given, {})
    assert fine > 100


@pytest.mark.parametrize("name", SERIES)
def test_series(name):
    rng = np.random.default_rng([32, len(name)])
    fine = 0
    for number in range(150):
        x = rng.normal(size=rng.integers(0, 9, rng.integers(1, 3))) if number % 3 else array(rng)
        given = [array(rng) if rng.random() < 0.3 else anything(rng) for _ in range(SERIES[name])]
        if name in ("weighted_average", "causal") and number % 2:
            given = [rng.normal(size=rng.integers(0, 4))]
        options = some(rng, OPTIONS, 0.08)
        if name == "savgol" and number % 2:
            given = [3, int(rng.integers(3))]
        if name in ("moving_quantile", "moving_std") and number % 2:
            given = [3, int(rng.integers(2))]
        if name == "exponential" and number % 2:
            options["alpha"] = 0.25
        fine += call(getattr(series, name), [x, *given], options)
    assert fine > 3


@pytest.mark.slow
def test_fits():
    rng = np.random.default_rng(33)
    names, fine = ("bias", "ridge", "padding", "mode", "cval", "axes", "channel_axis"), 0
    for number in range(900):
        shape = rng.integers(1, 12, rng.integers(1, 4))
        pair = [rng.normal(size=shape), rng.normal(size=shape)] if number % 3 else [array(rng), array(rng)]
        if number % 6 == 1:
            pair[number // 6 % 2].flat[0] = rng.choice([np.nan, np.inf, 1e300, 1e160])
        size = anything(rng) if number % 4 == 0 else int(rng.integers(1, 4))
        fine += call(imfilter.fit_kernel, [*pair, size], some(rng, names, 0.1))
    assert fine > 100
