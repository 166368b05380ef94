"""Layers that follow each other: their names, the shapes between them, and errors that name a layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Backward, Layer, Leaf, Mode, Shape, Weights
from imfilter.layers.receptive import ReceptiveField
from imfilter.typing import NDArray


class Step(NamedTuple):
    """A layer of a sequence, with the shapes of its input and its result."""

    name: str
    layer: Layer
    before: Shape
    shape: Shape
    receptive_field: ReceptiveField
    units: Shape  # of the result along each axis; a flat result keeps those of its input


class Sequential:
    """Layers that follow each other.

    Parameters
    ----------
    layers : sequence of Layer
        The layers. They are counted from 1.
    prefix : str, optional
        Text before the names of layers that have none of their own. Default: none.
    """

    def __init__(self, layers: Sequence[Layer], prefix: str = "") -> None:
        if isinstance(layers, Layer) or not isinstance(layers, Sequence):
            raise TypeError(f"layers must be a sequence of layers, got {arguments.brief(layers)}")
        self.layers = tuple(layers)
        for number, layer in enumerate(self.layers, 1):
            if not isinstance(layer, Layer):
                raise TypeError(
                    f"layer {number} must be a layer, such as Conv(8, 3), got {arguments.brief(layer)}"
                )
        self.names = _names(self.layers, prefix)
        self._known: dict[Shape, list[Shape]] = {}  # shapes of all results, by that of the input

    def walk(self, shape: Shape, field: ReceptiveField, units: Shape) -> Iterator[Step]:
        """Yield each layer with its shapes, from the shape and the receptive field of the input.

        `units` is the number of units of the input along each axis.
        """
        outputs = self.shapes(shape)[1:]
        for number, (name, layer) in enumerate(zip(self.names, self.layers, strict=True), 1):
            output = outputs[number - 1]
            with self.place(number):
                field = layer.field(field, units, shape)
                units = layer.extent(units, shape)
            yield Step(name, layer, shape, output, field, units)
            shape = output

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> tuple[ReceptiveField, Shape]:
        """Return the receptive field of a unit of the last layer, and the number of units along each axis."""
        for step in self.walk(shape, before, units):
            before, units = step.receptive_field, step.units
        return before, units

    def shapes(self, shape: Shape) -> list[Shape]:
        """Return the shape of the input, and of the result of each layer."""
        found = self._known.get(shape)
        if found is None:
            found = [shape]
            for number, layer in enumerate(self.layers, 1):
                with self.place(number):
                    found.append(layer.output(found[-1]))
            self._known[shape] = found
        return found

    def leaves(self, shape: Shape, path: str = "") -> Iterator[Leaf]:
        """Yield all layers that contain no other layers. `path` is that of the layer around the sequence."""
        shapes = self.shapes(shape)
        for layer, name, before in zip(self.layers, self.names, shapes, strict=False):
            yield from layer.leaves(before, joined(path, name))

    def forward(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> NDArray:
        """Return the result of the last layer for a batch."""
        for number, layer in enumerate(self.layers, 1):
            with self.place(number):
                before, place = x, joined(path, self.names[number - 1])
                x = layer.forward(x, weights, place, mode)
                _check(layer, before, x)
            if mode.results is not None:  # each result has memory of its own
                mode.results[place] = x.copy() if np.may_share_memory(x, before) else x
        return x

    def traced(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> tuple[NDArray, Backward]:
        """Return the result of the last layer for a batch, and the function that computes the gradients."""
        steps: list[Backward] = []
        for number, layer in enumerate(self.layers, 1):
            with self.place(number):
                before = x
                x, step = layer.traced(x, weights, joined(path, self.names[number - 1]), mode)
                _check(layer, before, x)
            steps.append(step)

        def backward(gradient: NDArray, found: dict[str, tuple[NDArray | None, ...]]) -> NDArray:
            for number in range(len(steps), 0, -1):
                with self.place(number):
                    gradient = steps[number - 1](gradient, found)
            return gradient

        return x, backward

    def title(self, number: int) -> str:
        """Return a layer as errors name it."""
        return f"layer {number} ({type(self.layers[number - 1]).__name__} {self.names[number - 1]!r})"

    def title_of(self, path: str) -> str:
        """Return the layer with a path, or the layer that contains it, as errors name it."""
        if path in self.names:
            return self.title(self.names.index(path) + 1)
        number = next(n for n, name in enumerate(self.names, 1) if path.startswith(f"{name}."))
        return f"{self.title(number)}, inside {path!r}"

    @contextmanager
    def place(self, number: int) -> Iterator[None]:
        """Put the name of a layer before an error in it."""
        try:
            yield
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.title(number)}: {error}") from None


def joined(path: str, name: str) -> str:
    """Return the path of a layer in the layer with a path."""
    return f"{path}.{name}" if path else name


def _check(layer: Layer, before: NDArray, after: NDArray) -> None:
    """Raise an error if the result of a layer does not have the shape that the table states."""
    wanted = (len(before), *layer.output(before.shape[1:]))
    if after.shape != wanted:
        raise ValueError(f"the result must be of shape {wanted}, got {after.shape}")


def _names(layers: Sequence[Layer], prefix: str) -> tuple[str, ...]:
    """Return the names of the layers: the given name, or the kind and its number."""
    names: list[str] = []
    counts: dict[str, int] = {}
    for number, layer in enumerate(layers, 1):
        kind = type(layer).__name__.lower()
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{prefix}{kind}{counts[kind]}" if layer.name is None else layer.name
        if not isinstance(name, str):
            raise TypeError(f"layer {number}: name must be a string, got {arguments.brief(name)}")
        if not name or not name.isprintable():
            raise ValueError(f"layer {number}: name must have printable characters, got {name!r}")
        if name in names:
            raise ValueError(
                f"layer {number} must have a unique name, got {name!r}, "
                f"which layer {names.index(name) + 1} has"
            )
        names.append(name)
    return tuple(names)
