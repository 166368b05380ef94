"""The VGG networks."""

from __future__ import annotations

from imfilter.layers.activation import Activation
from imfilter.layers.base import Layer
from imfilter.layers.pools import Pool
from imfilter.layers.specs import Conv, Dense, Flatten
from imfilter.layers.stack import Stack

#: Channels of the five blocks.
_CHANNELS = (64, 128, 256, 512, 512)


def vgg16(classes: int = 1000) -> Stack:
    """Return VGG-16, configuration D of the paper, for RGB images of 224 x 224.

    It has 138,357,544 parameters, 15.5 billion multiplications and 15.2 million activations: the input and
    the results of convolutions, pools and dense layers. The table of Stanford's course CS231n has the same
    lines, but its total of 24 million activations is larger than the sum of its lines. With separate results
    of the activation functions there are 28.8 million.

    The names of the layers are those of the paper's configuration. `Stack.load_weights` reads the names of
    PyTorch's own implementation with ``names="pytorch"``.

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
    return _vgg((2, 2, 3, 3, 3), classes)


def vgg19(classes: int = 1000) -> Stack:
    """Return VGG-19, configuration E of the paper, for RGB images of 224 x 224.

    It has 143,667,240 parameters, 19.6 billion multiplications and 16.5 million activations: the input and
    the results of convolutions, pools and dense layers.

    The names of the layers are those of the paper's configuration. `Stack.load_weights` reads the names of
    PyTorch's own implementation with ``names="pytorch"``.

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
    >>> network = networks.vgg19()
    >>> network.parameters, network.multiplications, network.activations
    (143667240, 19632062464, 16542184)
    """
    return _vgg((2, 2, 4, 4, 4), classes)


def _vgg(depths: tuple[int, ...], classes: int) -> Stack:
    """Return a network of five blocks with these numbers of convolutions."""
    layers: list[Layer] = []
    names = {}
    for block, (channels, depth) in enumerate(zip(_CHANNELS, depths, strict=True), 1):
        for number in range(1, depth + 1):
            names[f"conv{block}_{number}"] = f"features.{len(layers)}"
            layers += [Conv(channels, 3, padding=1, name=f"conv{block}_{number}"), Activation("relu")]
        layers.append(Pool(2))
    layers.append(Flatten())
    for number in (6, 7):
        layers += [Dense(4096, name=f"fc{number}"), Activation("relu")]
    layers += [Dense(classes, name="fc8"), Activation("softmax")]
    # Between the dense layers there are an activation and dropout.
    names |= {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}
    return Stack(layers, (3, 224, 224), names)
