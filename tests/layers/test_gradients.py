"""Gradients of every kind of layer against finite differences and plain loops."""

import math

import numpy as np
import pytest

from imfilter import layers
from imfilter.layers import Activation, BatchNorm, Conv, Dense, Residual, Stack, networks
from tests.layers.gradient_cases import CASES, close, problem
from tests.looping import loop_over

STEP = 1e-5
SEED = 5


def slopes(loss, array, places):
    """Central differences of a loss at some places of an array."""
    found = []
    for place in places:
        middle = array.flat[place]
        ends = []
        for moved in (middle - STEP, middle + STEP):
            array.flat[place] = moved
            ends.append(loss())
        array.flat[place] = middle
        found.append((ends[1] - ends[0]) / (2 * STEP))
    return np.array(found)


@pytest.mark.slow
@loop_over("training", [False, True])
@loop_over("n", [1, 2, 3])
@pytest.mark.parametrize("name", CASES)
def test_finite_differences(name, n, training):
    """Of some samples and of some weights of every array. No rectifier is within a step of its limit."""
    stack, x, weights, gradient = problem(name, n, "float64", seed=SEED)

    def loss():
        return (stack.forward(x, weights, training=training) * gradient).sum()

    before, found = stack.backward(x, weights, gradient, training=training)
    rng = np.random.default_rng(5)
    pairs = [(x, before)]
    for path, arrays in weights.items():
        pairs += [(a, g) for a, g in zip(arrays, found[path], strict=True) if g is not None]
    assert len(pairs) == 1 + sum(len(row) for row in map(counted, weights.values()))
    scale = max(np.abs(g).max() for _, g in pairs)
    for array, exact in pairs:
        assert array.shape == exact.shape
        places = rng.choice(array.size, min(array.size, 6), replace=False)
        # Rounding of the loss limits differences to about 1e-16/STEP of it.
        limit = 1e-7 * scale + 1e-9 * abs(loss())
        assert np.abs(slopes(loss, array, places) - exact.flat[places]).max() < limit


def counted(arrays):
    """The arrays with a gradient: weight and bias."""
    return [array for array in arrays[:2] if array is not None]


@pytest.mark.parametrize(
    "make", [networks.alexnet, lambda: networks.lenet5(original=True), networks.googlenet]
)
def test_derivatives_of_functions_of_the_networks(make):
    """The squashing function and the response normalization."""
    own = [layer for layer in make().layers if isinstance(layer, Activation) and callable(layer.function)]
    assert own
    for layer in own:
        assert layer.derivative is not None
        stack, rng = Stack([layer], (7, 3, 2)), np.random.default_rng(2)
        x, gradient = rng.normal(size=(2, 7, 3, 2)) * 60, rng.normal(size=(2, 7, 3, 2))
        x[0] /= 60
        before, _ = stack.backward(x, [], gradient)
        found = slopes(lambda x=x, g=gradient, s=stack: (s.forward(x, []) * g).sum(), x, range(x.size))
        close(found.reshape(x.shape), before, 1e-7)


def test_the_original_lenet5():
    """A whole network with table of connections, trained factors and the squashing function."""
    network, rng = networks.lenet5(original=True), np.random.default_rng(3)
    weights = {
        path: tuple(a.astype(np.float64) + 0.1 * rng.normal(size=a.shape) for a in arrays)
        for path, arrays in network.initial_weights().items()
    }
    x, gradient = rng.normal(size=(2, 1, 32, 32)), rng.normal(size=(2, 84))

    def loss():
        return (network.forward(x, weights) * gradient).sum()

    before, found = network.backward(x, weights, gradient)
    for array, exact in [
        (x, before),
        *((a, g) for n in weights for a, g in zip(weights[n], found[n], strict=True)),
    ]:
        places = rng.choice(array.size, min(array.size, 5), replace=False)
        close(slopes(loss, array, places), exact.flat[places], 1e-6)
    unused = found["c3"][0][0, [i for i in range(6) if i not in network.layers[5].connections[0]]]
    assert unused.size
    assert not unused.any()


def test_one_image_is_a_batch_of_one():
    stack, x, weights, gradient = problem("small residual network", 2, "float64")
    before, found = stack.backward(x[:1], weights, gradient[:1])
    alone, same = stack.backward(x[0], weights, gradient[0])
    np.testing.assert_array_equal(alone, before[0])
    for path, arrays in found.items():
        for a, b in zip(arrays, same[path], strict=True):
            np.testing.assert_array_equal(a, b)


def test_arguments_are_not_changed():
    stack, x, weights, gradient = problem("small residual network", 2, "float64")
    copies = x.copy(), {k: [None if a is None else a.copy() for a in v] for k, v in weights.items()}
    given = gradient.copy()
    for training in (False, True):
        stack.backward(x, weights, gradient, training=training)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(gradient, given)
    for path, arrays in weights.items():
        for a, b in zip(arrays, copies[1][path], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_function_that_works_in_place():
    """It changes neither the shortcut, nor what the layer before it keeps for its gradient."""

    def double(x):
        x *= 2
        return x

    function = Activation(double, derivative=lambda x, gradient: 2 * gradient)
    stack = Stack([Activation("tanh"), Residual([function])], (3,))
    x = np.array([0.5, -1.0, 2.0])
    np.testing.assert_allclose(stack.forward(x, []), 3 * np.tanh(x), rtol=1e-14)
    before, _ = stack.backward(x, [], np.ones(3))
    np.testing.assert_allclose(before, 3 / np.cosh(x) ** 2, rtol=1e-12)


def guided_by_loops(x, first, second, third, gradient):
    """Guided backpropagation of two convolutions with relu and relu6, and a dense layer, sample by sample."""
    (k1, b1), (k2, b2), (w, _) = first, second, third
    n = x.shape[1]
    one, two = np.zeros((len(k1), n - 1)), np.zeros((len(k2), n - 2))
    for o, t in np.ndindex(one.shape):
        one[o, t] = b1[o] + sum(k1[o, i, s] * x[i, t + s] for i in range(len(x)) for s in range(2))
    for o, t in np.ndindex(two.shape):
        two[o, t] = b2[o] + sum(
            k2[o, i, s] * max(one[i, t + s], 0) for i in range(len(one)) for s in range(2)
        )
    of_two, of_one, of_x = np.zeros(two.shape), np.zeros(one.shape), np.zeros(x.shape)
    for o, t in np.ndindex(two.shape):
        arrived = sum(w[u, o * (n - 2) + t] * gradient[u] for u in range(len(w)))
        of_two[o, t] = arrived if 0 < two[o, t] < 6 and arrived > 0 else 0
    for i, t in np.ndindex(one.shape):
        arrived = sum(
            k2[o, i, s] * of_two[o, t - s] for o in range(len(two)) for s in range(2) if 0 <= t - s < n - 2
        )
        of_one[i, t] = arrived if one[i, t] > 0 and arrived > 0 else 0
    for i, t in np.ndindex(x.shape):
        of_x[i, t] = sum(
            k1[o, i, s] * of_one[o, t - s] for o in range(len(one)) for s in range(2) if 0 <= t - s < n - 1
        )
    return of_x


@pytest.mark.parametrize("seed", range(6))
def test_guided_backpropagation(seed):
    rng = np.random.default_rng(seed)
    stack = Stack(
        [
            *(Conv(4, 2, name="a"), Activation("relu"), Conv(3, 2, name="b"), Activation("relu6")),
            *(layers.Flatten(), Dense(2, name="c")),
        ],
        (2, 7),
    )
    weights = {
        name: (rng.normal(size=shape), rng.normal(size=shape[0]))
        for name, shape in {"a": (4, 2, 2), "b": (3, 4, 2), "c": (2, 15)}.items()
    }
    x, gradient = rng.normal(size=(2, 7)) * 2, rng.normal(size=2)
    expected = guided_by_loops(x, weights["a"], weights["b"], weights["c"], gradient)
    found, _ = stack.backward(x, weights, gradient, guided=True)
    close(found, expected, 1e-13)
    plain, _ = stack.backward(x, weights, gradient)
    assert np.abs(plain - expected).max() > 1e-3


def test_other_activations_are_not_guided():
    x, gradient = np.array([1.0, 2.0]), np.array([-1.0, 1.0])
    for function in ("tanh", "sigmoid", "softmax"):
        stack = Stack([Activation(function)], (2,))
        np.testing.assert_array_equal(
            *(stack.backward(x, [], gradient, guided=guided)[0] for guided in (False, True))
        )


def test_rectifiers_at_their_limits():
    """The gradient at 0 and 6 is 0, and it passes at NaN."""
    x = np.array([-np.inf, -1.0, -0.0, 0.0, 3.0, 6.0, 7.0, np.inf, np.nan])
    for function, expected in (
        ("relu", [0, 0, 0, 0, 2, 2, 2, 2, 2]),
        ("relu6", [0, 0, 0, 0, 2, 0, 0, 0, 2]),
    ):
        before, _ = Stack([Activation(function)], (9,)).backward(x, [], np.full(9, 2.0))
        np.testing.assert_array_equal(before, expected)


def test_an_activation_without_a_derivative():
    """The error comes before anything is computed."""
    calls = []
    stack = Stack([Residual([Dense(2), Activation(lambda x: calls.append(1) or x)])], (2,))
    message = (
        r"^layer 1 \(Residual 'residual1'\): layer 2 \(Activation 'activation1'\): derivative must be a "
        "function for an activation that is one, got None$"
    )
    with pytest.raises(ValueError, match=message):
        stack.backward(np.ones(2), stack.initial_weights(), np.ones(2))
    assert not calls


def test_the_derivative_of_an_activation_has_its_place():
    function = Activation(np.sin, derivative=lambda x, gradient: gradient[:, :1] + x)
    stack = Stack([Residual([Dense(3)]), layers.Branches([[function], [Dense(3)]])], (3,))

    def broken(x, gradient):
        raise ValueError("broken")

    before, _ = stack.backward(np.ones(3), stack.initial_weights(), np.ones(6))
    assert before.shape == (3,)
    stack = Stack([layers.Branches([[], [Activation(np.sin, derivative=broken)]])], (3,))
    with pytest.raises(ValueError, match=r"^layer 1 \(Branches 'branches1'\): branch2: layer 1 .*: broken$"):
        stack.backward(np.ones(3), [], np.ones(6))


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([1.0], [], [1.0, 2.0]), {}, ValueError, r"x must have shape \(2,\) or \(N, 2\), got \(1,\)"),
        (([1.0, 2.0], [], [1.0]), {}, ValueError, r"gradient must be of shape \(2,\), got \(1,\)"),
        (([[1.0, 2.0]], [], [1.0, 2.0]), {}, ValueError, r"gradient must be of shape \(1, 2\), got \(2,\)"),
        (([1.0, 2.0], [], [1j, 2]), {}, TypeError, "gradient must contain real numbers"),
        (([1.0, 2.0], [], [1.0, 2.0]), {"guided": 1}, TypeError, "guided must be True or False, got 1"),
        (([1.0, 2.0], [], [1.0, 2.0]), {"training": None}, TypeError, "training must be True or False"),
    ],
)
def test_mistakes(arguments, options, error, message):
    with pytest.raises(error, match=message):
        Stack([Activation("relu")], (2,)).backward(*arguments, **options)


def test_infinity_and_nan_give_no_warning():
    """Warnings are errors in these tests."""
    for name in CASES:
        stack, x, weights, gradient = problem(name, 1, "float32")
        x[0, 0, :3] = np.inf, -np.inf, np.nan
        gradient.flat[:3] = np.inf, -np.inf, np.nan
        for training in (False, True):
            stack.forward(x, weights, training=training)
            stack.backward(x, weights, gradient, training=training, guided=training)


def test_cross_entropy_by_hand():
    scores = [[1.0, 2.0, 4.0], [0.0, -1.0, 0.5]]
    expected, slope = 0.0, np.zeros((2, 3))
    for row, label in enumerate((2, 1)):
        powers = [math.exp(score) for score in scores[row]]
        expected -= math.log(powers[label] / sum(powers)) / 2
        for column in range(3):
            slope[row, column] = (powers[column] / sum(powers) - (column == label)) / 2
    loss, gradient = layers.cross_entropy(scores, [2, 1])
    assert isinstance(loss, float)
    assert loss == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(gradient, slope, rtol=1e-13)
    single, one = layers.cross_entropy(scores[0], 2)
    assert single == pytest.approx(-math.log(math.exp(4) / sum(map(math.exp, scores[0]))), rel=1e-14)
    np.testing.assert_allclose(one, 2 * slope[0], rtol=1e-13)


def test_cross_entropy_by_differences():
    rng = np.random.default_rng(6)
    scores, labels = rng.normal(size=(4, 5)) * 3, rng.integers(0, 5, 4)
    found = slopes(lambda: layers.cross_entropy(scores, labels)[0], scores, range(20))
    close(found.reshape(4, 5), layers.cross_entropy(scores, labels)[1], 1e-9)


def test_cross_entropy_at_the_extremes():
    loss, gradient = layers.cross_entropy([[1e5, 0.0, -1e5]], [2])
    assert loss == 2e5
    np.testing.assert_array_equal(gradient, [[1, 0, -1]])
    loss, gradient = layers.cross_entropy([[-np.inf, 0.0]], [1])
    assert loss == 0
    np.testing.assert_array_equal(gradient, [[0, 0]])
    assert math.isnan(layers.cross_entropy([[np.inf, 0.0]], [0])[0])
    for dtype, real in (
        ("uint8", "float32"),
        ("float16", "float32"),
        ("int64", "float64"),
        (">f4", "float32"),
    ):
        assert layers.cross_entropy(np.ones((2, 3), dtype), np.zeros(2, "u1"))[1].dtype == real


@pytest.mark.parametrize(
    ("scores", "labels", "error", "message"),
    [
        (np.ones((2, 3)), [0], ValueError, r"labels must be of shape \(2,\), got \(1,\)"),
        (np.ones((2, 3)), [0, 3], ValueError, "labels must be from 0 to 2, got 3"),
        (np.ones((2, 3)), [-1, 0], ValueError, "labels must be from 0 to 2, got -1"),
        (np.ones(3), 5, ValueError, "labels must be from 0 to 2, got 5"),
        (np.ones((2, 3)), [0.0, 1.0], TypeError, "labels must be integers, got dtype float64"),
        (np.ones((2, 3)), [True, False], TypeError, "labels must be integers, got dtype bool"),
        (np.ones((2, 3, 4)), [0], ValueError, r"scores must be of shape \(N, classes\) or"),
        (1.0, 0, ValueError, "scores must have at least one axis"),
        (np.ones((2, 3), complex), [0, 0], TypeError, "scores must contain real numbers"),
    ],
)
def test_mistakes_of_cross_entropy(scores, labels, error, message):
    with pytest.raises(error, match=message):
        layers.cross_entropy(scores, labels)


def test_batch_statistics_by_hand():
    """Also of a normalization inside a branch, and after others in training mode."""
    stack = Stack(
        [BatchNorm(name="a"), layers.Branches({"p": [BatchNorm(name="b")], "q": [Dense(2)]}, "m")], (3,)
    )
    rng = np.random.default_rng(7)
    x, weights = rng.normal(size=(6, 3)) + 4, stack.initial_weights()
    weights["a"] = (np.array([1.0, 2, 3]), np.array([4.0, 5, 6]), np.zeros(3), np.ones(3))
    found = stack.batch_statistics(x, weights)
    assert list(found) == ["a", "m.p.b"]
    np.testing.assert_allclose(found["a"][0], x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(found["a"][1], x.var(axis=0, ddof=1), rtol=1e-13)
    middle = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5) * weights["a"][0] + weights["a"][1]
    np.testing.assert_allclose(found["m.p.b"][0], middle.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found["m.p.b"][1], middle.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(stack.batch_statistics(x[0], weights)["a"][1], np.zeros(3))
