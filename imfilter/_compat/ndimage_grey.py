"""Grey morphology of `scipy.ndimage` in one or two stages, and differences from the image."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_ranks as ranks
from imfilter._compat.prepared import Prepared
from imfilter._compat.serving import Elsewhere
from imfilter._filters.morphology.apply import FAMILY
from imfilter._filters.morphology.apply import Call as _Call


class Element(NamedTuple):
    """The element and the border of an erosion, in SciPy's words. Without heights it is flat."""

    size: Any
    footprint: npt.NDArray | None
    heights: npt.NDArray | None
    mode: Any
    cval: Any
    origin: list[Any]
    axes: tuple[int, ...]

    @property
    def dilating(self) -> "Element":
        """The element that takes the maxima of the dilation: reflected."""
        footprint, heights = (None if a is None else np.flip(a) for a in (self.footprint, self.heights))
        lengths = self.size if footprint is None else footprint.shape
        origin = [
            -o - (n % 2 == 0)
            for o, n in zip(self.origin, arguments.each(lengths, len(self.origin), "size"), strict=True)
        ]
        return self._replace(footprint=footprint, heights=heights, origin=origin)


def element(
    array: npt.NDArray,
    size: Any,
    footprint: Any,
    structure: Any,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
) -> Element:
    """Return the checked element of a call."""
    chosen = arguments.axes(axes, array)
    if (size is None and footprint is None and structure is None) or (
        size is not None and footprint is not None
    ):
        raise Elsewhere("there is no window, or size and footprint do not fit")
    window = None if footprint is None else np.asarray(footprint, bool)
    heights = None
    if structure is not None:
        heights, size = np.asarray(structure, np.float64), None
        window = np.ones(heights.shape, bool) if window is None else window
        arguments.mode(mode)
        if heights.shape != window.shape or chosen != tuple(sorted(chosen)):
            raise Elsewhere("footprint, structure and axes do not fit")
        if not heights.any():
            heights = None
    if window is not None and (window.ndim != len(chosen) or not window.any()):
        raise Elsewhere("the window does not fit")
    return Element(size, window, heights, mode, cval, arguments.each(origin, len(chosen), "origin"), chosen)


class AtOnce:
    """Several stages as one pipeline, which keeps the rows of the first stage in the cache."""

    complex_result = False

    def __init__(self, call: _Call) -> None:
        self._call = call

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`, which has the type of the image."""
        ranks.check_before(image, out)
        ranks.check_size(FAMILY.compute(self._call, image, out, None))


def at_once(array: npt.NDArray, by: Element, operation: str) -> AtOnce | None:
    """Return the pipeline of several stages, or None if the engine has none for them.

    An opening or closing needs a border that the second stage knows without the first image.
    """
    if (
        by.heights is not None
        or not isinstance(by.mode, str)
        or any(by.origin)
        or len(by.axes) > arguments.MOST_AXES
        or by.axes != tuple(sorted(by.axes))
    ):
        return None
    mode = arguments.mode(by.mode)
    if operation == "gradient":
        if not _never_negative(array, by):
            return None
    elif mode != "constant":
        return None
    inside = by.footprint
    if inside is None:
        lengths = arguments.each(by.size, len(by.axes), "size")
        if not all(isinstance(n, int | np.integer) and n > 0 for n in lengths):
            return None
        inside = np.ones(lengths, bool)
    common = ranks.shared(array, mode, by.cval, by.axes)
    return AtOnce(FAMILY.settle(array, common, operation, (inside, 1, 1, None)))


def _never_negative(array: npt.NDArray, by: Element) -> bool:
    """Tell whether no difference wraps: the image has floats, or the element contains its origin.

    SciPy may round integers of 64 bits before it subtracts them.
    """
    if array.dtype.kind == "f":
        return True
    centred = by.footprint is None or bool(by.footprint[tuple(n // 2 for n in by.footprint.shape)])
    return array.dtype.kind == "u" and array.dtype.itemsize < 8 and centred


class Stages:
    """Two stages, one after the other or `together`."""

    complex_result = False

    def __init__(self, first: Prepared, second: Prepared, together: AtOnce | None) -> None:
        self._first, self._second, self._together = first, second, together

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`, which may be the image."""
        if self._together is not None and out.dtype == image.dtype:
            self._together.run(image, out)
            return
        middle = _new(image)
        self._first.run(image, middle)
        self._second.run(middle, out)


class Residue:
    """The image less its opening, or its closing less the image. Integers wrap, as in NumPy."""

    complex_result = False

    def __init__(self, stages: Prepared, *, closes: bool) -> None:
        self._stages, self._closes = stages, closes

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        _check_apart(image, out)
        self._stages.run(image, out)
        first, second = (out, image) if self._closes else (image, out)
        truth = image.dtype.kind == out.dtype.kind == "b"
        (np.bitwise_xor if truth else np.subtract)(first, second, out=out)


class Gradient:
    """The dilation less the erosion."""

    complex_result = False

    def __init__(self, dilation: Prepared, erosion: Prepared, together: AtOnce | None) -> None:
        self._dilation, self._erosion, self._together = dilation, erosion, together

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        _check_apart(image, out)
        if self._together is not None and out.dtype == image.dtype:
            self._together.run(image, out)
            return
        large = _new(image)
        self._dilation.run(image, large)
        self._erosion.run(image, out)
        np.subtract(large, out, out=out)


class Laplace:
    """The sum of dilation and erosion less twice the image."""

    complex_result = False

    def __init__(self, dilation: Prepared, erosion: Prepared) -> None:
        self._dilation, self._erosion = dilation, erosion

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`."""
        _check_apart(image, out)
        large = _new(image)
        self._dilation.run(image, large)
        self._erosion.run(image, out)
        np.add(large, out, out=out)
        np.subtract(out, image, out=out)
        np.subtract(out, image, out=out)


def _new(image: npt.NDArray) -> npt.NDArray:
    return np.empty(image.shape, image.dtype.newbyteorder("="))


def _check_apart(image: npt.NDArray, out: npt.NDArray) -> None:
    if np.may_share_memory(image, out):
        raise Elsewhere("output overlaps the image")
