"""Corner responses: Harris and Shi-Tomasi."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from imfilter._base import arguments, borders, dtypes, inside, missing, threads
from imfilter._base.keywords import Common, hinted
from imfilter._base.plan import by_window
from imfilter.typing import ArrayLike, Mask, Mode, Nan, NDArray
from imfilter.weights import gaussian as bell

_APERTURES = (3, 5, 7)


@hinted
def harris(
    image: ArrayLike,
    *,
    k: float = 0.04,
    window: Literal["box", "gaussian"] = "box",
    size: int = 2,
    sigma: float | None = None,
    aperture: int = 3,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Compute the Harris corner response of every sample.

    The structure tensor holds the products of the derivatives, summed over a window. The response is its
    determinant minus `k` times the square of its trace. It is large at corners, negative at edges, and near 0
    in flat regions.

    Parameters
    ----------
    image : array_like
        Grey image of two spatial axes. Convert a colour image with `imfilter.color.rgb_to_gray` first. Bool,
        integers or floats. The function does not change it.
    k : float, optional
        Weight of the squared trace. A larger value suppresses edges more strongly. Default 0.04.
    window : {'box', 'gaussian'}, optional
        Window of the sum, and scale of the derivatives. 'box', as in OpenCV: all samples have the same
        weight, and the Sobel operator is divided by ``size * 2**(aperture - 1)``. 'gaussian', as in
        scikit-image: the weights sum to 1, and the derivatives are not scaled. Default 'box'.
    size : int, optional
        Length of the box along both axes. Default 2. An even box has one sample more before its centre than
        after it.
    sigma : float, optional
        Standard deviation of the Gaussian in samples. The Gaussian is cut at 4 standard deviations. Default
        1. Leave it out for a box.
    aperture : {3, 5, 7}, optional
        Length of the Sobel operator. Default 3.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant', 'shrink'}, optional
        How the image and the products continue beyond the border; see `imfilter.gaussian`. Default 'mirror'.
        With 'zero' and 'constant' the products beyond the border are 0. With 'shrink' the samples beyond it
        are absent, as with `mask`.
    cval : float, optional
        Value beyond the border of the image with ``mode="constant"``. Default 0.
    mask : array_like, optional
        Samples that are present, in the shape of `image`, or in its shape without `channel_axis`. Bool: True
        where a sample is present. Numbers: how much a sample counts, at least 0. An absent sample may have
        any value, and changes no result. Default: all samples are present.
    nan : {'propagate', 'ignore'}, optional
        Whether NaN makes every result NaN whose window contains it (default), or is an absent sample.
    min_coverage : float, optional
        Smallest share of the window that must be present, from 0 to 1: of its samples, or of the magnitudes
        of its weights. Where less is present, or nothing, the result is NaN, or 0 if it is an integer.
        Default 0.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image`, or `out`. Its dtype is float32 for bool, 8- and 16-bit integers,
        float16 and float32; float64 for wider types. A masked array gives a masked array.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    shi_tomasi : The smaller eigenvalue of the structure tensor.
    cv2.cornerHarris : The same for float32 with ``blockSize=size`` and ``ksize=aperture``. For uint8 it
        divides the derivatives by 255.
    skimage.feature.corner_harris : The same for float images with ``window="gaussian", mode="zero"``.

    References
    ----------
    C. Harris and M. Stephens, A Combined Corner and Edge Detector, Alvey Vision Conference 1988.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> square = np.zeros((7, 7))
    >>> square[3:, 3:] = 1
    >>> response = imfilter.harris(square, size=3)
    >>> [int(i) for i in np.unravel_index(response.argmax(), response.shape)]
    [3, 3]
    """
    share = arguments.number(k, "k")
    common = Common(mode, cval, out=out, workers=workers, mask=mask, nan=nan, min_coverage=min_coverage)
    return _respond(image, share, window, size, sigma, aperture, common)


@hinted
def shi_tomasi(
    image: ArrayLike,
    *,
    window: Literal["box", "gaussian"] = "box",
    size: int = 2,
    sigma: float | None = None,
    aperture: int = 3,
    mode: Mode = "mirror",
    cval: float = 0.0,
    mask: Mask = None,
    nan: Nan = "propagate",
    min_coverage: float = 0.0,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Compute the Shi-Tomasi corner response of every sample.

    The response is the smaller eigenvalue of the structure tensor.

    Parameters
    ----------
    image : array_like
        Grey image of two spatial axes. Convert a colour image with `imfilter.color.rgb_to_gray` first. Bool,
        integers or floats. The function does not change it.
    window, size, sigma, aperture, mode, cval, mask, nan, min_coverage, out, workers : optional
        As for `harris`.

    Returns
    -------
    ndarray
        As for `harris`. The values are not negative, except for rounding errors.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    harris : The determinant minus a multiple of the squared trace.
    cv2.cornerMinEigenVal : The same for float32 with ``blockSize=size`` and ``ksize=aperture``.
    skimage.feature.corner_shi_tomasi : The same for float images with ``window="gaussian", mode="zero"``.

    References
    ----------
    J. Shi and C. Tomasi, Good Features to Track, IEEE Conference on Computer Vision and Pattern Recognition
    1994.

    Examples
    --------
    >>> import imfilter
    >>> import numpy as np
    >>> square = np.zeros((7, 7))
    >>> square[3:, 3:] = 1
    >>> response = imfilter.shi_tomasi(square, size=3)
    >>> [int(i) for i in np.unravel_index(response.argmax(), response.shape)]
    [3, 3]
    """
    common = Common(mode, cval, out=out, workers=workers, mask=mask, nan=nan, min_coverage=min_coverage)
    return _respond(image, None, window, size, sigma, aperture, common)


def _respond(
    image: ArrayLike,
    k: float | None,
    window: Any,
    size: Any,
    sigma: Any,
    aperture: Any,
    common: Common,
) -> NDArray:
    """Check the arguments, and compute one of the responses."""
    bare, own = missing.split(image)
    array = arguments.plane(bare)
    width = arguments.integer(aperture, "aperture")
    if width not in _APERTURES:
        raise ValueError(f"aperture must be 3, 5 or 7, got {width}")
    length = arguments.integer(size, "size", least=1)
    arguments.word(window, "window", ("box", "gaussian"))
    scale, taps = 1.0, (1.0,) * length
    if window == "box":
        if sigma is not None:
            raise ValueError(f"sigma must be left out with window='box', got {sigma!r}")
        scale = 1.0 / (length * 2.0 ** (width - 1))
    else:
        (deviation,) = arguments.sigmas(1.0 if sigma is None else sigma, 1)
        taps = tuple(bell(deviation).tolist())
    mode = borders.check_mode(common.mode, more=("shrink",))
    value = arguments.beyond(common.cval, mode)
    workers = threads.requested(common.workers)
    present = missing.presence(array, common, own)
    from imfilter._filters.corners import structure_tensor

    place = arguments.fitting(arguments.out(common.out), array.shape)
    shape = structure_tensor.Window(width, scale, taps)
    found = None if present is None else present.present(array)
    if found is None or (mode != "shrink" and found.all() and not by_window.get()):
        result = structure_tensor.respond(array, shape, k, mode, value, place, workers)
        return inside.remasked(result, own, None)
    result, known = _with_missing(array, found, shape, k, common._replace(cval=value, workers=workers))
    if place is None:
        place = np.empty(array.shape, dtypes.derived(array.dtype))
    dtypes.place(result, place)
    return inside.remasked(place, own, known)


def _with_missing(
    array: NDArray, found: NDArray[np.bool_], window: Any, k: float | None, common: Common
) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the response of an image with missing data, and where it is known."""
    from imfilter._filters.corners import structure_tensor
    from imfilter.convolution import correlate

    smooth, difference = structure_tensor.sobel(window.aperture)
    image = np.ma.MaskedArray(array, mask=~found)
    options: dict[str, Any] = {"dtype": np.float64, "workers": common.workers}
    border: dict[str, Any] = {"mode": common.mode, "cval": common.cval}
    kernels = [[smooth, difference], [difference, smooth]]
    dx, dy = (correlate(image, kernel, **border, **options) for kernel in kernels)
    unknown = ~found | np.ma.getmaskarray(dx) | np.ma.getmaskarray(dy)
    dx, dy = np.ma.getdata(dx) * window.scale, np.ma.getdata(dy) * window.scale
    options["mode"] = "zero" if common.mode == "constant" else common.mode
    options["min_coverage"] = common.min_coverage
    taps = np.array(window.taps)
    with np.errstate(all="ignore"):
        sums = [
            correlate(np.ma.MaskedArray(p, mask=unknown), [taps, taps], **options)
            for p in (dx * dx, dx * dy, dy * dy)
        ]
        known = found & ~np.ma.getmaskarray(sums[0])
        a, b, c = map(np.ma.getdata, sums)
        if k is None:
            result = (a + c) / 2 - np.sqrt(((a - c) / 2) ** 2 + b * b)
        else:
            result = a * c - b * b - k * (a + c) ** 2
    return np.where(known, result, np.nan), known
