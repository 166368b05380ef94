"""Arguments of OpenCV in the words of this engine. What is unusual is left to OpenCV."""

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat.samples import has_nan
from imfilter._compat.serving import Elsewhere

U8, U16, I16 = np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.int16)
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
#: Types by OpenCV's numbers.
DEPTHS: dict[int, np.dtype] = {0: U8, 2: U16, 3: I16, 5: F32, 6: F64}
#: Borders by OpenCV's numbers. The constant of linear filters is 0.
BORDERS = {0: "zero", 1: "edge", 2: "symmetric", 4: "mirror"}
#: The usual border.
MIRROR = 4
#: Most channels of an image.
_CHANNELS = 4
_BOOL = "OpenCV refuses a bool as a number"


def image(given: Any, kinds: tuple[np.dtype, ...] = (U8, U16, I16, F32, F64)) -> npt.NDArray:
    """Return the image, of rows and columns, and of channels if there is more than one."""
    if type(given) is not np.ndarray or given.ndim not in (2, 3) or not given.size:
        raise Elsewhere("the image is not a plain array of rows, columns and channels")
    if given.dtype not in kinds or not given.dtype.isnative:
        raise Elsewhere(f"the dtype is {given.dtype.name}")
    if given.ndim == 3:
        if given.shape[2] > _CHANNELS:
            raise Elsewhere("the image has more than four channels")
        if given.shape[2] == 1:
            return given[:, :, 0]
    return given


def result(dst: Any, shape: tuple[int, ...], kind: np.dtype) -> npt.NDArray:
    """Return the array for the result: `dst` if it fits, or a new one."""
    if dst is None:
        return np.empty(shape, kind)
    plain = type(dst) is np.ndarray and dst.flags.c_contiguous and dst.flags.writeable
    if not plain or dst.shape != shape or dst.dtype != kind or not dst.dtype.isnative:
        raise Elsewhere("dst does not fit the result")
    return dst


def integer(given: Any) -> int:
    """Return an integer."""
    if isinstance(given, bool):
        raise Elsewhere(_BOOL)
    return operator.index(given)


def depth(given: Any, source: np.dtype) -> np.dtype:
    """Return the type of the result; -1 is that of the image."""
    number = integer(given)
    if number == -1:
        return source
    if number not in DEPTHS:
        raise Elsewhere("ddepth is not usual")
    return DEPTHS[number]


def border(given: Any) -> str:
    """Return a border in our words."""
    mode = BORDERS.get(integer(given))
    if mode is None:
        raise Elsewhere("borderType is not usual")
    return mode


def pair(given: Any, name: str) -> tuple[int, int]:
    """Return two integers in the order of rows and columns; OpenCV's is the other."""
    x, y = given
    try:
        return integer(y), integer(x)
    except TypeError:
        raise Elsewhere(f"{name} has no integers") from None


def size(given: Any) -> tuple[int, int]:
    """Return the height and the width of a window."""
    height, width = pair(given, "ksize")
    if height < 1 or width < 1:
        raise Elsewhere("ksize is not positive")
    return height, width


def anchor(given: Any, shape: tuple[int, int]) -> tuple[int, int]:
    """Return the place of the sample in its window: its row and column."""
    y, x = pair((-1, -1) if given is None else given, "anchor")
    y, x = (shape[0] // 2 if y == -1 else y), (shape[1] // 2 if x == -1 else x)
    if not (0 <= y < shape[0] and 0 <= x < shape[1]):
        raise Elsewhere("anchor is outside the window")
    return y, x


def number(given: Any, name: str) -> float:
    """Return a finite number."""
    if isinstance(given, bool):
        raise Elsewhere(_BOOL)
    value = float(given)
    if not np.isfinite(value):
        raise Elsewhere(f"{name} is not finite")
    return value


def without_nan(array: npt.NDArray) -> npt.NDArray:
    """Return an array without NaN. OpenCV's order of NaN and other samples depends on their places."""
    if has_nan(array):
        raise Elsewhere("samples are NaN")
    return array
