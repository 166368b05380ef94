"""The interface of the layers of a stack.

A layer does not know its neighbours: every method takes the shape ``(channels, *spatial)`` of the input.
`Stack` checks the arguments of its layers, and its error messages name the layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from imfilter.layers.receptive import ReceptiveField
from imfilter.typing import NDArray

Shape = tuple[int, ...]


class Layer(ABC):
    """The interface of a layer. The defaults are those of a layer without weights that works in place."""

    name: str | None
    #: Whether the result needs no memory of its own.
    in_place = False

    @abstractmethod
    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise an error if the input does not fit."""

    def weight_shape(self, shape: Shape) -> Shape | None:
        """Return the shape of the weights, or None for a layer without weights."""
        return None

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications for one image."""
        return 0

    def field(self, before: ReceptiveField, units: Shape) -> ReceptiveField:
        """Return the receptive field of a unit, from that of its input with `units` along each axis."""
        return before

    @abstractmethod
    def apply(self, x: NDArray, weight: NDArray | None, bias: NDArray | None) -> NDArray:
        """Return the result for a batch ``(N, channels, *spatial)`` of floats."""

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return type(self).__name__.lower()
