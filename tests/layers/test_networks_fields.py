"""Receptive fields of networks: published sizes, the longest way, and gradients of one unit."""

import dataclasses

import numpy as np
import pytest

from imfilter.layers import Branches, Conv, Pool, Residual, Stack, networks
from tests.layers.test_networks_tables import ALL


def last_map(stack):
    """The receptive field of the last layer with spatial axes."""
    return [row for row in stack.table(inside=True) if len(row.shape) > 1][-1].receptive_field


@pytest.mark.parametrize(
    ("name", "size"),
    [
        # Araujo, Norris and Sim 2019, table of the appendix. In their ResNets, the last 3x3 convolution of a
        # group has the stride. The strides of the paper's first 1x1 convolutions give the same sizes.
        ("alexnet", 195),
        ("vgg16", 212),
        ("mobilenet", 315),
        ("resnet50 original", 483),
        # With the stride in the 3x3 convolution of the first block.
        ("resnet50", 427),
        # By hand, from kernels and strides below.
        ("vgg19", 268),
        ("resnet18", 435),
        ("mobilenet_v2", 491),
        ("googlenet", 715),
    ],
)
def test_receptive_fields(name, size):
    assert last_map(ALL[name]()).size == (size, size)


@pytest.mark.parametrize(("depth", "size"), [(101, 1027), (152, 1507)])
def test_published_receptive_fields_of_the_original(depth, size):
    assert last_map(networks.resnet(depth, original=True)).size == (size, size)


def paths(layers):
    """Yield the windows (kernel, stride) of every way through some layers."""
    ways = [[]]
    for layer in layers:
        if isinstance(layer, Residual):
            inside = [*paths(layer.layers), *paths(layer.shortcut or ())]
        elif isinstance(layer, Branches):
            inside = [way for part in layer.branches.values() for way in paths(part)]
        elif isinstance(layer, Conv | Pool):
            inside = [[(layer.kernel if isinstance(layer, Conv) else layer.size, layer.stride or layer.size)]]
        else:
            continue
        # Only the longest way through each part matters, and all have the same strides.
        ways = [way + longest(inside) for way in ways]
    return ways


def span(way):
    """The receptive field and the distance of neighbouring units after some windows."""
    size, jump = 1, 1
    for kernel, stride in way:
        size, jump = size + (kernel - 1) * jump, jump * stride
    return size, jump


def longest(ways):
    assert len({span(way)[1] for way in ways}) == 1
    return max(ways, key=lambda way: span(way)[0])


@pytest.mark.parametrize("name", [name for name in ALL if not name.startswith("lenet")])
def test_receptive_fields_by_the_longest_way(name):
    """A field is as long as that of the longest way through the network."""
    stack, field = ALL[name](), last_map(ALL[name]())
    (way,) = paths(stack.layers)
    assert (field.size[0], field.jump[0]) == span(way)


@pytest.mark.parametrize(
    ("network", "length"),
    [
        (networks.resnet(18, 2, (1, 1500)), 1500),
        pytest.param(networks.resnet(50, 2, (1, 1200)), 1200, marks=pytest.mark.slow),
        pytest.param(networks.resnet(50, 2, (1, 1200), original=True), 1200, marks=pytest.mark.slow),
        (networks.mobilenet_v2(2, width=0.1, resolution=1), 1300),
        (Stack(networks.googlenet(2).layers, (1, 1900)), 1900),
    ],
    ids=["resnet18", "resnet50", "resnet50 original", "mobilenet_v2", "googlenet"],
)
@pytest.mark.slow
def test_a_unit_depends_on_its_field_only(network, length):
    """The gradient of a unit is not zero at the first and the last sample of its field, and zero beyond it.

    Networks of one spatial axis with positive weights. Means replace maxima, which have one sample each.
    """
    layers = tuple(mean_pools(network.layers[: last_spatial(network) + 1]))
    stack = Stack(layers, (network.input_shape[0], length))
    weights = {
        path: tuple(None if array is None else positive(array) for array in arrays)
        for path, arrays in stack.initial_weights(1).items()
    }
    row = stack.table()[-1]
    unit = row.shape[1] // 2
    gradient = np.zeros(row.shape)
    gradient[:, unit] = 1
    before, _ = stack.backward(np.full(stack.input_shape, 1e-6), weights, gradient)
    ((first, end),) = row.receptive_field.region(unit)
    assert first > 0
    assert end < length
    found = np.flatnonzero(np.abs(before).max(axis=0))
    assert (found[0], found[-1] + 1) == (first, end)


def positive(array):
    """Weights without a sign that do not enlarge what they are applied to: no relu6 is at its limit."""
    array = np.abs(array.astype(np.float64))
    return array / array.sum(axis=tuple(range(1, array.ndim)), keepdims=True) if array.ndim > 1 else array


def last_spatial(network):
    return max(i for i, shape in enumerate(network.shapes[1:]) if len(shape) > 1)


def mean_pools(layers):
    for layer in layers:
        if isinstance(layer, Residual):
            parts = [tuple(mean_pools(part or ())) for part in (layer.layers, layer.shortcut)]
            yield Residual(parts[0], parts[1] or None, layer.name)
        elif isinstance(layer, Branches):
            named = {key: tuple(mean_pools(part)) for key, part in layer.branches.items()}
            yield Branches(named, layer.name)
        elif isinstance(layer, Pool):
            yield dataclasses.replace(layer, reduce="mean")
        else:
            yield layer
