"""Activations: functions that keep the shape."""

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
    # 1/(1 + exp(-x)) by way of its logarithm, which does not overflow.
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
    """A function of each sample, or of its channels, that keeps the shape.

    Parameters
    ----------
    function : {'relu', 'tanh', 'sigmoid', 'softmax'} or callable
        The function; softmax runs over the channels. A callable gets a batch ``(N, channels, *spatial)``.
    name : str, optional
        Name in errors. By default the kind and its number.

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
        """Return the shape that came in."""
        if not callable(self.function):
            arguments.word(self.function, "function", tuple(_FUNCTIONS))
        return shape

    def apply(self, x: NDArray, weight: NDArray | None, bias: NDArray | None) -> NDArray:
        """Return the function of a batch."""
        if isinstance(self.function, str):
            return _FUNCTIONS[self.function](x)
        return np.asarray(self.function(x))

    def text(self, shape: Shape) -> str:
        """Return the layer as it stands in a table."""
        if isinstance(self.function, str):
            return self.function
        return getattr(self.function, "__name__", "function").strip("_")
