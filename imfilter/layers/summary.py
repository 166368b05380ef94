"""The table of a stack: shapes, costs and receptive fields of its layers."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from imfilter._base import arguments
from imfilter.layers import arithmetic
from imfilter.layers.activation import is_rectifier
from imfilter.layers.base import Layer, Leaf, Shape
from imfilter.layers.branches import Container, listed
from imfilter.layers.receptive import ReceptiveField
from imfilter.layers.sequential import Sequential, Step
from imfilter.typing import DTypeLike

__all__ = ["Memory", "Row"]


class Row(NamedTuple):
    """A row of the table of a stack.

    Attributes
    ----------
    name, kind : str
        Name of the layer, and its class. For the first row, 'input' and 'Input'.
    shape : tuple of int
        Shape of the result for one image: ``(channels, *spatial)``, or (units,).
    parameters : int
        Number of weights and biases.
    multiplications : int
        Number of multiplications for one image, each with an addition. Pools and activations have none.
    activations : int
        Number of elements of the result. 0 for activations and for flattening, which can reuse the memory of
        their input.
    receptive_field : ReceptiveField
        Receptive field of a unit.

    Examples
    --------
    >>> from imfilter import layers
    >>> row = layers.networks.lenet5().table()[1]
    >>> row.name, row.kind, row.shape, row.parameters
    ('c1', 'Conv', (6, 28, 28), 156)
    """

    name: str
    kind: str
    shape: Shape
    parameters: int
    multiplications: int
    activations: int
    receptive_field: ReceptiveField


class Memory(NamedTuple):
    """Memory of a stack in bytes.

    Attributes
    ----------
    parameters : int
        Bytes of all weights and biases.
    activations : int
        Bytes of the input and of the results of all layers for one image, if all are kept, as in training.

    Examples
    --------
    >>> from imfilter import layers
    >>> memory = layers.networks.lenet5().memory()
    >>> memory.parameters, memory.activations
    (246824, 36472)
    """

    parameters: int
    activations: int


@dataclass(frozen=True)
class Summary:
    """A sequence of layers for inputs of one shape, without their arrays."""

    layers: Sequence[Layer]
    input_shape: Sequence[int]

    def __post_init__(self) -> None:
        if self.input_shape is None or isinstance(self.input_shape, str):
            raise TypeError(
                f"input_shape must be a sequence of integers, got {arguments.brief(self.input_shape)}"
            )
        shape = tuple(
            arguments.integer(n, "input_shape", least=1)
            for n in arguments.each(self.input_shape, None, "input_shape")
        )
        if not 1 <= len(shape) <= 4:
            raise ValueError(
                f"input_shape must be (channels, *spatial) with at most 3 spatial axes, got {shape}"
            )
        object.__setattr__(self, "input_shape", shape)
        object.__setattr__(self, "layers", self._sequence.layers)
        self._rows  # noqa: B018  (which checks that all fit together)
        paths = [leaf.path for leaf in self._leaves]
        if len(set(paths)) < len(paths):
            twice = next(path for path in paths if paths.count(path) > 1)
            raise ValueError(f"layers must have unique paths, got {twice!r} twice")

    @functools.cached_property
    def _sequence(self) -> Sequential:
        return Sequential(self.layers)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers: the given name, or the kind and its number."""
        return self._sequence.names

    @functools.cached_property
    def _leaves(self) -> tuple[Leaf, ...]:
        """All layers that contain no other layers."""
        return tuple(self._sequence.leaves(tuple(self.input_shape)))

    @functools.cached_property
    def _rows(self) -> tuple[Row, ...]:
        shape: Shape = tuple(self.input_shape)
        point = ReceptiveField.of_input(len(shape) - 1)
        rows = [Row("input", "Input", shape, 0, 0, math.prod(shape), point)]
        rows += [_row(step.name, step) for step in self._sequence.walk(shape, point, shape[1:])]
        return tuple(rows)

    def table(self, *, inside: bool = False) -> tuple[Row, ...]:
        """Return a row for the input and one for each layer. Row i is layer i.

        Parameters
        ----------
        inside : bool, optional
            Whether layers inside `Residual` and `Branches` have rows of their own. Then a row with the kind
            'Residual' or 'Branches' follows them. It stands for the sum or the concatenation, and counts
            nothing. Default False: one row with the totals of the layers inside.

        Returns
        -------
        tuple of Row
            Name, kind, output shape, parameters, multiplications, activations and receptive field.

        Examples
        --------
        >>> from imfilter.layers import Dense, Stack
        >>> row = Stack([Dense(10)], input_shape=(84,)).table()[1]
        >>> row.name, row.kind, row.shape, row.parameters
        ('dense1', 'Dense', (10,), 850)
        """
        if not arguments.flag(inside, "inside"):
            return self._rows
        return (
            self._rows[0],
            *(_row(path, step, inside=True) for path, step, _ in self._walk()),
        )

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shape of the input, and of the result of each layer."""
        return tuple(row.shape for row in self._rows)

    @property
    def rectifiers(self) -> tuple[str, ...]:
        """Names of the activations 'relu' and 'relu6', also inside other layers."""
        return tuple(leaf.path for leaf in self._leaves if is_rectifier(leaf.layer))

    @property
    def parameters(self) -> int:
        """Weights and biases of all layers."""
        return sum(row.parameters for row in self._rows)

    @property
    def multiplications(self) -> int:
        """Multiplications for one image."""
        return sum(row.multiplications for row in self._rows)

    @property
    def activations(self) -> int:
        """Number of elements of the input and of all results for one image. Activations work in place."""
        return sum(row.activations for row in self._rows)

    def memory(self, dtype: DTypeLike = "float32") -> Memory:
        """Return the memory of the parameters and of the activations in bytes.

        Parameters
        ----------
        dtype : dtype, optional
            Element type of both. Default float32.

        Returns
        -------
        Memory
            Bytes of `parameters` and of `activations`, for one image.

        Raises
        ------
        TypeError
            If `dtype` is not a real NumPy dtype.

        Examples
        --------
        >>> from imfilter.layers import networks
        >>> networks.lenet5().memory("float64")
        Memory(parameters=493648, activations=72944)
        """
        return Memory(arithmetic.memory(self.parameters, dtype), arithmetic.memory(self.activations, dtype))

    def described(self) -> Iterator[tuple[Row, str, bool]]:
        """Yield the rows of ``table(inside=True)``, their texts, and whether the line above includes them."""
        before: Sequential | None = None
        for path, step, sequence in self._walk():
            layer = step.layer
            text = layer.operation if isinstance(layer, Container) else layer.text(step.before)
            below = sequence is before and layer.in_place and not layer.array_shapes(step.before)
            yield _row(path, step, inside=True), text, below
            before = sequence

    def _walk(self) -> Iterator[tuple[str, Step, Sequential]]:
        shape = tuple(self.input_shape)
        return listed(self._sequence, shape, self._rows[0].receptive_field, shape[1:])

    def __str__(self) -> str:
        from imfilter.layers.text import rendered

        return rendered(self)

    def _repr_html_(self) -> str:
        from imfilter.layers.text import in_html

        return in_html(self)


def _row(name: str, step: Step, *, inside: bool = False) -> Row:
    """Return the row of a layer. If the layers inside it have rows too, it counts nothing."""
    layer, shape = step.layer, step.before
    counts = layer.parameters(shape), layer.multiplications(shape), layer.activations(shape)
    counts = (0, 0, 0) if inside and isinstance(layer, Container) else counts
    return Row(name, type(layer).__name__, step.shape, *counts, step.receptive_field)
