"""The residual networks."""

from __future__ import annotations

from collections.abc import Sequence

from imfilter._base import arguments
from imfilter.layers.activation import Activation
from imfilter.layers.base import Layer
from imfilter.layers.branches import Residual
from imfilter.layers.normalization import BatchNorm
from imfilter.layers.pools import GlobalPool, Pool
from imfilter.layers.specs import Conv, Dense
from imfilter.layers.stack import Stack

#: Numbers of blocks of the four groups, and whether a block is a bottleneck of three convolutions.
_DEPTHS = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


def resnet(
    depth: int,
    classes: int = 1000,
    input_shape: Sequence[int] = (3, 224, 224),
    original: bool = False,
) -> Stack:
    """Return a residual network: ResNet-18, 34, 50, 101 or 152.

    It has 11,689,512, 21,797,672, 25,557,032, 44,549,160 or 60,192,808 parameters. The names of the layers
    are those of PyTorch's own implementation.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}
        Number of layers with weights on the longest path. From 50 on, a block is a bottleneck: 1x1, 3x3 and
        1x1 convolutions.
    classes : int, optional
        Number of units of the last layer. Default 1000.
    input_shape : tuple of int, optional
        Shape of one image, ``(channels, *spatial)`` with 1 to 3 spatial axes. For other than two axes all
        kernels have that many axes. Default (3, 224, 224).
    original : bool, optional
        Whether the stride of a bottleneck is in its first 1x1 convolution, as in the paper. Default False: it
        is in the 3x3 convolution, as in PyTorch's own implementation. The number of parameters is the same.

    Returns
    -------
    Stack
        The layers.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2015.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> networks.resnet(18).parameters, networks.resnet(18).multiplications
    (11689512, 1814073344)
    >>> networks.resnet(50).multiplications, networks.resnet(50, original=True).multiplications
    (4089184256, 3857973248)
    """
    depth = arguments.integer(depth, "depth")
    if depth not in _DEPTHS:
        raise ValueError(f"depth must be one of {', '.join(map(str, _DEPTHS))}, got {depth}")
    early = arguments.flag(original, "original")
    counts, bottleneck = _DEPTHS[depth]
    layers: list[Layer] = [
        *(Conv(64, 7, stride=2, padding=3, bias=False, name="conv1"), BatchNorm(name="bn1")),
        *(Activation("relu"), Pool(3, stride=2, padding=1)),
    ]
    before = 64
    for group, count in enumerate(counts, 1):
        inner = 64 * 2 ** (group - 1)
        outer = 4 * inner if bottleneck else inner
        for number in range(count):
            stride = 2 if number == 0 and group > 1 else 1
            body = _bottleneck(inner, outer, stride, early) if bottleneck else _basic(inner, stride)
            shortcut: list[Layer] | None = None
            if stride != 1 or before != outer:
                shortcut = [
                    Conv(outer, 1, stride=stride, bias=False, name="downsample.0"),
                    BatchNorm(name="downsample.1"),
                ]
            layers += [Residual(body, shortcut, f"layer{group}.{number}"), Activation("relu")]
            before = outer
    layers += [GlobalPool(name="avgpool"), Dense(classes, name="fc"), Activation("softmax")]
    return Stack(layers, input_shape, {})


def _basic(channels: int, stride: int) -> list[Layer]:
    """Return the layers of a block with two convolutions."""
    return [
        Conv(channels, 3, stride=stride, padding=1, bias=False, name="conv1"),
        *(BatchNorm(name="bn1"), Activation("relu")),
        Conv(channels, 3, padding=1, bias=False, name="conv2"),
        BatchNorm(name="bn2"),
    ]


def _bottleneck(inner: int, outer: int, stride: int, early: bool) -> list[Layer]:
    """Return the layers of a block with three convolutions. `early`: the first one has the stride."""
    return [
        Conv(inner, 1, stride=stride if early else 1, bias=False, name="conv1"),
        *(BatchNorm(name="bn1"), Activation("relu")),
        Conv(inner, 3, stride=1 if early else stride, padding=1, bias=False, name="conv2"),
        *(BatchNorm(name="bn2"), Activation("relu")),
        Conv(outer, 1, bias=False, name="conv3"),
        BatchNorm(name="bn3"),
    ]
