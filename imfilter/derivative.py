"""Derivatives from neighbouring samples: Sobel, Scharr and Prewitt gradients, and the Laplacian."""

from typing import Any, Unpack

import numpy.typing as npt

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, documented
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable


@documented
def sobel(
    image: npt.ArrayLike,
    *,
    axis: int | None = None,
    normalize: bool = False,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Differentiate with Sobel's operator: [-1, 0, 1] along one axis, [1, 2, 1] along the others.

    Parameters
    ----------
    {{image}}
    axis : int, optional
        Axis of the derivative. By default the gradient magnitude: the root of the sum of squares of
        the derivatives along all filtered axes.
    normalize : bool, optional
        Scale such that a ramp of slope 1 gives 1. Default False: the raw taps.
    {{spacing}}
    {{common}}

    Returns
    -------
    {{derives}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.ndimage.sobel : One derivative, raw as here, of a floating-point image.
    cv2.Sobel : One derivative, raw as here: ``cv2.Sobel(image, cv2.CV_32F, 1, 0)`` is ``axis=1``.
    skimage.filters.sobel : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided
        by the root of the number of axes.

    References
    ----------
    I. Sobel and G. Feldman, "A 3x3 isotropic gradient operator for image processing", 1968.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.sobel([[0, 0, 9], [0, 0, 9], [0, 0, 9]], axis=1)
    array([[ 0., 36.,  0.],
           [ 0., 36.,  0.],
           [ 0., 36.,  0.]])
    """
    return _gradient(weights.SOBEL, image, axis, normalize, spacing, common)


@documented
def scharr(
    image: npt.ArrayLike,
    *,
    axis: int | None = None,
    normalize: bool = False,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Differentiate with Scharr's operator: [-1, 0, 1] along one axis, [3, 10, 3] along the others.

    Parameters
    ----------
    {{image}}
    axis : int, optional
        Axis of the derivative. By default the gradient magnitude, as for `sobel`.
    normalize : bool, optional
        Scale such that a ramp of slope 1 gives 1. Default False: the raw taps.
    {{spacing}}
    {{common}}

    Returns
    -------
    {{derives}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    cv2.Scharr : One derivative, raw as here: ``cv2.Scharr(image, cv2.CV_32F, 1, 0)`` is ``axis=1``.
    skimage.filters.scharr : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided
        by the root of the number of axes.

    References
    ----------
    H. Scharr, *Optimale Operatoren in der digitalen Bildverarbeitung*, thesis, Heidelberg, 2000.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.scharr([[0, 0, 9], [0, 0, 9], [0, 0, 9]], axis=1, normalize=True)
    array([[0. , 4.5, 0. ],
           [0. , 4.5, 0. ],
           [0. , 4.5, 0. ]])
    """
    return _gradient(weights.SCHARR, image, axis, normalize, spacing, common)


@documented
def prewitt(
    image: npt.ArrayLike,
    *,
    axis: int | None = None,
    normalize: bool = False,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Differentiate with Prewitt's operator: [-1, 0, 1] along one axis, [1, 1, 1] along the others.

    Parameters
    ----------
    {{image}}
    axis : int, optional
        Axis of the derivative. By default the gradient magnitude, as for `sobel`.
    normalize : bool, optional
        Scale such that a ramp of slope 1 gives 1. Default False: the raw taps.
    {{spacing}}
    {{common}}

    Returns
    -------
    {{derives}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.ndimage.prewitt : One derivative, raw as here, of a floating-point image.
    skimage.filters.prewitt : The magnitude with ``normalize=True, mode="symmetric"``, times 2 divided
        by the root of the number of axes.

    References
    ----------
    J. M. S. Prewitt, "Object enhancement and extraction", *Picture Processing and
    Psychopictorics*, 1970.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.prewitt([[0, 0, 9], [0, 0, 9], [0, 0, 9]])
    array([[ 0., 27.,  0.],
           [ 0., 27.,  0.],
           [ 0., 27.,  0.]])
    """
    return _gradient(weights.PREWITT, image, axis, normalize, spacing, common)


def _gradient(
    gradient: weights.Gradient, image: npt.ArrayLike, axis: Any, normalize: Any, spacing: Any, common: Common
) -> npt.NDArray:
    """Apply one derivative of `gradient`, or the norm of all."""
    return linear.apply(
        image,
        _gradient_operator,
        (gradient.difference, gradient.smoothing, axis, normalize, spacing),
        common,
        keeps=False,
    )


def _gradient_operator(
    ndim: int,
    chosen: tuple[int, ...],
    difference: Any,
    smoothing: Any,
    axis: Any,
    normalize: Any,
    spacing: Any,
) -> Operator:
    gradient = weights.Gradient(difference, smoothing)
    n = len(chosen)
    scaled, steps = arguments.flag(normalize, "normalize"), arguments.spacings(spacing, n)
    if axis is None:
        terms = [gradient.along(i, n, normalize=scaled, spacing=steps) for i in range(n)]
        return separable(*terms, norm=True)
    index = arguments.axis_index(axis, ndim, "axis")
    if index not in chosen:
        raise ValueError(f"axis must be one of the filtered axes {chosen}, got {axis}")
    return separable(gradient.along(chosen.index(index), n, normalize=scaled, spacing=steps))


@documented
def laplacian(
    image: npt.ArrayLike,
    *,
    diagonals: bool = False,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Sum the second differences along all filtered axes.

    Parameters
    ----------
    {{image}}
    diagonals : bool, optional
        Weigh all ``3**n - 1`` neighbours by 1, the diagonal ones too. Default False.
    {{common}}

    Returns
    -------
    {{derives}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.ndimage.laplace : The same for floating-point images with ``mode="mirror"``.
    cv2.Laplacian : The same: ``cv2.Laplacian(image, cv2.CV_32F, ksize=1)``.
    skimage.filters.laplace : The same with the sign turned and the border 'symmetric'.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.laplacian([0.0, 1.0, 4.0, 9.0, 16.0])
    array([  2.,   2.,   2.,   2., -14.])
    """
    return linear.apply(image, _laplacian, (diagonals,), common, keeps=False)


def _laplacian(ndim: int, chosen: tuple[int, ...], diagonals: Any) -> Operator:
    return Operator(dense=weights.laplacian(len(chosen), diagonals=diagonals))
