"""The kernel of correlate and convolve, given as rows of numbers, a name or a file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._files import source

_AXES = {"X": -1, "Y": -2}
#: Endings of files with the numbers of a kernel or an element.
FILES = (".npy", ".txt", ".csv")


def parse(texts: Sequence[str] | str | NDArray[Any], ndim: int) -> NDArray[Any] | list[NDArray[Any]]:
    """Return a dense kernel for `ndim` axes, or one 1-D kernel per axis if several are given.

    A file of steps gives numbers, or one text, instead of texts.
    """
    if isinstance(texts, np.ndarray):
        return texts
    if isinstance(texts, str):
        texts = [texts]
    if not texts:
        raise ValueError("missing option '--kernel', for example --kernel '1,2,1;2,4,2;1,2,1'")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"kernel must be rows of numbers of equal lengths, got {list(texts)}")
    kernels = [_one(text) for text in texts]
    if len(kernels) == 1:
        kernel = kernels[0]
        # One row of numbers is a kernel along the rows of a picture.
        return kernel.reshape((1,) * (ndim - 1) + kernel.shape) if kernel.ndim == 1 else kernel
    if len(kernels) != ndim:
        raise ValueError(
            f"--kernel must be given once, or once for each of {ndim} axes, got it {len(kernels)} times"
        )
    for text, kernel in zip(texts, kernels, strict=True):
        if kernel.ndim != 1:
            raise ValueError(
                f"--kernel must be 1-D if it is given {ndim} times, got {text!r} of shape {kernel.shape}"
            )
    return kernels


def total(kernel: NDArray[Any] | list[NDArray[Any]]) -> float:
    """Return the sum of all weights. It is exactly 0 if it is 0 within rounding errors."""
    parts = kernel if isinstance(kernel, list) else [kernel]
    weights = float(np.prod([part.sum(dtype=np.float64) for part in parts]))
    size = float(np.prod([np.abs(part).sum(dtype=np.float64) for part in parts]))
    return weights if abs(weights) > 1e-6 * size else 0.0


def _one(text: str) -> NDArray[Any]:
    suffix = os.path.splitext(text)[1].lower()
    if suffix in FILES:
        return from_file(text)
    if re.fullmatch(r"\s*[A-Za-z]\w*\s*", text):
        return _from_name(text.strip().upper())
    return _from_rows(text)


def _from_rows(text: str) -> NDArray[Any]:
    rows = [re.split(r"[,\s]+", row.strip(" \t\r\n,")) for row in re.split(r"[;\n]", text.strip(" ;\n"))]
    try:
        values = [[float(cell) for cell in row] for row in rows]
    except ValueError:
        raise ValueError(
            f"--kernel must be rows of numbers ('1,2,1;2,4,2;1,2,1'), a name in imfilter.weights, "
            f"or a .npy, .txt or .csv file, got {text!r}"
        ) from None
    if len({len(row) for row in values}) != 1:
        raise ValueError(f"--kernel rows must have equal lengths, got {[len(row) for row in values]}")
    kernel = np.array(values, np.float64)
    return kernel[0] if len(values) == 1 else kernel


def _from_name(name: str) -> NDArray[Any]:
    from .. import weights

    value = getattr(weights, name, None)
    if isinstance(value, np.ndarray):
        return value
    operator, _, axis = name.rpartition("_")
    if axis in _AXES and hasattr(getattr(weights, operator, None), "kernel"):
        return np.asarray(getattr(weights, operator).kernel(_AXES[axis]))
    raise ValueError(
        f"--kernel must be a kernel in imfilter.weights ({', '.join(known_names())}), got {name}"
    )


def known_names() -> list[str]:
    """Return the names of kernels in `imfilter.weights`."""
    from .. import weights

    names = []
    for name in sorted(word for word in dir(weights) if word.isupper() and not word.startswith("_")):
        if isinstance(getattr(weights, name), np.ndarray):
            names.append(name)
        elif hasattr(getattr(weights, name), "kernel"):
            names += [f"{name}_X", f"{name}_Y"]
    return names


def from_file(path: str, option: str = "--kernel") -> NDArray[Any]:
    """Return the numbers of the .npy, .txt or .csv file of an option."""
    suffix = os.path.splitext(path)[1].lower()
    try:
        if suffix == ".npy":
            with open(path, "rb") as file:
                kernel = np.load(source.seekable(file), allow_pickle=False)
        else:
            kernel = np.loadtxt(path, delimiter="," if suffix == ".csv" else None)
    except OSError as error:
        raise ValueError(f"{option} {path}: {error.strerror or 'cannot be read'}") from error
    except (
        ValueError,
        EOFError,
        MemoryError,
        RecursionError,
    ) as error:  # the last two come from the parser of NumPy
        words = f"it {source.OBJECTS}" if source.is_of_objects(error) else error
        raise ValueError(f"{option} {path}: is not a kernel: {words}") from error
    if kernel.dtype.kind not in "buif":
        raise ValueError(f"{option} {path}: is not a kernel: it holds {kernel.dtype}, not real numbers")
    return np.asarray(kernel)
