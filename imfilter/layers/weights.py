"""Checks of the arrays of the layers of a stack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter.layers.base import Arrays, Leaf, Shape
from imfilter.typing import NDArray


def checked(leaves: Sequence[Leaf], weights: Any, title: Callable[[str], str]) -> dict[str, Arrays]:
    """Return the arrays of each layer that has some, by the path of the layer.

    `title` returns a layer as errors name it.
    """
    holders = {leaf.path: leaf for leaf in leaves if leaf.layer.array_shapes(leaf.shape)}
    paths = list(holders)
    if isinstance(weights, Mapping):
        for path in weights:
            if path not in holders:
                raise ValueError(f"weights must be for {listed(paths)}, got some for {path!r}")
        missing = [path for path in paths if path not in weights]
        if missing:
            raise ValueError(f"weights must be for {listed(paths)}, got none for {listed(missing)}")
        entries = [weights[path] for path in paths]
    elif isinstance(weights, list | tuple):
        if len(weights) != len(holders):
            raise ValueError(
                f"weights must have an entry for each of {len(holders)} layers ({listed(paths)}), "
                f"got {len(weights)}"
            )
        entries = list(weights)
    else:
        raise TypeError(
            f"weights must be a list of (weight, bias) or a mapping by name, got {type(weights).__name__}"
        )
    found = {}
    for (path, leaf), entry in zip(holders.items(), entries, strict=True):
        try:
            found[path] = _arrays(entry, leaf.layer.array_shapes(leaf.shape))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{title(path)}: {error}") from None
    return found


def _arrays(entry: Any, shapes: dict[str, Shape]) -> Arrays:
    """Return the arrays of one layer, of the shapes that they must have."""
    names = tuple(shapes)
    if isinstance(entry, Mapping):
        unknown = [name for name in entry if name not in names]
        if unknown:
            raise ValueError(f"weights must be {listed(names)}, got {listed(unknown)}")
        entry = [*(entry.get(name) for name in names), *[None] * (2 - len(names))]
    elif isinstance(entry, np.ndarray) and len(names) <= 2:
        entry = (entry, None)
    if len(names) <= 2:
        if not isinstance(entry, tuple | list) or len(entry) != 2:
            raise TypeError(f"weights must be a pair (weight, bias), got {_kind(entry)}")
        if len(names) == 1 and entry[1] is not None:
            raise ValueError("bias must be None for a layer with bias=False")
    elif not isinstance(entry, tuple | list) or len(entry) != len(names):
        raise TypeError(f"weights must be ({', '.join(names)}), got {_kind(entry)}")
    return pair(_fitting(value, name, shapes[name]) for value, name in zip(entry, names, strict=False))


def _kind(entry: Any) -> str:
    """Return the type of an entry, and its length if it is a sequence."""
    name = type(entry).__name__
    return f"{name} of {len(entry)}" if isinstance(entry, tuple | list) else name


def _fitting(value: Any, name: str, wanted: Shape) -> NDArray:
    """Return an array of the shape that it must have."""
    if value is None:
        raise ValueError(f"{name} must be of shape {wanted}, got None")
    array = arguments.image(value, name)
    if array.shape != wanted:
        raise ValueError(f"{name} must be of shape {wanted}, got {array.shape}")
    return array


def pair(arrays: Iterable[NDArray]) -> Arrays:
    """Return the arrays of a layer, with None for a bias that is left out."""
    found = tuple(arrays)
    return (*found, None) if len(found) == 1 else found


def listed(names: Sequence[str]) -> str:
    """Return names as text: at most five, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return (", ".join(map(repr, names[:5])) or "no layer") + more
