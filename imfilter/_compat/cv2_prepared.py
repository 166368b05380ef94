"""Calls of OpenCV whose arguments are already translated: once for images of one shape and type."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.call_cache import Calls, remembered
from imfilter._compat import cv2_arguments as arguments

#: Writes the result for an image: ``run(image, out)``.
Run = Callable[[npt.NDArray, npt.NDArray], object]


class Prepared(NamedTuple):
    """A filter for images of one shape and type."""

    run: Run
    shape: tuple[int, ...]
    dtype: np.dtype


#: Makes a filter for an image from the other arguments of a function.
Translate = Callable[..., Prepared]
_kept: Calls[Prepared] = Calls()


def filtered(array: npt.NDArray, dst: Any, translate: Translate, *own: Any) -> npt.NDArray:
    """Filter a checked image into `dst` or a new array. `own` are the other arguments."""
    run, shape, dtype = remembered(_kept, translate, array, own)
    out = arguments.result(dst, shape, dtype)
    run(array, out)
    return out


def copied(image: npt.NDArray, out: npt.NDArray) -> None:
    """Write the image itself."""
    np.copyto(out, image)
