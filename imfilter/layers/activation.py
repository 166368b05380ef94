"""Activation functions, and layers that only training elsewhere needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Arrays, Layer, Mode, Pullback, Shape, SingleLayer
from imfilter.typing import NDArray

__all__ = ["Activation", "Dropout"]


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


def _relu6(x: NDArray) -> NDArray:
    return np.clip(x, 0, 6)


def _softmax_slope(y: NDArray, gradient: NDArray) -> NDArray:
    return y * (gradient - (y * gradient).sum(axis=1, keepdims=True))


_FUNCTIONS: dict[str, Callable[[NDArray], NDArray]] = {
    "relu": _relu,
    "relu6": _relu6,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softmax": _softmax,
}
#: The gradient of the input from the input, the result and the gradient of the result.
_GRADIENTS: dict[str, Callable[[NDArray, NDArray, NDArray], NDArray]] = {
    # The gradient passes at NaN, as in PyTorch.
    "relu": lambda x, y, gradient: np.where(y <= 0, 0, gradient),
    "relu6": lambda x, y, gradient: np.where((x <= 0) | (x >= 6), 0, gradient),
    "tanh": lambda x, y, gradient: gradient * (1 - y * y),
    "sigmoid": lambda x, y, gradient: gradient * (y * (1 - y)),
    "softmax": lambda x, y, gradient: _softmax_slope(y, gradient),
}
#: Functions that guided backpropagation and the initial weights of He apply to.
_RECTIFIERS = ("relu", "relu6")


@dataclass(frozen=True)
class Activation(SingleLayer):
    """An activation function. The result has the shape of the input.

    Parameters
    ----------
    function : {'relu', 'relu6', 'tanh', 'sigmoid', 'softmax'} or callable
        The function. 'relu6' is min(max(x, 0), 6). Softmax is computed over the channels. A callable gets a
        batch of shape ``(N, channels, *spatial)``.
    name : str, optional
        Name in error messages. Default: the kind and its number.
    derivative : callable, optional
        For a callable: ``derivative(x, gradient)`` returns the gradient of the input `x` from the gradient of
        the result. Default: none, and `Stack.backward` raises an error.

    References
    ----------
    A. Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010 (relu6).

    Examples
    --------
    >>> from imfilter.layers import Activation, Stack
    >>> Stack([Activation("relu6")], input_shape=(3,)).forward([-1.0, 2.0, 8.0], [])
    array([0., 2., 6.])
    """

    function: str | Callable[[NDArray], NDArray]
    name: str | None = None
    derivative: Callable[[NDArray, NDArray], NDArray] | None = None
    in_place = True

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the input."""
        if not callable(self.function):
            arguments.word(self.function, "function", tuple(_FUNCTIONS))
        if self.derivative is not None and not callable(self.derivative):
            raise TypeError(f"derivative must be a function, got {arguments.brief(self.derivative)}")
        if self.derivative is not None and isinstance(self.function, str):
            raise ValueError(f"derivative must be left out for the function {self.function!r}")
        return shape

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Apply the function to a batch."""
        if isinstance(self.function, str):
            return _FUNCTIONS[self.function](x)
        return np.asarray(self.function(x.copy()))  # which may work in place

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the result for a batch, and the function that computes its gradients."""
        if not isinstance(self.function, str) and self.derivative is None:
            raise ValueError("derivative must be a function for an activation that is one, got None")
        result = self.apply(x)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            if isinstance(self.function, str):
                with np.errstate(invalid="ignore", over="ignore"):
                    found = _GRADIENTS[self.function](x, result, gradient)
                guided = mode.guided and is_rectifier(self)
                return (np.maximum(found, 0) if guided else found), ()
            assert self.derivative is not None
            given = self.derivative(x.copy(), gradient.copy())  # which may work in place
            found = arguments.image(given, "the result of derivative")
            if found.shape != x.shape:
                raise ValueError(f"the result of derivative must be of shape {x.shape}, got {found.shape}")
            return found, ()

        return result, pullback

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        if isinstance(self.function, str):
            return self.function
        return getattr(self.function, "__name__", "function").strip("_")


@dataclass(frozen=True)
class Dropout(SingleLayer):
    """A layer that is the identity here. In training elsewhere it replaces random samples by 0.

    Parameters
    ----------
    rate : float, optional
        Part of the samples that training replaces, from 0 to 1. Default 0.5.
    name : str, optional
        Name in error messages. Default: the kind and its number.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever and R. Salakhutdinov, "Dropout: a simple way to
    prevent neural networks from overfitting", *Journal of Machine Learning Research* 15, 2014.

    Examples
    --------
    >>> from imfilter.layers import Dropout, Stack
    >>> Stack([Dropout(0.4)], input_shape=(3,)).forward([-1.0, 2.0, 8.0], [])
    array([-1.,  2.,  8.])
    """

    rate: float = 0.5
    name: str | None = None
    in_place = True

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the input."""
        if not 0 <= arguments.number(self.rate, "rate") <= 1:
            raise ValueError(f"rate must be from 0 to 1, got {self.rate}")
        return shape

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the batch."""
        return x

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the batch, and the function that returns the gradient."""
        return x, lambda gradient: (gradient, ())


def is_rectifier(layer: Layer) -> bool:
    """Tell whether a layer is an activation 'relu' or 'relu6'."""
    return isinstance(layer, Activation) and layer.function in _RECTIFIERS
