"""Functions of `skimage.restoration`, by their names, arguments and results: deconvolution and background."""

from __future__ import annotations

from typing import Any

import numpy as np
import skimage.restoration as theirs
from skimage._shared.utils import DEPRECATED

import imfilter
from imfilter._base.call_cache import Calls, remembered
from imfilter._base.keywords import Common
from imfilter._compat import skimage_images as images
from imfilter._compat.prepared import Run, run_of, settled
from imfilter._compat.serving import Elsewhere, always, here, like
from imfilter._filters.restoration import ball
from imfilter.compat import ndimage
from imfilter.typing import NDArray

__all__ = [
    "denoise_bilateral",
    "denoise_nl_means",
    "denoise_tv_chambolle",
    "estimate_sigma",
    "richardson_lucy",
    "rolling_ball",
    "wiener",
]

#: The range of results. Numbers of Python take 2 us more.
_LEAST, _MOST = np.array(-1.0), np.array(1.0)
#: Most taps of a blur that direct sums compute faster than Fourier transforms.
_MOST_TAPS = 400

denoise_bilateral = always(
    theirs.denoise_bilateral,
    "skimage.restoration.denoise_bilateral",
    "scikit-image applies its spatial weights at wrong positions",
)
denoise_nl_means = always(
    theirs.denoise_nl_means,
    "skimage.restoration.denoise_nl_means",
    "scikit-image drops small weights",
)
denoise_tv_chambolle = always(
    theirs.denoise_tv_chambolle,
    "skimage.restoration.denoise_tv_chambolle",
    "scikit-image ends before the minimum, at a step that depends on its sums",
)
estimate_sigma = always(
    theirs.estimate_sigma,
    "skimage.restoration.estimate_sigma",
    "scikit-image estimates noise by wavelets",
)


def _blur(array: NDArray, psf: Any) -> NDArray:
    """Return a blur of odd lengths in float64, for an image of samples that are computed in float64."""
    kernel = images.image(psf)
    if array.dtype.kind == "f" and array.dtype != np.float64:
        raise Elsewhere("Fourier transforms of float32 have fewer digits")
    if kernel.ndim != array.ndim or any(
        n % 2 == 0 or n > m for n, m in zip(kernel.shape, array.shape, strict=True)
    ):
        raise Elsewhere("the lengths of the blur are not odd, or it is larger than the image")
    return kernel.astype(np.float64)


#: Blurs in float64, and filters, by the arguments that they are made of.
_blurs: Calls[tuple[NDArray, NDArray]] = Calls()
_kept: Calls[Run] = Calls()


@like(theirs.wiener, "skimage.restoration.wiener")
def wiener(
    image: NDArray,
    psf: NDArray,
    balance: float,
    reg: NDArray | None = None,
    is_real: bool = True,
    clip: bool = True,
) -> NDArray:
    """Undo a known blur in one step, as `skimage.restoration.wiener` does."""
    if reg is not None or is_real is not True:
        raise Elsewhere("the regularizer or the transform is not the usual one")
    array = images.finite(images.image(image))
    found = remembered(_kept, _wiener, array, (psf, balance))(array, None)
    return found.clip(_LEAST, _MOST, out=found) if clip else found


def _wiener(array: NDArray, psf: Any, balance: Any) -> Run:
    kernel, share = _blur(array, psf), images.real(balance, "balance")
    if min(array.shape) < 3 or array.ndim > 3 or kernel.shape == array.shape:
        raise Elsewhere("the axes are not usual")
    return run_of(imfilter.wiener, array, kernel, balance=share, mode="wrap", dtype=np.float64)


@like(theirs.richardson_lucy, "skimage.restoration.richardson_lucy")
def richardson_lucy(
    image: NDArray,
    psf: NDArray,
    num_iter: int = 50,
    clip: bool = True,
    filter_epsilon: float | None = None,
) -> NDArray:
    """Undo a known blur by iterations, as `skimage.restoration.richardson_lucy` does."""
    array = images.finite(images.image(image))
    kernel, mirrored = remembered(_blurs, _positive, array, (psf,))
    if filter_epsilon:
        raise Elsewhere("small samples are left out")
    array, found = array.astype(np.float64, copy=False), np.full(array.shape, 0.5)
    correlate, quotient = here(ndimage.correlate), np.empty(array.shape)
    for _ in range(num_iter):
        correlate(found, mirrored, output=quotient, mode="constant")
        quotient += 1e-12
        np.divide(array, quotient, out=quotient)
        found *= correlate(quotient, kernel, mode="constant")
    return found.clip(_LEAST, _MOST, out=found) if clip else found


def _positive(array: NDArray, psf: Any) -> tuple[NDArray, NDArray]:
    """Return a blur and the mirrored one."""
    kernel = _blur(array, psf)
    if kernel.size > _MOST_TAPS or not (kernel >= 0).all() or not kernel.any():
        raise Elsewhere("the blur is large or negative")
    return kernel, np.ascontiguousarray(np.flip(kernel))


@like(theirs.rolling_ball, "skimage.restoration.rolling_ball")
def rolling_ball(
    image: NDArray,
    *,
    radius: float = 100,
    kernel: NDArray | None = None,
    nansafe: bool = False,
    num_threads: Any = DEPRECATED,
    workers: int | None = None,
) -> NDArray:
    """Return the background under a rolling ball, as `skimage.restoration.rolling_ball` does."""
    if kernel is not None or nansafe or num_threads is not DEPRECATED:
        raise Elsewhere("the kernel or another argument is given")
    array = images.finite(images.image(image))
    if array.dtype.kind == "b":
        raise Elsewhere("the dtype is bool")
    converted = images.floats(array, preserve_range=True)
    found = remembered(_kept, _ball, converted, (radius,))(converted, None)
    return found.astype(array.dtype, copy=False)


def _ball(array: NDArray, radius: Any) -> Run:
    size = images.real(radius, "radius")
    if array.ndim > 3 or not size >= 1:
        raise Elsewhere("the axes or the radius are not usual")
    # Samples beyond the border are absent, but each ball has a sample, so none is searched for.
    return settled(ball.FAMILY, array, Common("shrink"), "rolling_ball", (size, None, "erosion"))
