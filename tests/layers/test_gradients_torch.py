"""Gradients of every kind of layer against PyTorch's, in one to three dimensions."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from imfilter import layers
from imfilter.layers import networks
from imfilter.layers.sequential import Sequential
from tests.layers.gradient_cases import CASES, close, problem

pytest.importorskip("torch", reason="torch is an extra of its own")
TOLERANCES = {"float32": 1e-5, "float64": 1e-10}


@pytest.fixture(scope="module")
def torch():
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


class Evaluation:
    """The layers of a stack in functions of PyTorch."""

    def __init__(self, torch, tensors, training):
        self.torch, self.f, self.tensors, self.training = torch, torch.nn.functional, tensors, training

    def run(self, given, x, path=""):
        sequence = Sequential(given, "shortcut_" if path.endswith(":shortcut") else "")
        path = path.removesuffix(":shortcut")
        for layer, name in zip(sequence.layers, sequence.names, strict=True):
            place = f"{path}.{name}" if path else name
            x = getattr(self, type(layer).__name__.lower())(layer, x, place)
        return x

    def of(self, name, x, *arguments, **options):
        """Call the function for the number of axes of a batch."""
        return getattr(self.f, f"{name}{x.ndim - 2}d")(x, *arguments, **options)

    def conv(self, layer, x, path):
        weight, bias = self.tensors[path]
        if layer.connections is not None:
            mask = self.torch.zeros(weight.shape[:2], dtype=weight.dtype)
            for row, read in zip(mask, layer.connections, strict=True):
                row[list(read)] = 1
            weight = weight * mask.reshape(*mask.shape, *[1] * (x.ndim - 2))
        pads = layer.padding if isinstance(layer.padding, tuple) else [(layer.padding,) * 2] * (x.ndim - 2)
        modes = {"zero": "constant", "edge": "replicate", "wrap": "circular", "mirror": "reflect"}
        flat = [side for pair in reversed(pads) for side in pair]
        x = self.f.pad(x, flat, mode=modes[layer.padding_mode])
        return self.of(
            *("conv", x, weight, bias), stride=layer.stride, dilation=layer.dilation, groups=layer.groups
        )

    def pool(self, layer, x, path):
        name = "max_pool" if layer.reduce == "max" else "avg_pool"
        return self.of(name, x, layer.size, layer.stride, layer.padding, ceil_mode=layer.ceil_mode)

    def globalpool(self, layer, x, path):
        name = "adaptive_max_pool" if layer.reduce == "max" else "adaptive_avg_pool"
        return self.of(name, x, 1).flatten(1)

    def activation(self, layer, x, path):
        return x.softmax(1) if layer.function == "softmax" else getattr(self.f, layer.function)(x)

    def dense(self, layer, x, path):
        return self.f.linear(x, *self.tensors[path])

    def flatten(self, layer, x, path):
        return x.flatten(1)

    def dropout(self, layer, x, path):
        return self.f.dropout(x, layer.rate, training=False)

    def batchnorm(self, layer, x, path):
        weight, bias, mean, variance = self.tensors[path]
        moving = mean.detach().clone(), variance.detach().clone()
        return self.f.batch_norm(x, *moving, weight, bias, self.training, eps=layer.eps)

    def residual(self, layer, x, path):
        return self.run(layer.layers, x, path) + self.run(layer.shortcut or [], x, f"{path}:shortcut")

    def branches(self, layer, x, path):
        return self.torch.cat(
            [self.run(part, x, f"{path}.{name}") for name, part in named(layer.branches)], dim=1
        )


def named(branches):
    if isinstance(branches, Mapping):
        return branches.items()
    return [(f"branch{number}", part) for number, part in enumerate(branches, 1)]


#: Padding of these modes is not in PyTorch for three axes.
CASES_BY_AXES = [
    (name, n) for name, n in itertools.product(CASES, (1, 2, 3)) if not (name == "conv mirror" and n == 3)
]


@pytest.mark.parametrize("training", [False, True], ids=["running", "training"])
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("name", "n"), CASES_BY_AXES)
def test_every_layer(torch, name, n, dtype, training):
    stack, x, weights, gradient = problem(name, n, dtype)
    tensors = {
        path: [None if a is None else torch.from_numpy(a).requires_grad_() for a in arrays]
        for path, arrays in weights.items()
    }
    tensor = torch.from_numpy(x).requires_grad_()
    expected = Evaluation(torch, tensors, training).run(stack.layers, tensor)
    expected.backward(torch.from_numpy(gradient))
    tolerance = TOLERANCES[dtype]
    close(stack.forward(x, weights, training=training), expected.detach().numpy(), tolerance)
    before, found = stack.backward(x, weights, gradient, training=training)
    assert before.dtype == dtype
    close(before, tensor.grad.numpy(), tolerance)
    assert list(found) == list(weights)
    for path, arrays in found.items():
        assert len(arrays) == len(weights[path])
        assert all(array is None for array in arrays[2:])
        for ours, theirs in zip(arrays[:2], tensors[path][:2], strict=True):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert ours.dtype == dtype
                same_gradient(ours, theirs.grad.numpy(), tolerance, largest(tensors))


def largest(tensors):
    """The largest gradient of all weights and biases."""
    given = [t for parts in tensors.values() for t in parts[:2] if t is not None]
    return max(float(t.grad.abs().max()) for t in given)


def same_gradient(ours, theirs, tolerance, scale):
    """Within a share of the largest of the array.

    In training, normalization makes the gradient of a bias before it 0: only rounding remains of the others.
    """
    if np.abs(theirs).max() < tolerance * scale:
        assert np.abs(ours).max() < tolerance * scale
    else:
        close(ours, theirs, tolerance)


def pool_options(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    size = tuple(int(v) for v in rng.integers(1, 5, n))
    stride = None if seed % 5 == 0 else tuple(int(v) for v in rng.integers(1, 5, n))
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in size)
    lengths = [max(int(v), k) for v, k in zip(rng.integers(1, (20, 9, 6)[n - 1], n), size, strict=True)]
    options = {"stride": stride, "padding": padding, "ceil_mode": bool(rng.integers(2))}
    return rng, (2, 3, *lengths), size, options


@pytest.mark.parametrize("seed", range(60))
def test_max_pool_with_equal_samples_and_nan(torch, seed):
    """The same sample wins: the first of equals, the last NaN, and a sample if all are -inf."""
    rng, shape, size, options = pool_options(seed)
    x = rng.integers(0, 3, shape).astype(np.float64)
    x[rng.random(shape) < 0.1] = np.nan
    x[rng.random(shape) < 0.3] = -np.inf
    tensor = torch.from_numpy(x).requires_grad_()
    pool = getattr(torch.nn.functional, f"max_pool{len(size)}d")
    expected = pool(tensor, size, **options)
    gradient = rng.integers(-5, 6, expected.shape).astype(np.float64)
    expected.backward(torch.from_numpy(gradient))
    result = layers.max_pool_gradient(gradient, x, size, **options)
    np.testing.assert_array_equal(result, tensor.grad.numpy())


@pytest.mark.parametrize("seed", range(30))
def test_avg_pool(torch, seed):
    rng, shape, size, options = pool_options(seed)
    x = rng.normal(size=shape)
    tensor = torch.from_numpy(x).requires_grad_()
    pool = getattr(torch.nn.functional, f"avg_pool{len(size)}d")
    expected = pool(tensor, size, **options)
    gradient = rng.normal(size=expected.shape)
    expected.backward(torch.from_numpy(gradient))
    close(layers.avg_pool_gradient(gradient, x, size, **options), tensor.grad.numpy(), 1e-14)


@pytest.mark.parametrize("function", ["relu", "relu6"])
def test_rectifiers_at_their_limits(torch, function):
    """The gradient at 0 and 6 is 0, and it passes at NaN."""
    x = np.array([[-np.inf, -1.0, -0.0, 0.0, 1e-300, 3.0, 6.0, 7.0, np.inf, np.nan]])
    tensor = torch.from_numpy(x).requires_grad_()
    getattr(torch.nn.functional, function)(tensor).backward(torch.ones(x.shape, dtype=torch.float64) * 2)
    before, _ = layers.Stack([layers.Activation(function)], (10,)).backward(x, [], np.full(x.shape, 2.0))
    np.testing.assert_array_equal(before, tensor.grad.numpy())


def test_response_normalization(torch):
    """PyTorch divides alpha by the number of channels."""
    layer = networks.alexnet().layers[2]
    rng = np.random.default_rng(8)
    for n in (1, 2, 3):
        x = rng.normal(size=(2, 7, *(5, 4, 3)[:n])) * 100
        tensor = torch.from_numpy(x).requires_grad_()
        expected = torch.nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)(tensor)
        gradient = rng.normal(size=x.shape)
        expected.backward(torch.from_numpy(gradient))
        stack = layers.Stack([layer], x.shape[1:])
        close(stack.forward(x, []), expected.detach().numpy(), 1e-12)
        close(stack.backward(x, [], gradient)[0], tensor.grad.numpy(), 1e-12)


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_cross_entropy(torch, dtype):
    rng = np.random.default_rng(9)
    scores, labels = (rng.normal(size=(6, 5)) * 20).astype(dtype), rng.integers(0, 5, 6)
    tensor = torch.from_numpy(scores).requires_grad_()
    expected = torch.nn.functional.cross_entropy(tensor, torch.from_numpy(labels))
    expected.backward()
    loss, gradient = layers.cross_entropy(scores, labels)
    assert loss == pytest.approx(expected.item(), rel=TOLERANCES[dtype])
    assert gradient.dtype == dtype
    close(gradient, tensor.grad.numpy(), TOLERANCES[dtype])


def test_batch_statistics(torch):
    """What a module has as running mean and variance after one batch with momentum 1."""
    stack, x, weights, _ = problem("conv and batch norm", 2, "float64")
    norm = torch.nn.BatchNorm2d(4, momentum=1.0).double()
    conv = torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(weights["conv1"][0]))
    norm(conv)
    mean, variance = stack.batch_statistics(x, weights)["batchnorm1"]
    close(mean, norm.running_mean.numpy(), 1e-12)
    close(variance, norm.running_var.numpy(), 1e-12)
