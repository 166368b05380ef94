"""Derivatives: Sobel, Scharr and Prewitt gradients, Laplacians, and derivatives of Gaussians."""

from typing import Any, Unpack

import numpy.typing as npt

from imfilter import weights
from imfilter._core import check, linear
from imfilter._core.common import Common, documented
from imfilter._core.operators import Operator, Term, separable


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
    skimage.filters.sobel : The magnitude with ``normalize=True``, divided by the root of the number
        of axes, and with the border 'symmetric'.

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
    skimage.filters.scharr : The magnitude with ``normalize=True``, divided by the root of the number
        of axes, and with the border 'symmetric'.

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
    skimage.filters.prewitt : The magnitude with ``normalize=True``, divided by the root of the number
        of axes, and with the border 'symmetric'.

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

    def build(array: npt.NDArray, chosen: tuple[int, ...]) -> Operator:
        n = len(chosen)
        scaled, steps = check.flag(normalize, "normalize"), check.spacings(spacing, n)
        if axis is None:
            terms = [gradient.along(i, n, normalize=scaled, spacing=steps) for i in range(n)]
            return separable(*terms, norm=True)
        index = check.axis_index(axis, array.ndim, "axis")
        if index not in chosen:
            raise ValueError(f"axis must be one of the filtered axes {chosen}, got {axis}")
        return separable(gradient.along(chosen.index(index), n, normalize=scaled, spacing=steps))

    return linear.apply(image, build, common, keeps=False)


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

    def build(array: npt.NDArray, chosen: tuple[int, ...]) -> Operator:
        return Operator(dense=weights.laplacian(len(chosen), diagonals=diagonals))

    return linear.apply(image, build, common, keeps=False)


def _derivatives(order: int, sigmas: Any, truncate: Any, radius: Any, spacings: Any) -> list[Term]:
    """Return the separable terms of a Gaussian's derivatives of `order` along each axis."""
    n = len(sigmas)
    return [
        weights.gaussians(sigmas, [order * (a == axis) for a in range(n)], truncate, radius, spacings)
        for axis in range(n)
    ]


@documented
def laplacian_of_gaussian(
    image: npt.ArrayLike,
    sigma: Any,
    *,
    truncate: float = 4.0,
    radius: Any = None,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Sum the second derivatives of a Gaussian along all filtered axes (Marr and Hildreth's operator).

    Parameters
    ----------
    {{image}}
    sigma : float or sequence of float
        Standard deviation, positive, one for all filtered axes or one for each, in the unit of
        `spacing`.
    {{truncate}}
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
    scipy.ndimage.gaussian_laplace : The same for floating-point images with ``mode="mirror"``.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", *Proc. R. Soc. Lond. B* 207, 1980.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.laplacian_of_gaussian([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 1.0).round(2)
    array([ 0.07,  0.16,  0.  , -0.4 ,  0.  ,  0.16,  0.07])
    """

    def build(array: npt.NDArray, chosen: tuple[int, ...]) -> Operator:
        n = len(chosen)
        return separable(
            *_derivatives(2, check.sigmas(sigma, n), truncate, radius, check.spacings(spacing, n))
        )

    return linear.apply(image, build, common, keeps=False)


@documented
def difference_of_gaussians(
    image: npt.ArrayLike,
    low: Any,
    high: Any = None,
    *,
    truncate: float = 4.0,
    radius: Any = None,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Keep the detail between two scales: ``gaussian(image, low) - gaussian(image, high)``.

    Parameters
    ----------
    {{image}}
    low : float or sequence of float
        Standard deviation of the narrower Gaussian, one for all filtered axes or one for each, in the
        unit of `spacing`.
    high : float or sequence of float, optional
        Standard deviation of the wider one, at least `low`. By default ``1.6 * low``, with which the
        difference is nearly a Laplacian of Gaussian.
    {{truncate}}
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
    skimage.filters.difference_of_gaussians : The same for floating-point images with ``mode="mirror"``.

    References
    ----------
    D. Marr and E. Hildreth, "Theory of edge detection", *Proc. R. Soc. Lond. B* 207, 1980.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.difference_of_gaussians([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 1.0).round(2)
    array([-0.08, -0.07,  0.03,  0.15,  0.03, -0.07, -0.08])
    """

    def build(array: npt.NDArray, chosen: tuple[int, ...]) -> Operator:
        n = len(chosen)
        narrow = check.sigmas(low, n, "low")
        wide = tuple(1.6 * s for s in narrow) if high is None else check.sigmas(high, n, "high")
        if any(w < s for s, w in zip(narrow, wide, strict=True)):
            raise ValueError(f"high must be at least low={low}, got {high}")
        steps, none = check.spacings(spacing, n), (0,) * n
        first, *rest = weights.gaussians(wide, none, truncate, radius, steps)
        return separable(weights.gaussians(narrow, none, truncate, radius, steps), (-first, *rest))

    return linear.apply(image, build, common, keeps=False)


@documented
def gaussian_gradient_magnitude(
    image: npt.ArrayLike,
    sigma: Any,
    *,
    truncate: float = 4.0,
    radius: Any = None,
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Return the length of the gradient at the scale `sigma`, from first derivatives of a Gaussian.

    Parameters
    ----------
    {{image}}
    sigma : float or sequence of float
        Standard deviation, positive, one for all filtered axes or one for each, in the unit of
        `spacing`.
    {{truncate}}
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
    scipy.ndimage.gaussian_gradient_magnitude : The same for floating-point images with
        ``mode="mirror"``.

    References
    ----------
    J. Canny, "A computational approach to edge detection", *IEEE PAMI* 8(6), 1986.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.gaussian_gradient_magnitude([0.0, 1.0, 2.0, 3.0, 4.0], 0.5).round(2)
    array([0.  , 0.86, 0.86, 0.86, 0.  ])
    """

    def build(array: npt.NDArray, chosen: tuple[int, ...]) -> Operator:
        n = len(chosen)
        terms = _derivatives(1, check.sigmas(sigma, n), truncate, radius, check.spacings(spacing, n))
        return separable(*terms, norm=True)

    return linear.apply(image, build, common, keeps=False)
