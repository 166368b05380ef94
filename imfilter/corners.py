"""Corners: where the gradient runs in more than one direction."""

from __future__ import annotations

from typing import Any

from imfilter._base import arguments, borders, threads
from imfilter._base.keywords import hinted
from imfilter.typing import ArrayLike, NDArray
from imfilter.weights import gaussian as bell

_APERTURES = (3, 5, 7)


@hinted
def harris(
    image: ArrayLike,
    *,
    k: float = 0.04,
    window: str = "box",
    size: int = 2,
    sigma: float | None = None,
    aperture: int = 3,
    mode: str = "mirror",
    cval: float = 0.0,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Measure how much every sample is a corner, after Harris and Stephens.

    Of the products of derivatives, summed over a window, it is the determinant less `k` times the square of
    the trace: large at corners, negative along edges, about 0 where nothing is.

    Parameters
    ----------
    image : array_like
        Image of two axes, which are both spatial; make colour grey first, with `imfilter.color.rgb_to_gray`.
        Bool, integers or floats. It is not changed.
    k : float, optional
        Sensitivity: how unlike the two directions may be. Default 0.04.
    window : {'box', 'gaussian'}, optional
        Over what products are summed, and how derivatives are scaled. With 'box', as in OpenCV: all of the
        box count alike, and Sobel's operator is divided by ``size * 2**(aperture - 1)``. With 'gaussian', as
        in scikit-image: weights sum to 1, and derivatives are not scaled.
    size : int, optional
        Length of the box along both axes. Default 2. Even boxes reach one sample farther to the front.
    sigma : float, optional
        Standard deviation of the Gaussian in samples, cut at four of them. Default 1.
    aperture : {3, 5, 7}, optional
        Length of Sobel's operator. Default 3.
    mode : {'mirror', 'symmetric', 'edge', 'wrap', 'zero', 'constant'}, optional
        What lies beyond the border, of the image and of the products; see `imfilter.gaussian`. Beyond a
        constant there are no products.
    cval : float, optional
        Value beyond the border of the image in mode 'constant'. Default 0.
    out : ndarray, optional
        Array for the result. Its dtype is the dtype of the result. It may be `image` or overlap it.
    workers : int, optional
        Number of threads. Default: every core that this process may use. The result does not depend on it.

    Returns
    -------
    ndarray
        Array of the shape of `image`: float32 for bool, 8- and 16-bit integers, float16 and float32, float64
        for wider types; or `out`.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    shi_tomasi : The smaller eigenvalue instead.
    cv2.cornerHarris : The same for float32 with `size` as ``blockSize`` and `aperture` as ``ksize``; it
        divides the derivatives of uint8 by 255.
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
    return _respond(image, share, window, size, sigma, aperture, mode, cval, out, workers)


@hinted
def shi_tomasi(
    image: ArrayLike,
    *,
    window: str = "box",
    size: int = 2,
    sigma: float | None = None,
    aperture: int = 3,
    mode: str = "mirror",
    cval: float = 0.0,
    out: NDArray | None = None,
    workers: int | None = None,
) -> NDArray:
    """Measure how much every sample is a corner, after Shi and Tomasi: by the smaller eigenvalue.

    Parameters
    ----------
    image : array_like
        Image of two axes, which are both spatial; make colour grey first, with `imfilter.color.rgb_to_gray`.
        Bool, integers or floats. It is not changed.
    window, size, sigma, aperture, mode, cval, out, workers : optional
        As for `harris`.

    Returns
    -------
    ndarray
        As for `harris`; nowhere negative but for rounding.

    Raises
    ------
    TypeError
        If an argument has the wrong type, for example a complex array or a float instead of an integer.
    ValueError
        If an argument has the wrong value. The message names the argument, the value received and the
        accepted values.

    See Also
    --------
    harris : The determinant less a share of the trace's square.
    cv2.cornerMinEigenVal : The same for float32 with `size` as ``blockSize`` and `aperture` as ``ksize``.
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
    return _respond(image, None, window, size, sigma, aperture, mode, cval, out, workers)


def _respond(
    image: ArrayLike,
    k: float | None,
    window: Any,
    size: Any,
    sigma: Any,
    aperture: Any,
    mode: Any,
    cval: Any,
    out: Any,
    workers: Any,
) -> NDArray:
    """Check the arguments of both measures, and run one."""
    array = arguments.plane(image)
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
    borders.check_mode(mode)
    value = arguments.number(cval, "cval", finite=False) if mode == "constant" else 0.0
    workers = threads.requested(workers)
    from imfilter._filters.corners import structure_tensor

    place = arguments.fitting(arguments.out(out), array.shape)
    return structure_tensor.respond(
        array, structure_tensor.Window(width, scale, taps), k, mode, value, place, workers
    )
