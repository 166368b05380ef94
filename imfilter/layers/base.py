"""What every layer of a stack answers.

A layer knows nothing of its neighbours: every method takes the shape ``(channels, *spatial)`` that comes in.
Its numbers are checked when a `Stack` is made of it, which says which layer is wrong.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from imfilter.layers.receptive import ReceptiveField
from imfilter.typing import NDArray

Shape = tuple[int, ...]


class Layer(ABC):
    """What all layers answer. The defaults are those of a layer without weights that works in place."""

    name: str | None
    #: Whether the result needs no memory of its own.
    in_place = False

    @abstractmethod
    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise the error of what does not fit."""

    def weight_shape(self, shape: Shape) -> Shape | None:
        """Return the shape of the weights, None without any."""
        return None

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases."""
        return 0

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications for one image."""
        return 0

    def field(self, before: ReceptiveField, units: Shape) -> ReceptiveField:
        """Return what a unit sees of the input, where those `before`, `units` of them an axis, see that."""
        return before

    @abstractmethod
    def apply(self, x: NDArray, weight: NDArray | None, bias: NDArray | None) -> NDArray:
        """Return the result for a batch ``(N, channels, *spatial)`` of floats."""

    def text(self, shape: Shape) -> str:
        """Return the layer as it stands in a table."""
        return type(self).__name__.lower()
