"""Images in the words of scikit-image: its conversions to floats, and its masks."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from skimage.util import img_as_float

from imfilter._compat.samples import all_finite
from imfilter._compat.serving import Elsewhere, here
from imfilter.compat.ndimage import minimum_filter


def image(given: Any) -> npt.NDArray:
    """Return the image: a plain array of real numbers of a usual type, with at least one sample."""
    if type(given) is not np.ndarray:
        raise Elsewhere("the image is not a plain array")
    kind = given.dtype
    if kind.kind not in "biuf" or kind.itemsize > 8 or not kind.isnative:
        raise Elsewhere(f"the dtype is {kind.name}")
    if given.size == 0 or given.ndim == 0:
        raise Elsewhere("the array is empty" if given.ndim else "the array has no axis")
    return given


def plane(given: Any) -> npt.NDArray:
    """Return an image of two axes."""
    array = image(given)
    if array.ndim != 2:
        raise Elsewhere("the image does not have two axes")
    return array


def floats(array: npt.NDArray, *, preserve_range: Any = False) -> npt.NDArray:
    """Return the image as float32 or float64. Integers are scaled to 1 unless their range is preserved."""
    if array.dtype.kind == "f":
        return array.astype(np.float32) if array.dtype == np.float16 else array
    return array.astype(np.float64) if preserve_range else img_as_float(array)


def unmasked(mask: Any, array: npt.NDArray) -> npt.NDArray | None:
    """Return where all samples of a 3 x 3 x ... window are in the mask, or None without a mask."""
    if mask is None:
        return None
    if type(mask) is not np.ndarray or mask.shape != array.shape or mask.dtype.kind not in "biuf":
        raise Elsewhere("the mask is not a plain array of the image's shape")
    return here(minimum_filter)(mask != 0, 3, mode="constant", cval=0)


def real(given: Any, name: str) -> float:
    """Return a number of Python. Those of NumPy may widen the type of a result."""
    if type(given) not in (int, float):
        raise Elsewhere(f"{name} is not a number of Python")
    return given


def finite(array: npt.NDArray) -> npt.NDArray:
    """Return an image without NaN and infinity, which scikit-image compares in another way."""
    if not all_finite(array):
        raise Elsewhere("a sample is not finite")
    return array


def step(module: str, name: str) -> Callable[..., Any]:
    """Return the function of a step that scikit-image has in a private module."""
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(f"skimage.{module}"), name)
    except (ImportError, AttributeError):
        raise Elsewhere(f"this version of scikit-image has no {name}") from None
    return found
