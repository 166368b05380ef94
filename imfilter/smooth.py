"""Filters that smooth or sharpen: Gaussian, box, Laplacian sharpening and unsharp masking."""

from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from imfilter import weights
from imfilter._base import arguments
from imfilter._base.keywords import Common, documented
from imfilter._filters.linear import apply as linear
from imfilter._filters.linear.operators import Operator, separable
from imfilter._filters.linear.planner import METHODS


@documented
def gaussian(
    image: npt.ArrayLike,
    sigma: Any,
    *,
    order: Any = 0,
    truncate: float = 4.0,
    radius: Any = None,
    method: str = "auto",
    spacing: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Smooth with a Gaussian, or differentiate with its derivatives.

    Parameters
    ----------
    {{image}}
    sigma : float or sequence of float
        Standard deviation, one for all filtered axes or one for each, in the unit of `spacing`.
        0 leaves an axis as it is.
    order : int or sequence of int, optional
        Order of the derivative along each axis. Default 0: smooth.
    {{truncate}}
    method : {'auto', 'direct', 'separable', 'fft'}, optional
        Algorithm; by default the one that is predicted to be the fastest.
    {{spacing}}
    {{common}}

    Returns
    -------
    ndarray
        Array of the shape of `image`. Its dtype is that of `image`, rounded half to even and
        saturated; or, for a derivative, float32 for bool, 8- and 16-bit integers, float16 and
        float32, float64 for wider types; or `dtype` or that of `out`.

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.ndimage.gaussian_filter : The same for floating-point images with ``mode="mirror"``.
    skimage.filters.gaussian : The same with ``mode="mirror", preserve_range=True``.
    cv2.GaussianBlur : The same with ``ksize=(2*r + 1, 2*r + 1)``, r = ``int(4*sigma + 0.5)``.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.5.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.gaussian([0, 0, 100, 0, 0], 1.0)
    array([11, 25, 40, 25, 11])
    """
    if not isinstance(method, str) or method not in METHODS:
        error = ValueError if isinstance(method, str) else TypeError
        raise error(f"method must be one of {', '.join(map(repr, METHODS))}, got {method!r}")
    orders = arguments.each(order, None, "order")
    return linear.apply(
        image,
        _gaussian,
        (sigma, order, truncate, radius, spacing),
        common,
        keeps=not any(isinstance(o, int | np.integer) and o for o in orders),
        method=method,
    )


def _gaussian(
    ndim: int, chosen: tuple[int, ...], sigma: Any, order: Any, truncate: Any, radius: Any, spacing: Any
) -> Operator:
    n = len(chosen)
    orders = arguments.integers(order, n, "order", least=0)
    return separable(
        weights.gaussians(
            arguments.sigmas(sigma, n), orders, truncate, radius, arguments.spacings(spacing, n)
        )
    )


@documented
def box(
    image: npt.ArrayLike,
    size: Any,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Replace each sample by the mean over a box around it.

    Parameters
    ----------
    {{image}}
    size : int or sequence of int
        Length of the box, one for all filtered axes or one for each. Even boxes reach one sample
        farther to the front, as in SciPy.
    {{common}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    scipy.ndimage.uniform_filter : The same for floating-point images with ``mode="mirror"``.
    cv2.blur : The same for odd sizes, ``ksize`` in the order (x, y).

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.5.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.box([0.0, 0.0, 3.0, 0.0, 0.0], 3)
    array([0., 1., 1., 1., 0.])
    """
    return linear.apply(image, _box, (size,), common, keeps=True)


def _box(ndim: int, chosen: tuple[int, ...], size: Any) -> Operator:
    return separable(tuple(map(weights.box, arguments.integers(size, len(chosen), "size", least=1))))


@documented
def sharpen(
    image: npt.ArrayLike,
    amount: float = 1.0,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Sharpen by taking away the Laplacian: ``image - amount * laplacian(image)``.

    Parameters
    ----------
    {{image}}
    amount : float, optional
        Weight of the Laplacian. Default 1.
    {{common}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    unsharp_mask : Sharpening at a scale of one's choice.
    cv2.filter2D : The same with the kernel ``imfilter.weights.SHARPEN`` for `amount` 1.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.sharpen([0.0, 0.0, 1.0, 1.0])
    array([ 0., -1.,  2.,  1.])
    """
    return linear.apply(image, _sharpen, (amount,), common, keeps=True)


def _sharpen(ndim: int, chosen: tuple[int, ...], amount: Any) -> Operator:
    kernel = -arguments.number(amount, "amount") * weights.laplacian(len(chosen))
    kernel[(1,) * len(chosen)] += 1.0
    return Operator(dense=kernel)


@documented
def unsharp_mask(
    image: npt.ArrayLike,
    sigma: Any = 1.0,
    amount: float = 1.0,
    *,
    truncate: float = 4.0,
    radius: Any = None,
    **common: Unpack[Common],
) -> npt.NDArray:
    """Sharpen by adding what a Gaussian takes away: ``image + amount * (image - gaussian(image, sigma))``.

    Parameters
    ----------
    {{image}}
    sigma : float or sequence of float, optional
        Standard deviation of the Gaussian in samples, one for all filtered axes or one for each.
        Default 1.
    amount : float, optional
        Weight of the detail that is added. Default 1.
    {{truncate}}
    {{common}}

    Returns
    -------
    {{keeps}}

    Raises
    ------
    {{errors}}

    See Also
    --------
    sharpen : Sharpening at the scale of one sample.
    skimage.filters.unsharp_mask : The same with its ``radius`` as `sigma`, ``preserve_range=True`` and
        its border, which is 'symmetric' here.

    References
    ----------
    R. C. Gonzalez and R. E. Woods, *Digital Image Processing*, 4th ed., 2018, section 3.6.

    Examples
    --------
    >>> import imfilter
    >>> imfilter.unsharp_mask([0.0, 0.0, 1.0, 1.0], radius=1).round(2)
    array([ 0.  , -0.27,  1.27,  1.  ])
    """
    return linear.apply(image, _unsharp_mask, (sigma, amount, truncate, radius), common, keeps=True)


def _unsharp_mask(
    ndim: int, chosen: tuple[int, ...], sigma: Any, amount: Any, truncate: Any, radius: Any
) -> Operator:
    n = len(chosen)
    weight = arguments.number(amount, "amount")
    bell = weights.gaussians(arguments.sigmas(sigma, n), (0,) * n, truncate, radius, (1.0,) * n)
    one = (np.ones(1),) * (n - 1)
    return separable((np.array([1.0 + weight]), *one), (-weight * bell[0], *bell[1:]))
