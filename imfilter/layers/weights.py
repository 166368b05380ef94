"""Arrays of the layers of a stack: checks, random initial values, and files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter.layers.activation import Activation
from imfilter.layers.base import Arrays, Leaf, Shape
from imfilter.layers.normalization import BatchNorm
from imfilter.typing import NDArray

#: Arrays in files of other libraries that no layer needs.
_NEEDLESS = ("num_batches_tracked",)


def checked(leaves: Sequence[Leaf], weights: Any, title: Callable[[str], str]) -> dict[str, Arrays]:
    """Return the arrays of each layer that has some, by the path of the layer.

    `title` returns a layer as errors name it.
    """
    holders = {leaf.path: leaf for leaf in leaves if leaf.layer.array_shapes(leaf.shape)}
    paths = list(holders)
    if isinstance(weights, Mapping):
        for path in weights:
            if path not in holders:
                raise ValueError(f"weights must be for {_listed(paths)}, got some for {path!r}")
        missing = [path for path in paths if path not in weights]
        if missing:
            raise ValueError(f"weights must be for {_listed(paths)}, got none for {_listed(missing)}")
        entries = [weights[path] for path in paths]
    elif isinstance(weights, list | tuple):
        if len(weights) != len(holders):
            raise ValueError(
                f"weights must have an entry for each of {len(holders)} layers ({_listed(paths)}), "
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
            raise ValueError(f"weights must be {_listed(names)}, got {_listed(unknown)}")
        entry = [*(entry.get(name) for name in names), *[None] * (2 - len(names))]
    elif isinstance(entry, np.ndarray) and len(names) <= 2:
        entry = (entry, None)
    if len(names) <= 2:
        if not isinstance(entry, tuple | list) or len(entry) != 2:
            raise TypeError(f"weights must be a pair (weight, bias), got {type(entry).__name__}")
        if len(names) == 1 and entry[1] is not None:
            raise ValueError("bias must be None for a layer with bias=False")
    elif not isinstance(entry, tuple | list) or len(entry) != len(names):
        raise TypeError(f"weights must be ({', '.join(names)}), got {type(entry).__name__}")
    return _pair(_fitting(value, name, shapes[name]) for value, name in zip(entry, names, strict=False))


def _pair(arrays: Iterable[NDArray]) -> Arrays:
    """Return the arrays of a layer, with None for a bias that is left out."""
    found = tuple(arrays)
    return (*found, None) if len(found) == 1 else found


def _fitting(value: Any, name: str, wanted: Shape) -> NDArray:
    """Return an array of the shape that it must have."""
    if value is None:
        raise ValueError(f"{name} must be of shape {wanted}, got None")
    array = arguments.image(value, name)
    if array.shape != wanted:
        raise ValueError(f"{name} must be of shape {wanted}, got {array.shape}")
    return array


def initial(leaves: Sequence[Leaf], seed: int) -> dict[str, Arrays]:
    """Return random weights by the rules of He and Glorot; biases are 0."""
    rng = np.random.default_rng(seed)
    found: dict[str, Arrays] = {}
    for number, leaf in enumerate(leaves):
        shapes = leaf.layer.array_shapes(leaf.shape)
        if isinstance(leaf.layer, BatchNorm):
            values = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
            found[leaf.path] = tuple(np.full(shapes[name], values[name], np.float32) for name in shapes)
        elif shapes:
            weight = shapes["weight"]
            inputs, outputs = math.prod(weight[1:]), weight[0] * math.prod(weight[2:])
            rectified = _followed_by_rectifier(leaves[number + 1 :])
            variance = 2 / inputs if rectified else 2 / (inputs + outputs)
            arrays = [(rng.standard_normal(weight) * math.sqrt(variance)).astype(np.float32)]
            arrays += [np.zeros(shapes["bias"], np.float32)] if "bias" in shapes else []
            found[leaf.path] = _pair(arrays)
    return found


def _followed_by_rectifier(leaves: Sequence[Leaf]) -> bool:
    """Tell whether the next activation before the next weights is a rectifier."""
    for leaf in leaves:
        if isinstance(leaf.layer, Activation):
            return leaf.layer.function in ("relu", "relu6")
        if leaf.layer.array_shapes(leaf.shape) and not isinstance(leaf.layer, BatchNorm):
            return False
    return False


def load(
    leaves: Sequence[Leaf], path: str | os.PathLike[str], names: Mapping[str, str] | None
) -> dict[str, Arrays]:
    """Return the arrays of all layers from a file; see `Stack.load_weights`."""
    arrays = _read(path)
    needless = [name for name in arrays if name.rsplit(".", 1)[-1] in _NEEDLESS]
    left = {name: array for name, array in arrays.items() if name not in needless}
    found, missing, wrong = dict[str, Arrays](), list[str](), list[str]()
    for leaf in leaves:
        shapes = leaf.layer.array_shapes(leaf.shape)
        if not shapes:
            continue
        prefix = leaf.path if names is None else names.get(leaf.path, leaf.path)
        parts = []
        for name, shape in shapes.items():
            key = f"{prefix}.{name}"
            array = left.pop(key, None)
            if array is None:
                missing.append(key)
            elif array.shape != shape:
                wrong.append(f"{key} of shape {array.shape} instead of {shape}")
            else:
                parts.append(array.astype(np.float32) if array.dtype == np.float16 else array)
        found[leaf.path] = _pair(parts)
    problems = [
        ("no array " + _listed(missing[:5]), len(missing)),
        ("unknown arrays " + _listed(list(left)[:5]), len(left)),
        (", ".join(wrong[:5]), len(wrong)),
    ]
    listed = [f"{text}{f' and {count - 5} more' if count > 5 else ''}" for text, count in problems if count]
    if listed:
        raise ValueError(
            f"{os.fspath(path)}: the file must have the arrays of the layers; {'; '.join(listed)}"
        )
    return found


def _read(path: str | os.PathLike[str]) -> dict[str, NDArray]:
    """Return the arrays of a file by their names."""
    name = os.fspath(path)
    if name.endswith(".npz"):
        with np.load(name, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    if not name.endswith(".safetensors"):
        raise ValueError(f"path must end with .npz or .safetensors, got {name!r}")
    try:
        from safetensors.numpy import load_file
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "reading .safetensors needs the package safetensors: pip install 'imfilter[safetensors]'"
        ) from None
    arrays: dict[str, NDArray] = load_file(name)
    return arrays


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "no layer"
