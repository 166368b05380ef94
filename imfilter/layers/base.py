"""The interface of the layers of a stack.

A layer does not know its neighbours: every method takes the shape ``(channels, *spatial)`` of the input.
`Stack` checks the arguments of its layers, and its error messages name the layer.

The arrays of all layers are in one mapping, from the path of a layer to a tuple. The path of a layer in a
stack is its name. The path of a layer in another layer is the path of that layer, a dot, and its name.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from imfilter.layers.receptive import ReceptiveField
from imfilter.typing import NDArray

Shape = tuple[int, ...]
#: The arrays of a layer, in the order of `Layer.array_shapes`. None stands for a bias that is left out.
Arrays = tuple[NDArray | None, ...]
Weights = Mapping[str, Arrays]
#: Writes the gradients of the arrays to a mapping, and returns the gradient of the input.
Backward = Callable[[NDArray, dict[str, Arrays]], NDArray]
#: Returns the gradient of the input and those of the arrays, from the gradient of the result.
Pullback = Callable[[NDArray], tuple[NDArray, Arrays]]


class Mode(NamedTuple):
    """How layers compute."""

    training: bool = False  # whether a batch is normalized by its own mean and variance
    guided: bool = False  # whether only positive gradients pass through rectifiers
    #: Where to write mean and variance of the input of each batch normalization, by its path.
    statistics: dict[str, tuple[NDArray, NDArray]] | None = None
    #: Where to write the result of each layer, by its path.
    results: dict[str, NDArray] | None = None


class Leaf(NamedTuple):
    """A layer that contains no other layers, its path, and the shape of its input."""

    path: str
    layer: Layer
    shape: Shape


class Layer(ABC):
    """The interface of a layer. The defaults are those of a layer without arrays."""

    name: str | None
    #: Whether the result needs no memory of its own.
    in_place = False

    @abstractmethod
    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise an error if the input does not fit."""

    def weight_shape(self, shape: Shape) -> Shape | None:
        """Return the shape of the weights, or None for a layer without weights."""
        return None

    def array_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Return the shapes of all arrays by their names."""
        weight = self.weight_shape(shape)
        if weight is None:
            return {}
        return {"weight": weight} | ({"bias": weight[:1]} if getattr(self, "bias", False) else {})

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications for one image."""
        return 0

    def activations(self, shape: Shape) -> int:
        """Return the number of elements of the results for one image."""
        return 0 if self.in_place else math.prod(self.output(shape))

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field of a unit, from that of its input with `units` along each axis.

        `shape` is the shape of the input. It has no axes if the input is flat, and `units` still has them.
        """
        return before

    def extent(self, units: Shape, shape: Shape) -> Shape:
        """Return the number of units of the result along each axis, from those of the input.

        A flat result keeps those of the input, unless each of its units depends on all of them.
        """
        output = self.output(shape)
        return output[1:] if len(output) > 1 else units

    @abstractmethod
    def forward(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> NDArray:
        """Return the result for a batch ``(N, channels, *spatial)`` of floats with the arrays of a path."""

    @abstractmethod
    def traced(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> tuple[NDArray, Backward]:
        """Return the result for a batch, and the function that computes the gradients of all arrays."""

    def leaves(self, shape: Shape, path: str) -> Iterator[Leaf]:
        """Yield the layer, or the layers that it contains, in their order."""
        yield Leaf(path, self, shape)

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return type(self).__name__.lower()


class SingleLayer(Layer):
    """A layer that contains no other layers."""

    @abstractmethod
    def apply(self, x: NDArray, *arrays: NDArray | None) -> NDArray:
        """Return the result for a batch ``(N, channels, *spatial)`` of floats."""

    @abstractmethod
    def differentiate(self, x: NDArray, arrays: Arrays, mode: Mode) -> tuple[NDArray, Pullback]:
        """Return the result for a batch, and the function that computes its gradients."""

    def forward(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> NDArray:
        """Return the result for a batch with the arrays of a path."""
        return self.apply(x, *weights.get(path, ()))

    def traced(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> tuple[NDArray, Backward]:
        """Return the result for a batch, and the function that computes the gradients of all arrays."""
        result, pullback = self.differentiate(x, weights.get(path, ()), mode)

        def backward(gradient: NDArray, found: dict[str, Arrays]) -> NDArray:
            before, arrays = pullback(gradient)
            if arrays:
                found[path] = arrays
            return before

        return result, backward
