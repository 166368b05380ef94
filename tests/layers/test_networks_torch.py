"""Networks against modules of PyTorch with the same random weights, from a file of safetensors."""

import numpy as np
import pytest

from imfilter.layers import Stack, networks

V2 = (32, 16, 24, 32, 64, 96, 160, 320, 1280)
V2_NARROW = (16, 8, 8, 16, 24, 32, 56, 112, 1280)  # width 0.35, multiples of 8
#: Columns of table 1 of the paper.
GOOGLENET = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
V1 = ((1, 16), (2, 32), (1, 32), (2, 64), (1, 64), (2, 128), *((1, 128),) * 5, (2, 256), (1, 256))

CASES = {
    "resnet18": (
        lambda: networks.resnet(18, 10, (3, 64, 48)),
        lambda t: t.ResNet((2, 2, 2, 2), False, 10),
        None,
    ),
    "resnet34": (
        lambda: networks.resnet(34, 10, (3, 40, 33)),
        lambda t: t.ResNet((3, 4, 6, 3), False, 10),
        "pytorch",
    ),
    "resnet50": (
        lambda: networks.resnet(50, 10, (3, 50, 39)),
        lambda t: t.ResNet((3, 4, 6, 3), True, 10),
        None,
    ),
    "resnet50 original": (
        lambda: networks.resnet(50, 10, (3, 50, 39), original=True),
        lambda t: t.ResNet((3, 4, 6, 3), True, 10, True),
        None,
    ),
    "resnet101": (
        lambda: networks.resnet(101, 10, (3, 32, 32)),
        lambda t: t.ResNet((3, 4, 23, 3), True, 10),
        None,
    ),
    "resnet152": (
        lambda: networks.resnet(152, 10, (3, 32, 32)),
        lambda t: t.ResNet((3, 8, 36, 3), True, 10),
        None,
    ),
    "mobilenet_v2": (
        lambda: networks.mobilenet_v2(10, resolution=64),
        lambda t: t.MobileNetV2(V2, 10),
        "pytorch",
    ),
    "mobilenet_v2 narrow": (
        lambda: networks.mobilenet_v2(10, width=0.35, resolution=49),
        lambda t: t.MobileNetV2(V2_NARROW, 10),
        None,
    ),
    "vgg16": (lambda: small(networks.vgg16(10), 32), lambda t: t.VGG((2, 2, 3, 3, 3), 10), "pytorch"),
    "vgg19": (lambda: small(networks.vgg19(10), 32), lambda t: t.VGG((2, 2, 4, 4, 4), 10), "pytorch"),
    "googlenet": (lambda: small(networks.googlenet(10), 64), lambda t: t.GoogLeNet(GOOGLENET, 10), "module"),
    "alexnet": (lambda: small(networks.alexnet(10), 67), lambda t: t.AlexNet(10), None),
    "lenet5": (networks.lenet5, lambda t: t.LeNet5(), None),
    "mobilenet": (
        lambda: networks.mobilenet(10, width=0.25, resolution=64),
        lambda t: t.MobileNet(8, V1, 10),
        None,
    ),
}


def small(network, length):
    """The same layers for smaller images."""
    return Stack(network.layers, (3, length, length), network.pytorch_names)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch", reason="torch is an extra of its own")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


def files():
    """The module that writes files of safetensors."""
    return pytest.importorskip("safetensors.torch", reason="safetensors is an extra of its own")


#: The cases with many weights.
SLOW = ("resnet34", "resnet50", "resnet50 original", "resnet101", "resnet152", "vgg16", "vgg19", "alexnet")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in CASES]
)
def test_forward(torch, name, tmp_path):
    """Within 1e-4 of the scores, and of the largest score before the softmax."""
    from tests.layers import torch_networks

    make, module_of, names = CASES[name]
    stack, module = make(), torch_networks.randomized(module_of(torch_networks))
    x = np.random.default_rng(0).normal(size=(2, *stack.input_shape)).astype(np.float32)
    moderate(torch, module, torch.from_numpy(x))
    path = tmp_path / "weights.safetensors"
    files().save_file(module.state_dict(), path)
    weights = stack.load_weights(path, names=module.names() if names == "module" else names)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    result = stack.forward(x, weights)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-4)
    assert np.ptp(expected, axis=1).min() > 0.05  # the scores differ, and none has almost all
    assert expected.max() < 0.99
    inner = Stack(stack.layers[:-1], stack.input_shape)  # also before the softmax
    scores = inner.forward(x, weights)
    with torch.no_grad():
        logits = before_softmax(torch, module, torch.from_numpy(x))
    np.testing.assert_allclose(scores, logits, atol=1e-4 * np.abs(logits).max(), rtol=0)


def moderate(torch, module, x):
    """Divide the last linear layer, so that the softmax of its result is neither flat nor 0 and 1."""
    with torch.no_grad():
        scale = before_softmax(torch, module, x).std()
        for parameter in last_linear(torch, module).parameters():
            parameter /= float(scale)


def last_linear(torch, module):
    return [part for part in module.modules() if isinstance(part, torch.nn.Linear)][-1]


def before_softmax(torch, module, x):
    """The result of the last linear layer."""
    last, found = last_linear(torch, module), []
    handle = last.register_forward_hook(lambda part, given, result: found.append(result))
    module(x)
    handle.remove()
    return found[0].numpy()


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param("resnet18", marks=pytest.mark.slow), "mobilenet_v2 narrow", "googlenet", "lenet5"),
        *("mobilenet", pytest.param("alexnet", marks=pytest.mark.slow)),
    ],
)
def test_backward(torch, name, tmp_path):
    """The gradients of a whole network in float64."""
    from tests.layers import torch_networks

    make, module_of, names = CASES[name]
    stack, module = make(), torch_networks.randomized(module_of(torch_networks)).double()
    mapping = module.names() if names == "module" else {}
    x = np.random.default_rng(0).normal(size=(2, *stack.input_shape))
    moderate(torch, module, torch.from_numpy(x))
    files().save_file(module.state_dict(), tmp_path / "weights.safetensors")
    weights = stack.load_weights(tmp_path / "weights.safetensors", names=mapping or names)
    tensor = torch.from_numpy(x).requires_grad_()
    expected = module(tensor)
    gradient = np.random.default_rng(1).normal(size=expected.shape)
    expected.backward(torch.from_numpy(gradient))
    before, found = stack.backward(x, weights, gradient)
    close(before, tensor.grad.numpy(), 1e-10)
    for key, parameter in module.named_parameters():
        layer, _, kind = key.rpartition(".")
        path = {there: here for here, there in mapping.items()}.get(layer, layer)
        close(found[path][("weight", "bias").index(kind)], parameter.grad.numpy(), 1e-10)


def close(result, expected, tolerance):
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() <= tolerance * np.abs(expected).max()
