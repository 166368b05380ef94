"""The MobileNets."""

from __future__ import annotations

from collections.abc import Iterator

from imfilter._base import arguments
from imfilter.layers.activation import Activation, Dropout
from imfilter.layers.base import Layer
from imfilter.layers.branches import Residual
from imfilter.layers.normalization import BatchNorm
from imfilter.layers.pools import GlobalPool
from imfilter.layers.specs import Conv, Dense
from imfilter.layers.stack import Stack

#: Strides and channels of the 13 depthwise separable blocks of MobileNet.
_MOBILENET = (
    *((1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512)),
    *((1, 512),) * 5,
    *((2, 1024), (1, 1024)),
)
#: Expansion, channels, number of blocks and stride of the groups of blocks of MobileNetV2 (its table 2).
_MOBILENET_V2 = (
    *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
    *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
)


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


def mobilenet_v2(classes: int = 1000, *, width: float = 1.0, resolution: int = 224) -> Stack:
    """Return the network MobileNetV2 for RGB images.

    It has 3,504,872 parameters and 301 million multiplications. A block expands the channels, filters each of
    them and projects them to fewer channels without an activation. Blocks that keep the shape are residual.

    The names of the layers are those of PyTorch's own implementation.

    Parameters
    ----------
    classes : int, optional
        Number of units of the last layer. Default 1000.
    width : float, optional
        Width multiplier: factor for the number of channels of every layer, rounded to a multiple of 8. The
        last convolution has at least 1280 channels. The paper uses 0.35 to 1.4. Default 1.
    resolution : int, optional
        Number of rows and columns of the image. The paper uses 96 to 224. Default 224.

    Returns
    -------
    Stack
        The layers.

    References
    ----------
    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, "MobileNetV2: Inverted residuals and linear
    bottlenecks", 2018.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> networks.mobilenet_v2().parameters, networks.mobilenet_v2().multiplications
    (3504872, 300774272)
    """
    width = arguments.number(width, "width")
    resolution = arguments.integer(resolution, "resolution", least=1)
    if not width > 0:
        raise ValueError(f"width must be greater than 0, got {width}")
    channels = _multiple_of_8(32 * width)
    layers: list[Layer] = [*_unit("features.0.", ("0", "1"), channels, 3, stride=2)]
    number = 1
    for expansion, wide, count, stride in _MOBILENET_V2:
        for index in range(count):
            before, channels = channels, _multiple_of_8(wide * width)
            step, name = stride if index == 0 else 1, f"features.{number}"
            if step == 1 and before == channels:
                layers.append(Residual([*_inverted("", before, channels, expansion, step)], name=name))
            else:
                layers += _inverted(f"{name}.", before, channels, expansion, step)
            number += 1
    layers += [
        *_unit(f"features.{number}.", ("0", "1"), _multiple_of_8(1280 * max(1.0, width)), 1),
        *(GlobalPool(name="pool"), Dropout(0.2), Dense(classes, name="classifier.1"), Activation("softmax")),
    ]
    return Stack(layers, (3, resolution, resolution), {})


def _inverted(prefix: str, before: int, channels: int, expansion: int, stride: int) -> Iterator[Layer]:
    """Yield the layers of a block: expansion, depthwise convolution and projection."""
    wide, at = before * expansion, 0
    if expansion != 1:
        yield from _unit(f"{prefix}conv.0.", ("0", "1"), wide, 1)
        at = 1
    yield from _unit(f"{prefix}conv.{at}.", ("0", "1"), wide, 3, stride=stride, groups=wide)
    names = str(at + 1), str(at + 2)
    yield from _unit(f"{prefix}conv.", names, channels, 1, linear=True)


def _unit(
    prefix: str,
    names: tuple[str, str],
    channels: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    linear: bool = False,
) -> Iterator[Layer]:
    """Yield a convolution, its normalization and its activation."""
    yield Conv(channels, kernel, stride, kernel // 2, groups=groups, bias=False, name=prefix + names[0])
    yield BatchNorm(name=prefix + names[1])
    if not linear:
        yield Activation("relu6")


def _multiple_of_8(channels: float) -> int:
    """Return the nearest multiple of 8, at least 8, that is at least nine tenths of a number of channels."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
