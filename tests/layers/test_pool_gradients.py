"""Gradients of pools against plain loops over windows."""

import itertools

import numpy as np
import pytest

from imfilter import layers
from tests.looping import loop_over
from tests.reference import loops


def by_loops(gradient, x, size, stride, padding, ceil_mode, largest):
    """Each window gives its gradient to the sample that wins, or in equal parts to all of its samples."""
    pads = [(p, p) for p in padding]
    starts = loops.windows(x.shape[2:], size, stride, pads, ceil_mode=ceil_mode)
    result = np.zeros(x.shape)
    for image, channel in np.ndindex(x.shape[:2]):
        for index in np.ndindex(*map(len, starts)):
            first = [axis[i] for axis, i in zip(starts, index, strict=True)]
            ends = [min(f + k, n + p) for f, k, n, p in zip(first, size, x.shape[2:], padding, strict=True)]
            places = list(itertools.product(*map(range, first, ends)))
            samples = [
                (image, channel, *place)
                for place in places
                if all(0 <= i < n for i, n in zip(place, x.shape[2:], strict=True))
            ]
            slope = gradient[(image, channel, *index)]
            if not largest:
                for sample in samples:
                    result[sample] += slope / len(places)
                continue
            winner = samples[0]
            for sample in samples[1:]:
                if x[sample] > x[winner] or np.isnan(x[sample]):
                    winner = sample
            result[winner] += slope
    return result


@loop_over("largest", [True, False])
@loop_over("seed", range(40))
def test_random_windows(seed, largest):
    """With equal samples, NaN, -inf, padding, and windows that reach beyond it."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    size = tuple(int(v) for v in rng.integers(1, 5, n))
    stride = tuple(int(v) for v in rng.integers(1, 5, n))
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in size)
    lengths = [max(int(v), k) for v, k in zip(rng.integers(1, (20, 8, 5)[n - 1], n), size, strict=True)]
    x = rng.integers(0, 3, (2, 2, *lengths)).astype(np.float64)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(x.shape) < 0.3] = -np.inf
    ceil_mode = bool(seed % 2)
    starts = loops.windows(lengths, size, stride, [(p, p) for p in padding], ceil_mode=ceil_mode)
    gradient = rng.integers(-5, 6, (2, 2, *map(len, starts))).astype(np.float64)
    function = layers.max_pool_gradient if largest else layers.avg_pool_gradient
    result = function(gradient, x, size, stride=stride, padding=padding, ceil_mode=ceil_mode)
    expected = by_loops(gradient, x, size, stride, padding, ceil_mode, largest)
    np.testing.assert_allclose(result, expected, rtol=0, atol=0 if largest else 1e-13)


@pytest.mark.parametrize("name", ["max_pool_gradient", "avg_pool_gradient"])
@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (
            (np.ones((1, 1, 2)), np.ones((1, 1, 4)), 3),
            {},
            ValueError,
            r"gradient must be of shape \(1, 1, 1\)",
        ),
        ((np.ones((1, 1)), np.ones((1, 4)), 2), {}, ValueError, r"x must have shape \(N, C, \*spatial\)"),
        ((np.ones((1, 1, 2)), np.ones((1, 1, 4)), 0), {}, ValueError, "size must be at least 1, got 0"),
        ((np.ones((1, 1, 2)), np.ones((1, 1, 4)), 2.0), {}, TypeError, "size must be an integer, got 2.0"),
        (
            *((np.ones((1, 1, 2)), np.ones((1, 1, 4)), 2), {"padding": 2}),
            *(ValueError, "padding must be at most half of size 2, got 2"),
        ),
        (
            *((np.ones((1, 1, 2)), np.ones((1, 1, 4)), 2), {"stride": 0}),
            *(ValueError, "stride must be at least 1, got 0"),
        ),
        (
            *((np.ones((1, 1, 2)), np.ones((1, 1, 4)), 2), {"ceil_mode": 1}),
            *(TypeError, "ceil_mode must be True or False, got 1"),
        ),
    ],
)
def test_mistakes_of_pools(name, arguments, options, error, message):
    with pytest.raises(error, match=message):
        getattr(layers, name)(*arguments, **options)


def test_the_maximum_by_hand():
    """The first of equals in C order, and the last NaN."""
    nan, inf = np.nan, np.inf
    for samples, expected in (
        ([[1.0, 3, 3, 2]], [0, 1, 0, 0]),
        ([[nan, 3, nan, 2]], [0, 0, 1, 0]),
        ([[-inf, -inf, -inf, -inf]], [1, 0, 0, 0]),
        ([[0.0, -0.0, 0.0, 0.0]], [1, 0, 0, 0]),
    ):
        x = np.array([samples])
        np.testing.assert_array_equal(layers.max_pool_gradient([[[1.0]]], x, 4)[0, 0], expected)
        square = layers.max_pool_gradient([[[[1.0]]]], x.reshape(1, 1, 2, 2), 2)
        np.testing.assert_array_equal(square.ravel(), expected)
