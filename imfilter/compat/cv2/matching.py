"""Template matching and integral images of OpenCV."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from imfilter._base import dtypes
from imfilter._compat import cv2_arguments as arguments
from imfilter._compat import cv2_sums as engine
from imfilter._compat.cv2_arguments import F32, F64, I16, U8, U16
from imfilter._compat.cv2_prepared import Prepared, filtered
from imfilter._compat.serving import Elsewhere, like
from imfilter._filters.ordered import totals
from imfilter.typing import NDArray

#: Matches that are not divided by norms.
_METHODS = (cv2.TM_SQDIFF, cv2.TM_CCORR, cv2.TM_CCOEFF)
#: The type of sums by the type of samples and OpenCV's number; -1 is the usual one.
_INT32 = np.dtype(np.int32)
_SUMS = {(U8, -1): _INT32, (U8, cv2.CV_32S): _INT32} | {
    (kind, depth): F64 for kind in (U8, U16, I16, F32, F64) for depth in (-1, cv2.CV_64F) if kind != U8
}
_SUMS[U8, cv2.CV_64F] = F64


@like(cv2.matchTemplate, "cv2.matchTemplate")
def matchTemplate(
    image: NDArray,
    templ: NDArray,
    method: int,
    result: NDArray | None = None,
    mask: Any = None,
) -> NDArray:
    """Compare a template with all places of an image, as `cv2.matchTemplate` does."""
    array, template = arguments.image(image, (U8, F32)), arguments.image(templ, (U8, F32))
    how = arguments.integer(method)
    if mask is not None or array.dtype != template.dtype or array.ndim != 2 or template.ndim != 2:
        raise Elsewhere("there is a mask, or the images have channels or different types")
    if how not in _METHODS:
        raise Elsewhere("norms of nearly constant windows depend on the last bit")
    shape = array.shape[0] - template.shape[0] + 1, array.shape[1] - template.shape[1] + 1
    if min(shape) < 1:
        raise Elsewhere("the template is larger than the image")
    return filtered(array, result, _matches, template, how)


def _matches(array: NDArray, template: NDArray, how: int) -> Prepared:
    taps = template.astype(F64)
    if how == cv2.TM_CCOEFF:
        taps -= taps.mean()
    if how != cv2.TM_SQDIFF:
        return _valid(array, (taps,), F32)
    products, kernel = _valid(array, (taps,), F64), (np.ones(len(taps)), np.ones(taps.shape[1]))
    sums, total = _valid(dtypes.blank(array.shape, F64), kernel, F64), np.square(taps).sum()

    def run(image: NDArray, out: NDArray) -> None:
        found, product = np.empty(out.shape), np.empty(out.shape)
        products.run(image, product)
        sums.run(np.square(image, dtype=F64), found)
        found -= 2 * product
        found += total
        np.copyto(out, np.maximum(found, 0, out=found), casting="same_kind")

    return products._replace(run=run, dtype=F32)


def _valid(array: NDArray, taps: tuple[NDArray, ...], kind: np.dtype) -> Prepared:
    """Return the correlation where the whole kernel is inside the image."""
    return engine.prepared(array, taps, None, "edge", kind)


@like(cv2.integral, "cv2.integral")
def integral(src: NDArray, sum: NDArray | None = None, sdepth: int = -1) -> NDArray:
    """Return the sums of all samples above and to the left, as `cv2.integral` does."""
    array = arguments.image(src)
    kind = _SUMS.get((array.dtype, arguments.integer(sdepth)))
    if kind is None:
        raise Elsewhere("sdepth is not usual")
    out = arguments.result(sum, (array.shape[0] + 1, array.shape[1] + 1, *array.shape[2:]), kind)
    totals.integral(array, out)
    return out
