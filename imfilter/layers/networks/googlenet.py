"""GoogLeNet."""

from __future__ import annotations

from imfilter.layers.activation import Activation, Dropout
from imfilter.layers.base import Layer
from imfilter.layers.branches import Branches
from imfilter.layers.networks.alexnet import response_normalization
from imfilter.layers.pools import GlobalPool, Pool
from imfilter.layers.specs import Conv, Dense
from imfilter.layers.stack import Stack

#: Columns of table 1 of the paper for each module: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
_MODULES = {
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


def googlenet(classes: int = 1000) -> Stack:
    """Return the network GoogLeNet (Inception) for RGB images of 224 x 224.

    It is the network of the paper without the two auxiliary classifiers, which only training uses.
    Convolutions have biases and no batch normalization. The response normalization has the numbers of
    AlexNet, because the paper gives none. PyTorch's own implementation is another network: it has batch
    normalization, and 3x3 instead of 5x5 convolutions.

    It has 6,998,552 parameters, of which 6,990,272 are weights, and 1.58 billion multiplications. The table
    of the paper counts weights in units of 1024. Some of its numbers do not follow from its channels: for the
    first convolution it has 2.7K, but 64 kernels of 7x7 for three channels have 9.2K weights. For 4c it has
    463K, and the channels give 498K. Its multiplications of 4c fit 498K.

    Parameters
    ----------
    classes : int, optional
        Number of units of the last layer. Default 1000.

    Returns
    -------
    Stack
        The layers. The module 3a is ``inception3a`` with the branches ``1x1``, ``3x3``, ``5x5`` and ``pool``.
        So the path of its 5x5 convolution is ``inception3a.5x5.conv``.

    References
    ----------
    C. Szegedy et al., "Going deeper with convolutions", 2014.

    Examples
    --------
    >>> from imfilter.layers import networks
    >>> network = networks.googlenet()
    >>> network.parameters, network.multiplications
    (6998552, 1582671872)
    """
    relu = Activation("relu")
    pool = Pool(3, stride=2, ceil_mode=True)
    layers: list[Layer] = [
        *(Conv(64, 7, stride=2, padding=3, name="conv1"), relu, pool, response_normalization()),
        *(Conv(64, 1, name="conv2.reduce"), relu, Conv(192, 3, padding=1, name="conv2"), relu),
        *(response_normalization(), pool),
    ]
    for name, columns in _MODULES.items():
        layers += [pool] if name in ("4a", "5a") else []
        layers.append(_inception(f"inception{name}", columns))
    layers += [GlobalPool(name="pool"), Dropout(0.4), Dense(classes, name="fc"), Activation("softmax")]
    return Stack(layers, input_shape=(3, 224, 224))


def _inception(name: str, columns: tuple[int, ...]) -> Branches:
    """Return a module of four branches."""
    one, reduce3, three, reduce5, five, projection = columns
    relu = Activation("relu")
    return Branches(
        {
            "1x1": [Conv(one, 1, name="conv"), relu],
            "3x3": [Conv(reduce3, 1, name="reduce"), relu, Conv(three, 3, padding=1, name="conv"), relu],
            "5x5": [Conv(reduce5, 1, name="reduce"), relu, Conv(five, 5, padding=2, name="conv"), relu],
            "pool": [Pool(3, stride=1, padding=1), Conv(projection, 1, name="projection"), relu],
        },
        name,
    )
