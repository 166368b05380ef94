"""Layers that contain other layers: sums with a shortcut, and branches side by side."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Arrays, Backward, Layer, Leaf, Mode, Shape, Weights
from imfilter.layers.receptive import ReceptiveField, Window
from imfilter.layers.sequential import Sequential, Step, joined
from imfilter.layers.specs import fixed
from imfilter.typing import NDArray

__all__ = ["Branches", "Residual"]


class Container(Layer):
    """A layer whose result is made from the results of several sequences of layers for the same input."""

    #: The operation that makes the result, as text of a table.
    operation = ""

    @property
    @abstractmethod
    def sequences(self) -> dict[str, Sequential]:
        """The sequences by their names. Errors in a sequence with a name start with it."""

    def path(self, path: str, name: str) -> str:
        """Return the path of the layers of a sequence."""
        return joined(path, name)

    @abstractmethod
    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """Return the shape of the result, or raise an error if the results of the sequences do not fit."""

    @abstractmethod
    def join(self, results: list[NDArray]) -> NDArray:
        """Return the result from those of the sequences."""

    @abstractmethod
    def part(self, gradient: NDArray, results: list[NDArray], number: int) -> NDArray:
        """Return the gradient of the result of one sequence."""

    def output(self, shape: Shape) -> Shape:
        """Return the shape of the result, or raise an error that names the layer inside."""
        shapes = []
        for name, sequence in self.sequences.items():
            with _named(name):
                shapes.append(sequence.shapes(shape)[-1])
        return self.joined_shape(shapes)

    def leaves(self, shape: Shape, path: str) -> Iterator[Leaf]:
        """Yield the layers inside, in their order."""
        for name, sequence in self.sequences.items():
            yield from sequence.leaves(shape, self.path(path, name))

    def parameters(self, shape: Shape) -> int:
        """Return the number of weights and biases of all layers inside."""
        return sum(leaf.layer.parameters(leaf.shape) for leaf in self.leaves(shape, ""))

    def multiplications(self, shape: Shape) -> int:
        """Return the number of multiplications of all layers inside."""
        return sum(leaf.layer.multiplications(leaf.shape) for leaf in self.leaves(shape, ""))

    def activations(self, shape: Shape) -> int:
        """Return the number of elements of all results inside. They are joined in place."""
        return sum(leaf.layer.activations(leaf.shape) for leaf in self.leaves(shape, ""))

    def field(self, before: ReceptiveField, units: Shape, shape: Shape) -> ReceptiveField:
        """Return the receptive field that contains those of all sequences."""
        fields, flat = [], len(self.output(shape)) == 1
        for sequence in self.sequences.values():
            field, after = sequence.field(before, units, shape)
            fields.append(field.after(Window(after, after)) if flat else field)
        # Flat results have no neighbouring units, so that their jumps do not matter.
        return ReceptiveField.around([f._replace(jump=fields[0].jump) for f in fields] if flat else fields)

    def extent(self, units: Shape, shape: Shape) -> Shape:
        """Return the number of units of the result. Those of a flat result depend on all of the input."""
        output = self.output(shape)
        return output[1:] if len(output) > 1 else (1,) * len(units)

    def forward(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> NDArray:
        """Return the result for a batch."""
        results = []
        for name, sequence in self.sequences.items():
            with _named(name):
                results.append(sequence.forward(x, weights, self.path(path, name), mode))
        return self.join(results)

    def traced(self, x: NDArray, weights: Weights, path: str, mode: Mode) -> tuple[NDArray, Backward]:
        """Return the result for a batch, and the function that computes the gradients of all arrays."""
        results, steps = [], []
        for name, sequence in self.sequences.items():
            with _named(name):
                result, step = sequence.traced(x, weights, self.path(path, name), mode)
            results.append(result)
            steps.append(step)

        def backward(gradient: NDArray, found: dict[str, Arrays]) -> NDArray:
            total = None
            for number, (name, step) in enumerate(zip(self.sequences, steps, strict=True)):
                with _named(name):
                    one = step(self.part(gradient, results, number), found)
                with np.errstate(invalid="ignore", over="ignore"):
                    total = one if total is None else total + one
            assert total is not None
            return total

        return self.join(results), backward


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the name of a sequence before an error in it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}" if name else str(error)) from None


@dataclass(frozen=True)
class Residual(Container):
    """A sum of the result of some layers and of their input.

    Parameters
    ----------
    layers : sequence of layers
        The layers.
    shortcut : sequence of layers, optional
        Layers that the input passes before it is added, if its shape must change. Default: the input itself.
    name : str, optional
        Name in tables, error messages and weights. Default: the kind and its number.

    Notes
    -----
    The activation after the sum is a layer of its own. The path of a layer inside is this name, a dot and the
    name of the layer, for `layers` and for `shortcut`. So all names inside must be different. The default
    names in `shortcut` start with ``shortcut_``.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", 2015.

    Examples
    --------
    >>> from imfilter.layers import Activation, Conv, Residual, Stack
    >>> block = Residual([Conv(4, 3, padding=1), Activation("relu"), Conv(4, 3, padding=1)])
    >>> stack = Stack([block, Activation("relu")], input_shape=(4, 8, 8))
    >>> stack.shapes[-1], stack.parameters
    ((4, 8, 8), 296)
    """

    layers: Sequence[Layer]
    shortcut: Sequence[Layer] | None = None
    name: str | None = None
    operation = "add"

    def __post_init__(self) -> None:
        for name in ("layers", "shortcut"):
            object.__setattr__(self, name, fixed(getattr(self, name)))

    @functools.cached_property
    def sequences(self) -> dict[str, Sequential]:
        """The layers, and those of the shortcut with paths that do not name it."""
        layers = Sequential(self.layers)
        with _named("shortcut"):
            shortcut = Sequential(() if self.shortcut is None else self.shortcut, "shortcut_")
        for name in shortcut.names:
            if name in layers.names:
                raise ValueError(f"layers inside must have unique names, got {name!r} twice")
        return {"": layers, "shortcut": shortcut}

    def path(self, path: str, name: str) -> str:
        """Return the path of the layers of a sequence. Both sequences have that of this layer."""
        return path

    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """Return the shape of the sum."""
        if shapes[0] != shapes[1]:
            if self.shortcut:
                raise ValueError(
                    f"the layers must give the shape of the shortcut, {shapes[1]}, got {shapes[0]}"
                )
            raise ValueError(
                f"the layers must give the shape of the input, {shapes[1]}, got {shapes[0]}; "
                "layers in shortcut can change the shape of the input"
            )
        return shapes[0]

    def join(self, results: list[NDArray]) -> NDArray:
        """Return the sum."""
        with np.errstate(invalid="ignore", over="ignore"):  # infinity and NaN are valid values
            return np.asarray(results[0] + results[1])

    def part(self, gradient: NDArray, results: list[NDArray], number: int) -> NDArray:
        """Return the gradient of the result of one sequence."""
        return gradient

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return f"residual of {len(self.layers)} layers"


@dataclass(frozen=True)
class Branches(Container):
    """Sequences of layers with the same input, whose results are concatenated along the channels.

    Parameters
    ----------
    branches : sequence of sequences of layers, or mapping
        The layers of each branch. A branch without layers is the input itself. The keys of a mapping are the
        names of the branches. Default names: branch1, branch2 and so on.
    name : str, optional
        Name in tables, error messages and weights. Default: the kind and its number.

    Notes
    -----
    The path of a layer inside is this name, the name of the branch and the name of the layer, with dots.

    References
    ----------
    C. Szegedy et al., "Going deeper with convolutions", 2014.

    Examples
    --------
    >>> from imfilter.layers import Branches, Conv, Pool, Stack
    >>> Stack([Branches([[Conv(4, 1)], [Conv(8, 3, padding=1)], []])], input_shape=(3, 9, 9)).shapes
    ((3, 9, 9), (15, 9, 9))
    """

    branches: Sequence[Sequence[Layer]] | Mapping[str, Sequence[Layer]]
    name: str | None = None
    operation = "concatenate"

    def __post_init__(self) -> None:
        given = self.branches
        if isinstance(given, Mapping):
            given = MappingProxyType({name: fixed(layers) for name, layers in given.items()})
        elif isinstance(given, list | tuple):
            given = tuple(map(fixed, given))
        object.__setattr__(self, "branches", given)

    def __hash__(self) -> int:
        names = {name: sequence.layers for name, sequence in self.sequences.items()}
        return hash((tuple(names.items()), self.name))

    def __reduce__(self) -> tuple[Any, ...]:  # views of mappings cannot be copied
        given = self.branches
        return Branches, (dict(given) if isinstance(given, Mapping) else given, self.name)

    @functools.cached_property
    def sequences(self) -> dict[str, Sequential]:
        """The branches."""
        given: Any = self.branches
        if not isinstance(given, Mapping):
            if isinstance(given, str) or not isinstance(given, Sequence):
                raise TypeError(
                    f"branches must be a sequence of sequences of layers, got {arguments.brief(given)}"
                )
            given = {f"branch{number}": layers for number, layers in enumerate(given, 1)}
        if not given:
            raise ValueError("branches must not be empty, got none")
        found = {}
        for name, layers in given.items():
            if not isinstance(name, str):
                raise TypeError(f"branches must have names that are strings, got {arguments.brief(name)}")
            if not name or not name.isprintable():
                raise ValueError(f"branches must have names of printable characters, got {name!r}")
            with _named(name):
                found[name] = Sequential(layers)
        return found

    def joined_shape(self, shapes: list[Shape]) -> Shape:
        """Return the shape of all channels together."""
        if len({shape[1:] for shape in shapes}) > 1:
            listed = ", ".join(f"{name} {shape}" for name, shape in zip(self.sequences, shapes, strict=True))
            raise ValueError(f"branches must give the same shape except for the channels, got {listed}")
        return sum(shape[0] for shape in shapes), *shapes[0][1:]

    def join(self, results: list[NDArray]) -> NDArray:
        """Return all channels together."""
        return np.concatenate(results, axis=1)

    def part(self, gradient: NDArray, results: list[NDArray], number: int) -> NDArray:
        """Return the gradient of the channels of one branch."""
        first = sum(result.shape[1] for result in results[:number])
        return gradient[:, first : first + results[number].shape[1]]

    def text(self, shape: Shape) -> str:
        """Return the text of the layer in a table."""
        return f"{len(self.sequences)} branches"


def listed(
    sequence: Sequential, shape: Shape, field: ReceptiveField, units: Shape, path: str = ""
) -> Iterator[tuple[str, Step, Sequential]]:
    """Yield all layers of a sequence with their paths and the sequence that each is in.

    The layers inside a layer come before it.
    """
    for step in sequence.walk(shape, field, units):
        place = joined(path, step.name)
        if isinstance(step.layer, Container):
            for name, part in step.layer.sequences.items():
                yield from listed(part, step.before, field, units, step.layer.path(place, name))
        yield place, step, sequence
        field, units = step.receptive_field, step.units
