"""Erosions and dilations of `scipy.ndimage` by structures with heights.

SciPy adds heights in float64 and casts each sum to the type of the image. The engine rounds and saturates. So
it runs where both give the same: where no sum leaves the type, and no sum of integers has a fraction.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from imfilter._compat import ndimage_arguments as arguments
from imfilter._compat import ndimage_ranks as ranks
from imfilter._compat.serving import Elsewhere
from imfilter._filters.morphology import weighed
from imfilter._filters.morphology.settings import Settings
from imfilter._filters.morphology.structure import Structure
from imfilter._filters.ordered.rounding import truncated


class Heights:
    """The minima of samples less heights, or the maxima of samples plus heights."""

    complex_result = False

    def __init__(
        self,
        footprint: npt.NDArray,
        heights: npt.NDArray,
        axes: tuple[int, ...],
        befores: Sequence[int],
        mode: str,
        cval: Any,
        *,
        dilates: bool,
    ) -> None:
        if len(axes) > arguments.MOST_AXES:
            raise Elsewhere("the window has more than three axes")
        self._heights, self._axes, self._mode, self._cval = np.where(footprint, heights, 0), axes, mode, cval
        self._pads, self._dilates = ranks.padding(footprint.shape, befores), dilates
        self._inside = np.pad(footprint, self._pads)

    def run(self, image: npt.NDArray, out: npt.NDArray) -> None:
        """Write the result to `out`, which may be the image."""
        if out.dtype != image.dtype and image.dtype.kind == "f":
            raise Elsewhere("output has another type than an image of floats")
        cval = ranks.shared(image, self._mode, self._cval, self._axes).cval
        heights = _checked(image, self._heights, self._mode, cval, dilates=self._dilates)
        structure = Structure(self._inside, np.pad(heights, self._pads))
        direct = out.dtype == image.dtype and not np.may_share_memory(out, image)
        target = out if direct else np.empty(image.shape, image.dtype)
        settings = Settings(self._axes, self._mode, cval, None)
        weighed.stage(image, structure, settings, None, image.dtype, target, dilates=self._dilates)
        if out.dtype != image.dtype:
            truncated(target.astype(np.float64), out)
        elif not direct:
            out[...] = target


def _checked(
    array: npt.NDArray, heights: npt.NDArray, mode: str, cval: float, *, dilates: bool
) -> npt.NDArray:
    """Return heights in a type in which the engine gives SciPy's results."""
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            exact = bool((heights.astype(array.dtype) == heights).all())
        if not exact:
            raise Elsewhere("the heights are not values of the image's type")
        return heights
    if array.dtype.kind == "b" or not (np.isfinite(heights).all() and (heights == np.rint(heights)).all()):
        raise Elsewhere("the heights are not integers, or the image is binary")
    low, high = int(array.min()), int(array.max())
    if mode == "constant":
        low, high = min(low, int(cval)), max(high, int(cval))
    lightest, heaviest = int(heights.min()), int(heights.max())
    low, high = (low + lightest, high + heaviest) if dilates else (low - heaviest, high - lightest)
    bounds = np.iinfo(array.dtype)
    if low < max(bounds.min, -arguments.EXACT) or high > min(bounds.max, arguments.EXACT):
        raise Elsewhere("samples and heights together leave the type of the image")
    return heights.astype(np.int64)
