"""Initial weights, and stacks without the normalization that follows a layer with weights."""

import numpy as np
import pytest

from imfilter.layers import (
    Activation,
    BatchNorm,
    Branches,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalPool,
    Residual,
    Stack,
)


def shaken(stack, dtype, seed=0):
    """Random arrays for every layer."""
    rng = np.random.default_rng(seed)
    return {
        path: tuple(None if a is None else (a + rng.uniform(0, 0.4, a.shape)).astype(dtype) for a in arrays)
        for path, arrays in stack.initial_weights(seed).items()
    }


FOLDABLE = {
    "conv": ([Conv(4, 3, bias=False), BatchNorm()], 0),
    "conv with bias": ([Conv(4, 3, stride=2, padding=1), BatchNorm(0.1), Activation("relu")], 0),
    "depthwise": ([Conv(6, 3, groups=3, bias=False), BatchNorm()], 0),
    "connections": ([Conv(2, 3, connections=[[0], [1, 2]]), BatchNorm()], 0),
    "dense": ([Flatten(), Dense(4, bias=False), BatchNorm(), Dense(3), BatchNorm()], 0),
    "twice": ([Conv(4, 1), BatchNorm(name="a"), BatchNorm(name="b")], 0),
    "first": ([BatchNorm(), Conv(4, 1), Activation("relu"), BatchNorm()], 2),
    "inside": (
        [
            Residual([Conv(3, 1, bias=False), BatchNorm()], [Conv(3, 1), BatchNorm()]),
            Residual([BatchNorm(), Conv(3, 1)]),
            Branches({"a": [Conv(2, 1), BatchNorm()], "b": [Residual([Conv(3, 1), BatchNorm()])], "c": []}),
            BatchNorm(name="last"),
        ],
        2,
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FOLDABLE)
def test_folded_is_equal(name, dtype):
    made, left = FOLDABLE[name]
    stack = Stack(made, (3, 6, 7))
    weights = shaken(stack, dtype)
    folded, fewer = stack.folded(weights)
    assert [row.kind for row in folded.table(inside=True)].count("BatchNorm") == left
    assert {array.dtype.name for arrays in fewer.values() for array in arrays if array is not None} == {dtype}
    x = np.random.default_rng(1).normal(size=(2, 3, 6, 7)).astype(dtype)
    expected, result = stack.forward(x, weights), folded.forward(x, fewer)
    assert result.dtype == dtype
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    assert np.abs(result - expected).max() <= tolerance * np.abs(expected).max()
    assert set(fewer) <= set(weights)
    kept = {row.name for row in folded.table(inside=True)}
    assert kept <= {row.name for row in stack.table(inside=True)}
    np.testing.assert_array_equal(stack.forward(x, weights), expected)  # the arrays given are as before


def test_initial_weights():
    """Variances of many weights, within four standard deviations of their estimate."""
    stack = Stack(
        [
            *(Conv(64, 5, name="he"), BatchNorm(name="norm"), Activation("relu")),
            *(Conv(64, 3, name="glorot"), Activation("tanh"), Conv(64, 3, groups=4, name="grouped")),
            Activation("relu6"),
            Residual(
                [Conv(64, 3, padding=1, name="a"), Activation("relu"), Conv(64, 1, name="b"), BatchNorm()],
                [Conv(64, 1, name="c")],
                "sum",
            ),
            Activation("relu"),
            Residual([Conv(64, 1, name="d")], name="linear"),
            Branches({"p": [Conv(64, 1, name="e")], "q": [Conv(64, 1, name="f"), Activation("relu")]}, "two"),
            *(Activation("tanh"), Conv(64, 1, name="g")),  # the input is added, and a rectifier follows
            *(Residual([Conv(64, 1, name="h"), BatchNorm()]), Activation("relu")),
            *(GlobalPool(), Dense(300, name="fc"), Dropout(), Activation("relu"), Dense(400, name="out")),
            Activation("softmax"),
        ],
        (8, 20, 20),
    )
    weights = stack.initial_weights(3)
    fan_in = {
        "he": 8 * 25,
        "grouped": 16 * 9,
        "sum.a": 64 * 9,
        "sum.b": 64,
        "sum.c": 64,
        "two.q.f": 64,
        "fc": 64,
        "g": 128,
        "residual3.h": 64,
    }
    expected = {name: 2 / count for name, count in fan_in.items()}
    expected |= {"glorot": 2 / (64 * 9 + 64 * 9), "linear.d": 2 / 128, "two.p.e": 2 / 128, "out": 2 / 700}
    for name, variance in expected.items():
        weight, bias = weights[name]
        assert weight.dtype == np.float32
        assert weight.var() == pytest.approx(variance, rel=4 * np.sqrt(2 / weight.size))
        assert abs(weight.mean()) < 4 * np.sqrt(variance / weight.size)
        np.testing.assert_array_equal(bias, np.zeros(len(weight)))
    for array, value in zip(weights["norm"], (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(array, np.full(64, value))
    again, other = stack.initial_weights(3), stack.initial_weights()
    np.testing.assert_array_equal(again["fc"][0], weights["fc"][0])
    assert np.abs(other["fc"][0] - weights["fc"][0]).max() > 0
    assert Stack([Conv(2, 1, bias=False)], (1, 3)).initial_weights()["conv1"][1] is None


@pytest.mark.parametrize(
    ("seed", "error", "message"),
    [
        (-1, ValueError, "seed must be at least 0, got -1"),
        (1.0, TypeError, "seed must be an integer, got 1.0"),
    ],
)
def test_seeds(seed, error, message):
    with pytest.raises(error, match=message):
        Stack([Dense(2)], (3,)).initial_weights(seed)
