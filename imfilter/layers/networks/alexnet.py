"""AlexNet, and its normalization of responses."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments
from imfilter.layers.activation import Activation
from imfilter.layers.pools import Pool
from imfilter.layers.specs import Conv, Dense, Flatten
from imfilter.layers.stack import Stack
from imfilter.typing import NDArray


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
    relu, normalization = Activation("relu"), response_normalization()
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


def response_normalization() -> Activation:
    """Return local response normalization with the numbers of section 3.3 of the paper."""
    return Activation(_response_normalization, derivative=_response_gradient)


def _response_normalization(x: NDArray) -> NDArray:
    """Normalise each channel by the energy of five neighbouring channels, as in section 3.3 of the paper."""
    return x / _energy(x) ** 0.75


def _response_gradient(x: NDArray, gradient: NDArray) -> NDArray:
    """Return the gradient of the input of `_response_normalization`."""
    energy = _energy(x)
    # A channel is also in the energies of its neighbours.
    others = _around(gradient * x / energy**1.75)
    return gradient / energy**0.75 - (2 * 1e-4 * 0.75) * x * others


def _energy(x: NDArray) -> NDArray:
    """Return the number by which a power of each channel is divided."""
    return 2 + 1e-4 * _around(x * x)


def _around(x: NDArray) -> NDArray:
    """Return the sum over five neighbouring channels. Channels beyond the first and the last are 0."""
    padded = np.pad(x, [(0, 0), (2, 2), *[(0, 0)] * (x.ndim - 2)])
    return np.asarray(sum(padded[:, i : i + x.shape[1]] for i in range(5)))
