"""Arrays of the layers of a stack: checks, random initial values, and files."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imfilter._base import arguments
from imfilter.layers.activation import Activation, is_rectifier
from imfilter.layers.base import Arrays, Leaf, Shape
from imfilter.layers.normalization import BatchNorm
from imfilter.layers.summary import Summary
from imfilter.typing import NDArray

#: Arrays in files of other libraries that no layer needs.
_NEEDLESS = ("num_batches_tracked",)


@dataclass(frozen=True)
class Weighted(Summary):
    """A sequence of layers, and where their arrays come from."""

    #: Names of the layers in files of PyTorch's own implementation, by the paths of the layers here.
    pytorch_names: Mapping[str, str] | None = field(default=None, repr=False, compare=False)

    def initial_weights(self, seed: int = 0) -> dict[str, Arrays]:
        """Return random weights to start training with.

        The weights of a layer are normally distributed. Their variance is 2/inputs before a 'relu' or 'relu6'
        (He), and 2/(inputs + outputs) otherwise (Glorot). Biases are 0. A `BatchNorm` has weights and
        variances of 1, biases and means of 0.

        Parameters
        ----------
        seed : int, optional
            Seed of the random numbers. Default 0.

        Returns
        -------
        dict
            The arrays of each layer by its name, in float32.

        Raises
        ------
        TypeError, ValueError
            If `seed` is not an integer of at least 0.

        References
        ----------
        X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks",
        2010.
        K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", 2015.

        Examples
        --------
        >>> from imfilter.layers import networks
        >>> weight, bias = networks.lenet5().initial_weights()["c1"]
        >>> weight.shape, bias.shape
        ((6, 1, 5, 5), (6,))
        """
        return _initial(self._leaves, arguments.integer(seed, "seed", least=0))

    def load_weights(
        self, path: str | os.PathLike[str], *, names: Mapping[str, str] | str | None = None
    ) -> dict[str, Arrays]:
        """Read the weights of all layers from a file.

        Parameters
        ----------
        path : str or path
            A file of NumPy (``.npz``), or a file of the package safetensors (``.safetensors``).
        names : mapping or 'pytorch', optional
            Names in the file by the names of the layers here, where they differ. 'pytorch' stands for the
            names of PyTorch's own implementation, for networks that have one. Default: the same names.

        Returns
        -------
        dict
            The arrays of each layer by its name, for `forward` and `backward`. float16 becomes float32.

        Raises
        ------
        ModuleNotFoundError
            If the package safetensors is needed and not installed.
        TypeError
            If `names` has the wrong type.
        ValueError
            If the file has another format, if an array is missing or left over, or if it has another shape.

        See Also
        --------
        torch.nn.Module.load_state_dict : The same for a module.

        Notes
        -----
        An array has the name of its layer, a dot, and ``weight``, ``bias``, ``running_mean`` or
        ``running_var``. Arrays with the name ``num_batches_tracked`` are not read.

        Examples
        --------
        >>> import os, tempfile
        >>> import numpy as np
        >>> from imfilter.layers import Dense, Stack
        >>> stack = Stack([Dense(1, name="fc")], input_shape=(2,))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "weights.npz")
        ...     np.savez(path, **{"fc.weight": [[1.0, 2.0]], "fc.bias": [3.0]})
        ...     weights = stack.load_weights(path)
        >>> stack.forward([1.0, 1.0], weights)
        array([6.])
        """
        if isinstance(names, str):
            arguments.word(names, "names", ("pytorch",))
            if self.pytorch_names is None:
                raise ValueError(
                    "names must be a mapping for a stack without names of PyTorch, got 'pytorch'"
                )
            names = self.pytorch_names
        elif names is not None and not isinstance(names, Mapping):
            raise TypeError(f"names must be 'pytorch' or a mapping, got {names!r}")
        return _load(self._leaves, path, names)

    def _checked(self, weights: Any) -> dict[str, Arrays]:
        """Return the arrays of each layer that has some, checked."""
        return _each(self._leaves, weights, self._sequence.title_of)


def _each(leaves: Sequence[Leaf], weights: Any, title: Callable[[str], str]) -> dict[str, Arrays]:
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


def _initial(leaves: Sequence[Leaf], seed: int) -> dict[str, Arrays]:
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
            return is_rectifier(leaf.layer)
        if leaf.layer.array_shapes(leaf.shape) and not isinstance(leaf.layer, BatchNorm):
            return False
    return False


def _load(
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
