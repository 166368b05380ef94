"""Arguments of `scipy.ndimage` in the words of this engine. What is unusual is left to SciPy."""

import operator
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat.serving import Elsewhere

#: Depth of the stack from a check to the code that called the function, without frames that are `unseen`.
_CALLER = 4
#: Most axes that the engine filters.
MOST_AXES = 3
#: Largest integer that float64 represents, as all smaller ones.
EXACT = 1 << 53
#: Types of values that stand for all axes.
_SINGLE = (int, str, float)
#: Borders by SciPy's names.
MODES = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "constant": "constant",
    "grid-constant": "constant",
    "nearest": "edge",
    "mirror": "mirror",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}


def image(given: npt.ArrayLike, *, numbers: str = "") -> npt.NDArray:
    """Return the image as an array with at least one sample; `numbers` are other kinds than real ones."""
    array = np.asarray(given)
    if not _usual(array.dtype, numbers):
        raise Elsewhere(f"the dtype is {array.dtype.name}")
    if array.size == 0 or array.ndim == 0:
        raise Elsewhere("the array is empty" if array.ndim else "the array has no axis")
    return array


def _usual(kind: np.dtype, numbers: str = "") -> bool:
    """Tell whether the engine computes with a type. SciPy has its own words for the others."""
    if kind.kind == "c":
        return "c" in numbers and kind.itemsize <= 16
    return kind.kind in "biuf" and kind.itemsize <= 8 and kind != np.float16


def output(given: Any, array: npt.NDArray, *, complex_result: bool = False) -> npt.NDArray:
    """Return the array for the result: `given`, or a new one of the given or the image's type."""
    complex_result = complex_result or array.dtype.kind == "c"
    if isinstance(given, np.ndarray):
        if given.shape != array.shape or type(given) is not np.ndarray or not given.flags.writeable:
            raise Elsewhere("output is not a plain array of the image's shape")
        kind = given.dtype
    elif given is None:
        kind = array.dtype.newbyteorder("=")
        kind = np.promote_types(kind, np.complex64) if complex_result else kind
    else:
        kind = np.dtype(given)
        if complex_result and kind.kind in "biuf" and not isinstance(given, str):
            warnings.warn("promoting specified output dtype to complex", stacklevel=_CALLER)
            kind = np.promote_types(kind, np.complex64)
    if not _usual(kind, "c") or not kind.isnative or (kind.kind == "c") != complex_result:
        raise Elsewhere(f"the dtype of output is {kind.name}")
    return given if isinstance(given, np.ndarray) else np.empty(array.shape, kind)


def mode(given: Any) -> str:
    """Return one border in our words."""
    if not isinstance(given, str):
        raise Elsewhere("mode is a sequence where one is expected")
    try:
        return MODES[given]
    except KeyError:
        raise Elsewhere(f"mode {given!r} is not known") from None


def each(given: Any, count: int, name: str) -> list[Any]:
    """Return a value for each filtered axis."""
    if type(given) in _SINGLE:  # the search for an iterator takes as long as the rest
        return [given] * count
    if isinstance(given, Iterable) and not isinstance(given, str):
        values = list(given)
        if len(values) != count:
            raise Elsewhere(f"{name} has a wrong length")
        return values
    return [given] * count


def modes(given: Any, count: int) -> list[str]:
    """Return a border for each filtered axis."""
    return [mode(m) for m in each(given, count, "mode")]


def number(given: Any, name: str = "cval") -> float:
    """Return a real number."""
    if isinstance(given, complex | np.complexfloating):
        raise Elsewhere(f"{name} is complex")
    return float(given)


def axis(given: Any, array: npt.NDArray) -> int:
    """Return an axis, counted from the first."""
    index = operator.index(given)
    if not -array.ndim <= index < array.ndim:
        raise Elsewhere("axis is out of range")
    return index % array.ndim


def axes(given: Any, array: npt.NDArray) -> tuple[int, ...]:
    """Return the filtered axes, in the order in which they were given."""
    if given is None:
        return tuple(range(array.ndim))
    found = tuple(axis(a, array) for a in (given if isinstance(given, Iterable) else (given,)))
    if len(set(found)) != len(found):
        raise Elsewhere("axes are not unique")
    return found


def before(length: int, origin: Any) -> int:
    """Return the number of samples before the centre of a window of some length that is moved by `origin`."""
    shift = operator.index(origin)
    if not 0 <= length // 2 + shift < length:
        raise Elsewhere("origin is outside the window")
    return length // 2 + shift


def check_steps(out: npt.NDArray) -> None:
    """Leave several steps with truth values as output to SciPy, which writes bytes other than 0 and 1."""
    if out.dtype.kind == "b":
        raise Elsewhere("output has truth values, for the results of several steps")
