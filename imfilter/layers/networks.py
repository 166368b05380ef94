"""Well-known networks as stacks, with the numbers of their papers."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments
from imfilter.layers.activation import Activation
from imfilter.layers.base import Layer
from imfilter.layers.pools import GlobalPool, Pool
from imfilter.layers.specs import Conv, Dense, Flatten
from imfilter.layers.stack import Stack
from imfilter.typing import NDArray

__all__ = ["alexnet", "lenet5", "mobilenet", "vgg16"]

#: The maps of S2 that each map of C3 reads in LeNet-5.
_LENET_C3 = (
    *(tuple(sorted((i + j) % 6 for j in range(3))) for i in range(6)),
    *(tuple(sorted((i + j) % 6 for j in range(4))) for i in range(6)),
    *(tuple(sorted((i + j) % 6 for j in (0, 1, 3, 4))) for i in range(3)),
    tuple(range(6)),
)
#: Strides and channels of the 13 depthwise separable blocks of MobileNet.
_MOBILENET = (
    *((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)),
    *((1, 512),) * 5,
    *((2, 1024), (1, 1024)),
)


def lenet5(*, original: bool = False) -> Stack:
    """Return the network LeNet-5 for grey images of 32 x 32.

    Parameters
    ----------
    original : bool, optional
        Whether to build what the paper trains: 60,000 parameters, with the table of connections in C3, a
        trained factor and bias for each map after the means of S2 and S4, and the paper's scaled hyperbolic
        tangent. It ends with the 84 units of F6: the paper's ten outputs are squared distances of these from
        drawings of the digits that are not trained. The factors are for means, so four times those of the
        paper, which are for sums. Default False: the usual version, with all connections, plain means and a
        softmax over ten dense units, which has 61,706 parameters.

    Returns
    -------
    Stack
        The layers.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    *Proceedings of the IEEE* 86(11), 1998.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> networks.lenet5().parameters, networks.lenet5(original=True).parameters
    (61706, 60000)
    """
    if not arguments.flag(original, "original"):
        return Stack(
            [
                *(Conv(6, 5, name="c1"), Activation("tanh"), Pool(2, reduce="mean", name="s2")),
                *(Conv(16, 5, name="c3"), Activation("tanh"), Pool(2, reduce="mean", name="s4")),
                *(Conv(120, 5, name="c5"), Activation("tanh"), Flatten()),
                *(Dense(84, name="f6"), Activation("tanh"), Dense(10, name="output"), Activation("softmax")),
            ],
            input_shape=(1, 32, 32),
        )
    return Stack(
        [
            *(Conv(6, 5, name="c1"), Activation(_squash)),
            *(Pool(2, reduce="mean", name="mean2"), Conv(6, 1, groups=6, name="s2"), Activation(_squash)),
            *(Conv(16, 5, name="c3", connections=_LENET_C3), Activation(_squash)),
            *(Pool(2, reduce="mean", name="mean4"), Conv(16, 1, groups=16, name="s4"), Activation(_squash)),
            *(Conv(120, 5, name="c5"), Activation(_squash), Flatten()),
            *(Dense(84, name="f6"), Activation(_squash)),
        ],
        input_shape=(1, 32, 32),
    )


def alexnet(classes: int = 1000, *, grouped: bool = True) -> Stack:
    """Return the network AlexNet for RGB images of 227 x 227.

    The paper says 224, but its other numbers need 227.

    Parameters
    ----------
    classes : int, optional
        Number of units of the last layer. Default 1000.
    grouped : bool, optional
        Whether the second, fourth and fifth layers have two groups of channels, one for each GPU of the
        paper. The network has 60,965,224 parameters with groups and 62,378,344 without. Default True.

    Returns
    -------
    Stack
        The layers, with the response normalization of the paper. There is no dropout, which has no effect
        after training.

    References
    ----------
    A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural
    networks", 2012.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> networks.alexnet().parameters, networks.alexnet(grouped=False).parameters
    (60965224, 62378344)
    """
    groups = 2 if arguments.flag(grouped, "grouped") else 1
    relu, normalization = Activation("relu"), Activation(_response_normalization)
    return Stack(
        [
            *(Conv(96, 11, stride=4, name="conv1"), relu, normalization, Pool(3, stride=2)),
            *(Conv(256, 5, padding=2, groups=groups, name="conv2"), relu, normalization, Pool(3, stride=2)),
            *(Conv(384, 3, padding=1, name="conv3"), relu),
            *(Conv(384, 3, padding=1, groups=groups, name="conv4"), relu),
            *(Conv(256, 3, padding=1, groups=groups, name="conv5"), relu, Pool(3, stride=2), Flatten()),
            *(Dense(4096, name="fc6"), relu, Dense(4096, name="fc7"), relu),
            *(Dense(classes, name="fc8"), Activation("softmax")),
        ],
        input_shape=(3, 227, 227),
    )


def vgg16(classes: int = 1000) -> Stack:
    """Return VGG-16, configuration D of the paper, for RGB images of 224 x 224.

    It has 138,357,544 parameters, 15.5 billion multiplications and 15.2 million activations: the input and
    the results of convolutions, pools and dense layers. The table of Stanford's course CS231n has the same
    lines, but its total of 24 million activations is larger than the sum of its lines. With separate results
    of the activation functions there are 28.8 million.

    Parameters
    ----------
    classes : int, optional
        Number of units of the last layer. Default 1000.

    Returns
    -------
    Stack
        The layers.

    References
    ----------
    K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> network = networks.vgg16()
    >>> network.parameters, network.multiplications, network.activations
    (138357544, 15470264320, 15237608)
    """
    layers: list[Layer] = []
    for block, (channels, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for number in range(1, depth + 1):
            layers += [Conv(channels, 3, padding=1, name=f"conv{block}_{number}"), Activation("relu")]
        layers.append(Pool(2))
    layers.append(Flatten())
    for number in (6, 7):
        layers += [Dense(4096, name=f"fc{number}"), Activation("relu")]
    layers += [Dense(classes, name="fc8"), Activation("softmax")]
    return Stack(layers, input_shape=(3, 224, 224))


def mobilenet(classes: int = 1000, *, width: float = 1.0, resolution: int = 224) -> Stack:
    """Return the network MobileNet, version 1, for RGB images.

    It has 4.2 million parameters and 569 million multiplications. Each convolution has a bias instead of the
    batch normalization of the training. After training both are equivalent, and the bias has one parameter
    per channel less: 4,221,032 parameters here, and 4,231,976 with a factor and a shift for every channel.

    Parameters
    ----------
    classes : int, optional
        Number of units of the last layer. Default 1000.
    width : float, optional
        Width multiplier: factor for the number of channels of every layer, rounded down. The paper uses 1,
        0.75, 0.5 and 0.25. Default 1.
    resolution : int, optional
        Number of rows and columns of the image. The paper uses 224, 192, 160 and 128. Default 224.

    Returns
    -------
    Stack
        The layers.

    References
    ----------
    A. G. Howard et al., "MobileNets: Efficient convolutional neural networks for mobile vision
    applications", 2017.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> networks.mobilenet().parameters, networks.mobilenet().multiplications
    (4221032, 568740352)
    """
    width = arguments.number(width, "width")
    resolution = arguments.integer(resolution, "resolution", least=1)
    if int(32 * width) < 1:
        raise ValueError(f"width must leave a channel, so be at least 1/32, got {width}")
    relu = Activation("relu")
    channels = int(32 * width)
    layers: list[Layer] = [Conv(channels, 3, stride=2, padding=1, name="conv"), relu]
    for number, (stride, wide) in enumerate(_MOBILENET, 1):
        depthwise = Conv(channels, 3, stride=stride, padding=1, groups=channels, name=f"depthwise{number}")
        channels = int(wide * width)
        layers += [depthwise, relu, Conv(channels, 1, name=f"pointwise{number}"), relu]
    layers += [GlobalPool(name="pool"), Dense(classes, name="fc"), Activation("softmax")]
    return Stack(layers, input_shape=(3, resolution, resolution))


def _squash(x: NDArray) -> NDArray:
    """Return the activation of LeNet-5. It maps 1 to 1 and -1 to -1."""
    return 1.7159 * np.tanh(2 / 3 * x)


def _response_normalization(x: NDArray) -> NDArray:
    """Normalise each channel by the energy of five neighbouring channels, as in section 3.3 of the paper."""
    energy = np.pad(x * x, [(0, 0), (2, 2), *[(0, 0)] * (x.ndim - 2)])
    around = sum(energy[:, i : i + x.shape[1]] for i in range(5))
    return x / (2 + 1e-4 * around) ** 0.75
