"""Gabor filters of `skimage.filters`."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import skimage.filters

from imfilter._compat import skimage_images as images
from imfilter._compat.serving import always, here, like
from imfilter.compat import ndimage
from imfilter.typing import NDArray

gabor_kernel = always(
    skimage.filters.gabor_kernel, "skimage.filters.gabor_kernel", "it filters no image and takes little time"
)


@functools.lru_cache(16, typed=True)  # kernels have any size
def _parts(*own: Any) -> tuple[NDArray, NDArray]:
    """Return the parts of a kernel."""
    *given, kind = own
    kernel = skimage.filters.gabor_kernel(*given, dtype=kind)
    return np.ascontiguousarray(np.real(kernel)), np.ascontiguousarray(np.imag(kernel))


@like(skimage.filters.gabor, "skimage.filters.gabor")
def gabor(
    image: NDArray,
    frequency: float,
    theta: float = 0,
    bandwidth: float = 1,
    sigma_x: float | None = None,
    sigma_y: float | None = None,
    n_stds: float = 3,
    offset: float = 0,
    mode: str = "reflect",
    cval: float = 0,
) -> tuple[NDArray, NDArray]:
    """Convolve with both parts of a Gabor kernel, as `skimage.filters.gabor` does.

    Results of integers are truncated. Those of float32 are computed in float64: bright and dark parts of a
    kernel nearly cancel.
    """
    array = images.plane(image)
    kind, result = np.complex128, array.dtype
    if array.dtype.kind == "f":
        array = images.floats(array)
        kind, result = np.promote_types(array.dtype, np.complex64).type, array.dtype
        array = array.astype(np.float64, copy=False)
    own = frequency, theta, bandwidth, sigma_x, sigma_y, n_stds, offset, kind
    parts, convolve = _parts(*own), here(ndimage.convolve)
    real, imaginary = (convolve(array, part, mode=mode, cval=cval) for part in parts)
    return real.astype(result, copy=False), imaginary.astype(result, copy=False)
