"""Structuring elements: which samples around its origin an element contains, and their weights."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from imfilter._base import arguments
from imfilter._base.call_cache import Calls, words


class Element(np.ndarray):
    """An element as an array of truth values that says how it is made.

    Examples
    --------
    >>> from imfilter import morphology
    >>> morphology.diamond(1).astype(int)
    Element([[0, 1, 0],
             [1, 1, 1],
             [0, 1, 0]])
    """

    #: A filter uses nothing but the truth values, so `call_cache` may know its call by them.
    known_by_samples = True
    made: str

    @classmethod
    def of(cls, inside: npt.NDArray[np.bool_], made: str) -> Self:
        """Return an array as an element."""
        found = np.ascontiguousarray(inside).view(cls)
        found.made = made
        return found

    def __array_finalize__(self, other: Any) -> None:
        """Forget how the array was made: it is a part of an element, or was computed from one."""
        self.made = ""

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what NumPy computes from elements as an array or number of its own types."""
        plain = np.asarray(array)
        return plain if plain.ndim else plain[()]

    @property
    def rows(self) -> list[tuple[tuple[int, ...], int]]:
        """The runs of samples along the last axis: their first position, from the origin on, and length."""
        inside = np.asarray(self)
        change = np.diff(np.pad(inside, [(0, 0)] * (inside.ndim - 1) + [(1, 1)]).astype(np.int8), axis=-1)
        first, after = np.argwhere(change > 0), np.argwhere(change < 0)
        lengths = (after - first)[:, -1].tolist()
        starts = (first - [n // 2 for n in inside.shape]).tolist()
        return [(tuple(start), length) for start, length in zip(starts, lengths, strict=True)]


class Structure(NamedTuple):
    """An element of 1 to 3 axes. Its origin is at ``length // 2`` along each axis. No weights: it is flat."""

    inside: npt.NDArray[np.bool_]
    weights: npt.NDArray | None

    @property
    def origin(self) -> tuple[int, ...]:
        """The position of the origin."""
        return tuple(n // 2 for n in self.inside.shape)

    @property
    def centred(self) -> bool:
        """Whether the element contains its origin."""
        return bool(self.inside[self.origin])

    @property
    def reflected(self) -> Self:
        """The element reflected about its origin. An even length grows by 1, so that the origin fits."""
        even = [(0, 1 - n % 2) for n in self.inside.shape]
        grown = any(map(any, even))
        parts = (None if part is None else np.flip(np.pad(part, even) if grown else part) for part in self)
        return type(self)(*parts)  # type: ignore[arg-type]


_structures: Calls[Structure] = Calls()


def of(element: Any, weights: Any, connectivity: Any, n: int) -> Structure:
    """Return the element over `n` axes that the arguments of a filter describe."""
    try:
        key = words((element, weights, connectivity, n))
    except TypeError:
        key = None
    found = _structures.get(key)
    if found is None:
        found = _checked(element, weights, connectivity, n)
        _structures.keep(key, found)
    return found


def _checked(element: Any, weights: Any, connectivity: Any, n: int) -> Structure:
    """Check the arguments, and return the element."""
    reach = arguments.integer(connectivity, "connectivity", least=1, most=n)
    heights = None if weights is None else _weights(weights, n)
    if element is not None:
        if reach != 1:
            raise ValueError(f"connectivity must be left out if element is given, got {reach}")
        inside = _element(element, n)
        if heights is not None and heights.shape != inside.shape:
            raise ValueError(f"weights must have the shape of element, {inside.shape}, got {heights.shape}")
        return Structure(inside, heights)
    if heights is not None:
        if reach != 1:
            raise ValueError(f"connectivity must be left out if weights are given, got {reach}")
        return Structure(np.ones(heights.shape, bool), heights)
    distance = np.abs(np.indices((3,) * n) - 1).sum(axis=0)
    return Structure(distance <= reach, None)


def _element(element: npt.ArrayLike, n: int) -> npt.NDArray[np.bool_]:
    """Return an element as an array of truth values."""
    advice = "a box is imfilter.morphology.rectangle(shape)"
    if not np.iterable(element) or isinstance(element, str):
        raise TypeError(f"element must be an array of 0 and 1, got {arguments.brief(element)}; {advice}")
    array = arguments.numbers_of(element, "element")
    wrong = array[(array != 0) & (array != 1)]
    if wrong.size:
        raise ValueError(
            f"element must contain only 0 and 1, got {wrong.flat[0]}; {advice}, and weights= takes heights"
        )
    return _shaped(np.asarray(array) != 0, "element", n)


def _weights(value: Any, n: int) -> npt.NDArray:
    """Return weights, as integers if all of them are whole."""
    array = np.asarray(arguments.numbers_of(value, "weights"))
    if array.size and array.dtype.kind == "f":
        exact = arguments.taps(array, "weights")
        whole = exact.astype(np.int64) if (np.abs(exact) < 2.0**63).all() else exact
        array = whole if (whole == exact).all() else exact
    if array.dtype.kind != "f":
        beyond = array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max
        array = array.astype(np.uint64 if beyond else np.int64)
    return _shaped(array, "weights", n)


def _shaped(array: npt.NDArray, name: str, n: int) -> npt.NDArray:
    """Return an array of `n` axes that is not empty and, if it is an element, not zero everywhere."""
    if array.ndim != n:
        raise ValueError(
            f"{name} must have {n} axes, one for each filtered axis, got {array.ndim} (shape {array.shape})"
        )
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if array.dtype.kind == "b" and not array.any():
        raise ValueError(f"{name} must not be zero everywhere, got only zeros in shape {array.shape}")
    return array
