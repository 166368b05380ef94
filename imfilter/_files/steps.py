"""Steps of a pipeline as a TOML file: a table ``[[step]]`` for each, with its filter and its options.

The options are numbers, words, truth values and lists of numbers. So a few lines write them, and Python's
``tomllib`` reads them.

Source: TOML, version 1.0.0.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

from .atomic import replacing
from .image import FileError

#: The key of the name of the filter.
FILTER = "filter"
_STEP = "step"


def read(path: str | os.PathLike[str], file: IO[bytes] | None = None) -> list[dict[str, Any]]:
    """Return the steps of a file: each has the key `FILTER`.

    Parameters
    ----------
    path : str or path-like
        The name of the file.
    file : binary file, optional
        It is read in place of the file of this name.

    Raises
    ------
    FileError
        If the file cannot be read or has no steps.
    """
    try:
        with open(path, "rb") if file is None else contextlib.nullcontext(file) as opened:
            content = tomllib.load(opened)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"{path}: is not TOML: {' '.join(str(error).split())}") from error
    if unknown := sorted(set(content) - {_STEP}):
        raise FileError(f"{path}: must have tables [[{_STEP}]] only, got {unknown[0]!r}")
    steps = content.get(_STEP)
    if not isinstance(steps, list) or not steps or not all(isinstance(step, dict) for step in steps):
        raise FileError(f"{path}: must have a table [[{_STEP}]] for each step")
    for number, step in enumerate(steps, 1):
        if not isinstance(step.get(FILTER), str):
            raise FileError(f'{path}: step {number} must name its filter, as in {FILTER} = "sobel"')
    return [{name: _array(value) for name, value in step.items()} for step in steps]


def _array(value: Any) -> Any:
    """Return a list as a tuple, and a list of lists as an array."""
    if not isinstance(value, list):
        return value
    if not any(isinstance(item, list) for item in value):
        return tuple(value)
    try:
        return np.array(value)
    except ValueError:  # of unequal lengths; the filter says so
        return value


def text(steps: Sequence[Mapping[str, Any]]) -> str:
    """Return steps as TOML. Options that are None are left out.

    Raises
    ------
    TypeError
        If an option is not a number, a word, a truth value, or an array or sequence of numbers.
    """
    tables = []
    for step in steps:
        lines = [f"{name} = {_value(name, value)}" for name, value in step.items() if value is not None]
        tables.append("\n".join([f"[[{_STEP}]]", *lines]) + "\n")
    return "\n".join(tables)


def write(path: str | os.PathLike[str], steps: Sequence[Mapping[str, Any]]) -> None:
    """Write steps as a TOML file. A failed call leaves no partial file."""
    content = text(steps).encode()
    with replacing(path) as file:
        file.write(content)


def _value(name: str, value: Any) -> str:
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(name, item) for item in value)}]"
    raise TypeError(f"{name} must be numbers, words or truth values in a file of steps, got {value!r}")
