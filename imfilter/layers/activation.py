"""Activation functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Layer, Shape
from imfilter.typing import NDArray

__all__ = ["Activation"]


def _relu(x: NDArray) -> NDArray:
    return np.maximum(x, 0)


def _sigmoid(x: NDArray) -> NDArray:
    # 1/(1 + exp(-x)), computed from its logarithm, which does not overflow.
    with np.errstate(invalid="ignore"):
        return np.exp(-np.logaddexp(0, -x))


def _softmax(x: NDArray) -> NDArray:
    """Return exponentials that sum to 1 over the channels."""
    with np.errstate(invalid="ignore"):
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


_FUNCTIONS: dict[str, Callable[[NDArray], NDArray]] = {
    "relu": _relu,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}


@dataclass(frozen=True)
class Activation(Layer):
    """An activation function. The result has the shape of the input.

    Parameters
    ----------
    function : {'relu', 'tanh', 'sigmoid', 'softmax'} or callable
        The function. Softmax is computed over the channels. A callable gets a batch of shape
        ``(N, channels, *spatial)``.
    name : str, optional
        Name in error messages. Default: the kind and its number.

    Examples
    --------
    >>> from imfilter.layers import Activation, Stack
    >>> Stack([Activation("relu")], input_shape=(3,)).forward([-1.0, 0.0, 2.0], [])
    array([0., 0., 2.])
    """

    function: str | Callable[[NDArray], NDArray]
    name: str | None = None
    in_place = True

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the input."""
        if not callable(self.function):
            arguments.word(self.function, "function", tuple(_FUNCTIONS))
        return shape

    def apply(self, x: NDArray, weight: NDArray | None, bias: NDArray | None) -> NDArray:
        """Apply the function to a batch."""
        if isinstance(self.function, str):
            return _FUNCTIONS[self.function](x)
        return np.asarray(self.function(x))

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        if isinstance(self.function, str):
            return self.function
        return getattr(self.function, "__name__", "function").strip("_")
