"""Ranks and morphology of OpenCV: filters that are translated once for images of one shape and type.

OpenCV's order of NaN and other samples depends on their places. A search for NaN takes a third of the time of
a small window. The kernels of this engine meet NaN while they filter, and refuse the image.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from imfilter._base.call_cache import Calls, words
from imfilter._base.engine import Family
from imfilter._base.keywords import Common
from imfilter._compat import cv2_arguments as arguments
from imfilter._filters.rank import apply as rank


class Step(NamedTuple):
    """A checked call of a family of filters."""

    family: Family[Any]
    call: Any

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result for an image without NaN to `out`, which may be the image."""
        if self.family.compute_finite(self.call, image, out, None) is None:
            arguments.without_nan(image)  # it may also have contained -0.0
            self.family.compute(self.call, image, out, None)


#: Steps that follow each other.
Steps = tuple[Step, ...]
#: Returns the steps for an image from the other arguments of a function.
Translate = Callable[..., Steps]
_kept: Calls[Steps] = Calls()


def filtered(array: npt.NDArray, dst: Any, translate: Translate, *own: Any) -> npt.NDArray:
    """Filter a checked image into `dst` or a new array. `own` are the other arguments."""
    key: Any
    try:
        key = translate, words(own), array.shape, array.dtype
        steps = _kept.get(key)
    except TypeError:  # an argument may change without notice
        key = steps = None
    if steps is None:
        steps = translate(array, *own)
        _kept.keep(key, steps)
    out = arguments.result(dst, array.shape, array.dtype)
    for step in steps[:-1]:
        to = np.empty(array.shape, array.dtype)
        step.run(array, to)
        array = to
    steps[-1].run(array, out)
    return out


def ranks(array: npt.NDArray, mode: str, cval: float, pick: rank.Pick, size: Any, inside: Any = None) -> Step:
    """Return the step that takes a rank of each window."""
    family = rank.ABSENT_BORDER if mode == "shrink" else rank.FAMILY
    call = family.settle(array, Common(mode, cval, (0, 1)), pick, (size, inside))
    return Step(rank.FAMILY, call)
