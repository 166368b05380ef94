"""LeNet-5."""

from __future__ import annotations

import numpy as np

from imfilter._base import arguments
from imfilter.layers.activation import Activation
from imfilter.layers.pools import Pool
from imfilter.layers.specs import Conv, Dense, Flatten
from imfilter.layers.stack import Stack
from imfilter.typing import NDArray

#: The maps of S2 that each map of C3 reads in LeNet-5.
_LENET_C3 = (
    *(tuple(sorted((i + j) % 6 for j in range(3))) for i in range(6)),
    *(tuple(sorted((i + j) % 6 for j in range(4))) for i in range(6)),
    *(tuple(sorted((i + j) % 6 for j in (0, 1, 3, 4))) for i in range(3)),
    tuple(range(6)),
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
    squash = Activation(_squash, derivative=_squash_gradient)
    return Stack(
        [
            *(Conv(6, 5, name="c1"), squash),
            *(Pool(2, reduce="mean", name="mean2"), Conv(6, 1, groups=6, name="s2"), squash),
            *(Conv(16, 5, name="c3", connections=_LENET_C3), squash),
            *(Pool(2, reduce="mean", name="mean4"), Conv(16, 1, groups=16, name="s4"), squash),
            *(Conv(120, 5, name="c5"), squash, Flatten()),
            *(Dense(84, name="f6"), squash),
        ],
        input_shape=(1, 32, 32),
    )


def _squash(x: NDArray) -> NDArray:
    """Return the activation of LeNet-5. It maps 1 to 1 and -1 to -1."""
    return 1.7159 * np.tanh(2 / 3 * x)


def _squash_gradient(x: NDArray, gradient: NDArray) -> NDArray:
    """Return the gradient of the input of `_squash`."""
    return gradient * (1.7159 * 2 / 3) * (1 - np.tanh(2 / 3 * x) ** 2)
