"""Batch normalization."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Arrays, Mode, Pullback, Shape, SingleLayer, Weights
from imfilter.typing import NDArray

__all__ = ["BatchNorm"]


@dataclass(frozen=True)
class BatchNorm(SingleLayer):
    """Batch normalization: each channel minus its mean, divided by its standard deviation, times a weight.

    The result is ``weight*(x - mean)/sqrt(variance + eps) + bias``. In a forward pass, mean and variance are
    the arrays `running_mean` and `running_var`. In training they are those of the batch.

    Parameters
    ----------
    eps : float, optional
        Number added to the variance, so that it is not 0. Default 1e-5.
    name : str, optional
        Name in tables, error messages and weights. Default: the kind and its number.

    Notes
    -----
    The four arrays of a layer are `weight`, `bias`, `running_mean` and `running_var`, each of shape
    (channels,). Only the first two are counted as parameters.

    References
    ----------
    S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
    covariate shift", 2015.

    Examples
    --------
    >>> from imfilter.layers import BatchNorm, Stack
    >>> stack = Stack([BatchNorm(eps=0.0, name="norm")], input_shape=(2,))
    >>> stack.forward([3.0, 5.0], {"norm": ([1.0, 10.0], [0.0, 1.0], [1.0, 5.0], [4.0, 1.0])})
    array([1., 1.])
    """

    eps: float = 1e-5
    name: str | None = None
    in_place = True

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the input."""
        if arguments.number(self.eps, "eps") < 0:
            raise ValueError(f"eps must be at least 0, got {self.eps}")
        return shape

    def array_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the four arrays."""
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), shape[:1])

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return 2 * shape[0]

    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the batch, normalized by the running mean and variance."""
        weight, bias, mean, variance = self.factors(arrays)
        with np.errstate(all="ignore"):  # infinity and NaN are valid values
            factor = weight / np.sqrt(variance + self.eps)
            return x * _along(factor, x) + _along(bias - mean * factor, x)

    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the normalized batch, and the function that computes its gradients."""
        weight, bias, mean, variance = self.factors(arrays)
        axes = (0, *range(2, x.ndim))
        with np.errstate(all="ignore"):
            if mode.training:
                mean, variance = x.mean(axes, np.float64), x.var(axes, np.float64)
            scale = 1 / np.sqrt(variance + self.eps)
            unit = (x - _along(mean, x)) * _along(scale, x)
            result = unit * _along(weight, x) + _along(bias, x)

        def pullback(gradient: NDArray) -> tuple[NDArray, Arrays]:
            with np.errstate(all="ignore"):
                of_weight = (gradient * unit).sum(axes, np.float64)
                of_bias = gradient.sum(axes, np.float64)
                inner = gradient
                if mode.training:  # mean and variance depend on the batch too
                    count = x.size // x.shape[1]
                    inner = gradient - _along(of_bias / count, x) - unit * _along(of_weight / count, x)
                before = inner * _along(weight * scale, x)
            return before, (of_weight.astype(x.dtype), of_bias.astype(x.dtype), None, None)

        return result, pullback

    def forward(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> NDArray:
        """Return the normalized batch."""
        if mode.statistics is not None:
            mode.statistics[path] = self.statistics(x)
        if mode.training:
            return self.differentiate(x, weights[path], mode)[0]
        return self.apply(x, *weights[path])

    def factors(self, arrays: Arrays) -> list[NDArray]:
        """Return the four arrays in float64."""
        return [np.asarray(array, np.float64) for array in arrays]

    def statistics(self, x: NDArray) -> tuple[NDArray, NDArray]:
        """Return the mean and the unbiased variance of each channel of a batch."""
        axes = (0, *range(2, x.ndim))
        count = math.prod(x.shape[axis] for axis in axes)
        with np.errstate(all="ignore"):
            return x.mean(axes, np.float64), x.var(axes, np.float64, ddof=int(count > 1))

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return "batch norm"


def _along(values: NDArray, x: NDArray) -> NDArray:
    """Return one number for each channel in the shape and the type of a batch."""
    return values.reshape(-1, *[1] * (x.ndim - 2)).astype(x.dtype)
