"""The calls in other libraries. Tests compare their results with imfilter, and benchmarks their times."""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import scipy.ndimage as ndi

try:
    import SimpleITK
except ImportError:  # optional, only in the `bench` extra
    SimpleITK = None

CV_DEPTH = {"uint8": cv2.CV_8U, "uint16": cv2.CV_16U, "float32": cv2.CV_32F, "float64": cv2.CV_64F}
CV_MIRROR = cv2.BORDER_REFLECT_101


@dataclasses.dataclass(frozen=True)
class Peer:
    """The same call in another library."""

    call: Callable  # (image, out or None, result dtype) -> result
    prepare: Callable | None = None  # image -> input of the library; not timed
    finish: Callable | None = None  # (result, image) -> the result as imfilter defines it; not timed
    margin: int = 0  # rows and columns with another border, which are not compared
    steps: int | None = None  # largest difference of integers; None: that of the case
    types: tuple | None = None  # supported types; None: all types of the case


def cv_filter2d(kernel):
    return Peer(lambda x, out, dtype: cv2.filter2D(x, CV_DEPTH[dtype], kernel, dst=out, borderType=CV_MIRROR))


def ndi_correlate(kernel, stride=1):
    every = (slice(None, None, stride),) * kernel.ndim
    if stride == 1:
        return Peer(
            lambda x, out, dtype: ndi.correlate(
                x, kernel, output=dtype if out is None else out, mode="mirror"
            )
        )
    return Peer(lambda x, out, dtype: ndi.correlate(x, kernel, output=dtype, mode="mirror")[every])


def itk_convolution(kernel):
    """SimpleITK's convolution. It flips its kernel, and its border is `edge`."""
    weights = SimpleITK.GetImageFromArray(np.flip(kernel).copy())
    border = SimpleITK.ConvolutionImageFilter.ZERO_FLUX_NEUMANN_PAD
    return Peer(
        lambda x, out, dtype: SimpleITK.Convolution(x, weights, False, border),
        prepare=SimpleITK.GetImageFromArray,
        finish=lambda result, image: SimpleITK.GetArrayFromImage(result),
        margin=max(kernel.shape) // 2,
        types=("float32",),
    )


def rounded(result, image):
    """A float result as the image's integers."""
    return round_to(result, image.dtype) if image.dtype.kind in "iu" else result


def round_to(values, dtype):
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


def unit_range(image):
    """The number by which scikit-image divides integers."""
    return np.iinfo(image.dtype).max if image.dtype.kind in "iu" else 1.0


def cv_size(sigma):
    return (2 * int(4.0 * sigma + 0.5) + 1,) * 2


def cv_gaussian(sigma):
    return lambda x, out, dtype: cv2.GaussianBlur(x, cv_size(sigma), sigma, dst=out, borderType=CV_MIRROR)


def cv_gradients(x, taps):
    """The derivatives along both axes, each from separable taps (rows, columns)."""
    return [
        cv2.sepFilter2D(
            x, cv2.CV_32F, columns.astype(np.float32), rows.astype(np.float32), borderType=CV_MIRROR
        )
        for rows, columns in taps
    ]


def cv_magnitude(first, second, out):
    return cv2.magnitude(first, second, magnitude=out)


def ndi_magnitude(derivative):
    """SciPy's generic magnitude of floats. Its derivatives of integers wrap."""
    return lambda x, out, dtype: ndi.generic_gradient_magnitude(
        x.astype(np.float32, copy=False), derivative, output=out, mode="mirror"
    )


def ski_edge(function, scale, axis=None):
    """scikit-image's edge filters. They normalise the smoothing, and divide magnitudes by sqrt(ndim)."""

    def finish(result, image):
        return result * (scale * unit_range(image) * (np.sqrt(image.ndim) if axis is None else 1.0))

    return Peer(lambda x, out, dtype: function(x, axis=axis, mode="mirror"), finish=finish)
