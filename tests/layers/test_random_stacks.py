"""Random stacks with layers in layers: a table, results and gradients that agree, or an error of one line."""

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
    Pool,
    Residual,
    Stack,
)


def one_of(rng, *values):
    return values[rng.integers(len(values))]


def layer(rng, depth):
    """A layer that fits to many others."""
    kind = rng.integers(12 if depth else 10)
    if kind < 3:
        size = int(rng.integers(1, 4))
        padding = one_of(rng, size // 2, size // 2, 0, 1)
        options = {"dilation": one_of(rng, 1, 1, 1, 2), "bias": bool(rng.integers(2))}
        return Conv(
            one_of(rng, 2, 4), size, one_of(rng, 1, 1, 1, 2), padding, groups=one_of(rng, 1, 2), **options
        )
    if kind < 5:
        size = int(rng.integers(1, 4))
        words = {"reduce": one_of(rng, "max", "mean"), "ceil_mode": bool(rng.integers(2))}
        return Pool(size, one_of(rng, None, 1, 1, 2), one_of(rng, size // 2, 0), **words)
    if kind < 7:
        return Activation(one_of(rng, "relu", "relu6", "tanh", "sigmoid", "softmax"))
    if kind == 7:
        return BatchNorm()
    if kind == 8:
        return one_of(rng, Dropout(), Flatten(), GlobalPool(), GlobalPool("max"))
    if kind == 9:
        return Dense(one_of(rng, 2, 4))
    if kind == 10:
        return Residual(several(rng, depth - 1), one_of(rng, None, several(rng, depth - 1)))
    return Branches([several(rng, depth - 1) for _ in range(rng.integers(1, 4))])


def several(rng, depth):
    return [layer(rng, depth) for _ in range(rng.integers(0, 4))]


def positive_share(array):
    """Weights that keep activations away from their limits."""
    return None if array is None else np.abs(array.astype(np.float64)) * 0.3 + 0.01


def one_stack(rng):
    """Return a stack, or None for layers that do not fit together."""
    shape = (2, *(int(v) for v in rng.integers(4, 9, rng.integers(1, 4))))
    try:
        return Stack(several(rng, 2), shape)
    except (TypeError, ValueError) as error:
        words = str(error)
    assert "\n" not in words
    assert words.startswith("layer "), words
    assert "must" in words, words
    return None


@pytest.mark.parametrize("seed", range(12))
def test_random_stacks(seed):
    """The shapes, the sums of the rows and the gradients fit, and no unit depends on more than its field."""
    rng, count = np.random.default_rng([40, seed]), 0
    while count < 12:
        stack = one_stack(rng)
        if stack is None:
            continue
        count += 1
        rows = stack.table(inside=True)
        for total in ("parameters", "multiplications", "activations"):
            assert sum(getattr(row, total) for row in rows) == getattr(stack, total)
        weights = {
            path: tuple(map(positive_share, arrays)) for path, arrays in stack.initial_weights(seed).items()
        }
        assert stack.parameters == sum(
            array.size for arrays in weights.values() for array in arrays[:2] if array is not None
        )
        x = rng.normal(size=(2, *stack.input_shape))
        result = stack.forward(x, weights)
        assert result.shape == (2, *stack.shapes[-1])
        np.testing.assert_allclose(stack.forward(x[1], weights), result[1], rtol=1e-12, atol=1e-300)
        gradient = np.zeros(result.shape)
        place = tuple(int(rng.integers(n)) for n in stack.shapes[-1])
        gradient[(0, *place)] = 1
        before, found = stack.backward(x, weights, gradient)
        assert not before[1].any()
        assert list(found) == list(weights)
        if len(stack.shapes[-1]) > 1:  # units of a flat result have no place
            outside = np.ones(stack.input_shape, bool)
            regions = stack.table()[-1].receptive_field.region(place[1:])
            outside[(slice(None), *(slice(max(a, 0), max(b, 0)) for a, b in regions))] = False
            assert not before[0][outside].any()
        folded, fewer = stack.folded(weights)
        np.testing.assert_allclose(folded.forward(x, fewer), result, rtol=1e-9, atol=1e-12)
        assert str(stack).count("\n") >= 3
