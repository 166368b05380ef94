"""Weights from files of NumPy and of safetensors."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from imfilter.layers.base import Arrays, Leaf
from imfilter.layers.weights import listed, pair
from imfilter.typing import NDArray

#: Arrays in files of other libraries that no layer needs.
_NEEDLESS = ("num_batches_tracked",)
#: Longest reason of a library in an error.
_MOST_CHARACTERS = 120
#: Element types of a file of safetensors that become an array, besides BF16.
_TYPES = ("F64", "F32", "F16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")


def load(
    leaves: Sequence[Leaf], path: str | os.PathLike[str], names: Mapping[str, str] | None
) -> dict[str, Arrays]:
    """Return the arrays of all layers from a file; see `Stack.load_weights`."""
    holders = [leaf for leaf in leaves if leaf.layer.array_shapes(leaf.shape)]
    prefixes = _prefixes([leaf.path for leaf in holders], names or {})
    with _named(path), _opened(path) as (keys, read):
        left = {key: None for key in keys if key.rsplit(".", 1)[-1] not in _NEEDLESS}
        found, missing, wrong = dict[str, Arrays](), list[str](), list[str]()
        for leaf in holders:
            parts = []
            for name, shape in leaf.layer.array_shapes(leaf.shape).items():
                key = f"{prefixes[leaf.path]}.{name}"
                if key not in left:
                    missing.append(key)
                    continue
                del left[key]
                array = read(key)
                if array.dtype.kind not in "biuf":
                    raise ValueError(f"{key} must contain real numbers, got dtype {array.dtype}")
                if array.shape != shape:
                    wrong.append(f"{key} must be of shape {shape}, got {array.shape}")
                parts.append(array.astype(np.float32) if array.dtype == np.float16 else array)
            found[leaf.path] = pair(parts)
        problems = [
            *([f"no array {listed(missing)}"] if missing else []),
            *([f"unknown arrays {listed(list(left))}"] if left else []),
            *wrong[:5],
            *([f"{len(wrong) - 5} more of another shape"] if len(wrong) > 5 else []),
        ]
        if problems:
            raise ValueError(f"the file must have the arrays of the layers: {'; '.join(problems)}")
    return found


def _prefixes(paths: list[str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the name in the file of each layer."""
    for path, name in names.items():
        if path not in paths:
            raise ValueError(f"names must be for {listed(paths)}, got one for {path!r}")
        if not isinstance(name, str):
            raise TypeError(f"names must be strings, got {name!r} for {path!r}")
    found = {path: names.get(path, path) for path in paths}
    owners: dict[str, str] = {}
    for path, name in found.items():
        if name in owners:
            raise ValueError(f"names must be unique, got {name!r} for {owners[name]!r} and {path!r}")
        owners[name] = path
    return found


@contextmanager
def _named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the path before an error in a file."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)}: {error}") from None


@contextmanager
def _opened(
    path: str | os.PathLike[str],
) -> Iterator[tuple[Sequence[str], Callable[[str], NDArray]]]:
    """Open a file. Yield the names of its arrays, and the function that reads one."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise TypeError(f"path must be a string or a path, got {path!r}")
    if name.lower().endswith(".npz"):
        with _zipped(name) as opened:
            yield opened
    elif name.lower().endswith(".safetensors"):
        with _tensors(name) as opened:
            yield opened
    else:
        raise ValueError("path must end with .npz or .safetensors")


@contextmanager
def _zipped(name: str) -> Iterator[tuple[Sequence[str], Callable[[str], NDArray]]]:
    """Open a file of NumPy."""
    with open(name, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("the file must be one of numpy.savez, got another format or a damaged file")
        with _whole(Exception):  # of any type, from NumPy and the modules that it calls
            archive = zipfile.ZipFile(file)

        def read(key: str) -> NDArray:
            with _whole(Exception):
                return _array(archive, key)

        with archive:
            yield [name.removesuffix(".npy") for name in archive.namelist()], read


def _array(archive: zipfile.ZipFile, key: str) -> NDArray:
    """Return an array of a file of NumPy. Its size is compared with the file before memory is allocated."""
    names = archive.namelist()
    entry = archive.getinfo(f"{key}.npy" if f"{key}.npy" in names else key)
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = header(file)
    if dtype.hasobject:
        raise ValueError(f"{key} must contain real numbers, got objects")
    if math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"{key} of shape {shape} is larger than its part of the file")
    with archive.open(entry) as file:
        array: NDArray = np.lib.format.read_array(file, allow_pickle=False)
    return array


@contextmanager
def _tensors(name: str) -> Iterator[tuple[Sequence[str], Callable[[str], NDArray]]]:
    """Open a file of safetensors."""
    with open(name, "rb"):  # errors of the system are those of Python
        pass
    try:
        from safetensors import SafetensorError, deserialize, safe_open
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{name}: reading .safetensors needs the package safetensors: pip install 'imfilter[safetensors]'"
        ) from None
    with _whole(SafetensorError):
        file = safe_open(name, framework="numpy")
    halves: dict[str, Any] = {}

    def read(key: str) -> NDArray:
        with _whole(SafetensorError):
            kind = file.get_slice(key).get_dtype()
            if kind == "BF16":  # NumPy has no such type: its bits are the first half of float32
                if not halves:  # the package reads it from the bytes of the whole file only
                    with open(name, "rb") as whole:
                        halves.update(deserialize(whole.read()))
                entry = halves[key]
                bits = np.frombuffer(entry["data"], "<u2").astype(np.uint32)
                return (bits << 16).view(np.float32).reshape(entry["shape"])
            if kind not in _TYPES:
                raise ValueError(f"{key} must be of dtype BF16 or {', '.join(_TYPES)}, got {kind}")
            array: NDArray = file.get_tensor(key)
            return array

    with file:
        yield list(file.keys()), read


@contextmanager
def _whole(*errors: type[Exception]) -> Iterator[None]:
    """Turn errors of a library that reads a damaged file into one that says so."""
    try:
        yield
    except MemoryError:
        raise
    except errors as error:
        reason = repr(" ".join(str(error).split()))[1:-1][:_MOST_CHARACTERS] or type(error).__name__
        raise ValueError(f"the file is damaged or has another format: {reason}") from None
