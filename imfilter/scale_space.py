"""Derivatives at a scale: what is left of an image between, or under, Gaussians of given width."""

from typing import Any, Unpack

import numpy.typing as npt

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, documented
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, Term, separable


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
    return linear.apply(
        image, _laplacian_of_gaussian, (sigma, truncate, radius, spacing), common, keeps=False
    )


def _laplacian_of_gaussian(
    ndim: int, chosen: tuple[int, ...], sigma: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    return separable(
        *_derivatives(2, arguments.sigmas(sigma, n), truncate, radius, arguments.spacings(spacing, n))
    )


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
    return linear.apply(
        image, _difference_of_gaussians, (low, high, truncate, radius, spacing), common, keeps=False
    )


def _difference_of_gaussians(
    ndim: int, chosen: tuple[int, ...], low: Any, high: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    narrow = arguments.sigmas(low, n, "low")
    wide = tuple(1.6 * s for s in narrow) if high is None else arguments.sigmas(high, n, "high")
    if any(w < s for s, w in zip(narrow, wide, strict=True)):
        raise ValueError(f"high must be at least low={low}, got {high}")
    steps, none = arguments.spacings(spacing, n), (0,) * n
    first, *rest = weights.gaussians(wide, none, truncate, radius, steps)
    return separable(weights.gaussians(narrow, none, truncate, radius, steps), (-first, *rest))


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
    return linear.apply(
        image, _gaussian_gradient_magnitude, (sigma, truncate, radius, spacing), common, keeps=False
    )


def _gaussian_gradient_magnitude(
    ndim: int, chosen: tuple[int, ...], sigma: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    terms = _derivatives(1, arguments.sigmas(sigma, n), truncate, radius, arguments.spacings(spacing, n))
    return separable(*terms, norm=True)
